/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "../common/usage.h"

#define SPIN_US_MAX 10000000

static const char USAGE[] =
    "usage: mcring-run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "Runs a program that was written for sockets: the multicast groups that it joins come from a\n"
    "running mcring.\n"
    "\n"
    "  --name NAME       the engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR     the run directory itself; without both, $MCRING_RUN_DIR\n"
    "  --channel NAME    the channel whose form the program's own channel has (sockets)\n"
    "  --require         fail if there is no engine or the program cannot be run with it, and let\n"
    "                    a join fail that the engine does not take\n"
    "  --fallback auto|always|never\n"
    "                    auto (default): a group that the engine does not take is joined in the\n"
    "                    kernel where the kernel can receive it; always: also where it perhaps\n"
    "                    cannot; never: the join fails\n"
    "  --strict          look at the kernel's side of a socket in each call, not in each 16th\n"
    "                    while the rings have data\n"
    "  --spin US         how long a call polls the rings before it sleeps, in microseconds (0)\n"
    "  --loop            receive what programs of this host send, too\n"
    "  --verbose         say on standard error which way each join took\n"
    "  --help, --version\n"
    "\n"
    "Exit status: the program's; 123 when --require cannot be met, 125 on an error of mcring-run,\n"
    "126 when the program cannot be executed, 127 when there is none.\n";

static _Noreturn void usage_error(const char *option, const char *value, const char *expected)
{
	fail("--%s %s: expected %s", option, value, expected);
	exit(RUN_EXIT_ERROR);
}

static void set(const char *variable, const char *value)
{
	if (setenv(variable, value, 1) == 0)
		return;
	fail("%s: %s", variable, strerror(errno));
	exit(RUN_EXIT_ERROR);
}

static void set_name(const char *value)
{
	char path[4096];

	if (!*value || strchr(value, '/') || strlen(value) > 255)
		usage_error("name", value, "an engine's name");
	snprintf(path, sizeof(path), "/run/mcring/%s", value);
	set("MCRING_RUN_DIR", path);
}

static void set_spin(const char *value)
{
	uint64_t us;

	if (usage_number(&us, value, 0, SPIN_US_MAX) < 0)
		usage_error("spin", value, "microseconds, up to 10000000");
	set("MCRING_SPIN", value);
}

static void set_fallback(const char *value)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 &&
	    strcmp(value, "never") != 0)
		usage_error("fallback", value, "auto, always or never");
	set("MCRING_FALLBACK", value);
}

static _Noreturn void answer(const char *text)
{
	fputs(text, stdout);
	exit(0);
}

static void take_option(struct run_options *o, int c)
{
	switch (c) {
	case 'n':
		set_name(optarg);
		break;
	case 'd':
		set("MCRING_RUN_DIR", optarg);
		break;
	case 'c':
		set("MCRING_CHANNEL", optarg);
		break;
	case 'r':
		o->is_required = 1;
		set("MCRING_REQUIRE", "1");
		break;
	case 'f':
		set_fallback(optarg);
		break;
	case 's':
		set("MCRING_KERNEL_EVERY", "1");
		break;
	case 'S':
		set_spin(optarg);
		break;
	case 'l':
		set("MCRING_LOOP", "1");
		break;
	case 'v':
		o->is_verbose = 1;
		set("MCRING_LOG", "2");
		break;
	case 'h':
		answer(USAGE);
	case 'V':
		usage_version();
		exit(0);
	default:
		exit(RUN_EXIT_ERROR);
	}
}

void run_options_parse(struct run_options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},     {"run-dir", required_argument, NULL, 'd'},
	    {"channel", required_argument, NULL, 'c'},  {"require", no_argument, NULL, 'r'},
	    {"fallback", required_argument, NULL, 'f'}, {"strict", no_argument, NULL, 's'},
	    {"spin", required_argument, NULL, 'S'},     {"loop", no_argument, NULL, 'l'},
	    {"verbose", no_argument, NULL, 'v'},        {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct run_options){0};
	while ((c = usage_next(argc, argv, "+", options, NULL)) != -1)
		take_option(o, c);
	if (optind == argc) {
		fail("which program? see --help");
		exit(RUN_EXIT_ERROR);
	}
	o->program = argv + optind;
}
