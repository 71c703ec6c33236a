/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of text for a terminal. */
#ifndef MCR_TOOLS_WRAP_H
#define MCR_TOOLS_WRAP_H

#include <stdio.h>

#define CTL_COLUMNS 100 /* that a line has at most */

/* ctl_wrap prints head and text, in lines of CTL_COLUMNS at most, broken at spaces; those that
 * follow the first begin with indent spaces. A longer word stays whole in a line of its own. What
 * is no printable character becomes ?. */
void ctl_wrap(FILE *out, const char *head, unsigned indent, const char *text);

#endif
