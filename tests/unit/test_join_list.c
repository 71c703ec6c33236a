/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mcring/join.h>

static void a_list_may_take_in_its_own_items(void **state)
{
	struct mcr_join_list list = {0};

	(void)state;
	assert_int_equal(mcr_join_parse(&list, "239.1.1.1@10.0.0.7@10.0.0.8,id=3", NULL), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(mcr_join_list_add(&list, &list.items[0]), 0);
	assert_int_equal(list.n, 101);
	assert_true(mcr_join_equal(&list.items[0], &list.items[100]));
	mcr_join_list_clear(&list);
	mcr_join_list_clear(&list);
	assert_int_equal(list.n, 0);
}

static void a_list_has_its_own_copy_of_the_sources(void **state)
{
	const struct mcr_address sources[] = {mcr_address_from_ipv4(7), mcr_address_from_ipv4(8)};
	struct mcr_join_list from = {0}, to = {0};
	struct mcr_join join = {.sources = sources, .n_sources = 2};

	(void)state;
	assert_int_equal(mcr_join_list_add(&from, &join), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(mcr_join_list_add(&to, &from.items[0]), 0);
	mcr_join_list_clear(&from);
	for (size_t i = 0; i < to.n; i++)
		assert_memory_equal(to.items[i].sources, sources, sizeof(sources));
	mcr_join_list_clear(&to);
	assert_null(to.sources);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_may_take_in_its_own_items),
	    cmocka_unit_test(a_list_has_its_own_copy_of_the_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
