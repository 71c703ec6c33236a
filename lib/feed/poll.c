/* SPDX-License-Identifier: BSD-3-Clause */
/* From the rings to the program. The messages of all rings are passed on in the order of time, as
 * far as they are there: no ring is waited for. */
#include <errno.h>

#include "core/feed/feed_plain.h"
#include "feed/state.h"

#define ROUNDS_MAX 64 /* of refills, while nothing comes of them */
#define BEATS      16
#define POLLS      256 /* that found something, between two looks at the time */
#define STRIDE_MAX 15
#define NEAR_NS    UINT64_C(1000000)

#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- from the rings ---- */

/* A message of another flow than the one before, or an event. Returns the flow, whose line is none
 * for an event. */
static __attribute__((noinline)) const struct mcr_feed_seen *flow_of(struct mcr_feed_reader *r,
								     struct mcr_msg *m)
{
	static const struct mcr_feed_seen nothing = {.line = MCR_FEED_NO_LINE};

	if (m->kind == MCR_DATA)
		return mcr_feed_flows_find(&r->source->flows, m);
	/* Others say nothing of when: they are taken at once. */
	m->rx_ns = m->kind == MCR_LINK ? m->rx_ns : 0;
	return &nothing;
}

static __attribute__((noinline)) void hash_payloads(struct mcr_feed_reader *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->lines[i] < MCR_FEED_TORN)
			r->packets[i].hash =
			    mcr_feed_packet_hash(r->batch[i].data, r->batch[i].len);
}

/* Something of the batch was overwritten while it was read. */
static __attribute__((noinline)) void check_each(struct mcr_feed_reader *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->lines[i] < MCR_FEED_TORN && !mcr_consumer_intact(r->c, &r->batch[i])) {
			r->lines[i] = MCR_FEED_TORN;
			r->packets[i].follows = 0;
		}
}

/* Reads of each message which packet it is. Nothing comes of that before it is sure that the writer
 * had not come by: what is intact of the oldest message is intact of all. */
static void read_packets(struct mcr_feed *f, struct mcr_feed_reader *r)
{
	const struct mcr_feed_declaration *d = &f->config.numbering;
	const struct mcr_feed_seen *seen = r->last;
	struct mcr_feed_packet *p = r->packets;
	uint8_t *line = r->lines;
	const struct mcr_feed_packet *before = NULL;
	uint64_t differs;
	unsigned oldest = 0;

	for (struct mcr_msg *m = r->batch, *end = m + r->count; m < end; m++, p++, line++) {
		if (unlikely(m->kind != MCR_DATA || !mcr_feed_seen_is(seen, m))) {
			seen = flow_of(r, m);
			before = NULL;
		}
		*line = seen->line;
		p->follows = 0;
		if (unlikely(seen->line >= MCR_FEED_TORN))
			continue;
		if (mcr_feed_plain_read(&d->reading, m->data, m->len, seen->scope,
					before ? before : p, &differs, p)) {
			p->follows = before && differs == 0;
			before = p;
			continue;
		}
		mcr_feed_packet_read(d, m->data, m->len, p);
		p->scope[1] |= seen->scope;
		before = NULL;
	}
	r->last = seen;
	if (unlikely(f->opts.compare))
		hash_payloads(r);
	while (oldest < r->count &&
	       (r->lines[oldest] >= MCR_FEED_TORN || r->batch[oldest].len == 0))
		oldest++;
	if (oldest < r->count && unlikely(!mcr_consumer_intact(r->c, &r->batch[oldest])))
		check_each(r);
}

/* The consumer of cursors reads nothing: it looks whether the engine lives. */
static __attribute__((noinline)) void beat(struct mcr_feed_source *s)
{
	struct mcr_msg m;

	if (++s->beats % BEATS != 0)
		return;
	mcr_consumer_seek(s->c, MCR_START_NEWEST);
	if (mcr_consumer_poll(s->c, &m, 1) == 1 && m.kind == MCR_ENGINE_STALL)
		mcr_feed_source_event(s, &m);
	mcr_consumer_release(s->c);
}

/* Something came of a ring. */
static __attribute__((noinline)) void take_batch(struct mcr_feed *f, struct mcr_feed_reader *r,
						 unsigned n)
{
	r->count = n;
	r->is_unreleased = 1;
	read_packets(f, r);
	if (unlikely(mcr_arbiter_holding(f->arbiter))) {
		r->unlooked += n;
		mcr_feed_hold_ring(f, r);
	}
}

/* Takes the next messages of a ring that has none left. Returns how many. */
static inline int refill(struct mcr_feed *f, struct mcr_feed_reader *r)
{
	int n;

	r->at = r->count = 0;
	if (unlikely(r->c != r->source->c))
		beat(r->source);
	n = mcr_consumer_poll(r->c, r->batch, MCR_FEED_BATCH);
	if (n > 0)
		take_batch(f, r, (unsigned)n);
	else
		f->is_ending |= r->is_over = n;
	return n;
}

/* Lets the timers run up to the feed's time. */
static __attribute__((noinline)) void advance(struct mcr_feed *f)
{
	uint64_t now_ns = mcr_feed_until(f, mcr_feed_now(f));

	if (now_ns > f->time_ns)
		f->time_ns = now_ns;
	if (f->time_ns >= f->look_ns) {
		mcr_feed_look(f, f->time_ns);
		for (unsigned i = 0; i < f->n_sources; i++)
			mcr_feed_source_notices(&f->sources[i]);
	}
	if (f->time_ns >= mcr_arbiter_due(f->arbiter))
		mcr_arbiter_time(f->arbiter, f->time_ns);
}

/* The engines whose rings are all over are gone. What was due before that comes first. */
static __attribute__((noinline)) void end_sources(struct mcr_feed *f)
{
	advance(f);
	if (mcr_arbiter_pending(f->arbiter))
		return;
	f->is_ending = 0;
	for (unsigned i = 0; i < f->n_sources; i++) {
		struct mcr_feed_source *s = &f->sources[i];
		unsigned over = 0;

		for (unsigned k = 0; k < s->n_readers; k++)
			over += s->readers[k].is_over != 0;
		if (mcr_feed_source_lives(s) && over == s->n_readers)
			mcr_feed_source_end(s);
	}
}

static void refill_all(struct mcr_feed *f)
{
	for (unsigned i = 0; i < f->n_readers; i++)
		if (f->readers[i]->at == f->readers[i]->count)
			refill(f, f->readers[i]);
}

/* ---- to the program ---- */

/* Takes what the arbiter has ready. What it held is its own, and good until it is given more: then
 * this poll must end. */
static __attribute__((noinline)) int drain(struct mcr_feed *f, const struct mcr_feed_reader *r,
					   struct mcr_feed_msg *msgs, int n)
{
	int got = 0;

	while (got < n && mcr_arbiter_next(f->arbiter, &msgs[got])) {
		const struct mcr_msg *m = msgs[got++].msg;

		if (m && !(r && m >= r->batch && m < r->batch + MCR_FEED_BATCH))
			f->is_stopped = 1;
	}
	f->is_stopped |= mcr_arbiter_pending(f->arbiter);
	return got;
}

/* A message that is no packet of a line, or an event. */
static __attribute__((noinline)) void take_other(struct mcr_feed *f, struct mcr_feed_reader *r,
						 unsigned i)
{
	if (r->batch[i].kind != MCR_DATA)
		mcr_feed_source_event(r->source, &r->batch[i]);
	else if (r->lines[i] == MCR_FEED_TORN)
		mcr_arbiter_lapped(f->arbiter, r->source->lines, 1);
	else
		f->refused += r->lines[i] == MCR_FEED_REFUSED;
}

/* The ring whose next message came first. *limit: when the next one of another ring came. */
static struct mcr_feed_reader *earliest(const struct mcr_feed *f, uint64_t *limit)
{
	struct mcr_feed_reader *first = NULL;
	uint64_t first_ns = UINT64_MAX;

	*limit = UINT64_MAX;
	for (unsigned i = 0; i < f->n_readers; i++) {
		struct mcr_feed_reader *r = f->readers[i];
		uint64_t ns;

		if (r->at == r->count)
			continue;
		ns = r->batch[r->at].rx_ns;
		if (!first || ns < first_ns) {
			*limit = first_ns;
			first_ns = ns;
			first = r;
		} else if (ns < *limit) {
			*limit = ns;
		}
	}
	return first;
}

/* Passes on what is plain of a ring. Returns how many items msgs has. */
static int run_plain(struct mcr_feed *f, struct mcr_feed_reader *r, uint64_t limit,
		     struct mcr_feed_msg *msgs, int n, int got)
{
	const unsigned at = r->at;

	r->at += mcr_arbiter_put_run(f->arbiter, &r->lines[at], &r->packets[at], &r->batch[at],
				     r->count - at, limit, msgs, n, &got);
	return got;
}

/* Passes on one message, whatever it is. */
static int run_one(struct mcr_feed *f, struct mcr_feed_reader *r, struct mcr_feed_msg *msgs, int n,
		   int got)
{
	const unsigned i = r->at;
	const struct mcr_msg *m = &r->batch[i];

	if (m->rx_ns > mcr_arbiter_due(f->arbiter)) {
		advance(f);
		if (mcr_arbiter_pending(f->arbiter)) {
			got += drain(f, r, msgs + got, n - got);
			if (f->is_stopped || got == n)
				return got;
		}
	}
	r->at = i + 1;
	if (r->lines[i] >= MCR_FEED_TORN)
		take_other(f, r, i);
	else
		got += mcr_arbiter_put(f->arbiter, r->lines[i], &r->packets[i], m, &msgs[got]);
	if (mcr_arbiter_pending(f->arbiter))
		got += drain(f, r, msgs + got, n - got);
	return got;
}

/* Passes on the messages of one ring that came no later than limit. Returns how many items msgs
 * has. */
static int run(struct mcr_feed *f, struct mcr_feed_reader *r, uint64_t limit,
	       struct mcr_feed_msg *msgs, int n, int got)
{
	for (;;) {
		got = run_plain(f, r, limit, msgs, n, got);
		if (mcr_arbiter_pending(f->arbiter))
			got += drain(f, r, msgs + got, n - got);
		if (r->at == r->count || got == n || f->is_stopped || r->batch[r->at].rx_ns > limit)
			return got;
		got = run_one(f, r, msgs, n, got);
		if (r->at == r->count || got == n || f->is_stopped)
			return got;
	}
}

/* Takes all rings in turn, and passes on what is plain, until something comes of it: so it is not
 * waited for the rings behind. *took: whether there was anything. Returns how many items msgs has.
 */
static int poll_plain(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n, int *took)
{
	int got = 0;

	*took = 0;
	for (unsigned i = 0; i < f->n_readers && got == 0; i++) {
		struct mcr_feed_reader *r;

		f->turn = f->turn + 1 < f->n_readers ? f->turn + 1 : 0;
		r = f->readers[f->turn];
		if (refill(f, r) <= 0)
			continue;
		*took = 1;
		got = run_plain(f, r, UINT64_MAX, msgs, n, 0);
		f->has_left |= r->at < r->count;
	}
	return got;
}

/* Passes on what was taken from the rings in the order of time, until one of them has no more of
 * it: what comes next may be in that one. Returns how many items msgs has. */
static int poll_merged(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n)
{
	struct mcr_feed_reader *r;
	uint64_t limit;
	int got = 0;

	refill_all(f);
	if (mcr_arbiter_pending(f->arbiter))
		return drain(f, NULL, msgs, n);
	do {
		r = earliest(f, &limit);
		if (r)
			got = run(f, r, limit, msgs, n, got);
	} while (r && got < n && !f->is_stopped && r->at < r->count);
	f->has_left = earliest(f, &limit) != NULL;
	return got;
}

/* What is due before anything is read, and seldom. Returns how many items msgs has. */
static __attribute__((noinline)) int prepare(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n)
{
	if (f->is_armed)
		mcr_feed_disarm(f);
	mcr_feed_give_forgotten(f);
	if (f->is_troubled)
		for (unsigned i = 0; i < f->n_sources; i++)
			if (!mcr_feed_source_lives(&f->sources[i]))
				mcr_feed_source_look(&f->sources[i], NULL);
	if (mcr_arbiter_pending(f->arbiter))
		return drain(f, NULL, msgs, n);
	if (!f->is_changed)
		return 0;
	f->is_changed = 0;
	if (f->opts.events != 0 && !(f->opts.events >> MCR_FEED_CHANGED & 1))
		return 0;
	*msgs = (struct mcr_feed_msg){.kind = MCR_FEED_CHANGED, .ns = f->time_ns};
	return 1;
}

/* A program that spins finds the time where it was: while nothing is held or due soon, it is looked
 * at each STRIDE_MAX polls. */
static void idle_advance(struct mcr_feed *f)
{
	const uint64_t before_ns = f->time_ns;

	if (++f->idles < f->stride && !mcr_arbiter_holding(f->arbiter) &&
	    mcr_arbiter_due(f->arbiter) > before_ns + NEAR_NS)
		return;
	advance(f);
	f->idles = 0;
	f->stride = f->time_ns == before_ns && f->stride < STRIDE_MAX ? 2 * f->stride + 1 : 1;
}

/* Nothing came: returns what is due by time, -EPIPE when nothing can come any more, or 0. is_read:
 * all rings are read to their end. */
static int idle(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n, int is_read)
{
	if (unlikely(f->is_ending && is_read))
		end_sources(f);
	else
		idle_advance(f);
	if (mcr_arbiter_pending(f->arbiter))
		return drain(f, NULL, msgs, n);
	if (f->n_readers > 0)
		return 0;
	for (unsigned i = 0; i < f->n_sources; i++)
		if (f->sources[i].is_left) /* more is to be handed out */
			return 0;
	return mcr_arbiter_holding(f->arbiter) && !f->opts.hold_on_gap ? 0 : -EPIPE;
}

int mcr_feed_poll(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n)
{
	int got = 0, took = 1;

	if (n <= 0)
		return 0;
	f->is_stopped = 0;
	if (unlikely(f->is_armed | f->is_troubled | f->is_changed | (f->n_forgotten > 0) |
		     mcr_arbiter_pending(f->arbiter))) {
		got = prepare(f, msgs, n);
		if (got > 0)
			return got;
	}
	for (int round = 0; round < ROUNDS_MAX && got == 0 && took; round++)
		got = f->has_left ? poll_merged(f, msgs, n) : poll_plain(f, msgs, n, &took);
	if (got == 0)
		got = idle(f, msgs, n, !took);
	else if (unlikely(++f->polls % POLLS == 0) && !f->is_stopped)
		f->is_ending ? end_sources(f) : advance(f);
	f->was_empty &= got == 0;
	return got;
}

/* ---- what a message allows ---- */

int64_t mcr_feed_read(struct mcr_feed *f, const struct mcr_feed_msg *m, void *buf, size_t cap)
{
	struct mcr_consumer *c;

	if (!m->msg)
		return 0;
	if (unlikely(m->held != 0)) {
		memcpy(buf, m->msg->data, m->msg->len < cap ? m->msg->len : cap);
		return m->msg->len;
	}
	c = f->of_line[m->line]->c;
	return c ? mcr_consumer_read(c, m->msg, buf, cap) : -ESTALE;
}

int mcr_feed_intact(const struct mcr_feed *f, const struct mcr_feed_msg *m)
{
	const struct mcr_consumer *c;

	if (!m->msg || m->held != 0)
		return 1;
	c = f->of_line[m->line]->c;
	return c && mcr_consumer_intact(c, m->msg);
}

void mcr_feed_release(struct mcr_feed *f)
{
	for (unsigned i = 0; i < f->n_readers; i++) {
		struct mcr_feed_reader *r = f->readers[i];

		if (!r->is_unreleased || r->at < r->count)
			continue;
		r->is_unreleased = 0;
		mcr_consumer_release(r->c);
	}
}
