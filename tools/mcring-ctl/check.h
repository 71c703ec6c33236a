/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl check: a plugin for Nagios and what is compatible with it (Monitoring Plugins
 * Development Guidelines): one line, with what can be plotted behind a bar, and an exit status. */
#ifndef MCR_CTL_CHECK_H
#define MCR_CTL_CHECK_H

#include <stdio.h>

#include <jansson.h>

#include "ask.h"

enum ctl_check {
	CTL_CHECK_OK = 0,
	CTL_CHECK_WARNING = 1,  /* data flows, and something is wrong; or groups are silent */
	CTL_CHECK_CRITICAL = 2, /* data does not arrive, or there is no engine */
	CTL_CHECK_UNKNOWN = 3,  /* it may not be asked, or gave no sensible answer */
};

/* On standard output, which is all that Nagios shows; standard error says more. */
#define CTL_CHECK_MISTAKE "MCRING UNKNOWN - a mistake in the command line of mcring-ctl check\n"

/* ctl_print_check prints the line of an answer to why and of one to status. Returns the exit
 * status. */
enum ctl_check ctl_print_check(FILE *out, const json_t *why, const json_t *status);

/* ctl_print_check_problem prints the line when there was no answer. */
enum ctl_check ctl_print_check_problem(FILE *out, const struct ctl_problem *problem);

#endif
