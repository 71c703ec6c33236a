/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames that a relayed packet becomes: one for each output, with the output's Ethernet header,
 * the TTL lowered, and without the padding that it came with. Thread: the rx lcore.
 *
 * A short packet is copied for each output but the last, which gets the received buffer itself; a
 * long one becomes a header for each output, chained to the one payload (docs/design.md has the
 * figures). No octet that somebody else may look at is written: another output, a reader of the
 * rings, the kernel. */
#ifndef MCR_ENGINE_RELAY_COPY_H
#define MCR_ENGINE_RELAY_COPY_H

#include "engine/relay/relay_lcore.h"

#define MCR_RELAY_SHARE_MIN 512 /* octets of IP packet: shorter ones are copied */

/* mcr_relay_copy makes the frames of a packet and queues them (relay_tx.h), for the outputs of a
 * set, which it counts as offered. m: the received frame, which it takes over. Whatever stands in
 * the way of one output (MTU, TTL, link, buffers) is counted there and touches no other. */
void mcr_relay_copy(struct mcr_relay_lcore *r, struct rte_mbuf *m,
		    const struct mcr_relay_verdict *verdict);

/* mcr_relay_copy_wants: how many buffers of the pool mcr_relay_copy takes, as a rule. Who adds it
 * to r->wanted before, has them taken together; mcr_relay_copy_done gives back what was not used.
 */
static inline unsigned mcr_relay_copy_wants(const struct mcr_relay_verdict *v)
{
	const unsigned n = (unsigned)__builtin_popcountll(v->outputs);

	return n > 1 && v->packet.len >= MCR_RELAY_SHARE_MIN ? n : n - 1;
}

void mcr_relay_copy_done(struct mcr_relay_lcore *r);

#endif
