/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcring/join.h>

#include "core/join_order.h"

/* A heap copy, so that the sanitizers see a read behind the terminator. */
static int parse(struct mcr_join_list *list, const char *text, struct mcr_error *err)
{
	char *copy = strdup(text);
	int ret;

	assert_non_null(copy);
	ret = mcr_join_parse(list, copy, err);
	free(copy);
	return ret;
}

static struct mcr_join_list ones; /* owns the sources of what one() gives */

static struct mcr_join one(const char *text)
{
	struct mcr_error err = {""};
	size_t n = ones.n;

	if (parse(&ones, text, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(ones.n, n + 1);
	return ones.items[n];
}

static int forget_ones(void **state)
{
	(void)state;
	mcr_join_list_clear(&ones);
	return ones.items || ones.sources;
}

static struct mcr_address ip(const char *text)
{
	return mcr_address_from_ipv4(inet_addr(text));
}

static void assert_sources(const struct mcr_join *join, const char *const *texts, uint32_t n)
{
	assert_int_equal(join->n_sources, n);
	for (uint32_t i = 0; i < n; i++)
		assert_true(mcr_address_is_equal(join->sources[i], ip(texts[i])));
}

static void a_bare_group_is_the_any_source_any_port_join(void **state)
{
	struct mcr_join j = one("239.1.1.1"), want;

	(void)state;
	memset(&want, 0, sizeof(want));
	want.group = ip("239.1.1.1");
	assert_memory_equal(&j, &want, sizeof(j));
}

static void every_part_of_a_full_text_arrives(void **state)
{
	struct mcr_join j = one("232.1.2.3:65535@10.0.0.8@10.0.0.7@10.0.0.8,id=4294967295,"
				"channel=md_A.1-x,interface=abcdefghijklmnopqrstuvwxyz01234");

	(void)state;
	assert_true(mcr_address_is_equal(j.group, ip("232.1.2.3")));
	assert_int_equal(j.port, 65535);
	assert_int_equal(j.mode, MCR_FILTER_INCLUDE);
	/* sorted, without the repetition */
	assert_sources(&j, (const char *[]){"10.0.0.7", "10.0.0.8"}, 2);
	assert_int_equal(j.id, UINT32_MAX);
	assert_string_equal(j.channel, "md_A.1-x");
	assert_string_equal(j.interface, "abcdefghijklmnopqrstuvwxyz01234");
	j = one("239.1.1.1@!10.0.0.9@!10.0.0.1");
	assert_int_equal(j.mode, MCR_FILTER_EXCLUDE);
	assert_sources(&j, (const char *[]){"10.0.0.1", "10.0.0.9"}, 2);
}

static void sources_are_sorted_by_their_numbers(void **state)
{
	struct mcr_join j = one("239.1.1.1@2.0.0.1@1.0.0.2@1.255.0.1");

	(void)state;
	assert_sources(&j, (const char *[]){"1.0.0.2", "1.255.0.1", "2.0.0.1"}, 3);
}

static void prefixes_and_port_ranges_expand_in_order(void **state)
{
	struct mcr_join_list list = {0};

	(void)state;
	assert_int_equal(mcr_join_list_add(&list, &(struct mcr_join){.id = 1}), 0);
	assert_int_equal(parse(&list, "239.1.1.240/28:5000-5003@10.0.0.7,id=7", NULL), 0);
	assert_int_equal(list.n, 1 + 16 * 4);
	for (unsigned i = 0; i < 64; i++) {
		const struct mcr_join *j = &list.items[1 + i];

		assert_int_equal(ntohl(mcr_address_ipv4_be(j->group)), 0xef0101f0u + i / 4);
		assert_int_equal(j->port, 5000 + i % 4);
		assert_int_equal(j->id, 7);
		assert_sources(j, (const char *[]){"10.0.0.7"}, 1);
	}
	mcr_join_list_clear(&list);
	assert_int_equal(parse(&list, "239.1.0.0/16", NULL), 0);
	assert_int_equal(list.n, MCR_JOIN_EXPANSION_MAX);
	assert_true(mcr_address_is_equal(list.items[65535].group, ip("239.1.255.255")));
	mcr_join_list_clear(&list);
	assert_int_equal(parse(&list, "239.1.1.1:1-65535", NULL), 0);
	assert_int_equal(list.n, 65535);
	assert_int_equal(list.items[65534].port, 65535);
	mcr_join_list_clear(&list);
	assert_int_equal(parse(&list, "239.255.255.255/32:9-9", NULL), 0);
	assert_int_equal(list.n, 1);
	mcr_join_list_clear(&list);
}

/* Each error names the piece, its column and what was expected, on one line. */
static void bad_texts_are_refused_with_piece_column_and_expectation(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *where, *why;
	} bad[] = {
	    {"", -EINVAL, "column 1: \"\"", "such as 239.1.1.1"},
	    {"foo", -EINVAL, "column 1: \"foo\"", "is not an address"},
	    {" 239.1.1.1", -EINVAL, "column 1: \" 239.1.1.1\"", "is not an address"},
	    {"239.1.1", -EINVAL, "\"239.1.1\"", "is not an address"},
	    {"239.1.1.256", -EINVAL, "\"239.1.1.256\"", "is not an address"},
	    {"239.01.1.1", -EINVAL, "\"239.01.1.1\"", "is not an address"},
	    {"239.1.1.1.", -EINVAL, "\"239.1.1.1.\"", "is not an address"},
	    {"10.0.0.1", -EINVAL, "\"10.0.0.1\"", "is not multicast"},
	    {"240.0.0.1", -EINVAL, "\"240.0.0.1\"", "a group of 224.0.0.0/4"},
	    {"223.255.255.255", -EINVAL, "\"223.255.255.255\"", "is not multicast"},
	    {"255.255.255.255:1", -EINVAL, "\"255.255.255.255\"", "is not multicast"},
	    {"239.1.1.1/28", -EINVAL, "column 1: \"239.1.1.1\"", "expected 239.1.1.0/28"},
	    {"239.1.1.1/", -EINVAL, "column 11: \"\"", "expected 4 to 32"},
	    {"239.1.1.1/33", -EINVAL, "column 11: \"33\"", "expected 4 to 32"},
	    {"239.1.1.0/-1", -EINVAL, "\"-1\"", "expected 4 to 32"},
	    {"239.1.1.0/24x", -EINVAL, "\"24x\"", "expected 4 to 32"},
	    {"224.0.0.0/0", -EINVAL, "\"0\"", "expected 4 to 32"},
	    {"224.0.0.0/3", -EINVAL, "\"3\"", "beyond 224.0.0.0/4"},
	    {"239.0.0.0/15", -E2BIG, "\"15\"", "2^17 groups"},
	    {"224.0.0.0/4", -E2BIG, "\"4\"", "2^28 groups"},
	    {"239.1.0.0/16:1-2", -E2BIG, "column 1", "65536 groups on 2 ports"},
	    {"239.1.1.1:", -EINVAL, "column 11: \"\"", "1 to 65535"},
	    {"239.1.1.1:0", -EINVAL, "column 11: \"0\"", "1 to 65535"},
	    {"239.1.1.1:65536", -EINVAL, "\"65536\"", "1 to 65535"},
	    {"239.1.1.1:99999999999999999999999", -EINVAL, "\"99999999", "1 to 65535"},
	    {"239.1.1.1:http", -EINVAL, "\"http\"", "1 to 65535"},
	    {"239.1.1.1:+5", -EINVAL, "\"+5\"", "1 to 65535"},
	    {"239.1.1.1:5000-", -EINVAL, "column 16: \"\"", "1 to 65535"},
	    {"239.1.1.1:5000-4999", -EINVAL, "column 16: \"4999\"", "5000 to 65535"},
	    {"239.1.1.1:1-2-3", -EINVAL, "\"2-3\"", "1 to 65535"},
	    {"239.1.1.1@", -EINVAL, "column 11: \"\"", "such as 10.0.0.7"},
	    {"239.1.1.1@!", -EINVAL, "column 12: \"\"", "such as 10.0.0.7"},
	    {"239.1.1.1@x", -EINVAL, "\"x\"", "such as 10.0.0.7"},
	    {"239.1.1.1@240.0.0.1", -EINVAL, "\"240.0.0.1\"", "is not unicast"},
	    {"239.1.1.1@127.0.0.1", -EINVAL, "\"127.0.0.1\"", "is not unicast"},
	    {"239.1.1.1@0.1.1.1", -EINVAL, "\"0.1.1.1\"", "is not unicast"},
	    {"239.1.1.1@0.0.0.0", -EINVAL, "\"0.0.0.0\"", "is not unicast"},
	    {"239.1.1.1@239.1.1.2", -EINVAL, "\"239.1.1.2\"", "is not unicast"},
	    {"239.1.1.1@255.255.255.255", -EINVAL, "\"255.255.255.255\"", "is not unicast"},
	    {"239.1.1.1@10.0.0.0/8", -EINVAL, "\"10.0.0.0/8\"", "single source"},
	    {"239.1.1.1@10.0.0.7:5000", -EINVAL, "\"10.0.0.7:5000\"", "behind the group"},
	    {"239.1.1.1@10.0.0.7@!10.0.0.8", -EINVAL, "column 21: \"10.0.0.8\"", "mixes"},
	    {"239.1.1.1@!10.0.0.7@10.0.0.8", -EINVAL, "\"10.0.0.8\"", "mixes"},
	    {"232.1.1.1", -EINVAL, "\"232.1.1.1\"", "RFC 4607"},
	    {"232.1.1.0/24:5000,id=1", -EINVAL, "\"232.1.1.0/24:5000\"", "sources to include"},
	    {"232.1.1.1@!10.0.0.7", -EINVAL, "\"232.1.1.1@!10.0.0.7\"", "sources to include"},
	    {"232.0.0.0@10.0.0.7", -EINVAL, "\"232.0.0.0\"", "reserved"},
	    {"232.0.0.0/24@10.0.0.7", -EINVAL, "\"232.0.0.0\"", "reserved"},
	    {"239.1.1.1,", -EINVAL, "column 11: \"\"", "interface=, channel= or id="},
	    {"239.1.1.1,vlan=3", -EINVAL, "column 11: \"vlan\"", "is not an option"},
	    {"239.1.1.1,id", -EINVAL, "\"id\"", "id=VALUE"},
	    {"239.1.1.1,id=", -EINVAL, "column 14: \"\"", "0 to 4294967295"},
	    {"239.1.1.1,id=4294967296", -EINVAL, "\"4294967296\"", "0 to 4294967295"},
	    {"239.1.1.1,id=0x10", -EINVAL, "\"0x10\"", "0 to 4294967295"},
	    {"239.1.1.1,id=1,id=1", -EINVAL, "column 16: \"id\"", "twice"},
	    {"239.1.1.1,channel=a,channel=b", -EINVAL, "\"channel\"", "twice"},
	    {"239.1.1.1,interface=", -EINVAL, "column 21: \"\"", "an interface name"},
	    {"239.1.1.1,channel=a b", -EINVAL, "\"a b\"", "1 to 31 of"},
	    {"239.1.1.1,channel=a/b", -EINVAL, "\"a/b\"", "a channel name"},
	    {"239.1.1.1,channel=a=b", -EINVAL, "\"a=b\"", "a channel name"},
	    {"239.1.1.1,channel=abcdefghijklmnopqrstuvwxyz012345", -EINVAL, "\"abcdef", "1 to 31"},
	    {"239.1.1.1,id=1@10.0.0.7", -EINVAL, "\"1@10.0.0.7\"", "0 to 4294967295"},
	    {"239.1.1.1\n", -EINVAL, "\"239.1.1.1?\"", "is not an address"},
	    {"239.1.1.1,\xff\x01=1", -EINVAL, "\"??\"", "is not an option"},
	    {"[ff15::1", -EINVAL, "\"[ff15::1\"", "does not end its brackets"},
	    {"ff15::1", -EINVAL, "\"ff15::1\"", "expected [ff15::1]"},
	    {"ff15::1@[2001:db8::1],id=2", -EINVAL, "\"ff15::1\"", "without brackets"},
	    {"[ff02::5%eth0]:5000", -EINVAL, "\"[ff02::5%eth0]\"", "interface=NAME"},
	    {"[::ffff:239.1.1.1]", -EINVAL, "\"[::ffff:239.1.1.1]\"", "expected it as 239.1.1.1"},
	    {"[239.1.1.1]", -EINVAL, "\"[239.1.1.1]\"", "expected it as 239.1.1.1"},
	    {"[2001:db8::1]", -EINVAL, "\"[2001:db8::1]\"", "is not multicast"},
	    {"[ff01::1]", -EINVAL, "\"[ff01::1]\"", "scope"},
	    {"[ff0f::1]", -EINVAL, "\"[ff0f::1]\"", "scope"},
	    {"[ff3e::8000:1]:5000", -EINVAL, "\"[ff3e::8000:1]:5000\"", "sources to include"},
	    {"[ff15::1]/120", -EINVAL, "\"[ff15::1]\"", "expected [ff15::]/120"},
	    {"[ff15::]/129", -EINVAL, "\"129\"", "expected 8 to 128"},
	    {"[ff15::]/111", -E2BIG, "\"111\"", "at most 65536"},
	    {"[ff15::1]@10.0.0.7", -EINVAL, "\"10.0.0.7\"", "[2001:db8::7]"},
	    {"239.1.1.1@[2001:db8::1]", -EINVAL, "\"[2001:db8::1]\"", "10.0.0.7"},
	    {"239.1.1.1@2001:db8::1", -EINVAL, "\"2001:db8::1\"", "brackets"},
	    {"[ff15::1]@[ff15::2]", -EINVAL, "\"[ff15::2]\"", "is not unicast"},
	};
	struct mcr_join_list list = {0};

	(void)state;
	assert_int_equal(parse(&list, "239.9.9.9", NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mcr_error err = {""};
		int ret = parse(&list, bad[i].text, &err);

		if (ret != bad[i].code || !strstr(err.text, bad[i].where) ||
		    !strstr(err.text, bad[i].why) || !strstr(err.text, "expected"))
			fail_msg("\"%s\" gave %d: %s", bad[i].text, ret, err.text);
		assert_null(strpbrk(err.text, "\n\xff\x01"));
		assert_int_equal(parse(&list, bad[i].text, NULL), bad[i].code);
		assert_int_equal(list.n, 1); /* the list is unchanged */
	}
	mcr_join_list_clear(&list);
}

static void the_65th_source_is_one_too_many(void **state)
{
	struct mcr_join_list list = {0};
	struct mcr_error err;
	char text[2048];
	size_t n = (size_t)snprintf(text, sizeof(text), "239.1.1.1");

	(void)state;
	for (int i = 64; i > 0; i--)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "@10.0.%d.1", i);
	assert_int_equal(one(text).n_sources, 64);
	snprintf(text + n, sizeof(text) - n, "@10.0.7.1"); /* a repetition is not one more */
	assert_int_equal(one(text).n_sources, 64);
	snprintf(text + n, sizeof(text) - n, "@10.0.65.1");
	assert_int_equal(parse(&list, text, &err), -E2BIG);
	assert_non_null(strstr(err.text, "\"10.0.65.1\" is one source too many"));
	assert_int_equal(list.n, 0);
	mcr_join_list_clear(&list);
}

static void a_long_text_is_cut_in_the_error(void **state)
{
	struct mcr_join_list list = {0};
	struct mcr_error err;
	char text[4096];

	(void)state;
	memset(text, '%', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(parse(&list, text, &err), -EINVAL);
	assert_non_null(strstr(err.text, "%%...\" is not an address"));
}

static void format_gives_back_what_parse_read(void **state)
{
	static const char *const texts[] = {
	    "239.1.1.1",
	    "239.1.1.1:1",
	    "224.0.0.1:65535",
	    "[ff02::1]:5000",
	    "[ff15::1:2]@![2001:db8::7],id=3",
	    "[ff3e::8000:1]:5000@[2001:db8::7]@[fe80::8],interface=a",
	    "239.1.1.1@10.0.0.7",
	    "239.1.1.1:5000@!10.0.0.7@!10.0.0.8",
	    "232.1.1.1:5000@10.0.0.7@10.0.0.8,interface=a,channel=md,id=7",
	    "239.1.1.1,channel=default",
	    "239.1.1.1,id=4294967295",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mcr_join j = one(texts[i]), again;
		char buf[256];

		assert_int_equal(mcr_join_format(buf, sizeof(buf), &j), strlen(texts[i]));
		assert_string_equal(buf, texts[i]);
		again = one(buf);
		assert_true(mcr_join_equal(&again, &j));
	}
}

static void format_cuts_at_any_capacity_and_tells_the_whole_length(void **state)
{
	const char *text = "232.1.1.1:5000@10.0.0.7@10.0.0.8,interface=a,channel=md,id=7";
	struct mcr_join j = one(text);

	(void)state;
	assert_int_equal(mcr_join_format(NULL, 0, &j), strlen(text));
	for (size_t cap = 1; cap < strlen(text) + 3; cap++) {
		char *buf = malloc(cap);

		assert_non_null(buf);
		assert_int_equal(mcr_join_format(buf, cap, &j), strlen(text));
		assert_int_equal(strlen(buf), cap - 1 < strlen(text) ? cap - 1 : strlen(text));
		assert_memory_equal(buf, text, strlen(buf));
		free(buf);
	}
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void joins_are_equal_when_every_part_is(void **state)
{
	static const char *const texts[] = {
	    "239.1.1.1",
	    "239.1.1.2",
	    "239.1.1.1:1",
	    "239.1.1.1@10.0.0.7",
	    "239.1.1.1@!10.0.0.7",
	    "239.1.1.1@10.0.0.8",
	    "239.1.1.1@10.0.0.7@10.0.0.8",
	    "239.1.1.1,interface=a",
	    "239.1.1.1,channel=a",
	    "239.1.1.1,id=1",
	};
	const size_t n = sizeof(texts) / sizeof(texts[0]);
	struct mcr_join a, b;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			a = one(texts[i]);
			b = one(texts[k]);
			assert_int_equal(mcr_join_equal(&a, &b), i == k);
			assert_int_equal(sign(mcr_join_compare(&a, &b)),
					 -sign(mcr_join_compare(&b, &a)));
		}
	}
	a = one("239.1.1.1");
	b = one("239.1.1.1,channel=default"); /* the same channel */
	assert_true(mcr_join_equal(&a, &b));
}

static void a_list_may_take_in_its_own_items(void **state)
{
	struct mcr_join_list list = {0};

	(void)state;
	assert_int_equal(parse(&list, "239.1.1.1@10.0.0.7@10.0.0.8,id=3", NULL), 0);
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
	struct mcr_join_list from = {0}, to = {0};

	(void)state;
	assert_int_equal(parse(&from, "239.1.1.1:1-3@10.0.0.7@10.0.0.8", NULL), 0);
	for (size_t i = 0; i < from.n; i++)
		assert_int_equal(mcr_join_list_add(&to, &from.items[i]), 0);
	mcr_join_list_clear(&from);
	for (size_t i = 0; i < to.n; i++)
		assert_sources(&to.items[i], (const char *[]){"10.0.0.7", "10.0.0.8"}, 2);
	mcr_join_list_clear(&to);
	assert_null(to.sources);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bare_group_is_the_any_source_any_port_join),
	    cmocka_unit_test(every_part_of_a_full_text_arrives),
	    cmocka_unit_test(sources_are_sorted_by_their_numbers),
	    cmocka_unit_test(prefixes_and_port_ranges_expand_in_order),
	    cmocka_unit_test(bad_texts_are_refused_with_piece_column_and_expectation),
	    cmocka_unit_test(the_65th_source_is_one_too_many),
	    cmocka_unit_test(a_long_text_is_cut_in_the_error),
	    cmocka_unit_test(format_gives_back_what_parse_read),
	    cmocka_unit_test(format_cuts_at_any_capacity_and_tells_the_whole_length),
	    cmocka_unit_test(joins_are_equal_when_every_part_is),
	    cmocka_unit_test(a_list_may_take_in_its_own_items),
	    cmocka_unit_test(a_list_has_its_own_copy_of_the_sources),
	};
	return cmocka_run_group_tests(tests, NULL, forget_ones);
}
