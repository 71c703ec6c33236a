/* SPDX-License-Identifier: BSD-3-Clause */
/* One random feed through the arbiter, and what must hold of it. None of it is known from the
 * arbiter: what was sent, what came and what was handed out is compared, message by message.
 *
 * - each number is handed out at most once an epoch, and what is handed out is what was sent;
 * - what came on any line is handed out, or was given up before and is named when it comes late;
 * - what is next is handed out with the packet that brings it;
 * - a gap is declared when its time is over, when all lines that are not down have passed it, or
 * when the window is full, and never of what had come;
 * - a restart resets the stream once, and is known with the third packet of a line at the latest;
 * - nothing that time causes happens before that time, as far as the rings were read;
 * - each packet is counted once, and each line has lost what it did not carry. */
#ifndef TRIAL_H
#define TRIAL_H

#include "sent.h"
#include "view.h"

#define CAME      1u /* it was put while the arbiter was in its epoch */
#define HANDED    2u
#define GIVEN_UP  4u
#define CAME_LATE 8u
#define SOON      16u /* it was put while its epoch was not known yet */

struct trial {
	struct feed_sent sent;
	struct mcr_arbiter_config config;
	struct mcr_arbiter *arbiter;
	struct view view;
	struct draw draw;
	uint8_t state[STREAMS][EPOCHS][NUMBERS];  /* CAME and so on */
	uint8_t on_line[LINES][STREAMS][NUMBERS]; /* of the last epoch: it was put */
	unsigned from[STREAMS][EPOCHS]; /* the first message of an epoch that the arbiter knows */
	int hi[LINES][STREAMS][EPOCHS]; /* behind the highest that was put; 0 = none */
	int lo[LINES][STREAMS];         /* the first that was put of the last epoch */
	unsigned run[LINES][STREAMS];   /* packets of one epoch in a row, ascending */
	int last[LINES][STREAMS];       /* the last one's epoch and message */
	int epoch[STREAMS];             /* the arbiter's; -1: it does not know the stream */
	int stream_of[VIEW_KEYS];       /* by key */
	uint64_t start[STREAMS];        /* its number of message 0 */
	uint64_t time, since, last_ns[LINES]; /* since: the first that the arbiter knows of time */
	int was_heard[LINES], heard_epoch[LINES][STREAMS];
	unsigned at[LINES]; /* in the rings */
	const struct sent *putting;
	int is_handed_now; /* items are of the packet that is put */
};

static inline unsigned stream_of(const struct trial *t, const struct mcr_feed_msg *m)
{
	return (unsigned)t->stream_of[m->key];
}

/* The message of the arbiter's epoch that has this number. */
static inline unsigned message_of(const struct trial *t, unsigned stream, uint64_t number)
{
	MUST(number - t->start[stream] < NUMBERS, "number %" PRIu64 " was never sent", number);
	return (unsigned)(number - t->start[stream]);
}

/* A stream or an epoch starts at this number: of which message is it? */
static inline void starts_at(struct trial *t, unsigned stream, uint64_t number)
{
	const struct feed_sent *f = &t->sent;
	int epoch = t->putting->epoch;

	MUST(epoch > t->epoch[stream], "epoch %d is begun again, at %" PRIu64, epoch, number);
	t->epoch[stream] = epoch;
	for (unsigned i = 0; i < NUMBERS; i++)
		if (wire_of(f, f->base[stream][epoch] + i) == wire_of(f, number)) {
			t->start[stream] = number - i;
			t->from[stream][epoch] = i;
			return;
		}
	MUST(0, "an epoch begins at %" PRIu64 ", which was never sent", number);
}

static inline void on_data(struct trial *t, const struct mcr_feed_msg *m)
{
	const struct sent *p = (const struct sent *)(const void *)m->msg->data;
	unsigned stream = stream_of(t, m);
	int epoch = t->epoch[stream];

	MUST(!p->is_corrupt, "a corrupt number was believed: %" PRIu64, p->wire);
	MUST(p->line == m->line && p->stream == stream && p->epoch == epoch, "another's packet");
	MUST(m->skip + m->count <= p->count, "more than is in the packet");
	MUST(message_of(t, stream, m->seq) == p->first + m->skip, "number %" PRIu64, m->seq);
	for (unsigned i = p->first + m->skip; i < p->first + m->skip + m->count; i++) {
		uint8_t *state = &t->state[stream][epoch][i];

		MUST(!(*state & HANDED), "%u is handed out twice", i);
		*state |= HANDED;
	}
}

static inline void check_why(const struct trial *t, unsigned stream, const struct mcr_feed_gap *g,
			     int end)
{
	int highest = 0, n_up = 0;

	for (unsigned i = 0; i < t->sent.n_lines; i++) {
		int hi = t->hi[i][stream][t->epoch[stream]];

		highest = hi > highest ? hi : highest;
		n_up += !t->view.is_down[i];
		if (g->why == MCR_FEED_GAP_PASSED && !t->view.is_down[i])
			MUST(hi >= end + (int)t->config.reorder + (t->config.reorder > 0),
			     "line %u has not passed %d", i, end);
	}
	if (g->why == MCR_FEED_GAP_PASSED)
		MUST(n_up > 0, "all lines are down");
	if (g->why == MCR_FEED_GAP_TIMEOUT)
		MUST(g->declared_ns - g->opened_ns >= t->config.gap_timeout_ns &&
			 g->declared_ns <= t->time,
		     "timeout at %" PRIu64 ", it is %" PRIu64, g->declared_ns, t->time);
	if (g->why == MCR_FEED_GAP_WINDOW)
		MUST((uint64_t)highest + t->start[stream] - g->first > t->config.window,
		     "the window is not full");
}

static inline void on_gap(struct trial *t, const struct mcr_feed_msg *m)
{
	unsigned stream = stream_of(t, m);
	int epoch = t->epoch[stream];
	unsigned first = message_of(t, stream, m->gap.first);
	unsigned last = message_of(t, stream, m->gap.last);

	MUST(m->gap.whose == MCR_FEED_WIRE, "whose loss");
	for (unsigned i = first; i <= last; i++) {
		MUST(!(t->state[stream][epoch][i] & (CAME | HANDED)), "%u had come", i);
		t->state[stream][epoch][i] |= GIVEN_UP;
	}
	check_why(t, stream, &m->gap, (int)last + 1);
}

static inline void on_late(struct trial *t, const struct mcr_feed_msg *m)
{
	unsigned stream = stream_of(t, m);
	unsigned last = message_of(t, stream, m->late.last);

	for (unsigned i = message_of(t, stream, m->late.first); i <= last; i++)
		t->state[stream][t->epoch[stream]][i] |= CAME_LATE;
}

static inline void on_line(struct trial *t, const struct mcr_feed_msg *m)
{
	unsigned line = m->line;

	if (m->kind != MCR_FEED_LINE_DOWN)
		return;
	MUST(m->ns <= t->time, "line %u is down at %" PRIu64 ", it is %" PRIu64, line, m->ns,
	     t->time);
	MUST(m->down.why == (t->was_heard[line] ? MCR_FEED_DOWN_SILENT : MCR_FEED_DOWN_NEVER),
	     "why");
	MUST(!t->was_heard[line] ||
		 m->ns == (t->last_ns[line] > t->since ? t->last_ns[line] : t->since) +
			      t->config.silence_ns,
	     "line %u is down at %" PRIu64, line, m->ns);
	MUST(t->at[line] == t->sent.n[line] || t->sent.ring[line][t->at[line]].ns >= m->ns,
	     "line %u was not silent: its ring was not read", line);
}

static inline void take_item(struct trial *t, const struct mcr_feed_msg *m)
{
	if (m->kind == MCR_FEED_START) {
		t->stream_of[m->key] = t->putting->stream;
		starts_at(t, t->putting->stream, m->seq);
	}
	if (m->kind == MCR_FEED_RESET)
		starts_at(t, t->putting->stream, m->reset.new_next);
	view_item(&t->view, m);
	if (m->kind == MCR_FEED_DATA)
		on_data(t, m);
	else if (m->kind == MCR_FEED_GAP)
		on_gap(t, m);
	else if (m->kind == MCR_FEED_FILLED_LATE)
		on_late(t, m);
	else if (m->kind == MCR_FEED_LINE_DOWN)
		on_line(t, m);
}

static inline void take_items(struct trial *t)
{
	struct mcr_feed_msg item;

	memset(&item, 0xa5, sizeof(item));
	while (mcr_arbiter_next(t->arbiter, &item)) {
		take_item(t, &item);
		memset(&item, 0xa5, sizeof(item));
	}
	MUST(!mcr_arbiter_pending(t->arbiter), "pending, but there is nothing");
}

/* The harness's own account of what is put, before it is. */
static inline void account(struct trial *t, const struct sent *s)
{
	int *last = &t->last[s->line][s->stream], here = s->epoch * (int)NUMBERS + s->first;
	unsigned *run = &t->run[s->line][s->stream];
	int *hi = &t->hi[s->line][s->stream][s->epoch];

	if (!t->since)
		t->since = s->ns;
	t->last_ns[s->line] = s->ns;
	t->was_heard[s->line] = 1;
	if (s->is_corrupt) {
		*run = 0;
		return;
	}
	if (s->kind == MCR_FEED_PACKET_DATA && here != *last) {
		*run = *last / (int)NUMBERS == s->epoch && here > *last &&
			       here - *last <= (int)t->config.window
			   ? *run + 1
			   : 1;
		*last = here;
	}
	if (s->first + s->count > *hi)
		*hi = s->first + s->count;
	if (s->epoch + 1u != t->sent.n_epochs[s->stream])
		return;
	if (t->lo[s->line][s->stream] == NUMBERS)
		t->lo[s->line][s->stream] = s->first;
	for (unsigned i = s->first; i < s->first + (unsigned)s->count; i++)
		t->on_line[s->line][s->stream][i] = 1;
}

static inline void mark_came(struct trial *t, const struct sent *s, int before)
{
	int now = t->epoch[s->stream];

	if (s->is_corrupt || before > s->epoch)
		return; /* of an epoch that is over: stale */
	for (unsigned i = s->first; i < s->first + (unsigned)s->count; i++)
		t->state[s->stream][s->epoch][i] |=
		    before == s->epoch || now == s->epoch ? CAME : SOON;
}

/* The short way for plain packets, if this is one. */
static inline int put_plain(struct trial *t, const struct mcr_feed_packet *packet,
			    const struct mcr_msg *msg)
{
	struct mcr_feed_msg items[2];
	int n = 0;

	memset(items, 0xa5, sizeof(items));
	if (!mcr_arbiter_put_run(t->arbiter, &t->putting->line, packet, msg, 1, UINT64_MAX, items,
				 2, &n))
		return 0;
	MUST(n == 0 || n == 1, "%d items of a packet", n);
	if (n == 1)
		take_item(t, &items[0]);
	return 1;
}

static inline void put(struct trial *t, const struct sent *s)
{
	struct mcr_feed_packet packet = {.seq = s->wire,
					 .count = s->count,
					 .kind = s->kind,
					 .resets = s->resets,
					 .scope = {s->stream + 1u},
					 .hash = 77 + s->first + s->other_octets};
	struct mcr_msg msg = {.rx_ns = s->ns, .len = 8, .data = (const uint8_t *)s};
	struct mcr_feed_msg item;
	int before = t->epoch[s->stream], here;

	if (t->sent.restart == BY_SESSION)
		packet.epoch[0] = s->epoch + 100u;
	if (t->view.is_verbose)
		printf("# put %" PRIu64 " line %u stream %u epoch %u kind %u %u+%u wire %" PRIu64
		       "%s\n",
		       s->ns, s->line, s->stream, s->epoch, s->kind, s->first, s->count, s->wire,
		       s->is_corrupt ? " corrupt" : "");
	t->putting = s;
	account(t, s);
	memset(&item, 0xa5, sizeof(item));
	if (!chance(&t->draw, 128) || !put_plain(t, &packet, &msg)) {
		if (mcr_arbiter_put(t->arbiter, s->line, &packet, &msg, &item))
			take_item(t, &item);
	}
	take_items(t);
	here = t->epoch[s->stream];
	if (s->is_corrupt)
		return;
	/* A restart that nobody announces is known by a run on a line that goes back. */
	if (here < s->epoch && s->kind == MCR_FEED_PACKET_DATA)
		MUST(t->sent.restart == BY_NUMBER &&
			 (t->run[s->line][s->stream] < t->config.reset_run ||
			  !t->hi[s->line][s->stream][0]),
		     "epoch %u is not known yet", s->epoch);
	mark_came(t, s, before);
	for (unsigned i = s->first; here == s->epoch && i < s->first + (unsigned)s->count; i++) {
		uint64_t number = t->start[s->stream] + i;

		for (unsigned k = 0; k < t->view.n_keys; k++)
			if (t->stream_of[k] == s->stream && before == here)
				MUST(number != t->view.keys[k].next,
				     "%" PRIu64 " came, and is next", number);
	}
}

static inline void pass_time(struct trial *t, uint64_t ns)
{
	t->time = ns > t->time ? ns : t->time;
	if (!t->since)
		t->since = ns;
	if (t->view.is_verbose)
		printf("# time %" PRIu64 "\n", t->time);
	t->putting = NULL;
	mcr_arbiter_time(t->arbiter, ns);
	take_items(t);
	for (unsigned k = 0; k < t->view.n_keys; k++) {
		struct mcr_feed_key key = {.size = sizeof(key)};

		MUST(mcr_arbiter_key_info(t->arbiter, k, &key) == 0, "key_info");
		MUST(key.next == t->view.keys[k].next, "next");
		MUST(!key.hole_ns || key.hole_ns + t->config.gap_timeout_ns > t->time,
		     "a gap is overdue");
		MUST(!key.hole_ns ||
			 mcr_arbiter_due(t->arbiter) <= key.hole_ns + t->config.gap_timeout_ns,
		     "nobody would wake for it");
	}
}

/* The ring whose next packet is the oldest; n_lines = all were read. */
static inline unsigned oldest_ring(const struct trial *t)
{
	unsigned oldest = t->sent.n_lines;
	uint64_t ns = UINT64_MAX;

	for (unsigned i = 0; i < t->sent.n_lines; i++)
		if (t->at[i] < t->sent.n[i] && t->sent.ring[i][t->at[i]].ns < ns) {
			ns = t->sent.ring[i][t->at[i]].ns;
			oldest = i;
		}
	return oldest;
}

/* In the order of time. A reader that is a whole epoch behind on one line cannot know which is the
 * newer. */
static inline uint64_t read_in_order(struct trial *t)
{
	uint64_t now = 0;
	unsigned line;

	while ((line = oldest_ring(t)) < t->sent.n_lines) {
		now = t->sent.ring[line][t->at[line]].ns;
		pass_time(t, now);
		put(t, &t->sent.ring[line][t->at[line]++]);
	}
	return now;
}

/* Rings are read in turns, now and then after a long time; time is how far all were read. */
static inline uint64_t read_in_turns(struct trial *t)
{
	uint64_t now = 0, least;
	unsigned left;

	do {
		now += chance(&t->draw, 20) ? 5000000 * US : (1 + draw(&t->draw, 400)) * US;
		left = 0;
		least = now;
		for (unsigned i = 0; i < t->sent.n_lines; i++) {
			unsigned batch = 1 + draw(&t->draw, 32);

			for (; batch > 0 && t->at[i] < t->sent.n[i] &&
			       t->sent.ring[i][t->at[i]].ns < now;
			     batch--)
				put(t, &t->sent.ring[i][t->at[i]++]);
			if (t->at[i] < t->sent.n[i]) {
				uint64_t ns = t->sent.ring[i][t->at[i]].ns;

				left++;
				least = ns < least ? ns : least;
			}
		}
		pass_time(t, least);
	} while (left > 0);
	return now;
}

static inline void read_rings(struct trial *t)
{
	uint64_t now = t->sent.restart == NO_RESTART && chance(&t->draw, 160) ? read_in_turns(t)
									      : read_in_order(t);

	pass_time(t, now + t->config.gap_timeout_ns + 1);
	pass_time(t, now + t->config.gap_timeout_ns + t->config.silence_ns + 1);
}

static inline void check_line(const struct trial *t, unsigned i)
{
	struct mcr_feed_line l = {.size = sizeof(l)};
	uint64_t lost = 0;

	mcr_arbiter_line_info(t->arbiter, i, &l);
	MUST(l.packets == t->sent.n[i], "line %u: packets", i);
	MUST(l.packets == l.first + l.duplicates + l.mismatches + l.late + l.stale +
			      l.before_start + l.implausible + l.heartbeats + l.unsequenced +
			      l.not_tracked + l.malformed + l.ended,
	     "line %u: each packet is counted once", i);
	if (t->sent.restart != NO_RESTART)
		return;
	for (unsigned s = 0; s < t->sent.n_streams; s++)
		for (int k = t->lo[i][s]; k < t->hi[i][s][0]; k++)
			lost += !t->on_line[i][s][k];
	MUST(l.lost == lost, "line %u lost %" PRIu64 ", not %" PRIu64, i, lost, l.lost);
}

static inline void check_end(struct trial *t)
{
	struct mcr_feed_stats s = {.size = sizeof(s)};

	mcr_arbiter_stats(t->arbiter, &s);
	MUST(s.messages >= t->view.messages, "messages");
	view_end(&t->view, t->arbiter);
	for (unsigned i = 0; i < t->sent.n_lines; i++)
		check_line(t, i);
	for (unsigned stream = 0; stream < t->sent.n_streams; stream++)
		for (int e = 0; e <= t->epoch[stream]; e++)
			for (unsigned i = 0; i < t->sent.n_numbers[stream][e]; i++) {
				unsigned state = t->state[stream][e][i];
				int is_known = e < t->epoch[stream] || i >= t->from[stream][e];

				MUST(!(state & HANDED) || state & (CAME | SOON), "%u never came",
				     i);
				MUST(!(state & (CAME | SOON)) || !is_known ||
					 i < t->from[stream][e] || state & (HANDED | CAME_LATE),
				     "message %u of stream %u, epoch %d came and is not handed out",
				     i, stream, e);
				MUST(!t->config.late || !(state & CAME_LATE) || state & HANDED,
				     "message %u came late and is not handed out", i);
			}
}

static inline void make_config(struct trial *t)
{
	static const uint32_t windows[] = {8, 64, 4096};
	struct draw *d = &t->draw;

	t->config = (struct mcr_arbiter_config){
	    .n_lines = t->sent.n_lines,
	    .bits = (uint8_t)t->sent.bits,
	    .wraps_to_one = (uint8_t)t->sent.wraps_to_one,
	    .late = chance(d, 100),
	    .compare = chance(d, 100),
	    .window = windows[draw(d, 3)],
	    .reorder = t->sent.jitter_ns ? draw(d, 8) : 0,
	    .reset_run = 3,
	    .held_max = 4096,
	    .keys_max = VIEW_KEYS,
	    .gap_timeout_ns = (100 + draw(d, 3000)) * US,
	    .silence_ns = chance(d, 128) ? (1000 + draw(d, 5000)) * US : 0,
	    .reset_back = 1000,
	    .jump_max = 1000000,
	};
}

static inline void run_trial(const uint8_t *data, size_t size, uint64_t seed, int is_verbose)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct mcr_error err = {0};

	MUST(t, "no memory");
	t->draw = (struct draw){data, data ? data + size : NULL, seed};
	make_feed(&t->sent, &t->draw);
	make_config(t);
	memset(t->epoch, 0xff, sizeof(t->epoch));
	memset(t->last, 0xff, sizeof(t->last));
	for (unsigned i = 0; i < LINES; i++)
		for (unsigned k = 0; k < STREAMS; k++)
			t->lo[i][k] = NUMBERS;
	t->view.n_lines = t->sent.n_lines;
	t->view.late = t->config.late;
	t->view.is_verbose = is_verbose;
	MUST(mcr_arbiter_create(&t->arbiter, &t->config, &err) == 0, "%s", err.text);
	read_rings(t);
	check_end(t);
	mcr_arbiter_destroy(t->arbiter);
	free(t);
}

#endif
