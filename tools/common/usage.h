/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command lines of all programs have in common. */
#ifndef MCR_TOOLS_USAGE_H
#define MCR_TOOLS_USAGE_H

#include <getopt.h>
#include <stdint.h>

/* usage_next is getopt_long without options of one letter, and with our words: after a line on
 * stderr it returns '?' for what is no option of the program, and for a value that is missing or
 * too much. order: "+" if the first word that is no option ends them, else "". index: NULL, or as
 * getopt_long's. */
int usage_next(int argc, char **argv, const char *order, const struct option *options, int *index);

/* usage_unexpected prints a line for a word that no option takes. Returns -1. */
int usage_unexpected(const char *word);

/* usage_number reads a whole decimal number from min to max. Returns 0, or -1 (*out untouched). */
int usage_number(uint64_t *out, const char *text, uint64_t min, uint64_t max);

/* usage_version prints the program's name and version, as --version asks for. */
void usage_version(void);

#endif
