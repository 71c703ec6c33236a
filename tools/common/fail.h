/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_TOOLS_FAIL_H
#define MCR_TOOLS_FAIL_H

/* fail prints a line on stderr: the program's name and what went wrong. Returns -1, so that a
 * function can return what fail returns. */
__attribute__((format(printf, 1, 2))) int fail(const char *format, ...);

#endif
