/* SPDX-License-Identifier: BSD-3-Clause */
/* A group table answers as its rules read. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "group_table_rig.h"

#define RULES_MAX 64

struct rules {
	struct mcr_join joins[RULES_MAX];
	struct mcr_address sources[RULES_MAX][MCR_JOIN_SOURCES_MAX];
	struct mcr_rule rules[RULES_MAX];
	size_t n;
};

static uint32_t rng_state;

static uint32_t rng(uint32_t below)
{
	rng_state = rng_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(rng_state >> 8) * below >> 24);
}

static struct mcr_join *add(struct rules *r, unsigned interface, const char *group, uint16_t port,
			    unsigned channel, uint32_t id)
{
	struct mcr_join *join = &r->joins[r->n];

	memset(join, 0, sizeof(*join));
	join->group = group_at(inet_addr(group));
	join->sources = r->sources[r->n];
	join->port = port;
	join->id = id;
	r->rules[r->n] = (struct mcr_rule){
	    .join = join, .interface = (uint16_t)interface, .channel = (uint16_t)channel};
	/* Each other group: it must not change an answer. */
	r->rules[r->n].is_shared = (join->group.octets[15] ^ interface) & 1;
	r->rules[r->n].membership = 1000 + join->group.octets[15] * 64 + interface;
	r->n++;
	return join;
}

/* The sources of a join of ours, which are in its rules. */
static void add_source(struct mcr_join *join, uint32_t source_be)
{
	((struct mcr_address *)(uintptr_t)join->sources)[join->n_sources++] = source_at(source_be);
}

static void source(struct mcr_join *join, enum mcr_filter_mode mode, const char *address)
{
	join->mode = (uint8_t)mode;
	add_source(join, inet_addr(address));
}

static struct mcr_group_table *create(const struct rules *r)
{
	struct mcr_group_table *table = NULL;

	assert_int_equal(mcr_group_table_create(&table, r->rules, r->n), 0);
	assert_non_null(table);
	return table;
}

/* The header's words, literally: for each channel the best of all rules that take the packet. */
static struct answer model(const struct rules *r, unsigned interface, uint32_t group_be,
			   uint16_t port, uint32_t source_be)
{
	int best[MCR_CHANNELS_MAX] = {0}, group_known = 0, port_known = 0;
	struct answer a = {.n = 0};

	memset(a.id, 0xff, sizeof(a.id));
	for (size_t i = 0; i < r->n; i++) {
		const struct mcr_join *j = r->rules[i].join;
		int listed = 0, score;

		if (r->rules[i].interface != interface || low_be(j->group) != group_be)
			continue;
		group_known = 1;
		if (j->port != 0 && j->port != port)
			continue;
		port_known = 1;
		for (unsigned k = 0; k < j->n_sources; k++)
			listed |= low_be(j->sources[k]) == source_be;
		if (listed != (j->mode == MCR_FILTER_INCLUDE))
			continue;
		score = 1 + (j->port != 0) * 2 + listed;
		if (score <= best[r->rules[i].channel])
			continue; /* the earlier rule stays */
		a.n += best[r->rules[i].channel] == 0;
		best[r->rules[i].channel] = score;
		a.id[r->rules[i].channel] = j->id;
		a.membership = r->rules[i].membership;
	}
	if (a.n == 0)
		a.n = -(1 + (int)(!group_known  ? MCR_DROP_UNKNOWN_GROUP
				  : !port_known ? MCR_DROP_UNKNOWN_PORT
						: MCR_DROP_WRONG_SOURCE));
	return a;
}

static int ascending(const void *va, const void *vb)
{
	return memcmp(va, vb, sizeof(struct mcr_address));
}

/* Few groups, ports, sources and channels, so that rules meet each other. */
static void random_rules(struct rules *r, int with_ports)
{
	r->n = 0;
	for (unsigned n = rng(RULES_MAX + 1); r->n < n;) {
		char group[32] = "239.1.1.0";
		struct mcr_join *j;
		unsigned seen = 0;

		group[8] = (char)('0' + rng(6));
		j = add(r, rng(3), group, with_ports && rng(2) ? (uint16_t)(5000 + rng(3)) : 0,
			rng(5), rng(4));
		if (rng(2))
			continue;
		j->mode = (uint8_t)rng(2);
		for (unsigned k = 1 + rng(rng(2) ? 30 : 4); k > 0; k--) {
			unsigned s = rng(32);

			if (seen & 1u << s)
				continue;
			seen |= 1u << s;
			add_source(j, htobe32(0x0a000000u + (s << (s & 1 ? 0 : 20))));
		}
		qsort((void *)(uintptr_t)j->sources, j->n_sources, sizeof(*j->sources), ascending);
	}
}

static void random_tables_answer_as_the_rules_read(void **state)
{
	static struct rules r;
	unsigned delivered = 0, seen[MCR_DROP_COUNT] = {0};

	(void)state;
	rng_state = 1;
	for (int round = 0; round < 400; round++) {
		struct mcr_group_table *table;

		random_rules(&r, round % 4 != 0);
		table = create(&r);
		for (int i = 0; i < 2000; i++) {
			unsigned s = rng(33), interface = rng(4);
			uint32_t group_be = htobe32(0xef010100u + rng(7));
			uint32_t source_be = htobe32(0x0a000000u + (s << (s & 1 ? 0 : 20)));
			uint16_t port = rng(20) ? (uint16_t)(5000 + rng(4)) : 0;
			struct answer want = model(&r, interface, group_be, port, source_be);
			struct answer got = ask(table, interface, group_be, port, source_be);

			assert_int_equal(got.n, want.n);
			assert_memory_equal(got.id, want.id, sizeof(got.id));
			assert_int_equal(got.membership, want.membership);
			*(got.n > 0 ? &delivered : &seen[-got.n - 1]) += 1;
		}
		mcr_group_table_destroy(table);
	}
	/* Each outcome was really met. */
	assert_true(delivered > 10000);
	assert_true(seen[MCR_DROP_UNKNOWN_GROUP] > 10000);
	assert_true(seen[MCR_DROP_UNKNOWN_PORT] > 10000);
	assert_true(seen[MCR_DROP_WRONG_SOURCE] > 10000);
}

static void an_empty_table_knows_no_group(void **state)
{
	struct mcr_group_table *table = NULL;

	(void)state;
	assert_int_equal(mcr_group_table_create(&table, NULL, 0), 0);
	for (unsigned octet = 0; octet < 256; octet++)
		assert_int_equal(ask(table, 0, htobe32(0xef010100u + octet), 0, 1).n,
				 -(1 + (int)MCR_DROP_UNKNOWN_GROUP));
	mcr_group_table_destroy(table);
	mcr_group_table_destroy(NULL);
}

static void groups_that_share_a_mac_address_are_kept_apart(void **state)
{
	static struct rules r;
	struct mcr_group_table *table;

	(void)state;
	r.n = 0;
	add(&r, 0, "239.1.1.1", 0, 0, 7);
	table = create(&r);
	for (uint32_t high = 0; high < 32; high++) { /* 32 groups: RFC 1112 §6.4 */
		uint32_t group = 0xe0010101u + ((high & 15) << 24) + ((high >> 4) << 23);
		int n = ask(table, 0, htobe32(group), 5000, 1).n;

		assert_int_equal(n, group == 0xef010101u ? 1 : -(1 + (int)MCR_DROP_UNKNOWN_GROUP));
	}
	mcr_group_table_destroy(table);
}

static void the_most_specific_rule_gives_the_id(void **state)
{
	static struct rules r;
	struct mcr_group_table *table;
	const uint32_t group = inet_addr("239.1.1.1"), listed = inet_addr("10.0.0.1");
	const uint32_t excluded = inet_addr("10.0.0.2"), other = inet_addr("10.0.0.3");

	(void)state;
	r.n = 0;
	add(&r, 0, "239.1.1.1", 0, 3, 1);
	source(add(&r, 0, "239.1.1.1", 0, 3, 2), MCR_FILTER_INCLUDE, "10.0.0.1");
	source(add(&r, 0, "239.1.1.1", 5000, 3, 3), MCR_FILTER_EXCLUDE, "10.0.0.2");
	source(add(&r, 0, "239.1.1.1", 5000, 3, 4), MCR_FILTER_INCLUDE, "10.0.0.1");
	source(add(&r, 0, "239.1.1.1", 5000, 3, 5), MCR_FILTER_INCLUDE, "10.0.0.1");
	table = create(&r);
	assert_int_equal(ask(table, 0, group, 5000, listed).id[3], 4);
	assert_int_equal(ask(table, 0, group, 5000, other).id[3], 3);
	assert_int_equal(ask(table, 0, group, 5000, excluded).id[3], 1);
	assert_int_equal(ask(table, 0, group, 5001, listed).id[3], 2);
	assert_int_equal(ask(table, 0, group, 5001, excluded).id[3], 1);
	assert_int_equal(ask(table, 1, group, 5000, listed).n, -(1 + (int)MCR_DROP_UNKNOWN_GROUP));
	mcr_group_table_destroy(table);
}

static void a_miss_tells_port_from_source(void **state)
{
	static struct rules r;
	struct mcr_group_table *table;
	const uint32_t group = inet_addr("232.1.1.1");

	(void)state;
	r.n = 0;
	source(add(&r, 0, "232.1.1.1", 5000, 0, 0), MCR_FILTER_INCLUDE, "10.0.0.1");
	table = create(&r);
	assert_int_equal(ask(table, 0, group, 5000, inet_addr("10.0.0.1")).n, 1);
	assert_int_equal(ask(table, 0, group, 5000, inet_addr("10.0.0.2")).n,
			 -(1 + (int)MCR_DROP_WRONG_SOURCE));
	assert_int_equal(ask(table, 0, group, 5001, inet_addr("10.0.0.1")).n,
			 -(1 + (int)MCR_DROP_UNKNOWN_PORT));
	assert_int_equal(ask(table, 0, group, 0, inet_addr("10.0.0.1")).n,
			 -(1 + (int)MCR_DROP_UNKNOWN_PORT));
	mcr_group_table_destroy(table);
}

static void every_source_of_a_full_list_is_found_and_no_neighbour(void **state)
{
	static struct rules r;

	(void)state;
	for (unsigned n = 1; n <= MCR_JOIN_SOURCES_MAX; n++) {
		struct mcr_group_table *table;
		struct mcr_join *j;

		r.n = 0;
		j = add(&r, 0, "239.1.1.1", 0, 0, 0);
		j->mode = MCR_FILTER_INCLUDE;
		while (j->n_sources < n)
			add_source(j, htobe32(0x0a0000ffu + 2u * j->n_sources));
		table = create(&r);
		for (unsigned i = 0; i < 2 * n + 4; i++) {
			int n_targets =
			    ask(table, 0, inet_addr("239.1.1.1"), 1, htobe32(0x0a0000fdu + i)).n;

			assert_int_equal(n_targets > 0, i >= 2 && i < 2 * n + 2 && i % 2 == 0);
		}
		mcr_group_table_destroy(table);
	}
}

static void all_channels_of_all_interfaces_get_their_own(void **state)
{
	static struct rules r;
	struct mcr_group_table *table;

	(void)state;
	r.n = 0;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		add(&r, 63, "239.1.1.1", c % 2 ? 5000 : 0, MCR_CHANNELS_MAX - 1 - c, 100 + c);
	table = create(&r);
	assert_int_equal(ask(table, 63, inet_addr("239.1.1.1"), 5000, 1).n, MCR_CHANNELS_MAX);
	assert_int_equal(ask(table, 63, inet_addr("239.1.1.1"), 5001, 1).n, MCR_CHANNELS_MAX / 2);
	assert_int_equal(ask(table, 63, inet_addr("239.1.1.1"), 5000, 1).id[0], 163);
	mcr_group_table_destroy(table);
}

/* The same question with one bit of an address changed. */
static void addresses_are_compared_in_every_octet(void **state)
{
	const struct mcr_address group = group_at(inet_addr("239.1.1.1")),
				 source = source_at(inet_addr("10.0.0.7"));
	static struct rules r;
	struct mcr_group_table *table;
	struct mcr_target targets[MCR_CHANNELS_MAX];
	uint32_t membership;

	(void)state;
	if (!rig_ipv6)
		return; /* random tables cover 32 bits */
	r.n = 0;
	add_source(add(&r, 0, "239.1.1.1", 0, 0, 0), inet_addr("10.0.0.7"));
	r.joins[0].mode = MCR_FILTER_INCLUDE;
	table = create(&r);
	for (unsigned bit = 0; bit < 128; bit++) {
		struct mcr_address other_group = group, other_source = source;

		other_group.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		other_source.octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(mcr_group_table_match_ipv6(table, 0, other_group.octets, 1,
							    source.octets, targets, &membership),
				 -(1 + MCR_DROP_UNKNOWN_GROUP));
		assert_int_equal(mcr_group_table_match_ipv6(table, 0, group.octets, 1,
							    other_source.octets, targets,
							    &membership),
				 -(1 + MCR_DROP_WRONG_SOURCE));
	}
	mcr_group_table_destroy(table);
}

/* A group of this family with a port and more sources than are searched from the front, beside
 * groups of the other family that have neither, or both. */
static void families_do_not_touch_each_other(void **state)
{
	const uint32_t group = inet_addr("239.1.1.1");
	static struct rules r;

	(void)state;
	for (unsigned port = 0; port <= 5000; port += 5000) {
		struct mcr_group_table *table;
		struct mcr_join *mine, *other;

		r.n = 0;
		rig_ipv6 = !rig_ipv6;
		other = add(&r, 0, "239.1.1.1", (uint16_t)port, 2, 8);
		for (unsigned i = 0; port != 0 && i < 12; i++)
			add_source(other, htobe32(0x0a000100u + i));
		other->mode = port ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE;
		rig_ipv6 = !rig_ipv6;
		mine = add(&r, 0, "239.1.1.1", 5000, 1, 7);
		for (unsigned i = 0; i < 12; i++)
			add_source(mine, htobe32(0x0a000000u + i));
		mine->mode = MCR_FILTER_INCLUDE;
		table = create(&r);
		assert_int_equal(ask(table, 0, group, 5000, inet_addr("10.0.0.11")).id[1], 7);
		assert_int_equal(ask(table, 0, group, 5000, inet_addr("10.0.1.11")).n,
				 -(1 + MCR_DROP_WRONG_SOURCE));
		assert_int_equal(ask(table, 0, group, 5001, inet_addr("10.0.0.11")).n,
				 -(1 + MCR_DROP_UNKNOWN_PORT));
		rig_ipv6 = !rig_ipv6;
		assert_int_equal(ask(table, 0, group, 5000, inet_addr("10.0.1.11")).id[2], 8);
		assert_int_equal(ask(table, 0, group, 5001, inet_addr("10.0.1.11")).n,
				 port ? -(1 + MCR_DROP_UNKNOWN_PORT) : 1);
		rig_ipv6 = !rig_ipv6;
		mcr_group_table_destroy(table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_tables_answer_as_the_rules_read),
	    cmocka_unit_test(an_empty_table_knows_no_group),
	    cmocka_unit_test(groups_that_share_a_mac_address_are_kept_apart),
	    cmocka_unit_test(the_most_specific_rule_gives_the_id),
	    cmocka_unit_test(a_miss_tells_port_from_source),
	    cmocka_unit_test(every_source_of_a_full_list_is_found_and_no_neighbour),
	    cmocka_unit_test(all_channels_of_all_interfaces_get_their_own),
	    cmocka_unit_test(addresses_are_compared_in_every_octet),
	    cmocka_unit_test(families_do_not_touch_each_other),
	};

	return RUN_FOR_BOTH(tests);
}
