/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines that this one is not: lcores and ports on other NUMA nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/plan/placement.h"

/* Four lcores, two on each of two nodes. */
static struct mcr_placement two_nodes(void)
{
	return (struct mcr_placement){.n = 4, .lcores = {2, 3, 10, 11}, .nodes = {0, 0, 1, 1}};
}

static void the_lcores_of_the_ports_node_come_first(void **state)
{
	struct mcr_placement p = two_nodes();

	assert_int_equal(mcr_placement_candidates(&p, 0, 0), 0x3);
	assert_int_equal(mcr_placement_candidates(&p, 1, 0), 0xc);
}

static void without_an_lcore_on_its_node_a_port_takes_all(void **state)
{
	struct mcr_placement p = two_nodes();

	assert_int_equal(mcr_placement_candidates(&p, 2, 0), 0xf);
	assert_int_equal(mcr_placement_candidates(&p, MCR_NODE_ANY, 0), 0xf);
}

static void what_the_operator_chose_beats_the_node(void **state)
{
	struct mcr_placement p = two_nodes();

	assert_int_equal(mcr_placement_candidates(&p, 0, 0x8), 0x8);
}

static void queues_go_to_the_candidate_with_the_fewest(void **state)
{
	struct mcr_placement p = two_nodes();

	assert_int_equal(mcr_placement_add(&p, 0x2), 1);
	assert_int_equal(mcr_placement_add(&p, 0x3), 0);
	assert_int_equal(mcr_placement_add(&p, 0x3), 0);
	assert_int_equal(mcr_placement_add(&p, 0x3), 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(mcr_placement_add(&p, 0xf), 2 + i % 2);
	assert_int_equal(p.queues[0] + p.queues[1] + p.queues[2] + p.queues[3], 8);
}

static void eight_queues_on_four_lcores_are_two_each(void **state)
{
	struct mcr_placement p = two_nodes();

	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(mcr_placement_add(&p, 0xf), i % 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(p.queues[i], 2);
}

static void buffers_lie_where_the_port_is_or_where_its_readers_are(void **state)
{
	struct mcr_placement p = two_nodes();

	assert_int_equal(mcr_placement_node(&p, 1, 0x3), 1);
	assert_int_equal(mcr_placement_node(&p, MCR_NODE_ANY, 0xc), 1);
	assert_int_equal(mcr_placement_node(&p, MCR_NODE_ANY, 0x6), MCR_NODE_ANY);
}

static void a_far_lcore_is_named_with_both_nodes(void **state)
{
	struct mcr_placement p = two_nodes();
	char text[512];

	assert_int_equal(mcr_placement_warning(&p, "0000:01:00.0", 0, 0x6, text, sizeof(text)), 1);
	assert_non_null(strstr(text, "port 0000:01:00.0 is on NUMA node 0"));
	assert_non_null(strstr(text, "polled by lcore 10 on node 1:"));
	assert_null(strstr(text, "lcore 3"));
}

static void near_and_unknown_nodes_give_no_warning(void **state)
{
	struct mcr_placement p = two_nodes();
	char text[512];

	assert_int_equal(mcr_placement_warning(&p, "p", 0, 0x3, text, sizeof(text)), 0);
	assert_int_equal(mcr_placement_warning(&p, "p", MCR_NODE_ANY, 0xf, text, sizeof(text)), 0);
	p.nodes[3] = MCR_NODE_ANY;
	assert_int_equal(mcr_placement_warning(&p, "p", 0, 0x8, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void an_lcore_is_found_or_not(void **state)
{
	struct mcr_placement p = two_nodes();
	char text[64];

	assert_int_equal(mcr_placement_find(&p, 10), 2);
	assert_int_equal(mcr_placement_find(&p, 0), -1);
	mcr_placement_list(&p, 0xd, text, sizeof(text));
	assert_string_equal(text, "2, 10, 11");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lcores_of_the_ports_node_come_first),
	    cmocka_unit_test(without_an_lcore_on_its_node_a_port_takes_all),
	    cmocka_unit_test(what_the_operator_chose_beats_the_node),
	    cmocka_unit_test(queues_go_to_the_candidate_with_the_fewest),
	    cmocka_unit_test(eight_queues_on_four_lcores_are_two_each),
	    cmocka_unit_test(buffers_lie_where_the_port_is_or_where_its_readers_are),
	    cmocka_unit_test(a_far_lcore_is_named_with_both_nodes),
	    cmocka_unit_test(near_and_unknown_nodes_give_no_warning),
	    cmocka_unit_test(an_lcore_is_found_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
