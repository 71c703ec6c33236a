/* SPDX-License-Identifier: BSD-3-Clause */
/* The arbiter: packets of the lines of one feed in, each message once and in order out, and what is
 * missing named (docs/feeds.md, Rules). Pure: no I/O, no clock, no allocation but in create. One
 * thread.
 *
 *     put (a packet of a line) -> at most one item at once; then next until it has none
 *     time (all that arrived before was put) -> then next until it has none
 *
 * Time is that of arrivals, CLOCK_REALTIME, as the rings have it: the smallest over the rings of
 * what was read. Nothing is declared beyond it. */
#ifndef MCR_CORE_FEED_ARBITER_H
#define MCR_CORE_FEED_ARBITER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/feed.h>

#include "core/feed/feed_packet.h"

struct mcr_arbiter;

struct mcr_arbiter_config {
	unsigned n_lines;
	uint8_t bits; /* 64 = does not wrap */
	uint8_t wraps_to_one;
	uint8_t is_loop;
	uint8_t order;                                   /* enum mcr_feed_order */
	uint8_t late, compare, hold_on_gap, unsequenced; /* as struct mcr_feed_opts */
	uint32_t events; /* bits 1 << enum mcr_feed_kind; 0 = all but LINE_SWITCH */
	uint32_t window; /* numbers that may be held, from the missing one on */
	uint32_t reorder;
	uint32_t reset_run;
	uint32_t hash_ring; /* numbers remembered for compare and for how far lines are apart; 0 =
			       1,024 */
	uint32_t held_max, keys_max;
	uint64_t gap_timeout_ns;
	uint64_t silence_ns; /* 0 = lines are not judged by silence */
	uint64_t reset_back, jump_max;
	uint64_t start_seq; /* on the wire; 0 = the first number that comes */
	uint64_t seed;      /* what a sender cannot know, so that it cannot make lookups slow */
};

/* mcr_arbiter_create allocates all that the arbiter will use. The caller frees it with
 * mcr_arbiter_destroy. Errors: -EINVAL, -ENOMEM, with err filled.
 *
 * An item's msg points to the caller's struct mcr_msg (of put) or to one of the arbiter's (held:
 * valid until the next mcr_arbiter_put, _time, _insert or _resume after the item was given out). */
int mcr_arbiter_create(struct mcr_arbiter **out, const struct mcr_arbiter_config *config,
		       struct mcr_error *err);
void mcr_arbiter_destroy(struct mcr_arbiter *a); /* NULL is allowed */

/* mcr_arbiter_put takes one packet, as its declaration reads it, that came on a line. msg: rx_ns,
 * len, and what is handed out; data is not read (packet->hash). Call it only when
 * mcr_arbiter_next has nothing left. Returns 1: *out is to be handed out now (the packet itself, in
 * place: msg), and mcr_arbiter_next may have more; 0: ask mcr_arbiter_next. */
int mcr_arbiter_put(struct mcr_arbiter *a, unsigned line, const struct mcr_feed_packet *packet,
		    const struct mcr_msg *msg, struct mcr_feed_msg *out);

/* mcr_arbiter_put_run is mcr_arbiter_put for packets in a row, as long as each is plain: the next
 * of its stream, or a copy of what was handed out, on a line that goes on where it was, that
 * arrived no later than limit_ns and before any timer fires. Nothing is held by them, and no hole
 * opens or fills, so it does not matter what else came first. Returns how many of the n it put;
 * *given, the items in out, grows up to cap. With events (mcr_arbiter_pending) it stops. */
unsigned mcr_arbiter_put_run(struct mcr_arbiter *a, const uint8_t *lines,
			     const struct mcr_feed_packet *packets, const struct mcr_msg *msgs,
			     unsigned n, uint64_t limit_ns, struct mcr_feed_msg *out, int cap,
			     int *given);

/* mcr_arbiter_next gives the next item that is due: 1, or 0: there is none. */
int mcr_arbiter_next(struct mcr_arbiter *a, struct mcr_feed_msg *out);

/* The first words of an arbiter, which are asked for each packet. */
struct mcr_arbiter_head {
	uint64_t pending; /* not 0: mcr_arbiter_next may have an item */
	uint64_t due_ns;  /* no timer fires before */
	uint64_t n_held;
};

/* mcr_arbiter_pending: whether mcr_arbiter_next may have an item. */
static inline int mcr_arbiter_pending(const struct mcr_arbiter *a)
{
	return ((const struct mcr_arbiter_head *)(const void *)a)->pending != 0;
}

/* mcr_arbiter_time: everything that arrived before ns was put. Never goes back (a smaller ns is
 * ignored). */
void mcr_arbiter_time(struct mcr_arbiter *a, uint64_t ns);

/* mcr_arbiter_due returns a time before which no timer fires; UINT64_MAX = none runs. A call of
 * mcr_arbiter_time at or after it, and of mcr_arbiter_next, moves it on. */
static inline uint64_t mcr_arbiter_due(const struct mcr_arbiter *a)
{
	return ((const struct mcr_arbiter_head *)(const void *)a)->due_ns;
}

/* mcr_arbiter_holding returns how many packets are held now. */
static inline uint64_t mcr_arbiter_holding(const struct mcr_arbiter *a)
{
	return ((const struct mcr_arbiter_head *)(const void *)a)->n_held;
}

/* Numbers that wrap are counted on in turns. A stream begins in the second, so that its 64-bit
 * numbers are never mistaken for those on the wire: a turn has 2^bits numbers, or one less if 1
 * follows the highest. mcr_arbiter_wire gives the number on the wire, as a request for
 * retransmission wants it. */
static inline uint64_t mcr_arbiter_wire_of(unsigned bits, int wraps_to_one, uint64_t seq)
{
	if (bits >= 64)
		return seq;
	uint64_t mask = (UINT64_C(1) << bits) - 1;

	if (!wraps_to_one)
		return seq & mask;
	for (seq--; seq >> bits;) /* modulo 2^bits - 1, without a division */
		seq = (seq & mask) + (seq >> bits);
	return seq == mask ? 1 : seq + 1;
}
uint64_t mcr_arbiter_wire(const struct mcr_arbiter *a, uint64_t seq);

/* mcr_arbiter_line_down: by the engine's or the link's state (why: enum mcr_feed_down_why). Silence
 * no longer counts for the line, and its next packet brings it up. */
void mcr_arbiter_line_down(struct mcr_arbiter *a, unsigned line, uint32_t why);

/* mcr_arbiter_awake switches the judging by silence on and off (trading hours). On: silence counts
 * from now. */
void mcr_arbiter_awake(struct mcr_arbiter *a, int is_awake);

/* mcr_arbiter_lapped: the reader was lapped in a ring of these lines (bits 1 << line): what comes
 * next on them stands behind an unknown loss, of the reader's. */
void mcr_arbiter_lapped(struct mcr_arbiter *a, uint32_t lines, uint64_t messages);

/* mcr_arbiter_host_loss: the ports of these lines lost `packets` more, which a look at time
 * looked_ns found. */
void mcr_arbiter_host_loss(struct mcr_arbiter *a, uint32_t lines, uint64_t packets,
			   uint64_t looked_ns);

/* mcr_arbiter_insert and mcr_arbiter_resume: as mcr_feed_insert, mcr_feed_resume. Numbers as they
 * were handed out, or as on the wire; msg as for put;
 * held as of a held packet, not 0: it is forgotten in any case but an error. */
int mcr_arbiter_insert(struct mcr_arbiter *a, uint32_t key, uint64_t seq, uint32_t count,
		       const struct mcr_msg *msg, uint64_t held);
int mcr_arbiter_resume(struct mcr_arbiter *a, uint32_t key, uint64_t next);

/* mcr_arbiter_held calls each for every held packet of the lines (bits; what was inserted is of
 * line MCR_FEED_LINES_MAX), oldest arrival first: the
 * caller may move the payload and set msg->data and `held` (what mcr_feed_msg.held will be; 0 at
 * first). forget is called whenever the arbiter is done with a held packet whose `held` is not 0,
 * after the item was handed out or dropped. mcr_arbiter_crowded: there is no room for more payloads
 * that are held, so the oldest hole is given up (MCR_FEED_GAP_WINDOW); then ask mcr_arbiter_next.
 * Returns 0 when nothing is held. */
enum mcr_arbiter_answer {
	MCR_ARBITER_ON = 0,
	MCR_ARBITER_STOP,
	MCR_ARBITER_DROP, /* this one was overwritten: it is forgotten, RING's loss; then on */
};
int mcr_arbiter_crowded(struct mcr_arbiter *a);
typedef int (*mcr_arbiter_each)(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held);
int mcr_arbiter_held(struct mcr_arbiter *a, uint32_t lines, mcr_arbiter_each each, void *ctx);
void mcr_arbiter_on_forget(struct mcr_arbiter *a, void (*forget)(void *ctx, uint64_t held),
			   void *ctx);

/* Numbers, as struct mcr_feed_line, struct mcr_feed_key (but text) and struct mcr_feed_stats say.
 */
int mcr_arbiter_line_info(const struct mcr_arbiter *a, unsigned line, struct mcr_feed_line *out);
int mcr_arbiter_key_info(const struct mcr_arbiter *a, uint32_t key, struct mcr_feed_key *out);
void mcr_arbiter_stats(const struct mcr_arbiter *a, struct mcr_feed_stats *out);

/* mcr_arbiter_key_bytes: the state of one stream with so many lines, for tests and documentation.
 */
size_t mcr_arbiter_key_bytes(unsigned n_lines);

#endif
