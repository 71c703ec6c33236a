/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: mcring [EAL options] -- [options]. The arguments before "--" are EAL's and stay
 * as they are. Without a "--" all arguments are mcring's own. */
#ifndef MCR_APP_OPTIONS_H
#define MCR_APP_OPTIONS_H

#include <stdio.h>

#include "settings/settings.h"

enum mcr_action {
	MCR_ACTION_RUN,
	MCR_ACTION_STANDBY, /* --standby: run when the daemon that runs has ended */
	MCR_ACTION_CHECK,   /* --check: print the expansion */
	MCR_ACTION_HELP,    /* --help */
	MCR_ACTION_VERSION, /* --version */
};

struct mcr_options {
	enum mcr_action action;
	const char *config; /* --config, of argv; NULL = none */
};

/* mcr_options_parse reads argv into o and s (single values, interfaces, channels, joins and EAL
 * arguments). It does not change the strings of argv. Returns 0, or with *err filled -EINVAL,
 * -EEXIST, -ENOSPC, -ENOMEM or what mcr_join_parse returned. Not reentrant, because getopt is
 * not. */
int mcr_options_parse(struct mcr_options *o, struct mcr_settings *s, int argc, char *const *argv,
		      struct mcr_error *err);

/* mcr_options_help prints what --help prints. */
void mcr_options_help(FILE *out);

#endif
