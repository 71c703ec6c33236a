/* SPDX-License-Identifier: BSD-3-Clause */
/* Readers of an engine without ports: what they join, and how far behind they are. */
#include "portless_rig.h"

#include <poll.h>

#include "client/state.h"
#include "core/ring.h"
#include "engine/portless/portless_state.h"

#define PAYLOAD 200

/* Until the control thread has seen what consumers did. */
static void await_readers(struct rig *r, unsigned n)
{
	uint64_t joined_ns;

	for (int i = 0; i < 10000 && mcr_portless_readers(r->p, &joined_ns) != n; i++)
		rig_rest();
	assert_int_equal(mcr_portless_readers(r->p, &joined_ns), n);
}

static void a_join_of_a_consumer_ends_with_it(void **state)
{
	struct mcr_consumer *c, *other;
	struct mcr_error err;
	struct mcr_msg m;
	struct rig r;
	int got = 1;

	rig_begin(&r);
	assert_int_equal(mcr_portless_had_readers(r.p), 0);
	other = rig_open(&r, "md");
	c = rig_open(&r, "md");
	rig_send(&r, 0, (struct shape){.payload = 9});
	rig_no_more(other);
	assert_int_equal(mcr_consumer_join(c, GROUP ":5000", &err), 0);
	rig_send(&r, 0, (struct shape){.payload = 9});
	rig_next(other);
	mcr_consumer_close(c);
	await_readers(&r, 0);
	for (int i = 0; got == 1 && i < 10000; i++) { /* it leaves in the round after */
		rig_rest();
		rig_send(&r, 0, (struct shape){.payload = 9});
		got = mcr_consumer_poll(other, &m, 1);
	}
	assert_int_equal(got, 0);
	assert_int_equal(mcr_portless_had_readers(r.p), 1);
	mcr_consumer_close(other);
	rig_end(&r);
}

static void a_reader_counts_when_there_is_something_for_it(void **state)
{
	struct mcr_consumer *md, *program;
	uint64_t joined_ns;
	struct mcr_error err;
	struct rig r;

	rig_init(&r);
	rig_interface(&r, "lan", "0", 0);
	rig_channel(&r, "md");
	rig_channel(&r, "sockets")->per_program = 1;
	rig_start(&r);
	md = rig_open(&r, "md");
	program = rig_open(&r, "sockets");
	assert_int_equal(mcr_portless_readers(r.p, &joined_ns), 0);
	assert_int_equal(joined_ns, 0);
	rig_join(&r, GROUP ",channel=md");
	assert_int_equal(mcr_portless_readers(r.p, &joined_ns), 1);
	assert_int_equal(joined_ns, 0);
	/* It is attached, and does not know yet where it begins. */
	mcr_client_store(&md->attachment.page->rings[0].next_seq, 0);
	assert_int_equal(mcr_portless_readers(r.p, &joined_ns), 0);
	assert_int_equal(mcr_portless_room(r.p), 0);
	mcr_consumer_release(md);
	assert_int_equal(mcr_portless_readers(r.p, &joined_ns), 1);
	assert_int_equal(mcr_consumer_join(program, GROUP, &err), 0);
	assert_int_equal(mcr_portless_readers(r.p, &joined_ns), 2);
	assert_in_range(joined_ns, 1, mcr_portless_clock(CLOCK_MONOTONIC));
	mcr_consumer_close(md);
	mcr_consumer_close(program);
	rig_end(&r);
}

static void a_program_has_a_channel_of_its_own(void **state)
{
	struct mcr_portless_channel_info info;
	struct mcr_consumer *a, *b;
	struct mcr_error err;
	struct rig r;

	rig_init(&r);
	rig_interface(&r, "lan", "0", 0);
	rig_channel(&r, "sockets")->per_program = 1;
	rig_start(&r);
	a = rig_open(&r, "sockets");
	b = rig_open(&r, "sockets");
	assert_int_equal(mcr_consumer_join(a, GROUP, &err), 0);
	rig_send(&r, 0, (struct shape){.payload = 9});
	rig_next(a);
	rig_no_more(b);
	assert_int_equal(mcr_portless_channel(r.p, 1, &info), 0);
	mcr_consumer_close(a);
	await_readers(&r, 0);
	for (int i = 0; i < 10000 && mcr_portless_channel(r.p, 1, &info) == 0; i++)
		rig_rest();
	assert_int_equal(mcr_portless_channel(r.p, 1, &info), -ENOENT); /* it ended with a */
	assert_int_equal(mcr_consumer_join(b, GROUP, &err), 0);
	rig_send(&r, 0, (struct shape){.payload = 9});
	rig_next(b);
	mcr_consumer_close(b);
	rig_end(&r);
}

/* A reader is slow, and stops for good now and then; messages of all lengths. */
static void with_room_nobody_is_overtaken(void **state)
{
	struct mcr_consumer *slow;
	struct mcr_msg msgs[64];
	uint64_t sent = 0, read = 0, waits = 0;
	struct rig r;
	unsigned seed = 1;

	rig_begin(&r);
	rig_join(&r, GROUP ",channel=md");
	slow = rig_open(&r, "md");
	while (sent < 20000) {
		if (mcr_portless_room(r.p) > 0) {
			seed = seed * 1103515245 + 12345;
			rig_send(&r, 0,
				 (struct shape){.payload =
						    seed >> 16 & (sent % 50 == 0 ? 0x3eff : 0xff)});
			sent++;
			continue;
		}
		waits++;
		for (int n = mcr_consumer_poll(slow, msgs, 1 + (seed >> 8) % 64); n > 0; n--) {
			assert_int_equal(msgs[n - 1].kind, MCR_DATA);
			read++;
		}
		mcr_consumer_release(slow);
	}
	assert_int_equal(mcr_portless_is_read(r.p), 0);
	for (int n; (n = mcr_consumer_poll(slow, msgs, 64)) > 0; read += (uint64_t)n)
		for (int i = 0; i < n; i++)
			assert_int_equal(msgs[i].kind, MCR_DATA);
	assert_int_equal(mcr_portless_is_read(r.p), 0); /* not released yet */
	mcr_consumer_release(slow);
	assert_int_equal(mcr_portless_is_read(r.p), 1);
	assert_int_equal(read, sent);
	assert_in_range(waits, 100, sent);
	mcr_consumer_close(slow);
	rig_end(&r);
}

static void room_is_for_records_of_any_number(void **state)
{
	struct mcr_consumer *slow;
	struct mcr_msg m;
	uint64_t room, n = 0;
	struct rig r;

	rig_begin(&r);
	rig_join(&r, GROUP ",channel=md");
	slow = rig_open(&r, "md");
	for (int i = 0; i < 1000; i++) {
		room = mcr_portless_room(r.p);
		assert_in_range(room, 1, 65536 / 4);
		for (uint64_t used = 0; used < room; used += mcr_ring_span(PAYLOAD), n++)
			rig_send(&r, 0, (struct shape){.payload = PAYLOAD});
		assert_int_equal(mcr_portless_room(r.p), 0);
		for (uint64_t k = 0; k < n; k++) {
			assert_int_equal(mcr_consumer_poll(slow, &m, 1), 1);
			assert_int_equal(m.kind, MCR_DATA);
		}
		n = 0;
		mcr_consumer_release(slow);
	}
	mcr_consumer_close(slow);
	await_readers(&r, 0);
	for (int i = 0; i < 1000; i++) { /* nobody is in the way any more */
		assert_in_range(mcr_portless_room(r.p), 1, UINT64_MAX);
		rig_send(&r, 0, (struct shape){.payload = PAYLOAD});
	}
	rig_end(&r);
}

static void a_sleeper_is_woken(void **state)
{
	struct mcr_consumer *c;
	struct pollfd fd = {.events = POLLIN};
	struct rig r;

	rig_begin(&r);
	rig_join(&r, GROUP ",channel=md");
	c = rig_open(&r, "md");
	fd.fd = mcr_consumer_fd(c);
	assert_int_equal(mcr_consumer_arm(c), 0);
	assert_int_equal(poll(&fd, 1, 20), 0);
	rig_send(&r, 0, (struct shape){.payload = 9});
	assert_int_equal(poll(&fd, 1, 10000), 1);
	rig_next(c);
	mcr_consumer_close(c);
	rig_end(&r);
}

/* It has counters for 65,536 memberships, which come back. */
static void joins_and_leaves_have_no_end(void **state)
{
	struct mcr_join join = {.interface = "lan", .channel = "md", .mode = MCR_FILTER_EXCLUDE};
	struct mcr_join_change change = {.owner = {.maker = MCR_JOINED_BY_APPLICATION}};
	struct mcr_error err;
	struct rig r;

	rig_begin(&r);
	pthread_mutex_lock(&r.p->control);
	for (uint32_t i = 0; i < 70000; i++) {
		join.group = mcr_address_of_ipv4(htonl(0xef000000 + i));
		change.add = &join;
		change.n_add = 1;
		change.n_remove = 0;
		assert_int_equal(mcr_portless_change(r.p, &change, &err), 0);
		change.remove = &join;
		change.n_add = 0;
		change.n_remove = 1;
		assert_int_equal(mcr_portless_change(r.p, &change, &err), 0);
	}
	pthread_mutex_unlock(&r.p->control);
	rig_end(&r);
}

static uint64_t started(const struct rig *r)
{
	const struct mcr_ring_header *header = r->p->channels[0]->rings.regions[0].mem;

	return header->started_ns;
}

static void a_ring_says_when_it_began(void **state)
{
	struct rig r;

	rig_begin(&r);
	mcr_portless_begin(r.p, 0); /* nobody knows yet */
	mcr_portless_publish(r.p, 0);
	assert_int_equal(started(&r), 0);
	rig_send(&r, 0, (struct shape){.payload = 9});
	assert_int_equal(started(&r), 1000000);
	rig_send(&r, 0, (struct shape){.payload = 9});
	assert_int_equal(started(&r), 1000000);
	rig_end(&r);
}

struct early {
	struct rig *r;
	struct mcr_consumer *c;
	int is_open; /* atomic */
};

static void *open_early(void *ctx)
{
	struct early *early = ctx;

	early->c = rig_open(early->r, "md");
	__atomic_store_n(&early->is_open, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* So that nobody hears that a feed is not declared which is about to be. */
static void who_comes_early_waits_for_the_start(void **state)
{
	struct mcr_error err = {""};
	struct rig r;
	struct early early = {.r = &r};
	pthread_t thread;

	rig_init(&r);
	rig_interface(&r, "lan", "0", 0);
	rig_channel(&r, "md");
	assert_int_equal(mcr_portless_create(&r.p, &r.config, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, open_early, &early), 0);
	for (int i = 0; i < 50; i++)
		rig_rest();
	assert_int_equal(__atomic_load_n(&early.is_open, __ATOMIC_ACQUIRE), 0);
	assert_int_equal(mcr_portless_start(r.p, &err), 0);
	pthread_join(thread, NULL);
	mcr_consumer_close(early.c);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_comes_early_waits_for_the_start),
	    cmocka_unit_test(joins_and_leaves_have_no_end),
	    cmocka_unit_test(a_ring_says_when_it_began),
	    cmocka_unit_test(a_join_of_a_consumer_ends_with_it),
	    cmocka_unit_test(a_reader_counts_when_there_is_something_for_it),
	    cmocka_unit_test(a_program_has_a_channel_of_its_own),
	    cmocka_unit_test(with_room_nobody_is_overtaken),
	    cmocka_unit_test(room_is_for_records_of_any_number),
	    cmocka_unit_test(a_sleeper_is_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
