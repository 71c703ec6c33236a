/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_TOP_H
#define MCR_CTL_TOP_H

#include <stdint.h>

#include <jansson.h>

struct ctl_top {
	double interval;           /* seconds between screens */
	uint64_t count;            /* screens; 0 = until q or a signal */
	json_t *(*ask)(void *ctx); /* an answer to `status`, or NULL after a line on stderr */
	void *ctx;
};

/* ctl_top shows what flows, as rates between two answers: on a terminal one screen over the
 * other, as wide as that is, else one text after the other. Returns 0, or -1 when the engine no
 * longer answered. */
int ctl_top(const struct ctl_top *top);

#endif
