/* SPDX-License-Identifier: BSD-3-Clause */
/* The arbiter under random events, in two ways, by the first octet: as a sender, lines and a reader
 * make them (tests/feed/trial.h), or whatever comes: numbers, streams and epochs of no sense, lines
 * that go down, a reader that is lapped, inserted and resumed streams, held packets that are moved
 * and dropped, all with hardly any room. Then what is handed out must still be in order and once.
 */
#include "../feed/trial.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PUTS 4096u

struct put_of {
	uint64_t wire;
	uint32_t count;
	uint8_t line, is_inserted;
};

struct bench {
	struct mcr_arbiter_config config;
	struct mcr_arbiter *arbiter;
	struct view view;
	struct draw draw;
	struct put_of puts[PUTS];
	struct mcr_msg msg;
	unsigned n_puts;
	uint64_t time, near[4];
	uint8_t is_live[PUTS]; /* handles of held payloads */
	uint64_t n_handles, n_live;
};

static void on_forget(void *ctx, uint64_t held)
{
	struct bench *b = ctx;

	CHECK(held > 0 && held <= b->n_handles && b->is_live[held % PUTS]);
	b->is_live[held % PUTS] = 0;
	b->n_live--;
}

static uint64_t wire_number(const struct bench *b, uint64_t number)
{
	const struct feed_sent f = {.bits = b->config.bits, .wraps_to_one = b->config.wraps_to_one};

	return wire_of(&f, number);
}

static void take_one(struct bench *b, const struct mcr_feed_msg *m)
{
	const struct put_of *p;

	if (b->config.order == MCR_FEED_IN_ORDER)
		view_item(&b->view, m);
	if (m->kind != MCR_FEED_DATA)
		return;
	CHECK(m->msg);
	p = &b->puts[(uintptr_t)m->msg->data % PUTS];
	CHECK(m->held == 0 || b->is_live[m->held % PUTS]);
	CHECK(p->is_inserted == !!(m->flags & MCR_FEED_FLAG_INSERTED));
	CHECK(p->is_inserted || p->line == m->line);
	if (m->flags & MCR_FEED_FLAG_UNSEQUENCED)
		return;
	CHECK((uint64_t)m->skip + m->count <= p->count);
	CHECK(wire_number(b, m->seq - m->skip) == wire_number(b, p->wire));
}

static void take_all(struct bench *b)
{
	struct mcr_feed_msg item = {0};
	unsigned n = 0;

	while (mcr_arbiter_next(b->arbiter, &item)) {
		take_one(b, &item);
		CHECK(++n < 100000);
	}
}

static uint64_t some_number(struct bench *b)
{
	uint64_t *near = &b->near[draw(&b->draw, 4)];

	switch (draw(&b->draw, 8)) {
	case 0:
		*near += draw(&b->draw, 1u << 16);
		break;
	case 1:
		*near -= draw(&b->draw, 1u << 12);
		break;
	case 2:
		*near = (uint64_t)draw(&b->draw, 256) << draw(&b->draw, 64);
		break;
	case 3:
		*near = UINT64_MAX - draw(&b->draw, 4);
		break;
	default:
		*near += draw(&b->draw, 4);
	}
	return b->config.bits < 64 ? *near & ((1ull << b->config.bits) - 1) : *near;
}

static struct put_of *new_put(struct bench *b, unsigned line, int is_inserted)
{
	static const uint32_t counts[] = {1, 1, 1, 2, 7, 65534, UINT32_MAX};
	struct put_of *p;

	if (b->n_puts == PUTS)
		return NULL;
	p = &b->puts[b->n_puts];
	*p = (struct put_of){.wire = some_number(b),
			     .count = counts[draw(&b->draw, 7)],
			     .line = (uint8_t)line,
			     .is_inserted = (uint8_t)is_inserted};
	b->msg = (struct mcr_msg){.data = (const uint8_t *)(uintptr_t)b->n_puts++,
				  .len = 8,
				  .rx_ns = b->time + draw(&b->draw, 5000)};
	return p;
}

static void put_any(struct bench *b)
{
	unsigned line = draw(&b->draw, b->config.n_lines);
	struct put_of *p = new_put(b, line, 0);
	struct mcr_feed_packet packet = {0};
	struct mcr_feed_msg item = {0};
	unsigned kind = draw(&b->draw, 32);

	if (!p)
		return;
	packet.kind = (uint8_t)(kind < 7 ? kind : MCR_FEED_PACKET_DATA);
	packet.seq = p->wire;
	packet.count = packet.kind == MCR_FEED_PACKET_DATA ? p->count : 0;
	packet.scope[0] = draw(&b->draw, 16) ? 1 : draw(&b->draw, 100);
	packet.epoch[1] = draw(&b->draw, 16) ? 0 : draw(&b->draw, 3);
	packet.resets = !draw(&b->draw, 16);
	packet.hash = draw(&b->draw, 2);
	if (mcr_arbiter_put(b->arbiter, line, &packet, &b->msg, &item))
		take_one(b, &item);
}

static int move(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held)
{
	struct bench *b = ctx;
	unsigned what = draw(&b->draw, 8);

	CHECK(line < b->config.n_lines && (uintptr_t)msg->data < PUTS);
	if (what == 0)
		return MCR_ARBITER_STOP;
	if (*held == 0 && b->n_handles + 1 < PUTS) {
		*held = ++b->n_handles;
		b->is_live[*held] = 1;
		b->n_live++;
	}
	return what == 1 ? MCR_ARBITER_DROP : MCR_ARBITER_ON;
}

static void insert_any(struct bench *b)
{
	struct put_of *p = new_put(b, 0, 1);
	uint64_t held = 0;

	if (!p || b->n_handles + 1 >= PUTS)
		return;
	held = ++b->n_handles;
	b->is_live[held] = 1;
	b->n_live++;
	if (mcr_arbiter_insert(b->arbiter, draw(&b->draw, 4), p->wire, p->count, &b->msg, held) !=
	    0) {
		CHECK(b->is_live[held]);
		b->is_live[held] = 0;
		b->n_live--;
	}
}

static void step(struct bench *b)
{
	struct draw *d = &b->draw;

	switch (draw(d, 24)) {
	case 0:
		mcr_arbiter_line_down(b->arbiter, draw(d, b->config.n_lines), 1 + draw(d, 4));
		break;
	case 1:
		mcr_arbiter_awake(b->arbiter, draw(d, 2) != 0);
		break;
	case 2:
		mcr_arbiter_lapped(b->arbiter, draw(d, 8), draw(d, 1000));
		break;
	case 3:
		mcr_arbiter_host_loss(b->arbiter, draw(d, 8), draw(d, 1000), b->time);
		break;
	case 4:
		insert_any(b);
		break;
	case 5:
		(void)mcr_arbiter_resume(b->arbiter, draw(d, 4), some_number(b));
		break;
	case 6:
		(void)mcr_arbiter_held(b->arbiter, draw(d, 8), move, b);
		break;
	case 7:
		(void)mcr_arbiter_crowded(b->arbiter);
		break;
	case 8:
	case 9:
		b->time += draw(d, 1u << 20);
		mcr_arbiter_time(b->arbiter, b->time);
		break;
	default:
		put_any(b);
	}
	take_all(b);
}

static void whatever_comes(struct draw *d)
{
	static const uint8_t bits[] = {8, 16, 32, 64};
	struct bench *b = calloc(1, sizeof(*b));
	struct mcr_error err = {0};

	CHECK(b);
	b->draw = *d;
	d = &b->draw;
	b->config = (struct mcr_arbiter_config){.n_lines = 1 + draw(d, 8),
						.bits = bits[draw(d, 4)],
						.late = draw(d, 2) != 0,
						.compare = draw(d, 2) != 0,
						.unsequenced = draw(d, 2) != 0,
						.window = 1 + draw(d, 100),
						.reorder = draw(d, 10),
						.reset_run = 1 + draw(d, 4),
						.hash_ring = 1u << draw(d, 5),
						.held_max = 1 + draw(d, 8),
						.keys_max = 1 + draw(d, 8),
						.gap_timeout_ns = 1 + draw(d, 1u << 20),
						.silence_ns = draw(d, 1u << 22),
						.reset_back = draw(d, 1000),
						.jump_max = 1 + draw(d, 100000),
						.start_seq = draw(d, 4) ? 0 : draw(d, 100)};
	b->config.is_loop = !draw(d, 8);
	b->config.wraps_to_one = b->config.bits < 64 && draw(d, 2);
	b->config.hold_on_gap = !draw(d, 4);
	b->config.order = draw(d, 8) ? MCR_FEED_IN_ORDER : MCR_FEED_AS_THEY_COME;
	b->view.n_lines = b->config.n_lines;
	b->view.late = b->config.late;
	b->view.holds = b->config.hold_on_gap;
	if (mcr_arbiter_create(&b->arbiter, &b->config, &err) == 0) {
		mcr_arbiter_on_forget(b->arbiter, on_forget, b);
		mcr_arbiter_time(b->arbiter, b->time = 1000);
		while (d->data < d->end)
			step(b);
		mcr_arbiter_time(b->arbiter, b->time + (1ull << 40));
		take_all(b);
		if (b->config.order == MCR_FEED_IN_ORDER)
			view_end(&b->view, b->arbiter);
	}
	mcr_arbiter_destroy(b->arbiter);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw d = {data + 1, data + size, 0};

	if (size == 0)
		return 0;
	if (*data & 1)
		run_trial(data + 1, size - 1, 0, 0);
	else
		whatever_comes(&d);
	return 0;
}
