/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "../common/usage.h"

#define OPEN_SECONDS_MAX 60 /* mcr_engine_open_filter */

static const char help_text[] =
    "usage: mcring-ctl [--run-dir DIR | --name NAME] [--json] COMMAND\n"
    "\n"
    "Is all well, and what flows:\n"
    "  why [GROUP[:PORT][@SOURCE]]\n"
    "                       why there is no data, of a group or of the whole host\n"
    "  check [GROUP[:PORT][@SOURCE]]\n"
    "                       one line for Nagios and its like\n"
    "  status               the engine, its ports, interfaces, channels and consumers\n"
    "  top                  rates of channels, consumers, ports and lcores, refreshed; q ends it\n"
    "  groups               the memberships, and the joins behind them\n"
    "  stats                every counter\n"
    "  members              the groups that hosts of an interface's LAN are members of\n"
    "  routes [GROUP]       where the relay sends what, and how much\n"
    "  sockets              sockets of attached programs, and where their groups come from\n"
    "  feeds                the feeds that the engine declares, and who has them open\n"
    "Changes:\n"
    "  join TEXT...         join groups, all or none; TEXT is as in mcring --join\n"
    "  leave TEXT...        remove joins, all or none\n"
    "  reload [--dry-run]   read the configuration file again, or print what that would change\n"
    "\n"
    "  --name NAME          the engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR        the run directory itself; without both, $MCRING_RUN_DIR\n"
    "  --json               print the engine's answer as it is (docs/control.md)\n"
    "  --channel NAME       why, check: what does not reach the readers of this channel\n"
    "  --open-filter SECONDS\n"
    "                       why: let the NIC pass everything for that time, then say what came\n"
    "  --netstat            groups: as `netstat -g` prints those of the kernel\n"
    "  --kernel             routes: as `ip -s mroute` prints those of the kernel\n"
    "  --interval SECONDS   top: time between two screens (1)\n"
    "  --count N            top: end after N screens\n"
    "  --once               top: --count 1\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0, or 1 when it failed. why: 0 when data flows, 1 for a cause on this host, 2\n"
    "when it cannot be decided here, 3 when it failed. check: 0 to 3, as Nagios has it.\n";

static int parse_interval(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end != '\0' || !(*out >= 0.01 && *out <= 86400))
		return fail("--interval %s: expected seconds from 0.01 to 86400", text);
	return 0;
}

static int parse_count(uint64_t *out, const char *text)
{
	if (usage_number(out, text, 1, UINT64_MAX) < 0)
		return fail("--count %s: expected a number above 0", text);
	return 0;
}

static int parse_open_filter(unsigned *out, const char *text)
{
	uint64_t seconds;

	if (usage_number(&seconds, text, 1, OPEN_SECONDS_MAX) < 0)
		return fail("--open-filter %s: expected seconds from 1 to %u", text,
			    OPEN_SECONDS_MAX);
	*out = (unsigned)seconds;
	return 0;
}

/* Returns 0, or -1 after a line on stderr. */
static int take(struct ctl_options *o, int option)
{
	switch (option) {
	case 'r':
		o->run_dir = optarg;
		return 0;
	case 'n':
		o->name = optarg;
		return 0;
	case 'j':
		o->json = 1;
		return 0;
	case 'd':
		o->dry_run = 1;
		return 0;
	case 's':
		o->netstat = 1;
		return 0;
	case 'k':
		o->kernel = 1;
		return 0;
	case 'i':
		return parse_interval(&o->interval, optarg);
	case 'c':
		return parse_count(&o->count, optarg);
	case 'o':
		o->count = 1;
		return 0;
	case 'C':
		o->channel = optarg;
		return 0;
	case 'f':
		return parse_open_filter(&o->open_filter_s, optarg);
	case 'h':
		fputs(help_text, stdout);
		exit(EXIT_SUCCESS);
	case 'V':
		usage_version();
		exit(EXIT_SUCCESS);
	default:
		return -1; /* usage_next said it */
	}
}

int ctl_options_parse(struct ctl_options *o, int argc, char **argv)
{
	static const struct option options[] = {{"run-dir", required_argument, NULL, 'r'},
						{"name", required_argument, NULL, 'n'},
						{"json", no_argument, NULL, 'j'},
						{"dry-run", no_argument, NULL, 'd'},
						{"netstat", no_argument, NULL, 's'},
						{"kernel", no_argument, NULL, 'k'},
						{"interval", required_argument, NULL, 'i'},
						{"count", required_argument, NULL, 'c'},
						{"once", no_argument, NULL, 'o'},
						{"channel", required_argument, NULL, 'C'},
						{"open-filter", required_argument, NULL, 'f'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'V'},
						{NULL, 0, NULL, 0}};
	int option, ret = 0;

	*o = (struct ctl_options){.interval = 1};
	/* To the end: what the error's exit status is depends on the command. */
	while ((option = ret == 0 ? usage_next(argc, argv, "", options, NULL)
				  : getopt_long(argc, argv, "", options, NULL)) != -1)
		if (ret == 0)
			ret = take(o, option);
	return ret;
}

/* An option that belongs to one or two commands only. */
static int is_misplaced(int given, const char *command, const char *one, const char *other)
{
	return given && strcmp(command, one) != 0 && (!other || strcmp(command, other) != 0);
}

int ctl_options_check(const struct ctl_options *o, const char *command)
{
	if (is_misplaced(o->dry_run, command, "reload", NULL))
		return fail("%s: --dry-run is for reload", command);
	if (is_misplaced(o->netstat, command, "groups", NULL))
		return fail("%s: --netstat is for groups", command);
	if (is_misplaced(o->kernel, command, "routes", NULL))
		return fail("%s: --kernel is for routes", command);
	if (is_misplaced(o->channel != NULL, command, "why", "check"))
		return fail("%s: --channel is for why and check", command);
	if (is_misplaced(o->open_filter_s > 0, command, "why", NULL))
		return fail("%s: --open-filter is for why", command);
	if (o->json && strcmp(command, "check") == 0)
		return fail("check prints one line: without --json; why has the same as JSON");
	if ((o->netstat || o->kernel) && o->json)
		return fail("%s and --json: expected one of them",
			    o->netstat ? "--netstat" : "--kernel");
	return 0;
}
