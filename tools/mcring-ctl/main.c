/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl: asks a running engine through RUN_DIR/control. Needs jansson, no DPDK. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "check.h"
#include "command.h"
#include "core/nearest.h"
#include "why.h"

static const struct command {
	const char *name;
	int (*run)(const struct ctl *ctl, int argc, char **argv);
	int failed;       /* exit status of a mistake in the command line */
	const char *said; /* on standard output then */
} commands[] = {
    {"check", ctl_run_check, CTL_CHECK_UNKNOWN, CTL_CHECK_MISTAKE},
    {"groups", ctl_run_plain, EXIT_FAILURE, ""},
    {"join", ctl_run_plain, EXIT_FAILURE, ""},
    {"leave", ctl_run_plain, EXIT_FAILURE, ""},
    {"members", ctl_run_plain, EXIT_FAILURE, ""},
    {"reload", ctl_run_plain, EXIT_FAILURE, ""},
    {"routes", ctl_run_plain, EXIT_FAILURE, ""},
    {"sockets", ctl_run_plain, EXIT_FAILURE, ""},
    {"feeds", ctl_run_plain, EXIT_FAILURE, ""},
    {"stats", ctl_run_plain, EXIT_FAILURE, ""},
    {"status", ctl_run_plain, EXIT_FAILURE, ""},
    {"top", ctl_run_top, EXIT_FAILURE, ""},
    {"why", ctl_run_why, CTL_WHY_FAILED, ""},
};

/* Returns the command, or NULL after a line on stderr. */
static const struct command *find(const char *name)
{
	struct mcr_nearest search = mcr_nearest_to(name);
	char hint[MCR_NEAREST_HINT];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		mcr_nearest_try(&search, commands[i].name);
	}
	fail("unknown command '%s'%s: see mcring-ctl --help", name,
	     mcr_nearest_hint(hint, &search));
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	struct ctl ctl;
	int is_wrong = ctl_options_parse(&ctl.options, argc, argv) < 0;

	argc -= optind;
	argv += optind;
	if (argc > 0)
		command = find(argv[0]);
	else if (!is_wrong)
		fail("expected a command: see mcring-ctl --help");
	if (!command)
		return EXIT_FAILURE;
	if (is_wrong || ctl_options_check(&ctl.options, argv[0]) < 0 ||
	    ctl_engine_find(&ctl.engine, ctl.options.run_dir, ctl.options.name) < 0) {
		fputs(command->said, stdout);
		return command->failed;
	}
	return command->run(&ctl, argc, argv);
}
