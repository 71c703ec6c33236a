/* SPDX-License-Identifier: BSD-3-Clause */
/* A wire without a NIC: a net_ring port whose receive queue the measurement fills itself, from the
 * core that then reads, so that two cores and one clock are enough. Its queue is
 * long enough for a whole burst, which is there at once: no link is faster. */
#ifndef MCR_BENCH_WIRE_H
#define MCR_BENCH_WIRE_H

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "feed.h"

#define WIRE_BURST_MAX 10000

struct wire {
	struct feed *feed;
	struct rte_ring *rx, *tx;
	struct rte_mempool *pool;
	char port[RTE_ETH_NAME_MAX_LEN];
	struct rte_mbuf *mbufs[WIRE_BURST_MAX];
	uint64_t sent; /* frames, which go through groups or captures in turn */
};

/* wire_create makes the port, before an engine that opens it. Returns 0, or -1 after a line on
 * stderr; call wire_destroy in both cases, after the engine's end. */
int wire_create(struct wire *wire, struct feed *feed);
void wire_destroy(struct wire *wire);

/* wire_prepare makes the frames of a burst, n <= WIRE_BURST_MAX. Returns 0, or -1 after a line on
 * stderr. */
int wire_prepare(struct wire *wire, unsigned n);

/* wire_send lets the receiver see them, all at once. Gives the TSC just before that. */
uint64_t wire_send(struct wire *wire, unsigned n);

#endif
