/* SPDX-License-Identifier: BSD-3-Clause */
/* The arbiter under events of which nobody could say what is right: senders that begin anew in any
 * way while lines lose, swap and spoil what says so, lines that go down, a reader that is lapped,
 * messages that are inserted, streams that are resumed, held packets that are moved and dropped,
 * with hardly any room. Then what is handed out must still be in order and once (view.h), be what
 * was put, and each packet be counted once. */
#ifndef WILD_H
#define WILD_H

#include "sent.h"
#include "view.h"

#define PUTS        4096u
#define GENERATIONS 8u

struct put_of {
	uint64_t wire;
	uint32_t count;
	uint8_t line, is_inserted;
};

/* A stream as it is sent: generations of n messages from a number on. */
struct wild_stream {
	uint64_t base[GENERATIONS];
	unsigned n[GENERATIONS], n_said[GENERATIONS], newest;
	uint8_t kind[GENERATIONS];         /* enum restart: how it begins */
	unsigned at[MCR_FEED_LINES_MAX];   /* the line's generation, */
	unsigned next[MCR_FEED_LINES_MAX]; /* ... and its next message */
	unsigned said[MCR_FEED_LINES_MAX]; /* packets that said so */
};

struct wild {
	struct mcr_arbiter_config config;
	struct mcr_arbiter *arbiter;
	struct view view;
	struct draw draw;
	struct put_of puts[PUTS];
	struct mcr_msg msg;
	unsigned n_puts, n_data, n_handed, makes_sense;
	uint64_t time, near[4];
	struct wild_stream streams[STREAMS];
	uint64_t first[MCR_FEED_LINES_MAX]; /* packets handed out */
	uint8_t is_live[PUTS];              /* handles of held payloads */
	uint64_t n_handles, n_live;
};

static inline void wild_forget(void *ctx, uint64_t held)
{
	struct wild *w = ctx;

	MUST(held > 0 && held <= w->n_handles && w->is_live[held % PUTS], "forgets %" PRIu64, held);
	w->is_live[held % PUTS] = 0;
	w->n_live--;
}

static inline uint64_t wild_wire(const struct wild *w, uint64_t number)
{
	const struct feed_sent f = {.bits = w->config.bits, .wraps_to_one = w->config.wraps_to_one};

	if (f.wraps_to_one && number == 0) /* taken for the one before 1 */
		return (1ull << f.bits) - 1;
	return wire_of(&f, number);
}

static inline void wild_take(struct wild *w, const struct mcr_feed_msg *m)
{
	const struct put_of *p;

	if (w->config.order == MCR_FEED_IN_ORDER)
		view_item(&w->view, m);
	else if (w->view.is_verbose)
		print_item(m);
	if (m->kind != MCR_FEED_DATA)
		return;
	MUST(m->msg, "data without a packet");
	p = &w->puts[(uintptr_t)m->msg->data % PUTS];
	MUST(m->held == 0 || w->is_live[m->held % PUTS], "its payload is gone");
	MUST(p->is_inserted == !!(m->flags & MCR_FEED_FLAG_INSERTED), "flag INSERTED");
	MUST(m->line == (p->is_inserted ? MCR_FEED_LINES_MAX : p->line), "line %u", m->line);
	if (m->flags & MCR_FEED_FLAG_UNSEQUENCED)
		return;
	w->n_handed++;
	if (!p->is_inserted && !(m->flags & MCR_FEED_FLAG_LATE))
		w->first[m->line]++;
	MUST((uint64_t)m->skip + m->count <= p->count, "more than is in the packet");
	MUST(wild_wire(w, m->seq - m->skip) == wild_wire(w, p->wire), "another's packet");
}

static inline void wild_drain(struct wild *w)
{
	struct mcr_feed_msg item;
	unsigned n = 0;

	memset(&item, 0xa5, sizeof(item));
	while (mcr_arbiter_next(w->arbiter, &item)) {
		wild_take(w, &item);
		memset(&item, 0xa5, sizeof(item));
		MUST(++n < 100000, "it never ends");
	}
	MUST(!mcr_arbiter_pending(w->arbiter), "pending, but there is nothing");
}

/* Of no sense. */
static inline uint64_t any_number(struct wild *w)
{
	uint64_t *near = &w->near[draw(&w->draw, 4)];

	switch (draw(&w->draw, 8)) {
	case 0:
		*near += draw(&w->draw, 1u << 16);
		break;
	case 1:
		*near -= draw(&w->draw, 1u << 12);
		break;
	case 2:
		*near = (uint64_t)draw(&w->draw, 256) << draw(&w->draw, 64);
		break;
	case 3:
		*near = UINT64_MAX - draw(&w->draw, 4);
		break;
	default:
		*near += draw(&w->draw, 4);
	}
	return w->config.bits < 64 ? *near & ((1ull << w->config.bits) - 1) : *near;
}

/* The stream begins anew, somewhere. */
static inline void begin_generation(struct wild *w, struct wild_stream *s)
{
	struct draw *d = &w->draw;
	unsigned g = s->newest + 1;
	uint64_t end = s->base[s->newest] + s->n[s->newest];
	const uint64_t bases[] = {1,
				  1 + draw(d, 3),
				  end,
				  end - draw(d, 40),
				  end + draw(d, 40),
				  end + 2 * (uint64_t)draw(d, (uint32_t)w->config.jump_max),
				  end + w->config.window};

	if (g == GENERATIONS)
		return;
	s->newest = g;
	s->base[g] = bases[draw(d, 7)];
	s->kind[g] = (uint8_t)(1 + draw(d, 4));
	s->n_said[g] = 1 + draw(d, 3);
}

/* The next packet of a stream on a line. */
static inline void next_packet(struct wild *w, struct wild_stream *s, unsigned line,
			       struct mcr_feed_packet *p)
{
	struct draw *d = &w->draw;
	unsigned g = s->at[line], *next = &s->next[line];

	if (*next >= s->n[g] && g < s->newest) {
		g = ++s->at[line];
		*next = s->said[line] = 0;
	}
	p->epoch[0] = 0;
	for (unsigned i = 0; i <= g; i++)
		p->epoch[0] += s->kind[i] == BY_SESSION;
	p->count = 1 + !draw(d, 4);
	p->seq = s->base[g] + *next;
	if (s->kind[g] == BY_FLAG && s->said[line] < s->n_said[g]) {
		p->resets = 1;
		s->said[line]++;
	} else if (s->kind[g] == BY_MESSAGE && s->said[line] < s->n_said[g] && *next == 0) {
		p->kind = MCR_FEED_PACKET_RESET;
		p->count = 0;
		s->said[line]++;
	} else if (chance(d, 8)) {
		p->kind = MCR_FEED_PACKET_HEARTBEAT;
		p->count = 0;
	}
	*next += p->count;
	s->n[g] = *next > s->n[g] ? *next : s->n[g];
}

/* ... as it comes: lost, out of order, corrupt. 0: nothing does. */
static inline int sensible(struct wild *w, unsigned line, struct mcr_feed_packet *p)
{
	struct draw *d = &w->draw;
	unsigned stream = draw(d, STREAMS);
	struct wild_stream *s = &w->streams[stream];

	p->scope[0] = stream + 1u;
	if (chance(d, 3))
		begin_generation(w, s);
	next_packet(w, s, line, p);
	if (chance(d, 24))
		return 0;
	if (chance(d, 8) && p->seq > 8)
		p->seq -= 1 + draw(d, 8);
	if (chance(d, 8))
		p->seq += 1 + draw(d, 3);
	if (chance(d, 4))
		p->seq ^= 1ull << draw(d, 63);
	p->seq = wild_wire(w, p->seq);
	p->hash = p->seq + chance(d, 4);
	return 1;
}

static inline void senseless(struct wild *w, struct mcr_feed_packet *p)
{
	static const uint32_t counts[] = {1, 1, 1, 2, 7, 65534, UINT32_MAX};
	struct draw *d = &w->draw;
	unsigned kind = draw(d, 32);

	p->kind = (uint8_t)(kind < 7 ? kind : MCR_FEED_PACKET_DATA);
	p->seq = any_number(w);
	p->count = p->kind == MCR_FEED_PACKET_DATA ? counts[draw(d, 7)] : 0;
	p->scope[0] = draw(d, 16) ? 1 : draw(d, 100);
	p->epoch[1] = draw(d, 16) ? 0 : draw(d, 3);
	p->resets = !draw(d, 16);
	p->hash = draw(d, 2);
}

/* Room for what is put; NULL = it is used up. */
static inline struct put_of *new_put(struct wild *w, unsigned line, int is_inserted, uint64_t wire,
				     uint32_t count)
{
	struct put_of *p = &w->puts[w->n_puts];

	if (w->n_puts == PUTS)
		return NULL;
	*p = (struct put_of){wire, count, (uint8_t)line, (uint8_t)is_inserted};
	w->msg = (struct mcr_msg){.data = (const uint8_t *)(uintptr_t)w->n_puts++,
				  .len = 8,
				  .rx_ns = w->time + draw(&w->draw, 5000)};
	return p;
}

static inline void wild_put(struct wild *w)
{
	unsigned line = draw(&w->draw, w->config.n_lines);
	struct mcr_feed_packet packet = {0};
	struct mcr_feed_msg item;

	if (!w->makes_sense || chance(&w->draw, 2))
		senseless(w, &packet);
	else if (!sensible(w, line, &packet))
		return;
	if (!new_put(w, line, 0, packet.seq, packet.count))
		return;
	if (w->view.is_verbose)
		printf("# put %" PRIu64 " line %u stream %" PRIu64 " epoch %" PRIu64 " kind %u%s "
		       "%" PRIu64 "+%u\n",
		       w->msg.rx_ns, line, packet.scope[0], packet.epoch[0], packet.kind,
		       packet.resets ? " resets" : "", packet.seq, packet.count);
	/* A number that nobody can calculate with begins no stream. */
	w->n_data += packet.kind == MCR_FEED_PACKET_DATA && packet.seq >> 61 == 0;
	memset(&item, 0xa5, sizeof(item));
	if (mcr_arbiter_put(w->arbiter, line, &packet, &w->msg, &item))
		wild_take(w, &item);
}

static inline int wild_move(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held)
{
	struct wild *w = ctx;
	unsigned what = draw(&w->draw, 8);

	MUST(line < w->config.n_lines && (uintptr_t)msg->data < PUTS, "line %u", line);
	if (what == 0)
		return MCR_ARBITER_STOP;
	if (*held == 0 && w->n_handles + 1 < PUTS) {
		*held = ++w->n_handles;
		w->is_live[*held] = 1;
		w->n_live++;
	}
	return what == 1 ? MCR_ARBITER_DROP : MCR_ARBITER_ON;
}

/* Somewhere near what is next, mostly. */
static inline uint64_t some_number(struct wild *w, unsigned key)
{
	if (!w->makes_sense || key >= w->view.n_keys)
		return any_number(w);
	return w->view.keys[key].next - 8 + draw(&w->draw, 24);
}

static inline void wild_insert(struct wild *w)
{
	unsigned key = draw(&w->draw, 4);
	uint64_t seq = some_number(w, key);
	uint32_t count = 1 + draw(&w->draw, 4);

	if (w->n_handles + 1 >= PUTS || !new_put(w, 0, 1, seq, count))
		return;
	uint64_t held = ++w->n_handles;

	w->is_live[held] = 1;
	w->n_live++;
	if (w->view.is_verbose)
		printf("# insert %u %" PRIu64 "+%u\n", key, seq, count);
	if (mcr_arbiter_insert(w->arbiter, key, seq, count, &w->msg, held) != 0) {
		MUST(w->is_live[held], "it was refused, and forgotten");
		w->is_live[held] = 0;
		w->n_live--;
	}
}

static inline void wild_resume(struct wild *w)
{
	unsigned key = draw(&w->draw, 4);
	uint64_t next = some_number(w, key);

	if (w->view.is_verbose)
		printf("# resume %u %" PRIu64 "\n", key, next);
	(void)mcr_arbiter_resume(w->arbiter, key, next);
}

/* What is no packet. */
static inline void wild_event(struct wild *w)
{
	struct draw *d = &w->draw;
	unsigned what = draw(d, 8), line = draw(d, w->config.n_lines);

	if (w->view.is_verbose)
		printf("# event %u %u\n", what, line);
	if (what == 0)
		mcr_arbiter_line_down(w->arbiter, line, 1 + draw(d, 4));
	else if (what == 1)
		mcr_arbiter_awake(w->arbiter, draw(d, 2) != 0);
	else if (what == 2)
		mcr_arbiter_lapped(w->arbiter, draw(d, 8), draw(d, 1000));
	else if (what == 3)
		mcr_arbiter_host_loss(w->arbiter, draw(d, 8), draw(d, 1000), w->time);
	else if (what == 4)
		wild_insert(w);
	else if (what == 5)
		wild_resume(w);
	else if (what == 6)
		(void)mcr_arbiter_held(w->arbiter, draw(d, 8), wild_move, w);
	else
		(void)mcr_arbiter_crowded(w->arbiter);
}

static inline void wild_step(struct wild *w)
{
	struct draw *d = &w->draw;
	unsigned what = draw(d, w->makes_sense ? 96 : 24);

	if (what < 8) {
		wild_event(w);
	} else if (what < 10) {
		w->time += draw(d, 1u << 20);
		if (w->view.is_verbose)
			printf("# time %" PRIu64 "\n", w->time);
		mcr_arbiter_time(w->arbiter, w->time);
	} else {
		wild_put(w);
	}
	wild_drain(w);
}

/* All that was held was handed out or given up. */
static inline void wild_end(struct wild *w)
{
	struct mcr_feed_stats s = {.size = sizeof(s)};
	uint64_t counted = 0, packets = 0;

	mcr_arbiter_stats(w->arbiter, &s);
	for (unsigned i = 0; i < w->config.n_lines; i++) {
		struct mcr_feed_line l = {.size = sizeof(l)};

		mcr_arbiter_line_info(w->arbiter, i, &l);
		packets += l.packets;
		MUST(l.stale <= l.packets && l.implausible <= l.packets, "less than none");
		counted += l.first + l.duplicates + l.mismatches + l.late + l.stale +
			   l.before_start + l.implausible + l.heartbeats + l.unsequenced +
			   l.not_tracked + l.malformed + l.ended;
		if (w->config.order == MCR_FEED_IN_ORDER)
			MUST(l.first == w->first[i], "line %u was first %" PRIu64 " times", i,
			     l.first);
	}
	MUST(w->config.hold_on_gap || s.held == 0, "%u are held", s.held);
	MUST(mcr_arbiter_holding(w->arbiter) - s.held <=
		 (uint64_t)s.keys * w->config.n_lines * w->config.reset_run,
	     "%" PRIu64 " are held in runs", mcr_arbiter_holding(w->arbiter) - s.held);
	if (w->config.order == MCR_FEED_AS_THEY_COME) {
		MUST(w->n_handed + s.keys_refused >= w->n_data, "%u of %u are handed out",
		     w->n_handed, w->n_data);
		return;
	}
	view_end(&w->view, w->arbiter);
	/* Of those that were dropped, some were counted before. */
	MUST(packets <= counted + s.held + s.keys_refused + s.held_lost &&
		 packets >= counted + s.keys_refused,
	     "%" PRIu64 " packets, %" PRIu64 " are counted, %u held, %" PRIu64 " refused, %" PRIu64
	     " dropped",
	     packets, counted, s.held, s.keys_refused, s.held_lost);
}

static inline void make_wild(struct wild *w)
{
	static const uint8_t bits[] = {8, 16, 32, 64};
	struct draw *d = &w->draw;
	int is_wide = chance(d, 128);

	w->makes_sense = draw(d, 4) != 0;
	w->config = (struct mcr_arbiter_config){.n_lines = 1 + draw(d, w->makes_sense ? 3 : 8),
						.bits = bits[draw(d, 4)],
						.late = draw(d, 2) != 0,
						.compare = draw(d, 2) != 0,
						.unsequenced = draw(d, 2) != 0,
						.window = 1 + draw(d, 100),
						.reorder = draw(d, 10),
						.reset_run = 1 + draw(d, 4),
						.hash_ring = 1u << draw(d, 5),
						.held_max = 1 + draw(d, is_wide ? 64 : 8),
						.keys_max = 1 + draw(d, 8),
						.gap_timeout_ns = 1 + draw(d, 1u << 20),
						.silence_ns = draw(d, 1u << 22),
						.reset_back = draw(d, is_wide ? 32 : 1000),
						.jump_max = 1 + draw(d, 100000),
						.start_seq = draw(d, 4) ? 0 : draw(d, 100)};
	w->config.is_loop = !draw(d, 8);
	w->config.wraps_to_one = w->config.bits < 64 && draw(d, 2);
	w->config.hold_on_gap = !draw(d, 4);
	w->config.order = draw(d, 8) ? MCR_FEED_IN_ORDER : MCR_FEED_AS_THEY_COME;
	w->view.n_lines = w->config.n_lines;
	w->view.late = w->config.late;
	w->view.holds = w->config.hold_on_gap;
	for (unsigned i = 0; i < STREAMS; i++)
		w->streams[i].base[0] = draw(d, 4) ? 1 + draw(d, 5000) : any_number(w) >> 3;
}

/* steps: with draws of a fuzzer's as long as there are any. */
static inline void run_wild(struct draw draw_from, unsigned steps, int is_verbose)
{
	struct wild *w = calloc(1, sizeof(*w));
	struct mcr_error err = {0};

	MUST(w, "no memory");
	w->draw = draw_from;
	make_wild(w);
	w->view.is_verbose = is_verbose;
	MUST(mcr_arbiter_create(&w->arbiter, &w->config, &err) == 0, "%s", err.text);
	mcr_arbiter_on_forget(w->arbiter, wild_forget, w);
	mcr_arbiter_time(w->arbiter, w->time = 1000);
	while (w->draw.data ? w->draw.data < w->draw.end : steps-- > 0)
		wild_step(w);
	mcr_arbiter_time(w->arbiter, w->time + (1ull << 40));
	wild_drain(w);
	wild_end(w);
	mcr_arbiter_destroy(w->arbiter);
	free(w);
}

#endif
