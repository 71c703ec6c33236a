/* SPDX-License-Identifier: BSD-3-Clause */
/* Why getopt_long refused a word of the command line, in our words. Pure. Thread: any. */
#ifndef MCR_CORE_OPTION_ERROR_H
#define MCR_CORE_OPTION_ERROR_H

#include <stddef.h>

struct option; /* getopt.h */

/* mcr_option_error writes what is wrong with a word that begins with '-': "unknown option '--nmae'
 * (did you mean --name?)". options: all that the program has, as for getopt_long; there are none of
 * one letter. Returns text. */
const char *mcr_option_error(char *text, size_t cap, const struct option *options,
			     const char *word);

#endif
