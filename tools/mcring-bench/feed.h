/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames without a wire: net_null delivers buffers as it finds them in the queue's mempool, so a
 * pool that is filled with frames before the start is a feed that costs the receiver nothing. */
#ifndef MCR_BENCH_FEED_H
#define MCR_BENCH_FEED_H

#include "../common/frame.h"
#include "bench.h"
#include "capture.h"
#include "stamps.h"

#define FEED_UDP_PORT 5000

#define FEED_VLANS_MAX 8

struct feed {
	struct frame_plan plan;
	struct frames frames;
	struct capture captured; /* in their place, when there are captures */
	uint16_t vlans[FEED_VLANS_MAX];
	unsigned n_vlans; /* each has an interface: feed_interface */
	uint16_t port;
	uint64_t next;        /* frames made by the callback */
	struct stamps stamps; /* put by the callback */
	unsigned filled;      /* 1: a net_null port's buffers hold the frames */
	unsigned rewrites;    /* 1: the callback writes each frame again, for the next group */
	unsigned n_buffers;   /* of that port's mempool */
	const void *callback;
	uint64_t hold_cycles; /* for which the callback waits when nothing came */
	unsigned empty_polls; /* the callback's */
	uint64_t seen;        /* what a handler read of the payloads; writer: the rx lcore */
	uint64_t cycles;      /* spent in the callback; writer: the rx lcore, relaxed */
};

/* feed_group gives the i-th group that is joined, from 0: 239.16.0.0 and the following, or
 * ff15::ef10:0 and the following. family: 4 or 6. */
struct mcr_address feed_group(unsigned family, unsigned i);

/* feed_create makes the frames, one flow per group, or takes them and their groups from captures.
 * Free with feed_destroy, also when it failed. */
int feed_create(struct feed *feed, const struct bench_options *options);
void feed_destroy(struct feed *feed);

/* feed_fill fills the mempool of a net_null port, which the engine has configured and not yet
 * started, and gives its packets the stamps of a NIC if options->hw_times. On any other port frames
 * come in: it has no stamps to give there, and only lets the queue fill if options->hold_us. */
int feed_fill(struct feed *feed, const struct bench_options *options, struct mcr_engine *engine);

/* feed_interface gives the name of the interface for a VLAN of the feed. name: MCR_NAME_MAX octets.
 */
void feed_interface(char *name, uint16_t vlan);

#endif
