/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl: asks a running engine through RUN_DIR/control. Needs jansson, no DPDK. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "check.h"
#include "command.h"
#include "why.h"

/* Commands that are more than one request. */
static const struct command {
	const char *name;
	int (*run)(const struct ctl *ctl, int argc, char **argv);
	int failed;       /* exit status of a mistake in the command line */
	const char *said; /* on standard output then */
} commands[] = {
    {"check", ctl_run_check, CTL_CHECK_UNKNOWN, CTL_CHECK_MISTAKE},
    {"top", ctl_run_top, EXIT_FAILURE, ""},
    {"why", ctl_run_why, CTL_WHY_FAILED, ""},
};
static const struct command plain = {NULL, ctl_run_plain, EXIT_FAILURE, ""};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return &plain;
}

int main(int argc, char **argv)
{
	const struct command *command = &plain;
	struct ctl ctl;
	int is_wrong = ctl_options_parse(&ctl.options, argc, argv) < 0;

	argc -= optind;
	argv += optind;
	if (argc > 0)
		command = find(argv[0]);
	else if (!is_wrong)
		is_wrong = fail("expected a command: see mcring-ctl --help");
	if (is_wrong || ctl_options_check(&ctl.options, argv[0]) < 0 ||
	    ctl_engine_find(&ctl.engine, ctl.options.run_dir, ctl.options.name) < 0) {
		fputs(command->said, stdout);
		return command->failed;
	}
	return command->run(&ctl, argc, argv);
}
