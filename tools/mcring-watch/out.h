/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts for a descriptor whose reader may be slow, or stop: nothing waits for him. One text at a
 * time is written, and what comes before it is out is left out. */
#ifndef MCR_WATCH_OUT_H
#define MCR_WATCH_OUT_H

#include <stddef.h>
#include <stdint.h>

struct watch_out {
	int fd;
	char *text; /* that is being written; NULL = none */
	size_t len, sent;
	uint64_t left_out; /* texts */
	int error;         /* errno of a write: nothing is written any more */
};

/* watch_out_put takes a text, which is to be freed. */
void watch_out_put(struct watch_out *out, char *text, size_t len);

/* watch_out_go_on writes what has room. Returns 1 while something is left. */
int watch_out_go_on(struct watch_out *out);

void watch_out_clear(struct watch_out *out);

#endif
