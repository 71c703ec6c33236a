/* SPDX-License-Identifier: BSD-3-Clause */
/* The inline consumer of a channel on one rx lcore. */
#ifndef MCR_ENGINE_INLINE_H
#define MCR_ENGINE_INLINE_H

#include <stdint.h>

#include <mcring/engine.h>

#include "core/parse.h"

struct rte_mbuf;

#define MCR_INLINE_MSGS 32 /* that a handler gets at once, at most */

struct mcr_inline {
	/* Set by control before a view shows it, then constant. */
	void (*handler)(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring);
	void *ctx;
	uint64_t slow_cycles;
	int only; /* the messages are not published */

	/* Writer: the lcore. Readers: control, word by word. */
	uint64_t calls, messages, slow, longest_cycles;

	/* Private to the lcore. */
	uint64_t clock_steps; /* of the last message */
	unsigned n;           /* messages that wait for the call */
	struct mcr_inline_msg msgs[MCR_INLINE_MSGS];
	struct mcr_packet
	    packets[MCR_INLINE_MSGS]; /* those of msgs, for the ring; unused if `only` */
};

/* mcr_inline_take adds the packet in mbuf to the messages that wait for the call; mbuf is borrowed
 * until then. Thread: the rx lcore. */
void mcr_inline_take(struct mcr_inline *in, const struct mcr_packet *packet,
		     const struct rte_mbuf *mbuf, uint8_t interface, uint32_t id, uint64_t rx_ns,
		     uint64_t hw_ns, uint16_t flags);

/* mcr_inline_call calls the handler with the messages that wait. clock_steps: the lcore's; ring:
 * its index in the channel. The messages stay in msgs until the next one is taken. Thread: the rx
 * lcore.
 */
void mcr_inline_call(struct mcr_inline *in, uint64_t clock_steps, unsigned ring);

/* mcr_inline_add adds one lcore's figures to out. Thread: control. */
void mcr_inline_add(const struct mcr_inline *in, struct mcr_channel_info *out);

#endif
