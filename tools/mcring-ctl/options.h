/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_OPTIONS_H
#define MCR_CTL_OPTIONS_H

#include <stdint.h>

struct ctl_options {
	const char *run_dir, *name; /* NULL = not given */
	int json, dry_run, netstat, kernel;
	double interval;        /* of top, seconds */
	uint64_t count;         /* screens of top; 0 = no end */
	const char *channel;    /* why; NULL = not given */
	unsigned open_filter_s; /* why; 0 = the filter stays as it is */
};

/* ctl_options_parse reads the options, wherever they stand in the command line; what remains begins
 * at optind. It ends the process after --help. Returns 0, or -1 after a line on stderr. */
int ctl_options_parse(struct ctl_options *options, int argc, char **argv);

/* ctl_options_check: whether they are options of this command. Returns 0, or -1 after a line on
 * stderr. */
int ctl_options_check(const struct ctl_options *options, const char *command);

#endif
