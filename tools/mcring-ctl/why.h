/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_WHY_H
#define MCR_CTL_WHY_H

#include <stdio.h>

#include <jansson.h>

#include "options.h"

#define CTL_WHY_FAILED 3 /* exit status when there is no verdict: 0 to 2 are verdicts */

/* ctl_why_request makes the request of why: argv[1], if it is there, is a group with or without
 * port and source. Returns it, or NULL after a line on stderr. */
json_t *ctl_why_request(const struct ctl_options *options, int argc, char **argv);

/* ctl_why_exit: the exit status that an answer of why asks for; CTL_WHY_FAILED when it has none. */
int ctl_why_exit(const json_t *reply);

/* ctl_print_why shows an answer of why to a person: the verdict, then each finding with its
 * evidence and what to do, what is proven, what remains possible, and what cannot be seen. */
void ctl_print_why(FILE *out, const json_t *reply);

#endif
