/* SPDX-License-Identifier: BSD-3-Clause */
/* Where an engine's run directory is. */
#ifndef MCR_CLIENT_RUN_DIR_H
#define MCR_CLIENT_RUN_DIR_H

#include <stdio.h>
#include <stdlib.h>

#define MCR_RUN_DIR_VARIABLE "MCRING_RUN_DIR"

/* mcr_run_dir writes the path of the run directory that a program names by its path or by the
 * engine's name, both of which may be NULL. *origin: what to say of where it comes from, static.
 * Returns the path's length, as snprintf does. */
static inline size_t mcr_run_dir(char *out, size_t cap, const char *run_dir, const char *name,
				 const char **origin)
{
	int len;

	*origin = "";
	if (!run_dir && !name) {
		/* Not where others choose the environment. */
		run_dir = secure_getenv(MCR_RUN_DIR_VARIABLE);
		run_dir = run_dir && run_dir[0] != '\0' ? run_dir : NULL;
		*origin = run_dir ? " (from " MCR_RUN_DIR_VARIABLE ")" : "";
	}
	if (run_dir)
		len = snprintf(out, cap, "%s", run_dir);
	else
		len = snprintf(out, cap, "/run/mcring/%s", name ? name : "mcring");
	return (size_t)len;
}

#endif
