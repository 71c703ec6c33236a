/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes in, and the order in which items come out. */
#include "core/feed/arbiter.h"

#include "core/feed/arbiter_copy.h"
#include "core/feed/arbiter_epoch.h"
#include "core/feed/arbiter_hold.h"
#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_line.h"
#include "core/feed/arbiter_node.h"
#include "core/feed/arbiter_place.h"
#include "core/feed/arbiter_range.h"
#include "core/feed/arbiter_stream.h"

/* MCR_FEED_AS_THEY_COME: the packet itself, whatever became of its numbers. */
static void hand_out_as_it_comes(struct mcr_arbiter *a, const struct mcr_arrival *at,
				 uint64_t next_before)
{
	struct mcr_feed_msg item = {.kind = MCR_FEED_DATA};
	uint32_t count = at->packet->count, skip = 0;

	if (at->x < next_before && at->x + count > next_before && !at->flags)
		skip = (uint32_t)(next_before - at->x);
	mcr_item_data(&item, at->msg, at->x + skip, count - skip, skip, at->key, at->line,
		      at->flags);
	a->stats.packets++;
	a->stats.messages += count - skip;
	a->lines[at->line].first += !at->flags;
	if (!at->flags)
		at->s->line = (uint8_t)at->line;
	if (a->has_after || a->reset.why) {
		a->after = item; /* is_after_next stays */
		a->has_after = 1;
	} else {
		mcr_item_push(a, &item);
	}
}

static void hand_out_unsequenced(struct mcr_arbiter *a, unsigned line,
				 const struct mcr_feed_packet *p, const struct mcr_msg *msg)
{
	struct mcr_feed_msg item = {.kind = MCR_FEED_DATA};

	a->lines[line].unsequenced++;
	if (!a->cfg.unsequenced)
		return;
	mcr_item_data(&item, msg, 0, 0, 0, mcr_stream_find(a, p->scope), line,
		      MCR_FEED_FLAG_UNSEQUENCED);
	mcr_item_push(a, &item);
}

/* The packet is of a stream. */
static void take(struct mcr_arbiter *a, unsigned line, const struct mcr_feed_packet *p,
		 const struct mcr_msg *msg)
{
	uint32_t key = mcr_stream_find(a, p->scope);
	uint64_t x = mcr_first_turn(a, p->seq);

	if (x >> 62) { /* leaves room to calculate */
		const struct mcr_arrival far = {.packet = p,
						.msg = msg,
						.line = line,
						.key = key,
						.x = x,
						.flags = MCR_FEED_FLAG_OUT_OF_ORDER};

		mcr_place_implausible(a, key == MCR_NONE ? 0 : key, line, x);
		a->lines[line].implausible++;
		if (a->is_as_they_come && p->kind == MCR_FEED_PACKET_DATA && key != MCR_NONE)
			hand_out_as_it_comes(a, &far, x);
		return;
	}
	if (key == MCR_NONE)
		key = mcr_stream_make(a, line, p);
	if (key == MCR_NONE) {
		struct mcr_feed_msg event = mcr_item_event(a, MCR_FEED_KEYS_FULL, key, line, x);

		a->stats.keys_refused++;
		if (!a->told_keys_full)
			mcr_item_push(a, &event);
		a->told_keys_full = 1;
		return;
	}
	struct mcr_arrival at = {.packet = p,
				 .msg = msg,
				 .line = line,
				 .key = key,
				 .s = mcr_stream_at(a, key),
				 .m = mcr_more_at(a, key),
				 .sl = &mcr_more_at(a, key)->line[line],
				 .x = x,
				 .end = x + p->count,
				 .held_flags = a->is_as_they_come ? MCR_HELD_GHOST : 0};
	uint64_t next_before = at.s->next;

	if (mcr_epoch_judge(a, &at))
		mcr_place(a, &at);
	if (a->is_as_they_come && p->kind == MCR_FEED_PACKET_DATA)
		hand_out_as_it_comes(a, &at, next_before);
}

/* Silence counts from now. */
static void start(struct mcr_arbiter *a, uint64_t ns)
{
	a->is_started = 1;
	a->awake_ns = ns;
	a->line_due_ns = a->head.due_ns = 0;
}

/* Not inline: the fast path saves no registers for it. */
__attribute__((noinline)) static int put_slow(struct mcr_arbiter *a, unsigned line,
					      const struct mcr_feed_packet *p,
					      const struct mcr_msg *msg, struct mcr_feed_msg *out)
{
	struct mcr_arbiter_line *l = &a->lines[line];

	a->at_ns = msg->rx_ns;
	mcr_node_reclaim(a);
	l->packets++;
	if (l->lapped_at == l->packets && msg->rx_ns > a->lapped_ns)
		a->lapped_ns = msg->rx_ns;
	l->bytes += msg->len;
	if (p->kind == MCR_FEED_PACKET_MALFORMED) {
		l->malformed++;
		return 0;
	}
	if (!a->is_started)
		start(a, msg->rx_ns);
	mcr_line_alive(a, line, msg->rx_ns);
	if (p->kind == MCR_FEED_PACKET_NOT_TRACKED)
		l->not_tracked++;
	else if (p->kind == MCR_FEED_PACKET_UNSEQUENCED)
		hand_out_unsequenced(a, line, p, msg);
	else
		take(a, line, p, msg);
	return a->queue_n && a->queue[a->queue_head].msg == msg && mcr_item_pop(a, out);
}

enum fast {
	FAST_NO = -1, /* state unchanged */
	FAST_DONE,
	FAST_GIVES, /* *out */
};

/* Not inline, as run_next and run_copies: what each of them needs stays in registers. */
static __attribute__((noinline)) void copy_slow(struct mcr_arbiter *a, const struct mcr_stream *s,
						unsigned line, uint64_t x,
						const struct mcr_feed_packet *p,
						const struct mcr_msg *msg)
{
	mcr_copy(a, s, a->lines[line].stream, line, x, p->count, p->hash, msg->rx_ns);
}

/* The packet that is next, or a copy of one that was handed out, on a line that goes on where it
 * was. */
static __attribute__((noinline)) enum fast put_fast(struct mcr_arbiter *a, unsigned line,
						    const struct mcr_feed_packet *p,
						    const struct mcr_msg *msg,
						    struct mcr_feed_msg *out)
{
	struct mcr_arbiter_line *l = &a->lines[line];
	struct mcr_stream *s = mcr_stream_at(a, l->stream);

	if (__builtin_expect((s->scope[0] ^ p->scope[0]) | (s->scope[1] ^ p->scope[1]), 0)) {
		uint32_t key = mcr_stream_find(a, p->scope);

		if (key == MCR_NONE)
			return FAST_NO;
		l->stream = key;
		s = mcr_stream_at(a, key);
	}
	uint64_t x = s->hi[line], end = x + p->count;
	int is_next = x == s->next;

	if (__builtin_expect((s->epoch[0] ^ p->epoch[0]) | (s->epoch[1] ^ p->epoch[1]) |
				 (s->slow >> line & 1) | mcr_unlike(a, x, p->seq) | p->kind |
				 p->resets,
			     0) ||
	    !l->is_up || (!is_next && end > s->next) || end >> 62)
		return FAST_NO;
	if (is_next && s->line != line) {
		if (s->line == UINT8_MAX || mcr_arbiter_wants(a, MCR_FEED_LINE_SWITCH))
			return FAST_NO;
		a->switches++;
		s->line = (uint8_t)line;
	}
	a->at_ns = msg->rx_ns;
	if (msg->rx_ns > l->last_ns)
		l->last_ns = msg->rx_ns;
	l->packets++;
	l->bytes += msg->len;
	s->hi[line] = end;
	if (is_next | a->is_as_they_come) {
		a->stats.packets++;
		a->stats.messages += p->count;
		mcr_item_data(out, msg, x, p->count, 0, l->stream, line,
			      is_next ? 0 : MCR_FEED_FLAG_DUPLICATE);
	}
	if (!is_next) {
		copy_slow(a, s, line, x, p, msg);
		return a->is_as_they_come ? FAST_GIVES : FAST_DONE;
	}
	l->first++;
	s->next = end;
	mcr_recent_add(&a->recent, s->id, x, p->count, line, msg->rx_ns, p->hash);
	return FAST_GIVES;
}

int mcr_arbiter_put(struct mcr_arbiter *a, unsigned line, const struct mcr_feed_packet *packet,
		    const struct mcr_msg *msg, struct mcr_feed_msg *out)
{
	const enum fast fast = put_fast(a, line, packet, msg, out);

	return fast == FAST_NO ? put_slow(a, line, packet, msg, out) : fast == FAST_GIVES;
}

/* Packets behind a plain one that follow it. What was found out of that is not asked again, and is
 * counted at once. */
struct run {
	const struct mcr_feed_packet *packets;
	const struct mcr_msg *msgs;
	unsigned n;
	unsigned line;
	uint64_t last_ns;
};

/* Where the line is, on the wire. A number that wraps to 1 is compared as it is: behind the highest
 * there is none that is equal. */
static inline uint64_t wire_at(const struct mcr_arbiter *a, uint64_t hi, unsigned *shift)
{
	*shift = a->wraps_to_one ? 0 : a->unwrap_shift;
	return mcr_arbiter_wire_of(64u - a->unwrap_shift, a->wraps_to_one, hi);
}

static inline int goes_on(const struct run *run, unsigned i, uint64_t wire, unsigned shift)
{
	const struct mcr_feed_packet *p = &run->packets[i];

	return __builtin_expect(((p->seq - wire) << shift | !p->follows) == 0, 1) &&
	       run->msgs[i].rx_ns <= run->last_ns;
}

static inline void count_run(struct mcr_arbiter *a, const struct run *run, unsigned n,
			     uint64_t bytes)
{
	struct mcr_arbiter_line *l = &a->lines[run->line];

	if (n == 0)
		return;
	a->at_ns = run->msgs[n - 1].rx_ns;
	l->last_ns = a->at_ns > l->last_ns ? a->at_ns : l->last_ns;
	l->packets += n;
	l->bytes += bytes;
}

/* Behind one that was handed out, those that are next. out: room for n. Returns how many. */
static __attribute__((noinline)) unsigned run_next(struct mcr_arbiter *a, const struct run *run,
						   struct mcr_feed_msg *out)
{
	struct mcr_arbiter_line *l = &a->lines[run->line];
	const uint32_t key = l->stream;
	struct mcr_stream *s = mcr_stream_at(a, key);
	const uint32_t id = s->id;
	unsigned shift, i;
	const uint64_t from = s->next, start = wire_at(a, from, &shift), base = from - start;
	uint64_t wire = start, bytes = 0;

	for (i = 0; i < run->n && goes_on(run, i, wire, shift); i++) {
		const struct mcr_feed_packet *p = &run->packets[i];
		const struct mcr_msg *msg = &run->msgs[i];

		mcr_item_data(&out[i], msg, base + wire, p->count, 0, key, run->line, 0);
		mcr_recent_add(&a->recent, id, base + wire, p->count, run->line, msg->rx_ns,
			       p->hash);
		bytes += msg->len;
		wire += p->count;
	}
	s->hi[run->line] = s->next = base + wire;
	a->stats.packets += i;
	a->stats.messages += wire - start;
	l->first += i;
	count_run(a, run, i, bytes);
	return i;
}

/* Behind a copy, those that are copies, where payloads are not compared. Those that were first
 * stand behind each other as well. Returns how many. */
static __attribute__((noinline)) unsigned run_copies(struct mcr_arbiter *a, const struct run *run)
{
	struct mcr_arbiter_line *l = &a->lines[run->line];
	struct mcr_stream *s = mcr_stream_at(a, l->stream);
	const uint32_t id = s->id;
	unsigned shift, i;
	const uint64_t start = wire_at(a, s->hi[run->line], &shift),
		       base = s->hi[run->line] - start;
	const uint64_t last = s->next - base;
	uint64_t wire = start, bytes = 0;
	uint32_t at = l->copied;

	for (i = 0; i < run->n && goes_on(run, i, wire, shift); i++) {
		const struct mcr_feed_packet *p = &run->packets[i];
		const struct mcr_recent_packet *first;

		if (wire + p->count > last)
			break;
		first = mcr_recent_find(&a->recent, &at, id, base + wire, p->count);
		if (first)
			mcr_copy_behind(a, first, run->line, run->msgs[i].rx_ns);
		bytes += run->msgs[i].len;
		wire += p->count;
	}
	s->hi[run->line] = base + wire;
	l->copied = at;
	l->duplicates += i;
	count_run(a, run, i, bytes);
	return i;
}

unsigned mcr_arbiter_put_run(struct mcr_arbiter *a, const uint8_t *lines,
			     const struct mcr_feed_packet *packets, const struct mcr_msg *msgs,
			     unsigned n, uint64_t limit_ns, struct mcr_feed_msg *out, int cap,
			     int *given)
{
	const uint64_t last_ns = limit_ns < a->head.due_ns ? limit_ns : a->head.due_ns;
	unsigned i = 0;

	while (i < n && *given < cap && lines[i] < MCR_FEED_LINES_MAX && msgs[i].rx_ns <= last_ns &&
	       !a->head.pending) {
		const unsigned line = lines[i];
		const enum fast fast = put_fast(a, line, &packets[i], &msgs[i], &out[*given]);
		const int has_more = ++i < n && packets[i].follows;

		if (fast == FAST_NO)
			return i - 1;
		*given += fast == FAST_GIVES;
		if (!has_more)
			continue;
		const unsigned room = (unsigned)(cap - *given), left = n - i;
		struct run run = {packets + i, msgs + i, left, line, last_ns};

		if (fast == FAST_DONE) {
			i += a->compare ? 0 : run_copies(a, &run);
		} else if (!a->is_as_they_come) {
			run.n = left < room ? left : room;
			const unsigned more = run_next(a, &run, out + *given);

			*given += (int)more;
			i += more;
		}
	}
	return i;
}

/* What time has brought: a line that is silent, or a hole that is given up. 0 = nothing. */
static int fire(struct mcr_arbiter *a)
{
	uint64_t hole_ns = a->n_heap ? a->heap_due[0] : UINT64_MAX;
	unsigned line = 0;

	if (a->line_due_ns <= a->time_ns)
		a->line_due_ns = mcr_line_due(a, &line);
	if (a->line_due_ns <= a->time_ns && a->line_due_ns <= hole_ns) {
		a->at_ns = a->line_due_ns;
		a->line_due_ns = 0;
		mcr_line_down(
		    a, line, a->lines[line].was_heard ? MCR_FEED_DOWN_SILENT : MCR_FEED_DOWN_NEVER);
		return 1;
	}
	a->head.due_ns = a->line_due_ns < hole_ns ? a->line_due_ns : hole_ns;
	if (hole_ns > a->time_ns)
		return 0;
	if (hole_ns) /* 0: a line went down */
		a->at_ns = hole_ns;
	a->timeout_ns = hole_ns;
	a->active = a->heap[0];
	return 1;
}

int mcr_arbiter_next(struct mcr_arbiter *a, struct mcr_feed_msg *out)
{
	for (;;) {
		if (mcr_item_pop(a, out))
			return 1;
		if (a->has_late) {
			mcr_place_late(a);
		} else if (a->active != MCR_NONE) {
			if (mcr_hold_step(a, a->active, out))
				return 1;
			if (a->has_late)
				continue;
			a->active = MCR_NONE;
			a->force_to = a->timeout_ns = 0;
			a->is_flush = 0;
		} else if (a->reset.why) {
			mcr_epoch_begin_now(a);
		} else if (a->has_after) {
			mcr_hold_after(a);
		} else if (!fire(a)) {
			a->head.pending = 0;
			return 0;
		}
	}
}

void mcr_arbiter_time(struct mcr_arbiter *a, uint64_t ns)
{
	mcr_node_reclaim(a);
	if (ns <= a->time_ns)
		return;
	a->time_ns = ns;
	if (!a->is_started)
		start(a, ns);
	mcr_range_settle(a);
	if (ns >= a->head.due_ns)
		a->head.pending = 1;
}

void mcr_arbiter_line_down(struct mcr_arbiter *a, unsigned line, uint32_t why)
{
	if (a->time_ns > a->at_ns)
		a->at_ns = a->time_ns;
	mcr_line_down(a, line, why);
	a->head.pending = 1;
}

void mcr_arbiter_awake(struct mcr_arbiter *a, int is_awake)
{
	if (is_awake && !a->is_awake && a->is_started)
		start(a, a->time_ns);
	a->is_awake = is_awake != 0;
}
