/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/mcring-watch/flow_table.h"

static const uint64_t seeds[3] = {1, 2, 3};

static struct mcr_msg msg(uint32_t group, uint32_t source, uint16_t port, uint16_t interface)
{
	return (struct mcr_msg){
	    .group = mcr_address_from_ipv4(group),
	    .source = mcr_address_from_ipv4(source),
	    .dst_port = port,
	    .interface = interface,
	};
}

static struct flow *find(struct flow_table *t, struct mcr_msg m, int expect_new)
{
	int is_new;
	struct flow *f = flow_table_find(t, &m, &is_new);

	assert_int_equal(is_new, expect_new);
	assert_true(flow_is(f, &m));
	return f;
}

static void each_part_of_the_headers_makes_another_flow(void **state)
{
	struct flow_table t;

	assert_int_equal(flow_table_create(&t, seeds), 0);
	find(&t, msg(1, 2, 3, 4), 1)->index = 1;
	find(&t, msg(9, 2, 3, 4), 1)->index = 2;
	find(&t, msg(1, 9, 3, 4), 1)->index = 3;
	find(&t, msg(1, 2, 9, 4), 1)->index = 4;
	find(&t, msg(1, 2, 3, 9), 1)->index = 5;
	find(&t, msg(0, 0, 0, 0), 1)->index = 6;
	assert_int_equal(find(&t, msg(1, 2, 3, 4), 0)->index, 1);
	assert_int_equal(find(&t, msg(9, 2, 3, 4), 0)->index, 2);
	assert_int_equal(find(&t, msg(1, 9, 3, 4), 0)->index, 3);
	assert_int_equal(find(&t, msg(1, 2, 9, 4), 0)->index, 4);
	assert_int_equal(find(&t, msg(1, 2, 3, 9), 0)->index, 5);
	assert_int_equal(find(&t, msg(0, 0, 0, 0), 0)->index, 6);
	flow_table_forget(&t);
	find(&t, msg(1, 2, 3, 4), 1);
	flow_table_destroy(&t);
}

static void a_table_grows_when_it_is_half_full(void **state)
{
	struct flow_table t;
	uint32_t n;

	assert_int_equal(flow_table_create(&t, seeds), 0);
	n = t.n;
	flow_table_grow(&t);
	assert_int_equal(t.n, n);
	for (uint32_t i = 0; i < n; i++)
		find(&t, msg(i, 0, 0, 0), 1);
	flow_table_grow(&t);
	assert_int_equal(t.n, 2 * n);
	find(&t, msg(0, 0, 0, 0), 1); /* it was forgotten */
	flow_table_destroy(&t);
}

/* Somebody sends from a million sources. */
static void a_flood_of_flows_finds_a_limit(void **state)
{
	struct flow_table t;
	struct mcr_msg m;
	int is_new;

	assert_int_equal(flow_table_create(&t, seeds), 0);
	for (uint32_t i = 0; i < 1000000; i++) {
		m = msg(7, i, 0, 0);
		assert_true(flow_is(flow_table_find(&t, &m, &is_new), &m));
		if (i % 64 == 0)
			flow_table_grow(&t);
	}
	assert_int_equal(t.n, FLOWS_MAX);
	m = msg(7, 999999, 0, 0);
	flow_table_find(&t, &m, &is_new);
	assert_int_equal(is_new, 0);
	flow_table_destroy(&t);
}

static void a_peek_is_where_a_lone_flow_stands(void **state)
{
	const struct mcr_msg m = msg(1, 2, 3, 4);
	struct flow_table t;
	struct flow *f;

	assert_int_equal(flow_table_create(&t, seeds), 0);
	assert_false(flow_is(flow_table_peek(&t, &m), &m));
	f = find(&t, m, 1);
	assert_ptr_equal(flow_table_peek(&t, &m), f);
	flow_table_destroy(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_part_of_the_headers_makes_another_flow),
	    cmocka_unit_test(a_table_grows_when_it_is_half_full),
	    cmocka_unit_test(a_flood_of_flows_finds_a_limit),
	    cmocka_unit_test(a_peek_is_where_a_lone_flow_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
