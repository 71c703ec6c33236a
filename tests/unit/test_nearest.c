/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/nearest.h"

static const char *nearest(const char *text, const char *const *names)
{
	struct mcr_nearest search = mcr_nearest_to(text);

	for (; *names; names++)
		mcr_nearest_try(&search, *names);
	return search.name;
}

static const char *one(const char *text, const char *name)
{
	const char *const names[] = {name, NULL};

	return nearest(text, names);
}

static void one_edit_of_each_kind_is_near(void **state)
{
	assert_string_equal(one("chanel", "channel"), "channel");
	assert_string_equal(one("channnel", "channel"), "channel");
	assert_string_equal(one("chamnel", "channel"), "channel");
	assert_string_equal(one("cahnnel", "channel"), "channel");
	assert_string_equal(one("hannel", "channel"), "channel");
	assert_string_equal(one("channelx", "channel"), "channel");
	assert_string_equal(one("md", "md"), "md");
}

/* Each pair of rows is one edit apart. */
static void the_edits_allowed_grow_with_the_name(void **state)
{
	assert_string_equal(one("lxn", "lan"), "lan");
	assert_null(one("lxx", "lan"));
	assert_string_equal(one("xxed", "feed"), "feed");
	assert_null(one("xxxd", "feed"));
	assert_string_equal(one("xxxsumers", "consumers"), "consumers");
	assert_null(one("xxxxumers", "consumers"));
	assert_null(one("consxxxx", "consumer"));
}

static void a_swap_of_neighbours_is_one_edit(void **state)
{
	assert_string_equal(one("aln", "lan"), "lan");
	assert_null(one("nal", "lan"));
	assert_string_equal(one("dm", "md"), "md");
}

static void a_name_of_which_all_would_change_is_another(void **state)
{
	assert_null(one("a", "b"));
	assert_null(one("ab", "cd"));
	assert_null(one("", "lan"));
	assert_null(one("lan", ""));
}

static void letters_case_and_dashes_do_not_count(void **state)
{
	const char *const names[] = {"fead", "feed", NULL};

	assert_string_equal(nearest("FEED", names), "feed");
	assert_string_equal(one("RUN_DIR", "run-dir"), "run-dir");
	assert_string_equal(one("A", "a"), "a");
}

static void a_beginning_of_three_letters_is_near_and_an_edit_is_nearer(void **state)
{
	const char *const names[] = {"consumers-per-user", "addr6", NULL};
	const char *const keys[] = {"address6", "addr6", NULL};

	assert_string_equal(one("addr", "address"), "address");
	assert_null(one("ad", "address"));
	assert_string_equal(nearest("cons", names), "consumers-per-user");
	assert_string_equal(nearest("addr", keys), "addr6");
}

static void the_nearest_wins_and_of_equals_the_first(void **state)
{
	const char *const names[] = {"groups", "group", "gruop", NULL};
	const char *const equal[] = {"net_null0", "net_null1", NULL};

	assert_string_equal(nearest("gruops", names), "groups");
	assert_string_equal(nearest("net_null7", equal), "net_null0");
}

static void what_is_too_long_is_near_to_nothing(void **state)
{
	char text[MCR_NEAREST_MAX + 2];

	memset(text, 'a', sizeof(text));
	text[MCR_NEAREST_MAX + 1] = '\0';
	assert_null(one(text, text));
	assert_null(one("aaaa", text));
	assert_null(one(text, "aaaa"));
	text[MCR_NEAREST_MAX] = '\0';
	assert_ptr_equal(one(text, text), text);
}

static void a_hint_names_it_or_says_nothing(void **state)
{
	struct mcr_nearest search = mcr_nearest_to("nwes");
	char hint[MCR_NEAREST_HINT];

	assert_string_equal(mcr_nearest_hint(hint, &search), "");
	mcr_nearest_try(&search, "md");
	mcr_nearest_try(&search, "news");
	assert_string_equal(mcr_nearest_hint(hint, &search), " (did you mean news?)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_edit_of_each_kind_is_near),
	    cmocka_unit_test(the_edits_allowed_grow_with_the_name),
	    cmocka_unit_test(a_swap_of_neighbours_is_one_edit),
	    cmocka_unit_test(a_name_of_which_all_would_change_is_another),
	    cmocka_unit_test(letters_case_and_dashes_do_not_count),
	    cmocka_unit_test(a_beginning_of_three_letters_is_near_and_an_edit_is_nearer),
	    cmocka_unit_test(the_nearest_wins_and_of_equals_the_first),
	    cmocka_unit_test(what_is_too_long_is_near_to_nothing),
	    cmocka_unit_test(a_hint_names_it_or_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
