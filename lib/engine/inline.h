/* SPDX-License-Identifier: BSD-3-Clause */
/* The inline consumer of a channel on one rx lcore. */
#ifndef MCR_ENGINE_INLINE_H
#define MCR_ENGINE_INLINE_H

#include <stdint.h>

#include <mcring/engine.h>

struct mcr_port_clock;
struct mcr_worker;

struct mcr_inline {
	/* Set by control before a view shows it, then constant. */
	void (*handler)(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring);
	void *ctx;
	uint64_t slow_cycles;
	int only; /* the messages are not published */

	/* Writer: the lcore. Readers: control, word by word. */
	uint64_t calls, messages, slow, longest_cycles;

	uint64_t clock_steps; /* private to the lcore: of the last message */
};

/* mcr_inline_hand_over calls the handler with the batch of a channel that has one. rx_ns, flags: of
 * the burst; clock: of its queue, NULL = w->hw_ns holds nothing. Returns 1 when the batch is done
 * with, 0 when it is to be published. Thread: the rx lcore. */
int mcr_inline_hand_over(struct mcr_worker *w, unsigned channel, uint64_t rx_ns, uint16_t flags,
			 const struct mcr_port_clock *clock);

/* mcr_inline_add adds one lcore's figures to out. Thread: control. */
void mcr_inline_add(const struct mcr_inline *in, struct mcr_channel_info *out);

#endif
