/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_EXPORTER_OPTIONS_H
#define MCR_EXPORTER_OPTIONS_H

#include <stddef.h>

#include "sources.h"

struct options {
	const char *listen;
	const char *run_dirs[RUN_DIRS_MAX];
	size_t n_run_dirs;
	unsigned groups; /* of an engine that have series */
	unsigned series; /* in all */
};

/* options_parse reads the command line and MCRING_RUN_DIR. Returns 0, or -1 after a line on stderr.
 * --help and --version end the program. */
int options_parse(struct options *o, int argc, char **argv);

#endif
