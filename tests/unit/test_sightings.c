/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow that is seen is remembered, until younger ones need its place. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcring/stats.h>

#include "engine/rx/sightings.h"

#define SECOND UINT64_C(1000000000)

static struct mcr_sightings *table;

static void clear(void)
{
	memset(table, 0, sizeof(*table));
	mcr_sightings_init(table, 7);
}

static int start(void **state)
{
	table = calloc(1, sizeof(*table));
	if (table)
		clear();
	return !table;
}

static int stop(void **state)
{
	free(table);
	return 0;
}

/* Of group n, from 10.0.0.7. */
static struct mcr_sight flow(uint32_t n)
{
	return (struct mcr_sight){.group = mcr_address_from_ipv4(htonl(0xef000000 + n)),
				  .source = mcr_address_from_ipv4(htonl(0x0a000007)),
				  .port = 5000,
				  .dropped = MCR_DROP_NONE};
}

static void see(struct mcr_sight packet, uint64_t now_ns)
{
	packet.last_ns = now_ns;
	mcr_sightings_see(table, &packet);
}

static void see_dropped(struct mcr_sight packet, uint8_t reason, uint64_t now_ns)
{
	packet.dropped = reason;
	see(packet, now_ns);
}

/* Returns how many entries have the flow's key; *out is the last of them, *place where it is. */
static unsigned find_at(struct mcr_sight key, struct mcr_sight *out, size_t *place)
{
	struct mcr_sight sight;
	unsigned found = 0;

	for (size_t i = 0; i < MCR_SIGHTINGS; i++) {
		mcr_sightings_get(table, i, &sight);
		if (memcmp(&sight, &key, offsetof(struct mcr_sight, first_ns)) != 0)
			continue;
		found++;
		*out = sight;
		*place = i;
	}
	return found;
}

static unsigned find(struct mcr_sight key, struct mcr_sight *out)
{
	size_t place;

	return find_at(key, out, &place);
}

/* Numbers of flows that share a set. */
static void choose_colliding(uint32_t *numbers, unsigned n)
{
	struct mcr_sight sight;
	unsigned found = 0;
	size_t set = 0;

	for (uint32_t number = 0; found < n; number++) {
		size_t place = 0;

		clear();
		see(flow(number), 1);
		assert_int_equal(find_at(flow(number), &sight, &place), 1);
		if (number == 0)
			set = place / MCR_SIGHTINGS_WAYS;
		if (place / MCR_SIGHTINGS_WAYS == set)
			numbers[found++] = number;
	}
	clear();
}

static void a_flow_shows_its_first_and_its_last_packet(void **state)
{
	struct mcr_sight packet = flow(1), sight;

	packet.ttl = 3;
	packet.len = 100;
	packet.source_port = 9;
	memcpy(packet.source_mac, "\x02\x00\x00\x00\x00\x09", 6);
	see(packet, 5);
	packet.ttl = 4;
	packet.len = 200;
	packet.source_port = 10;
	memcpy(packet.destination_mac, "\x01\x00\x5e\x00\x00\x01", 6);
	see(packet, 8);
	assert_int_equal(find(flow(1), &sight), 1);
	assert_int_equal(sight.first_ns, 5);
	assert_int_equal(sight.last_ns, 8);
	assert_int_equal(sight.seen, 2);
	assert_int_equal(sight.ttl, 4);
	assert_int_equal(sight.len, 200);
	assert_int_equal(sight.source_port, 10);
	assert_memory_equal(sight.source_mac, "\x02\x00\x00\x00\x00\x09", 6);
	assert_memory_equal(sight.destination_mac, "\x01\x00\x5e\x00\x00\x01", 6);
	assert_int_equal(sight.dropped, MCR_DROP_NONE);
	assert_int_equal(sight.dropped_ns, 0);
}

static void each_part_of_the_key_makes_another_flow(void **state)
{
	struct mcr_sight keys[6], sight;

	for (unsigned i = 0; i < 6; i++)
		keys[i] = flow(1);
	keys[1].source = mcr_address_from_ipv4(htonl(0x0a000008));
	keys[2].port = 5001;
	keys[3].vlan = 5;
	keys[4].dpdk_port = 1;
	keys[5].group.octets[0] = 0xff;
	for (unsigned i = 0; i < 6; i++)
		see(keys[i], i + 1);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(find(keys[i], &sight), 1);
		assert_int_equal(sight.seen, 1);
		assert_int_equal(sight.last_ns, i + 1);
	}
}

static void a_drop_is_remembered_when_the_flow_goes_on(void **state)
{
	struct mcr_sight sight;

	see(flow(1), 1);
	see_dropped(flow(1), MCR_DROP_TRUNCATED, 2);
	see(flow(1), 3);
	assert_int_equal(find(flow(1), &sight), 1);
	assert_int_equal(sight.dropped, MCR_DROP_TRUNCATED);
	assert_int_equal(sight.dropped_ns, 2);
	assert_int_equal(sight.last_ns, 3);
	assert_int_equal(sight.seen, 3);
	see_dropped(flow(1), MCR_DROP_UNKNOWN_PORT, 4);
	assert_int_equal(find(flow(1), &sight), 1);
	assert_int_equal(sight.dropped, MCR_DROP_UNKNOWN_PORT);
	assert_int_equal(sight.dropped_ns, 4);
}

static void the_oldest_of_a_full_set_makes_room(void **state)
{
	uint32_t numbers[MCR_SIGHTINGS_WAYS + 2];
	struct mcr_sight sight;

	choose_colliding(numbers, MCR_SIGHTINGS_WAYS + 2);
	for (unsigned i = 0; i < MCR_SIGHTINGS_WAYS; i++)
		see(flow(numbers[i]), i + 1);
	see(flow(numbers[0]), 20); /* so 1 is the oldest, then 2 */
	see(flow(numbers[MCR_SIGHTINGS_WAYS]), 21);
	see(flow(numbers[MCR_SIGHTINGS_WAYS + 1]), 22);
	for (unsigned i = 0; i < MCR_SIGHTINGS_WAYS + 2; i++)
		assert_int_equal(find(flow(numbers[i]), &sight), i != 1 && i != 2);
	see(flow(numbers[1]), 23); /* a new flow again */
	assert_int_equal(find(flow(numbers[1]), &sight), 1);
	assert_int_equal(sight.first_ns, 23);
	assert_int_equal(sight.seen, 1);
}

static void what_a_place_held_before_is_forgotten(void **state)
{
	uint32_t numbers[MCR_SIGHTINGS_WAYS + 1];
	struct mcr_sight sight;

	choose_colliding(numbers, MCR_SIGHTINGS_WAYS + 1);
	for (unsigned i = 0; i < MCR_SIGHTINGS_WAYS; i++)
		see_dropped(flow(numbers[i]), MCR_DROP_UNKNOWN_GROUP, i + 1);
	see(flow(numbers[MCR_SIGHTINGS_WAYS]), 20);
	assert_int_equal(find(flow(numbers[MCR_SIGHTINGS_WAYS]), &sight), 1);
	assert_int_equal(sight.dropped, MCR_DROP_NONE);
	assert_int_equal(sight.dropped_ns, 0);
	assert_int_equal(find(flow(numbers[0]), &sight), 0);
}

static void a_flow_whose_drop_was_seen_stays_a_minute_longer(void **state)
{
	uint32_t numbers[1 + 3 * MCR_SIGHTINGS_WAYS];
	struct mcr_sight sight;
	const uint64_t until_ns = 1 + MCR_SIGHTINGS_DROPS_STAY_NS;

	choose_colliding(numbers, 1 + 3 * MCR_SIGHTINGS_WAYS);
	see_dropped(flow(numbers[0]), MCR_DROP_VLAN_UNKNOWN, 1);
	for (unsigned i = 1; i <= 2 * MCR_SIGHTINGS_WAYS; i++)
		see(flow(numbers[i]), i * SECOND);
	assert_int_equal(find(flow(numbers[0]), &sight), 1);
	for (unsigned i = 1; i <= MCR_SIGHTINGS_WAYS; i++)
		see(flow(numbers[2 * MCR_SIGHTINGS_WAYS + i]), until_ns + i);
	assert_int_equal(find(flow(numbers[0]), &sight), 0);
}

static void flows_that_are_as_many_as_entries_are_mostly_there(void **state)
{
	struct mcr_sight sight;
	unsigned used = 0;

	for (uint32_t n = 0; n < MCR_SIGHTINGS; n++)
		see(flow(n), n + 1);
	for (size_t i = 0; i < MCR_SIGHTINGS; i++) {
		mcr_sightings_get(table, i, &sight);
		used += !mcr_address_is_none(sight.group);
	}
	assert_true(used > MCR_SIGHTINGS * 3 / 4);
}

static void another_seed_gives_other_sets(void **state)
{
	uint32_t numbers[MCR_SIGHTINGS_WAYS];
	struct mcr_sight sight;
	size_t first = 0, place = 0, same = 0;

	choose_colliding(numbers, MCR_SIGHTINGS_WAYS);
	mcr_sightings_init(table, 8);
	for (unsigned i = 0; i < MCR_SIGHTINGS_WAYS; i++) {
		see(flow(numbers[i]), 1);
		assert_int_equal(find_at(flow(numbers[i]), &sight, &place), 1);
		if (i == 0)
			first = place / MCR_SIGHTINGS_WAYS;
		same += place / MCR_SIGHTINGS_WAYS == first;
	}
	assert_true(same < MCR_SIGHTINGS_WAYS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
	    TEST(a_flow_shows_its_first_and_its_last_packet),
	    TEST(each_part_of_the_key_makes_another_flow),
	    TEST(a_drop_is_remembered_when_the_flow_goes_on),
	    TEST(the_oldest_of_a_full_set_makes_room),
	    TEST(what_a_place_held_before_is_forgotten),
	    TEST(a_flow_whose_drop_was_seen_stays_a_minute_longer),
	    TEST(flows_that_are_as_many_as_entries_are_mostly_there),
	    TEST(another_seed_gives_other_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
