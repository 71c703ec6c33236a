/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CAT_OPTIONS_H
#define MCR_CAT_OPTIONS_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "print.h"

#define SELECT_MAX 1024 /* of --group and of --id */
#define JOIN_MAX   256  /* of --join */

enum cat_exit {
	CAT_EXIT_REACHED = 0, /* also: ended without --count */
	CAT_EXIT_NOT_REACHED = 1,
	CAT_EXIT_ERROR = 2,
};

struct cat_options {
	struct mcr_consumer_opts opts; /* its lists are the next two */
	struct mcr_select_group groups[SELECT_MAX];
	uint32_t ids[SELECT_MAX];
	const char *joins[JOIN_MAX];
	unsigned n_joins;
	uint64_t count;      /* 0 = no --count */
	uint64_t timeout_ns; /* 0 = no --timeout */
	int summary, reattach;
	enum cat_format format;
};

/* cat_options_parse reads the command line. It ends the process after --help, --version, or a line
 * on stderr that says what is wrong. */
void cat_options_parse(struct cat_options *options, int argc, char **argv);

#endif
