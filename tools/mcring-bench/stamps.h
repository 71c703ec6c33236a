/* SPDX-License-Identifier: BSD-3-Clause */
/* Timestamps of a NIC on a port whose driver gives none, so that their cost can be measured without
 * the NIC: the engine is made to believe in a NIC that stamps real time and whose clock it cannot
 * read, and an rx callback puts the stamps into the packets. */
#ifndef MCR_BENCH_STAMPS_H
#define MCR_BENCH_STAMPS_H

#include <stdint.h>

#include <rte_mbuf.h>

struct mcr_engine;

struct stamps {
	uint64_t flag; /* in ol_flags: the packet has a stamp; 0 = no stamps are wanted */
	int offset;    /* of the stamp in the mbuf */
};

/* stamps_create lets the engine, which is created and not yet started, take the stamps of a port.
 * Returns 0, or -1 after a line on stderr. */
int stamps_create(struct stamps *stamps, struct mcr_engine *engine, uint16_t port);

/* stamps_put stamps n packets, as their driver would: with the time at which they came. */
void stamps_put(const struct stamps *stamps, struct rte_mbuf **mbufs, unsigned n);

/* stamps_check asks a consumer of the running engine whether its messages have hw_ns. Returns 0, or
 * -1 after a line on stderr. Thread: control. */
int stamps_check(struct mcr_engine *engine, const char *channel);

#endif
