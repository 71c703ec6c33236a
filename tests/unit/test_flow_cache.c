/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever is counted is shown once, or was evicted; what is remembered holds for its packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/route/flow_cache.h"

static struct mcr_flow_cache *cache;

static int start(void **state)
{
	(void)state;
	return mcr_flow_cache_create(&cache, 7);
}

static int stop(void **state)
{
	(void)state;
	mcr_flow_cache_destroy(cache);
	return 0;
}

/* Flow n, of interface n % 64. */
static struct mcr_flow_key key_of(uint32_t n)
{
	return (struct mcr_flow_key){.source = mcr_route_address_ipv4(htobe32(0x0a000001 + n % 7)),
				     .group = mcr_route_address_ipv4(htobe32(0xef000000 + n)),
				     .outputs = 2,
				     .interface = n % MCR_INTERFACES_MAX};
}

static void count(struct mcr_flow_key key, uint32_t bytes, uint64_t now_ns)
{
	mcr_flow_count(mcr_flow_cache_find(cache, &key, now_ns), bytes, now_ns);
}

/* Returns how many entries have the key; *out is the last of them. */
static unsigned find(struct mcr_flow_key key, struct mcr_flow *out)
{
	struct mcr_flow flow;
	unsigned found = 0;

	for (size_t i = 0; i < MCR_FLOWS_MAX; i++) {
		if (!mcr_flow_cache_get(cache, i, &flow) || !mcr_flow_key_same(&flow.key, &key))
			continue;
		found++;
		*out = flow;
	}
	return found;
}

static void a_flow_is_counted_from_its_first_packet_on(void **state)
{
	struct mcr_flow flow;

	(void)state;
	assert_int_equal(find(key_of(1), &flow), 0);
	count(key_of(1), 100, 1000);
	count(key_of(1), 200, 2000);
	count(key_of(2), 7, 2500);
	count(key_of(1), 1, 3000);
	assert_int_equal(find(key_of(1), &flow), 1);
	assert_int_equal(flow.packets, 3);
	assert_int_equal(flow.bytes, 301);
	assert_int_equal(flow.first_ns, 1000);
	assert_int_equal(flow.last_ns, 3000);
	assert_int_equal(find(key_of(2), &flow), 1);
	assert_int_equal(flow.packets, 1);
	assert_int_equal(flow.bytes, 7);
	assert_int_equal(flow.first_ns, 2500);
}

static void each_part_of_the_key_makes_another_flow(void **state)
{
	struct mcr_flow_key keys[7];
	struct mcr_flow flow;

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		keys[i] = key_of(1);
	keys[1].source.words[0]++;
	keys[2].source.words[1]++;
	keys[3].group.words[0]++;
	keys[4].group.words[1]++;
	keys[5].outputs = 0;
	keys[6].interface = 9;
	for (unsigned n = 0; n < 3; n++)
		for (unsigned i = 0; i < 7; i++)
			count(keys[i], i + 1, n);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(find(keys[i], &flow), 1);
		assert_int_equal(flow.packets, 3);
		assert_int_equal(flow.bytes, 3 * (i + 1));
	}
}

/* Each reading: all that was counted is in an entry, or was evicted at its interface. */
static void assert_sums(const uint64_t *counted)
{
	uint64_t packets[MCR_INTERFACES_MAX] = {0}, flows[MCR_INTERFACES_MAX] = {0};
	struct mcr_flow flow;

	for (size_t i = 0; i < MCR_FLOWS_MAX; i++) {
		if (!mcr_flow_cache_get(cache, i, &flow))
			continue;
		packets[flow.key.interface] += flow.packets;
		flows[flow.key.interface]++;
		assert_true(flow.first_ns <= flow.last_ns);
		assert_int_equal(flow.bytes, flow.packets * 10);
	}
	for (unsigned i = 0; i < MCR_INTERFACES_MAX; i++) {
		const struct mcr_flow_totals t = mcr_flow_cache_totals(cache, i);

		assert_int_equal(packets[i] + t.evicted_packets, counted[i]);
		assert_int_equal(flows[i], t.kept);
	}
}

static uint64_t evicted_flows(void)
{
	uint64_t evicted = 0;

	for (unsigned i = 0; i < MCR_INTERFACES_MAX; i++)
		evicted += mcr_flow_cache_totals(cache, i).evicted;
	return evicted;
}

static void what_is_evicted_is_counted_by_the_interface_that_it_came_in_by(void **state)
{
	uint64_t counted[MCR_INTERFACES_MAX] = {0};
	struct mcr_rng rng;

	(void)state;
	mcr_rng_seed(&rng, 1);
	for (uint64_t i = 0; i < 400000; i++) {
		struct mcr_flow_key key = key_of((uint32_t)mcr_rng_next(&rng) % 40000);

		count(key, 10, i);
		counted[key.interface]++;
	}
	assert_sums(counted);
	assert_true(evicted_flows() > 40000 - MCR_FLOWS_MAX);
}

static void ten_thousand_flows_have_their_places(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 30000; i++)
		count(key_of((uint32_t)(i % 10000)), 1, i);
	assert_true(evicted_flows() < 30);
}

/* A storm of flows with a packet each does not push out those that go on. */
static void the_older_flow_makes_room(void **state)
{
	struct mcr_flow flow;
	uint64_t now = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		for (unsigned i = 0; i < 20; i++)
			count(key_of(i), 10, now++);
		for (unsigned i = 0; i < 100; i++)
			count(key_of(1000 + round * 100 + i), 10, now++);
	}
	assert_true(evicted_flows() > 100000);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(find(key_of(i), &flow), 1);
		assert_int_equal(flow.packets, 4000);
	}
}

static void the_newest_flow_always_has_its_place(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		const struct mcr_flow_key key = key_of(i);
		const struct mcr_flow_slot *slot;

		count(key, 10, i);
		slot = mcr_flow_cache_guess(cache, key.source, key.group);
		assert_true(mcr_flow_key_same(&slot->flow.key, &key));
		assert_int_equal(slot->flow.packets, 1);
	}
}

/* Whatever the seed: else these packets would be looked for each time. */
static void groups_that_follow_each_other_are_guessed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		unsigned others = 0;

		mcr_flow_cache_destroy(cache);
		assert_int_equal(mcr_flow_cache_create(&cache, seed), 0);
		for (unsigned round = 0; round < 2; round++)
			for (uint32_t i = 0; i < 5000; i++) {
				const struct mcr_flow_key key = {
				    .source = mcr_route_address_ipv4(htobe32(0x0a000001)),
				    .group = mcr_route_address_ipv4(htobe32(0xef100000 + i)),
				    .outputs = 2};

				others += round == 1 &&
					  !mcr_flow_key_same(
					      &mcr_flow_cache_guess(cache, key.source, key.group)
						   ->flow.key,
					      &key);
				count(key, 10, i);
			}
		assert_true(others < 5000 / 4);
	}
}

/* ---- decisions ---- */

/* A packet as it is asked about: flow n, its start, its serial. */
static int is_decided(uint32_t n, uint64_t start, uint64_t serial)
{
	const struct mcr_flow_key key = key_of(n);

	return mcr_flow_is_decided(mcr_flow_cache_guess(cache, key.source, key.group), key.source,
				   key.group, key.interface, start, serial);
}

static struct mcr_flow_slot *decide(uint32_t n, uint64_t start, uint64_t serial, int for_rings)
{
	const struct mcr_flow_key key = key_of(n);
	struct mcr_flow_slot *slot = mcr_flow_cache_find(cache, &key, 1);

	mcr_flow_decide(slot, start, serial, for_rings);
	mcr_flow_count(slot, 10, 1);
	return slot;
}

static void what_was_decided_holds_under_its_serial(void **state)
{
	struct mcr_flow_slot *slot;

	(void)state;
	assert_false(is_decided(1, 77, 5));
	count(key_of(1), 10, 1);
	assert_false(is_decided(1, 77, 5)); /* nothing was decided */
	slot = decide(1, 77, 5, 1);
	assert_true(is_decided(1, 77, 5));
	assert_int_equal(slot->flow.key.outputs, 2);
	assert_true(mcr_flow_is_for_rings(slot));
	assert_false(is_decided(1, 78, 5));
	assert_false(is_decided(1, 77, 4));
	assert_false(is_decided(1, 77, 6));
	decide(1, 78, 6, 0);
	assert_false(is_decided(1, 77, 5));
	assert_true(is_decided(1, 78, 6));
	assert_false(mcr_flow_is_for_rings(slot));
	assert_int_equal(slot->flow.packets, 3);
}

static void it_holds_for_its_addresses_and_interface_alone(void **state)
{
	const struct mcr_flow_key key = key_of(1);
	const struct mcr_flow_slot *slot = decide(1, 77, 5, 0);

	(void)state;
	for (unsigned word = 0; word < 2; word++) {
		struct mcr_flow_key other = key;

		other.source.words[word] ^= UINT64_C(1) << 63;
		assert_false(mcr_flow_is_decided(slot, other.source, key.group, 1, 77, 5));
		other.group.words[word] ^= 1;
		assert_false(mcr_flow_is_decided(slot, key.source, other.group, 1, 77, 5));
	}
	assert_true(mcr_flow_is_decided(slot, key.source, key.group, 1, 77, 5));
	assert_false(mcr_flow_is_decided(slot, key.source, key.group, 0, 77, 5));
}

/* In any order of flows, senders and serials: what is remembered of a flow is what was decided last
 * about it, and is forgotten with its entry. */
static void nothing_is_remembered_of_another_flow(void **state)
{
	enum {
		FLOWS = 40000
	};
	static struct {
		uint64_t start, serial;
		uint8_t for_rings;
	} last[FLOWS];
	struct mcr_rng rng;
	unsigned known = 0;

	(void)state;
	mcr_rng_seed(&rng, 1);
	memset(last, 0, sizeof(last));
	for (uint64_t i = 0; i < 400000; i++) {
		const uint64_t random = mcr_rng_next(&rng), serial = 1 + i / 50000;
		const uint32_t n = (uint32_t)(random % (random >> 60 ? 1000 : FLOWS));
		const struct mcr_flow_key key = key_of(n);
		const struct mcr_flow_slot *slot =
		    mcr_flow_cache_guess(cache, key.source, key.group);
		const uint64_t start = random >> 40 & 1;

		if (is_decided(n, start, serial)) {
			known++;
			assert_true(mcr_flow_key_same(&slot->flow.key, &key));
			assert_int_equal(last[n].start, start);
			assert_int_equal(last[n].serial, serial);
			assert_int_equal(last[n].for_rings, mcr_flow_is_for_rings(slot));
			continue;
		}
		last[n].start = start;
		last[n].serial = serial;
		last[n].for_rings = random >> 41 & 1;
		decide(n, start, serial, last[n].for_rings);
	}
	assert_true(known > 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_flow_is_counted_from_its_first_packet_on, start,
					    stop),
	    cmocka_unit_test_setup_teardown(each_part_of_the_key_makes_another_flow, start, stop),
	    cmocka_unit_test_setup_teardown(
		what_is_evicted_is_counted_by_the_interface_that_it_came_in_by, start, stop),
	    cmocka_unit_test_setup_teardown(ten_thousand_flows_have_their_places, start, stop),
	    cmocka_unit_test_setup_teardown(the_older_flow_makes_room, start, stop),
	    cmocka_unit_test_setup_teardown(the_newest_flow_always_has_its_place, start, stop),
	    cmocka_unit_test_setup_teardown(groups_that_follow_each_other_are_guessed, start, stop),
	    cmocka_unit_test_setup_teardown(what_was_decided_holds_under_its_serial, start, stop),
	    cmocka_unit_test_setup_teardown(it_holds_for_its_addresses_and_interface_alone, start,
					    stop),
	    cmocka_unit_test_setup_teardown(nothing_is_remembered_of_another_flow, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
