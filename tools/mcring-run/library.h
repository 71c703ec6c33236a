/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_RUN_LIBRARY_H
#define MCR_RUN_LIBRARY_H

#include <limits.h>

/* library_find finds the library beside this program: in the tree where it was built, or where both
 * are installed. Returns 0, or -1 after a line on stderr. */
int library_find(char path[PATH_MAX]);

/* library_preload puts the library in front of what the environment preloads. Returns 0, or -1
 * after a line on stderr. */
int library_preload(const char *path);

#endif
