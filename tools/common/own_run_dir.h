/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a program that any user may start has its sockets. */
#ifndef MCR_TOOLS_OWN_RUN_DIR_H
#define MCR_TOOLS_OWN_RUN_DIR_H

#include <stddef.h>

#include <mcring/types.h>

/* own_run_dir_is_given: 1 when the user says where it is, by one of these or by MCRING_RUN_DIR. */
int own_run_dir_is_given(const char *run_dir, const char *name);

/* own_run_dir writes where the program has its sockets: run_dir; without it and without a name
 * $MCRING_RUN_DIR; else /run/mcring/NAME if this user can write there; else a folder that nobody
 * else can write, $XDG_RUNTIME_DIR/mcring/NAME or /tmp/mcring-UID/NAME, of which all but the last
 * part is made. run_dir, name: NULL = not given. Returns 0 or -errno with err filled. */
int own_run_dir(char *out, size_t cap, const char *run_dir, const char *name,
		struct mcr_error *err);

#endif
