/* SPDX-License-Identifier: BSD-3-Clause */
/* Which socket of an engine a user may not connect to, and what to do about it. */
#ifndef MCR_CTL_DENIED_H
#define MCR_CTL_DENIED_H

#include <stddef.h>

/* ctl_denied_explain says it of the sockets `control` and `stats`. stats: NULL = what is asked is
 * for control alone. origin: stands behind the first path. */
void ctl_denied_explain(char *buf, size_t cap, const char *control, const char *origin,
			const char *stats);

#endif
