/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include "small_engine.h"

#define A 0xef010101u /* host order */
#define B 0xef010102u

static void publish_to_port(struct small_engine *e, unsigned ring, uint32_t group, uint32_t id,
			    uint16_t port)
{
	struct mcr_record record = {.group_be = htonl(group), .id = id, .port = port};

	small_engine_put(e, ring, record, &id, sizeof(id));
}

static void publish(struct small_engine *e, unsigned ring, uint32_t group, uint32_t id)
{
	publish_to_port(e, ring, group, id, 5000);
}

static void publish_link(struct small_engine *e, unsigned ring)
{
	struct mcr_record record = {.vlan_kind = MCR_LINK << MCR_KIND_SHIFT};

	small_engine_put(e, ring, record, NULL, 0);
}

static struct mcr_select_group group_of(uint32_t group, uint16_t port)
{
	return (struct mcr_select_group){mcr_address_from_ipv4(htonl(group)), port};
}

static struct mcr_consumer *consumer_of(struct small_engine *e,
					const struct mcr_select_group *groups, size_t n_groups,
					const uint32_t *ids, size_t n_ids)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.groups = groups;
	opts.n_groups = n_groups;
	opts.ids = ids;
	opts.n_ids = n_ids;
	return small_engine_consumer(e, opts);
}

static void only_the_selected_groups_and_ids_come_and_no_other_looks_lost(void **state)
{
	const struct mcr_select_group a = group_of(A, 0);
	const uint32_t ids[] = {9, 0};
	struct small_engine e;
	struct mcr_msg msgs[16];
	struct mcr_consumer_info info;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer_of(&e, &a, 1, ids, 2);

	publish(&e, 0, A, 5);
	publish(&e, 0, B, 5);
	publish(&e, 0, B, 9);
	publish(&e, 0, B, 7);
	publish_link(&e, 0);
	publish(&e, 0, B, 0);
	publish(&e, 0, B, 6);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 4);
	assert_int_equal(msgs[0].pos.seq, 1);
	assert_int_equal(msgs[1].pos.seq, 3);
	assert_int_equal(msgs[2].kind, MCR_LINK);
	assert_int_equal(msgs[3].pos.seq, 6);
	assert_int_equal(mcr_consumer_skipped(c), 3);
	mcr_consumer_release(c);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(info.received, 4);
	assert_int_equal(info.skipped, 3);
	assert_int_equal(info.lost, 0);
	assert_int_equal(info.headroom, 62);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_selection_changes_while_reading_and_nothing_selected_is_all(void **state)
{
	const struct mcr_select_group b = group_of(B, 0);
	const uint32_t id = 5;
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer *c = consumer_of(&e, NULL, 0, NULL, 0);

	publish(&e, 0, A, 5);
	publish(&e, 1, B, 6);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 2);
	assert_int_equal(mcr_consumer_select(c, &b, 1, NULL, 0, NULL), 0);
	publish(&e, 0, A, 5);
	publish(&e, 1, B, 6);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_true(mcr_address_is_equal(msgs[0].group, b.group));
	assert_int_equal(mcr_consumer_select(c, NULL, 0, &id, 1, NULL), 0);
	publish(&e, 0, A, 5);
	publish(&e, 1, B, 6);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].id, 5);
	assert_int_equal(mcr_consumer_select(c, NULL, 0, NULL, 0, NULL), 0);
	publish(&e, 0, A, 5);
	publish(&e, 1, B, 6);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 2);
	assert_int_equal(mcr_consumer_skipped(c), 2);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void received_lost_and_skipped_account_for_every_message(void **state)
{
	const struct mcr_select_group a = group_of(A, 0);
	uint64_t received = 0, lost = 0, last = 0;
	struct small_engine e;
	struct mcr_msg msgs[7];
	unsigned seed = 1;
	int n;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer_of(&e, &a, 1, NULL, 0);

	for (int round = 0; round < 300; round++) {
		for (int i = rand_r(&seed) % 100; i > 0; i--)
			publish(&e, 0, rand_r(&seed) % 3 == 0 ? A : B, 0);
		for (int polls = rand_r(&seed) % 4; polls > 0; polls--) {
			n = mcr_consumer_poll(c, msgs, 7);
			for (int i = 0; i < n; i++) {
				if (msgs[i].kind == MCR_LOST) {
					lost += msgs[i].lost;
					continue;
				}
				assert_true(mcr_address_is_equal(msgs[i].group, a.group));
				assert_true(msgs[i].pos.seq > last);
				last = msgs[i].pos.seq;
				received++;
			}
		}
	}
	while ((n = mcr_consumer_poll(c, msgs, 7)) > 0)
		for (int i = 0; i < n; i++) {
			lost += msgs[i].lost;
			received += msgs[i].kind == MCR_DATA;
		}
	assert_true(lost > 0 && received > 0);
	assert_int_equal(received + lost + mcr_consumer_skipped(c), e.writers[0].next);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_chunk_that_nobody_wants_does_not_end_a_poll(void **state)
{
	const struct mcr_select_group a = group_of(A, 0);
	struct small_engine e;
	struct mcr_msg msgs[16];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer_of(&e, &a, 1, NULL, 0);

	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 0); /* it has caught up */
	for (int i = 0; i < 20; i++)
		publish(&e, 0, B, 0);
	publish(&e, 0, A, 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 1);
	assert_int_equal(msgs[0].pos.seq, 21);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_poll_of_what_nobody_wants_ends(void **state)
{
	const struct mcr_select_group a = group_of(A, 0);
	struct small_engine e;
	struct mcr_msg msg;
	int polls = 1;

	small_engine_create(&e, 2, 1 << 20);
	struct mcr_consumer *c = consumer_of(&e, &a, 1, NULL, 0);

	for (int i = 0; i < 10000; i++)
		publish(&e, 0, B, 0);
	publish(&e, 0, A, 0);
	publish(&e, 1, A, 0);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
	assert_in_range(mcr_consumer_skipped(c), 4096, 5000);
	/* The other ring has its turn meanwhile. */
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(msg.pos.ring, 1);
	while (mcr_consumer_poll(c, &msg, 1) == 0)
		assert_true(++polls < 10);
	assert_int_equal(msg.pos.ring, 0);
	assert_int_equal(msg.pos.seq, 10001);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void many_groups_are_told_apart(void **state)
{
	static struct mcr_select_group groups[MCR_SELECT_MAX];
	struct small_engine e;
	struct mcr_msg msgs[64];

	small_engine_create(&e, 1, 4096);
	for (uint32_t i = 0; i < MCR_SELECT_MAX; i++)
		groups[i] = group_of(0xef000000u + 2 * i, 0);
	struct mcr_consumer *c = consumer_of(&e, groups, MCR_SELECT_MAX, NULL, 0);

	for (uint32_t group = 0; group < 2 * MCR_SELECT_MAX; group += 61) {
		publish(&e, 0, 0xef000000u + group, group);
		assert_int_equal(mcr_consumer_poll(c, msgs, 64), group % 2 == 0);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_selection_that_makes_no_sense_is_refused_and_changes_nothing(void **state)
{
	static const uint32_t ids[MCR_SELECT_MAX + 1] = {5};
	const struct mcr_select_group a = group_of(A, 0), unicast = group_of(0x0a000001, 0);
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c, *other;
	struct small_engine e;
	struct mcr_error err;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	c = consumer_of(&e, &a, 1, NULL, 0);
	assert_int_equal(mcr_consumer_select(c, &unicast, 1, NULL, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "10.0.0.1"));
	assert_int_equal(mcr_consumer_select(c, NULL, 0, ids, MCR_SELECT_MAX + 1, &err), -E2BIG);
	assert_int_equal(mcr_consumer_select(c, &a, 1, ids, MCR_SELECT_MAX, &err), -E2BIG);
	publish(&e, 0, B, 5);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
	publish(&e, 0, A, 5);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	mcr_consumer_close(c);
	opts.run_dir = e.dir;
	opts.channel = "md";
	opts.groups = &unicast;
	opts.n_groups = 1;
	assert_int_equal(mcr_consumer_open(&other, &opts, &err), -EINVAL);
	small_engine_destroy(&e);
}

static void a_group_is_selected_with_one_port_or_with_all(void **state)
{
	const struct mcr_select_group groups[] = {group_of(A, 5000), group_of(B, 0),
						  group_of(A, 5001)};
	const uint32_t id = 3;
	const struct {
		uint32_t group;
		uint16_t port;
		uint32_t id;
		int wanted;
	} cases[] = {{A, 5000, 1, 1}, {A, 5001, 1, 1}, {A, 5002, 1, 0}, {B, 5002, 1, 1},
		     {B, 5000, 1, 1}, {A, 0, 1, 0},    {A, 5002, 3, 1}, {B + 1, 5000, 1, 0}};
	struct small_engine e;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = consumer_of(&e, groups, 3, &id, 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		publish_to_port(&e, 0, cases[i].group, cases[i].id, cases[i].port);
		assert_int_equal(mcr_consumer_poll(c, &msg, 1), cases[i].wanted);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_selected_groups_and_ids_come_and_no_other_looks_lost),
	    cmocka_unit_test(a_selection_changes_while_reading_and_nothing_selected_is_all),
	    cmocka_unit_test(received_lost_and_skipped_account_for_every_message),
	    cmocka_unit_test(a_chunk_that_nobody_wants_does_not_end_a_poll),
	    cmocka_unit_test(a_poll_of_what_nobody_wants_ends),
	    cmocka_unit_test(many_groups_are_told_apart),
	    cmocka_unit_test(a_selection_that_makes_no_sense_is_refused_and_changes_nothing),
	    cmocka_unit_test(a_group_is_selected_with_one_port_or_with_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
