/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the consumer share: open.c (options, start), consumer.c (poll and what follows
 * it), select.c (a part of the channel). */
#ifndef MCR_CLIENT_STATE_H
#define MCR_CLIENT_STATE_H

#include <stdint.h>
#include <time.h>

#include <mcring/consumer.h>

#include "client/attach.h"
#include "client/select.h"
#include "core/ring_reader.h"

struct mcr_client_ring {
	struct mcr_ring_reader reader;
	uint64_t done, done_offset; /* position released */
};

struct mcr_consumer {
	struct mcr_client_ring *rings; /* those that are read */
	unsigned n_rings;
	unsigned first; /* index in the channel of rings[0] */
	unsigned turn;  /* the ring that the next poll begins with */
	uint64_t received, lost, stale, skipped;
	struct mcr_client_select select;

	unsigned polls, stride; /* until, and between looks at the clock */
	uint64_t looked_ns;
	uint64_t beat_ns, silent_ns; /* the newest heartbeat; last look that found it old */
	unsigned silent_looks;

	struct mcr_attachment attachment;
};

static inline uint64_t mcr_client_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* mcr_client_tell writes how far the consumer is into its page. */
void mcr_client_tell(struct mcr_consumer *c);

#endif
