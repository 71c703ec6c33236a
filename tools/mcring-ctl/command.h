/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands. */
#ifndef MCR_CTL_COMMAND_H
#define MCR_CTL_COMMAND_H

#include "ask.h"
#include "options.h"

/* What a command works with. */
struct ctl {
	struct ctl_options options;
	struct ctl_engine engine;
};

/* Each runs a command, argv[0], with its arguments, and returns the program's exit status. */
int ctl_run_plain(const struct ctl *ctl, int argc, char **argv); /* one request, one answer */
int ctl_run_top(const struct ctl *ctl, int argc, char **argv);
int ctl_run_check(const struct ctl *ctl, int argc, char **argv);
int ctl_run_why(const struct ctl *ctl, int argc, char **argv);

/* ctl_print_json prints an answer as it is, without "ok". Returns 0, or -1 after a line on stderr.
 */
int ctl_print_json(json_t *reply);

/* ctl_end_output: whether all that was printed has arrived. Returns 0, or -1 after a line on
 * stderr. */
int ctl_end_output(void);

#endif
