/* SPDX-License-Identifier: BSD-3-Clause */
/* The querier, IGMP or MLD, under random events in virtual time: reports and leaves of every
 * version from hosts of every kind, queries of other routers, restarts, a full Tx queue, time.
 *
 * Checked all the time: deadlines lie ahead; limits hold; queries are well-formed and only sent by
 * the querier; the calls of `changed` tell all of what is forwarded; the table is that of the plain
 * model below, timers and all. At the end, when all is silent, the table runs empty. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/querier/querier.h"
#include "querier_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull
#define MEMORY (64u * 1024u)  /* that 8 groups of 14 sources may take at most */
#define BITS   (SOURCES + 2u) /* of what a record or query may name */

/* Who sends. */
enum who {
	LOWER,
	HIGHER,
	OURSELVES,
	NOBODY,
	STRANGER,
	HOST
};

struct bench {
	struct mcr_querier *q;
	const struct mcr_gmp_wire *wire;
	const uint8_t *data, *end;
	uint64_t now, inputs, tick;
	struct mcr_address address;
	uint16_t mtu;
	struct model model;
	struct view told[GROUPS]; /* what is forwarded, by the calls of `changed` */
	unsigned refuse, in_tick, burst;
	int is_mld, is_silent; /* it has no address */
	int is_fast;           /* fast_leave */
	unsigned groups_max, sources_max;
};

static unsigned take(struct bench *b)
{
	return b->data < b->end ? *b->data++ : 0;
}

static unsigned take_set(struct bench *b)
{
	unsigned low = take(b);

	return low | take(b) << 8;
}

static struct mcr_address sender(const struct bench *b, enum who who, unsigned i)
{
	switch (who) {
	case LOWER:
		return address(b->wire, 0xfe80, 0x0a090002u + i % 4);
	case HIGHER:
		return address(b->wire, 0xfe80, 0x0a0900c0u + i % 4);
	case OURSELVES:
		return b->address;
	case NOBODY:
		return address(b->wire, 0, 0);
	case STRANGER:
		return address(b->wire, 0x2001, 0xc0000263u);
	default:
		return address(b->wire, 0xfe80, 0x0a090032u + i % 3);
	}
}

static struct view view_of(const struct bench *b, struct mcr_address g)
{
	struct mcr_source_filter f;
	struct view v;

	mcr_querier_filter(b->q, g, &f);
	v = (struct view){.exclude = f.mode == MCR_FILTER_EXCLUDE};
	for (size_t i = 0; i < f.n; i++) {
		unsigned bit = 1u << source_index(b->wire, f.sources[i]);

		CHECK(bit > v.sources); /* ascending */
		v.sources |= bit;
	}
	return v;
}

static int is_same(struct view a, struct view b)
{
	return a.exclude == b.exclude && a.sources == b.sources;
}

static void on_changed(void *ctx, struct mcr_address g)
{
	struct bench *b = ctx;
	unsigned i = group_index(b->wire, g);
	struct view v = view_of(b, g);

	CHECK(i < FIRST_LOCAL && !is_same(v, b->told[i]));
	b->told[i] = v;
}

/* About a group, or its sources: of what is there, and not more often than once a leave demands. */
static void check_question(struct bench *b, const struct mcr_gmp_message *m)
{
	unsigned i = group_index(b->wire, m->group);
	struct model_group *g = &b->model.groups[i];

	CHECK(i != NEVER);
	if (m->n_sources == 0)
		CHECK(g->is_there && g->questions-- > 0);
	for (unsigned k = 0; k < m->n_sources; k++) {
		unsigned at = source_index(
		    b->wire, mcr_gmp_wire_address(
				 b->wire, m->sources + (size_t)k * b->wire->address_octets));

		CHECK(g->is_listed[at] && g->source_questions[at]-- > 0);
	}
}

static void check_sent(struct bench *b, const struct mcr_gmp_message *m,
		       const struct mcr_querier_state *s)
{
	CHECK(m->level == mcr_gmp_level_of(b->wire, s->version));
	CHECK(mcr_address_is_equal(m->source, b->address));
	if (m->level == 3)
		CHECK(m->qrv == s->timing.qrv && m->interval_s == s->timing.interval_ns / SECOND);
	if (mcr_address_is_none(m->group)) {
		CHECK(mcr_address_is_equal(m->destination, b->wire->all_nodes));
		CHECK(m->n_sources == 0 && !m->suppress);
		CHECK(m->response_ns == s->timing.response_ns);
		return;
	}
	CHECK(mcr_address_is_equal(m->destination, m->group));
	CHECK(m->response_ns == s->timing.last_member_interval_ns);
	CHECK(m->level > 1 && (m->n_sources == 0 || m->level == 3));
	check_question(b, m);
}

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct bench *b = ctx;
	struct mcr_querier_state s;
	struct mcr_gmp_message m;

	if (b->refuse) {
		b->refuse--;
		return -EAGAIN;
	}
	if (b->now / MCR_GMP_TICK_NS != b->tick)
		b->in_tick = 0;
	b->tick = b->now / MCR_GMP_TICK_NS;
	CHECK(++b->in_tick <= 2 * b->burst); /* ticks need not begin with those of the clock */
	mcr_querier_get_state(b->q, &s);
	CHECK(s.role == MCR_QUERIER_US);
	CHECK(len <= b->mtu && b->wire->parse(&m, packet, len) == MCR_GMP_RX_QUERY);
	CHECK(m.offset + m.len == len && b->wire->vet(&m, 1) == MCR_GMP_RX_QUERY);
	check_sent(b, &m, &s);
	return 0;
}

static void run_until(struct bench *b, uint64_t until)
{
	for (unsigned polls = 0;; polls++) {
		uint64_t next;

		model_expire(&b->model, b->now);
		next = mcr_querier_poll(b->q, b->now, on_send, b);
		CHECK(next > b->now && polls < 1000000);
		if (next > until)
			break;
		b->now = next;
	}
	b->now = until;
	model_expire(&b->model, b->now);
	CHECK(mcr_querier_poll(b->q, b->now, on_send, b) > b->now);
}

/* The entry of the table as a group of the model. */
static struct model_group entry(struct bench *b, size_t i, const struct mcr_querier_group *g)
{
	struct mcr_querier_source sources[SOURCES + 1];
	struct model_group e = {.is_there = 1,
				.exclude = g->mode == MCR_FILTER_EXCLUDE,
				.until = g->until_ns,
				.old_until = {0, g->v1_until_ns, g->v2_until_ns}};
	int n = mcr_querier_get_sources(b->q, i, sources, SOURCES + 1);

	CHECK(n == (int)g->n_sources && n <= (int)SOURCES);
	for (int k = 0; k < n; k++) {
		unsigned at = source_index(b->wire, sources[k].address);

		CHECK(k == 0 || memcmp(&sources[k - 1].address, &sources[k].address, 16) < 0);
		e.is_listed[at] = 1;
		e.source_until[at] = sources[k].until_ns;
		CHECK(sources[k].is_forwarded == (group_index(b->wire, g->group) < FIRST_LOCAL &&
						  model_forwards(&e, at, b->now)));
	}
	return e;
}

static void check(struct bench *b)
{
	struct mcr_querier_group g, last = {.n_sources = 0};
	struct mcr_querier_state s;
	unsigned found = 0;
	size_t i, n = 0;

	mcr_querier_get_state(b->q, &s);
	for (i = 0; mcr_querier_get_group(b->q, i, &g) == 0; i++, last = g) {
		unsigned k = group_index(b->wire, g.group);
		struct model_group e = entry(b, i, &g);

		CHECK(i == 0 || memcmp(&last.group, &g.group, 16) < 0);
		CHECK(k != NEVER && g.n_sources <= s.sources_max);
		CHECK(e.exclude || g.n_sources > 0);
		model_check(&b->model.groups[k], &e);
		CHECK(k >= FIRST_LOCAL || is_same(b->told[k], model_view(&e, b->now)));
		found |= 1u << k;
		n += g.n_sources;
	}
	CHECK(i == s.groups && n == s.sources && i <= s.groups_max);
	CHECK(s.memory_bytes <= MEMORY);
	for (unsigned k = 0; k < GROUPS; k++) {
		CHECK(is_same(view_of(b, group(b->wire, k)), b->told[k]));
		if (!(found >> k & 1))
			CHECK(is_same(b->told[k], (struct view){0}) &&
			      !b->model.groups[k].is_there);
	}
	uint64_t heard = 0;

	for (unsigned k = 0; k < MCR_QUERIER_RX_COUNT; k++)
		heard += s.rx[k];
	CHECK(heard == b->inputs);
}

static void input(struct bench *b, const uint8_t *packet, size_t len, enum who who)
{
	enum mcr_querier_from from = MCR_QUERIER_FROM_WIRE;

	if (who == OURSELVES && take(b) & 1)
		from = MCR_QUERIER_FROM_HOST;
	CHECK(mcr_querier_input(b->q, packet, len, from, b->now) == 0);
	b->inputs++;
	model_expire(&b->model, b->now);
	b->model.is_heard =
	    who == HOST || from == MCR_QUERIER_FROM_HOST || (!b->is_mld && who == NOBODY);
}

static struct model_rules rules(const struct bench *b)
{
	struct mcr_querier_state s;

	mcr_querier_get_state(b->q, &s);
	return (struct model_rules){.now = b->now,
				    .asks = s.role == MCR_QUERIER_US,
				    .level = mcr_gmp_level_of(b->wire, s.version),
				    .membership = s.timing.membership_ns,
				    .older_host = s.timing.older_host_ns,
				    .last_member = s.timing.last_member_ns,
				    .count = s.timing.last_member_count,
				    .is_fast = b->is_fast,
				    .groups_max = b->groups_max,
				    .sources_max = b->sources_max};
}

static enum who reporter(struct bench *b)
{
	static const enum who of[8] = {HOST, HOST, HOST, HOST, HOST, NOBODY, STRANGER, OURSELVES};
	enum who who = of[take(b) % 8];

	/* It has no subnet then. */
	return b->is_silent && (who == STRANGER || who == OURSELVES) ? HOST : who;
}

/* A report of level 3 with up to three records. */
static void report(struct bench *b)
{
	struct model_record records[3];
	uint8_t packet[2048] = {0};
	unsigned n = 1 + take(b) % 3;
	size_t at = b->wire->ip_octets + MCR_GMP_REPORT_HEADER;
	enum who who = reporter(b);
	struct model_rules r = rules(b);

	for (unsigned i = 0; i < n; i++) {
		struct mcr_address list[2 * BITS];
		unsigned type = take(b), set = take_set(b), size = 0;

		records[i] = (struct model_record){
		    .type = (type & 63) % 8, .level = 3, .group = type >> 7 ? 0 : take(b) % GROUPS};
		for (unsigned k = 0; k < 2 * BITS; k++) { /* once, or there and back */
			unsigned bit = k < BITS ? k : 2 * BITS - 1 - k;

			if (set >> bit & 1 && (k < BITS || type & 64))
				list[size++] = source(b->wire, bit);
		}
		records[i].sources = set & ((1u << SOURCES) - 1);
		at += mcr_gmp_write_record(b->wire, packet + at, (enum mcr_record)records[i].type,
					   group(b->wire, records[i].group), list, size);
	}
	b->wire->finish(packet, at, sender(b, who, take(b)), (uint16_t)n);
	input(b, packet, at, who);
	if (who == STRANGER && !b->is_mld)
		b->model.is_heard = 1;
	for (unsigned i = 0; i < n; i++)
		model_hear(&b->model, &r, &records[i]);
}

/* A report below level 3, or a leave. */
static void old_message(struct bench *b)
{
	unsigned how = take(b), i = take(b) % GROUPS;
	struct model_record record = {.type = how & 1 ? MCR_RECORD_TO_IN : MCR_RECORD_IS_EX,
				      .level = !b->is_mld && (how & 3) == 2 ? 1 : 2,
				      .group = i};
	enum who who = reporter(b);
	struct model_rules r = rules(b);
	uint8_t packet[128];

	b->wire->write_old(packet,
			   how & 1 ? b->wire->leave_type : b->wire->report_types[record.level],
			   sender(b, who, take(b)), group(b->wire, i));
	input(b, packet, (size_t)b->wire->ip_octets + b->wire->old_octets, who);
	model_hear(&b->model, &r, &record);
}

/* Timers that another querier has lowered. */
static void take_lowered(struct bench *b)
{
	struct mcr_querier_group g;

	for (size_t i = 0; mcr_querier_get_group(b->q, i, &g) == 0; i++) {
		struct model_group e = entry(b, i, &g);

		model_lower(&b->model.groups[group_index(b->wire, g.group)], &e);
	}
}

static void query(struct bench *b)
{
	static const enum who of[8] = {LOWER,  LOWER,     HIGHER,   HIGHER,
				       NOBODY, OURSELVES, STRANGER, LOWER};
	unsigned how = take(b), set = how & 2 ? take_set(b) : 0;
	struct mcr_address sources[SOURCES];
	enum who who = b->is_silent ? LOWER : of[how >> 5];
	struct mcr_gmp_query query = {.source = sender(b, who, take(b)),
				      .sources = sources,
				      .code = (uint16_t)take(b),
				      .level = (uint8_t)(1 + (how >> 3 & 3) % 3),
				      .suppress = how >> 2 & 1,
				      .qrv = take(b) & 7,
				      .qqic = (uint8_t)take(b)};
	uint8_t packet[512];

	if (query.level < b->wire->first_level)
		query.level = b->wire->first_level;
	if (how & 1)
		query.group = group(b->wire, take(b) % GROUPS);
	for (unsigned k = 0; k < SOURCES && query.level == 3; k++)
		if (set >> k & 1)
			sources[query.n_sources++] = source(b->wire, k);
	size_t len = b->wire->write_query(packet, &query);

	run_until(b, b->now); /* take_lowered wants a table of now, even if the query is ignored */
	input(b, packet, len, who);
	take_lowered(b);
}

/* how: 0 = no address any more. */
static void restart(struct bench *b, unsigned how)
{
	const struct mcr_address none = {{0}};

	b->address = address(b->wire, 0xfe80, 0x0a090064 + (how & 1));
	b->is_silent = how == 0;
	mcr_querier_restart(b->q, b->is_silent ? none : b->address, 24, b->now);
}

/* Whether time alone changes no role or version: the model need not be told of every poll. */
static int is_settled(const struct bench *b)
{
	struct mcr_querier_state s;

	mcr_querier_get_state(b->q, &s);
	return s.role == MCR_QUERIER_US && !s.other_until_ns && !s.older_until_ns;
}

static void step(struct bench *b)
{
	unsigned how;

	switch (take(b) % 8) {
	case 0:
	case 1:
		report(b);
		break;
	case 2:
		old_message(b);
		break;
	case 3:
		query(b);
		break;
	case 4: /* a microsecond to a few minutes, also without a poll */
		how = take(b);
		if (how & 128)
			b->now += 1000ull << how % 28;
		else
			run_until(b, b->now + (1000ull << how % 28));
		break;
	case 5: /* some seconds, where most timers end */
		run_until(b, b->now + SECOND / 4 * take(b));
		break;
	case 6:
		b->refuse = take(b) % 8;
		break;
	case 7:
		restart(b, take(b));
		break;
	}
	if (is_settled(b) && take(b) & 1)
		return;
	run_until(b, b->now); /* the control round */
	check(b);
}

static void start(struct bench *b)
{
	unsigned how = take(b), more = take(b);
	struct mcr_querier_config cfg = {.prefix_len = 24, .changed = on_changed, .changed_ctx = b};

	b->is_mld = how & 1;
	b->wire = mcr_gmp_wire_of(b->is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP);
	b->address = address(b->wire, 0xfe80, 0x0a090064);
	b->burst = how & 2 ? 1 : MCR_QUERIER_BURST;
	cfg.family = b->is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP;
	cfg.address = b->address;
	cfg.burst = (uint16_t)b->burst;
	cfg.mtu = b->mtu = more & 64 ? b->wire->mtu_min : 1500;
	cfg.fast_leave = how >> 2 & 1;
	cfg.groups_max = how & 8 ? 3 : 0;
	cfg.sources_max = how & 16 ? 3 : 0;
	b->is_fast = cfg.fast_leave;
	b->groups_max = cfg.groups_max ? cfg.groups_max : GROUPS;
	b->sources_max = cfg.sources_max ? cfg.sources_max : SOURCES;
	cfg.is_auto = how >> 5 & 1;
	cfg.version = (uint8_t)((how >> 6 & 3) % (b->is_mld ? 3 : 4));
	cfg.query_interval_s = more & 1 ? 20 : 0;
	cfg.robustness = more >> 1 & 3;
	cfg.last_member_query_count = more >> 3 & 3;
	cfg.last_member_query_interval_ms = more & 32 ? 700 : 0;
	CHECK(mcr_querier_create(&b->q, &cfg, b->now) == 0);
	run_until(b, b->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = {.data = data, .end = data + size, .now = SECOND};
	struct mcr_querier_state s;

	start(&b);
	while (b.data < b.end)
		step(&b);
	b.refuse = 0;
	if (b.is_silent)
		restart(&b, 1);
	for (unsigned i = 0; i < 40; i++) { /* beyond the times of any other querier */
		b.now += 1000 * SECOND;
		run_until(&b, b.now);
	}
	check(&b);
	mcr_querier_get_state(b.q, &s);
	CHECK(s.groups == 0 && s.sources == 0);
	CHECK(s.role == MCR_QUERIER_US && s.older_until_ns == 0);
	mcr_querier_destroy(b.q);
	return 0;
}
