/* SPDX-License-Identifier: BSD-3-Clause */
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
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

/* The same joins in both families. */
static const struct family {
	const char *group;                /* as a join has it */
	const char *bare;                 /* the address of it */
	const char *source[3], *bytes[3]; /* as a join has it and bare, ascending */
	const char *full;                 /* each part, the sources 2, 1, 2 */
	const char *full_bare, *excluding;
	const char *prefix, *first, *second, *last; /* 16 groups */
	const char *longest, *longest_last;         /* as many groups as may be */
	const char *single;                         /* a prefix of one group */
} families[] = {
    {"239.1.1.1",
     "239.1.1.1",
     {"1.0.0.2", "1.255.0.1", "2.0.0.1"},
     {"1.0.0.2", "1.255.0.1", "2.0.0.1"},
     "232.1.2.3:65535@1.255.0.1@1.0.0.2@1.255.0.1",
     "232.1.2.3",
     "239.1.1.1@!1.255.0.1@!1.0.0.2",
     "239.1.1.240/28",
     "239.1.1.240",
     "239.1.1.241",
     "239.1.1.255",
     "239.1.0.0/16",
     "239.1.255.255",
     "239.255.255.255/32"},
    {"[ff15::1]",
     "ff15::1",
     {"[2001:db8::2]", "[2001:db8::1:0]", "[fe80::1]"},
     {"2001:db8::2", "2001:db8::1:0", "fe80::1"},
     "[ff3e::8000:1]:65535@[2001:db8::1:0]@[2001:db8::2]@[2001:0DB8::1:0]",
     "ff3e::8000:1",
     "[ff15::1]@![2001:db8::1:0]@![2001:db8::2]",
     "[ff15::fff0]/124",
     "ff15::fff0",
     "ff15::fff1",
     "ff15::ffff",
     "[ff15::1:0]/112",
     "ff15::1:ffff",
     "[ff15::ffff]/128"},
};
#define EACH_FAMILY                                          \
	const struct family *f = families;                   \
	f < families + sizeof(families) / sizeof(*families); \
	f++

static void assert_sources(const struct mcr_join *join, const char *const *texts, uint32_t n)
{
	assert_int_equal(join->n_sources, n);
	for (uint32_t i = 0; i < n; i++)
		assert_true(mcr_address_is_equal(join->sources[i], ip(texts[i])));
}

static void a_bare_group_is_the_any_source_any_port_join(void **state)
{
	(void)state;
	for (EACH_FAMILY) {
		struct mcr_join j = one(f->group), want;

		memset(&want, 0, sizeof(want));
		want.group = ip(f->bare);
		assert_memory_equal(&j, &want, sizeof(j));
	}
}

static void every_part_of_a_full_text_arrives(void **state)
{
	char text[256];

	(void)state;
	for (EACH_FAMILY) {
		snprintf(text, sizeof(text),
			 "%s,id=4294967295,channel=md_A.1-x,"
			 "interface=abcdefghijklmnopqrstuvwxyz01234",
			 f->full);
		struct mcr_join j = one(text);

		assert_true(mcr_address_is_equal(j.group, ip(f->full_bare)));
		assert_int_equal(j.port, 65535);
		assert_int_equal(j.mode, MCR_FILTER_INCLUDE);
		assert_sources(&j, f->bytes, 2); /* sorted, without the repetition */
		assert_int_equal(j.id, UINT32_MAX);
		assert_string_equal(j.channel, "md_A.1-x");
		assert_string_equal(j.interface, "abcdefghijklmnopqrstuvwxyz01234");
		j = one(f->excluding);
		assert_int_equal(j.mode, MCR_FILTER_EXCLUDE);
		assert_sources(&j, f->bytes, 2);
	}
}

static void sources_are_sorted_by_their_numbers(void **state)
{
	char text[256];

	(void)state;
	for (EACH_FAMILY) {
		snprintf(text, sizeof(text), "%s@%s@%s@%s", f->group, f->source[2], f->source[0],
			 f->source[1]);
		struct mcr_join j = one(text);

		assert_sources(&j, f->bytes, 3);
	}
}

static void prefixes_and_port_ranges_expand_in_order(void **state)
{
	char text[256];

	(void)state;
	for (EACH_FAMILY) {
		struct mcr_join_list list = {0};

		assert_int_equal(mcr_join_list_add(&list, &(struct mcr_join){.id = 1}), 0);
		snprintf(text, sizeof(text), "%s:5000-5003@%s,id=7", f->prefix, f->source[0]);
		assert_int_equal(parse(&list, text, NULL), 0);
		assert_int_equal(list.n, 1 + 16 * 4);
		assert_true(mcr_address_is_equal(list.items[1].group, ip(f->first)));
		assert_true(mcr_address_is_equal(list.items[5].group, ip(f->second)));
		assert_true(mcr_address_is_equal(list.items[64].group, ip(f->last)));
		for (unsigned i = 0; i < 64; i++) {
			const struct mcr_join *j = &list.items[1 + i];

			assert_int_equal(j->group.octets[15], 0xf0 + i / 4);
			assert_int_equal(j->port, 5000 + i % 4);
			assert_int_equal(j->id, 7);
			assert_sources(j, f->bytes, 1);
		}
		mcr_join_list_clear(&list);
		assert_int_equal(parse(&list, f->longest, NULL), 0);
		assert_int_equal(list.n, MCR_JOIN_EXPANSION_MAX);
		assert_true(mcr_address_is_equal(list.items[65535].group, ip(f->longest_last)));
		mcr_join_list_clear(&list);
		snprintf(text, sizeof(text), "%s:1-65535", f->group);
		assert_int_equal(parse(&list, text, NULL), 0);
		assert_int_equal(list.n, 65535);
		assert_int_equal(list.items[65534].port, 65535);
		mcr_join_list_clear(&list);
		snprintf(text, sizeof(text), "%s:9-9", f->single);
		assert_int_equal(parse(&list, text, NULL), 0);
		assert_int_equal(list.n, 1);
		mcr_join_list_clear(&list);
	}
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
	    {"foo", -EINVAL, "column 1: \"foo\"", "not an address"},
	    {" 239.1.1.1", -EINVAL, "\" 239.1.1.1\" has a space", "expected 239.1.1.1"},
	    {"239.1.1", -EINVAL, "\"239.1.1\"", "not an address"},
	    {"239.1.1.256", -EINVAL, "\"239.1.1.256\"", "not an address"},
	    {"239.01.1.1", -EINVAL, "\"239.01.1.1\" has leading zeros", "expected 239.1.1.1"},
	    {"239.1.1.1.", -EINVAL, "\"239.1.1.1.\"", "not an address"},
	    {"10.0.0.1", -EINVAL, "\"10.0.0.1\"", "is not multicast"},
	    {"240.0.0.1", -EINVAL, "\"240.0.0.1\"", "a group of 224.0.0.0/4"},
	    {"223.255.255.255", -EINVAL, "\"223.255.255.255\"", "is not multicast"},
	    {"255.255.255.255:1", -EINVAL, "\"255.255.255.255\"", "is not multicast"},
	    {"239.1.1.1/28", -EINVAL, "column 1: \"239.1.1.1\"", "expected 239.1.1.0/28"},
	    {"239.1.1.1/", -EINVAL, "has a '/' too many", "expected 239.1.1.1"},
	    {"239.1.1.1/33", -EINVAL, "column 11: \"33\"", "expected 4 to 32"},
	    {"239.1.1.0/-1", -EINVAL, "\"-1\"", "expected 4 to 32"},
	    {"239.1.1.0/24x", -EINVAL, "\"24x\"", "expected 4 to 32"},
	    {"224.0.0.0/0", -EINVAL, "\"0\"", "expected 4 to 32"},
	    {"224.0.0.0/3", -EINVAL, "\"3\"", "beyond 224.0.0.0/4"},
	    {"239.0.0.0/15", -E2BIG, "\"15\"", "2^17 groups"},
	    {"224.0.0.0/4", -E2BIG, "\"4\"", "2^28 groups"},
	    {"239.1.0.0/16:1-2", -E2BIG, "column 1", "65536 groups on 2 ports"},
	    {"239.1.1.1:", -EINVAL, "column 11: \"\"", "1 to 65535"},
	    {"239.1.1.1:0", -EINVAL, "means every port", "expected 239.1.1.1"},
	    {"239.1.1.1:65536", -EINVAL, "\"65536\"", "1 to 65535"},
	    {"239.1.1.1:99999999999999999999999", -EINVAL, "\"99999999", "1 to 65535"},
	    {"239.1.1.1:http", -EINVAL, "\"http\"", "1 to 65535"},
	    {"239.1.1.1:+5", -EINVAL, "\"+5\"", "1 to 65535"},
	    {"239.1.1.1:5000-", -EINVAL, "column 16: \"\"", "1 to 65535"},
	    {"239.1.1.1:5000-4999", -EINVAL, "column 16: \"4999\"", "5000 to 65535"},
	    {"239.1.1.1:1-2-3", -EINVAL, "\"2-3\"", "1 to 65535"},
	    {"239.1.1.1@", -EINVAL, "column 11: \"\"", "such as 10.0.0.7"},
	    {"239.1.1.1@!", -EINVAL, "column 12: \"\"", "such as 10.0.0.7"},
	    {"239.1.1.1@1x", -EINVAL, "\"1x\"", "such as 10.0.0.7"},
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
	    {"239.1.1.1\n", -EINVAL, "\"239.1.1.1?\"", "not an address"},
	    {"239.1.1.1,\xff\x01=1", -EINVAL, "\"??\"", "is not an option"},
	    {"239.1.1.1:5000:1", -EINVAL, "\"239.1.1.1:5000:1\"", "is not an address"},
	    {"ff15::1", -EINVAL, "column 1: \"ff15::1\"", "expected [ff15::1]"},
	    {"ff15::1:5000@[2001:db8::1]", -EINVAL, "\"ff15::1:5000\"", "or [ff15::1]:5000"},
	    {"ff15::1/112", -EINVAL, "\"ff15::1\"", "expected [ff15::1]"},
	    {"::1", -EINVAL, "\"::1\"", "expected [::1]"},
	    {"ff15::x", -EINVAL, "\"ff15::x\"", "239.1.1.1 or [ff15::1]"},
	    {"[", -EINVAL, "column 1: \"[\"", "does not end its brackets"},
	    {"[]", -EINVAL, "\"[]\"", "is not an address"},
	    {"[ff15::1", -EINVAL, "\"[ff15::1\"", "does not end its brackets"},
	    {"[ff15::1@[2001:db8::1]", -EINVAL, "\"[ff15::1\"", "does not end its brackets"},
	    {"[ff15::1]5000", -EINVAL, "column 10: \"5000\"", "behind the brackets"},
	    {"[ff15::1]]", -EINVAL, "column 10: \"]\"", "behind the brackets"},
	    {"[[ff15::1]]", -EINVAL, "\"[[ff15::1]\"", "is not an address"},
	    {"[ff15::1%eth0]:5000", -EINVAL, "\"[ff15::1%eth0]\"", "interface=NAME"},
	    {"ff02::1%eth0", -EINVAL, "\"ff02::1%eth0\"", "interface=NAME"},
	    {"[239.1.1.1]:5000", -EINVAL, "\"[239.1.1.1]\"", "expected it as 239.1.1.1"},
	    {"[::ffff:239.1.1.1]", -EINVAL, "\"[::ffff:239.1.1.1]\"", "it as 239.1.1.1"},
	    {"::ffff:ef01:101", -EINVAL, "\"::ffff:ef01:101\"", "it as 239.1.1.1"},
	    {"[2001:db8::1]", -EINVAL, "\"[2001:db8::1]\"", "a group of ff00::/8"},
	    {"[::]", -EINVAL, "\"[::]\"", "is not multicast"},
	    {"[ff00::1]", -EINVAL, "\"[ff00::1]\"", "2 to e for the 5 of [ff15::1]"},
	    {"[ff01::1]/112", -EINVAL, "\"[ff01::1]\"", "scope"},
	    {"[ff0f::1]", -EINVAL, "\"[ff0f::1]\"", "RFC 7346"},
	    {"[ff02::]/112", -EINVAL, "\"[ff02::]\"", "expected a group from [ff02::1] on"},
	    {"[ff3e::4000:0]@[2001:db8::1]", -EINVAL, "\"[ff3e::4000:0]\"", "[ff3e::4000:1] on"},
	    {"[ff15::1]/112", -EINVAL, "column 1: \"[ff15::1]\"", "expected [ff15::]/112"},
	    {"[ff15::]/129", -EINVAL, "column 10: \"129\"", "expected 8 to 128"},
	    {"[ff15::]/111", -E2BIG, "column 10: \"111\"", "2^17 groups"},
	    {"[ff15::]/32", -E2BIG, "\"32\"", "2^96 groups"},
	    {"[ff02::1]/7", -EINVAL, "\"[ff02::1]\"", "expected [fe00::]/7"},
	    {"[ff15::1:0]/112:1-2", -E2BIG, "column 1", "65536 groups on 2 ports"},
	    {"[ff15::1]:x", -EINVAL, "column 11: \"x\"", "1 to 65535"},
	    {"[ff15::1]@", -EINVAL, "column 11: \"\"", "such as [2001:db8::7]"},
	    {"[ff15::1]@2001:db8::1", -EINVAL, "\"2001:db8::1\"", "expected [2001:db8::1]"},
	    {"[ff15::1]@[2001:db8::/32]", -EINVAL, "\"[2001:db8::/32]\"", "is not an address"},
	    {"[ff15::1]@[2001:db8::]/32", -EINVAL, "\"[2001:db8::]/32\"", "single source"},
	    {"[ff15::1]@[2001:db8::1]:5", -EINVAL, "\"[2001:db8::1]:5\"", "[ff15::1]:5000@"},
	    {"[ff15::1]@[2001:db8::1]x", -EINVAL, "column 24: \"x\"", "behind the brackets"},
	    {"[ff15::1]@[fe80::1%eth0]", -EINVAL, "\"[fe80::1%eth0]\"", "interface=NAME"},
	    {"[ff15::1]@[::ffff:10.0.0.7]", -EINVAL, "\"[::ffff:10.0.0.7]\"", "as 10.0.0.7"},
	    {"[ff15::1]@[::]", -EINVAL, "\"[::]\"", "is not unicast"},
	    {"[ff15::1]@[::1]", -EINVAL, "\"[::1]\"", "is not unicast"},
	    {"[ff15::1]@[ff02::1]", -EINVAL, "\"[ff02::1]\"", "is not unicast"},
	    {"[ff15::1]@10.0.0.7", -EINVAL, "\"10.0.0.7\"", "an IPv6 source such as [2001:db8::7]"},
	    {"239.1.1.1@[2001:db8::1]", -EINVAL, "\"[2001:db8::1]\"", "an IPv4 source such as"},
	    {"239.1.1.1@2001:db8::1", -EINVAL, "\"2001:db8::1\"", "without brackets"},
	    {"[ff3e::8000:1]", -EINVAL, "\"[ff3e::8000:1]\"", "(ff3x::/32, RFC 4607)"},
	    {"[ff3e::8000:1]@![2001:db8::1]", -EINVAL, "\"[ff3e::8000:1]@![2001:", "to include"},
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
	static const struct {
		const char *group, *source; /* by number */
	} cases[] = {{"239.1.1.1", "@10.0.%u.1"}, {"[ff15::1]", "@[2001:db8:1:2:3:4:5:%x]"}};

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
		struct mcr_join_list list = {0};
		struct mcr_error err;
		char text[4096], last[64];
		size_t n = (size_t)snprintf(text, sizeof(text), "%s", cases[k].group);

		for (unsigned i = 64; i > 0; i--) {
			snprintf(last, sizeof(last), cases[k].source, i);
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", last);
		}
		assert_int_equal(one(text).n_sources, 64);
		snprintf(text + n, sizeof(text) - n, "%s", last); /* a repetition is not one more */
		assert_int_equal(one(text).n_sources, 64);
		snprintf(last, sizeof(last), cases[k].source, 65u);
		snprintf(text + n, sizeof(text) - n, "%s", last);
		assert_int_equal(parse(&list, text, &err), -E2BIG);
		snprintf(text, sizeof(text), "\"%s\" is one source too many", last + 1);
		assert_non_null(strstr(err.text, text));
		assert_int_equal(list.n, 0);
		mcr_join_list_clear(&list);
	}
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
	    "239.1.1.1@10.0.0.7",
	    "239.1.1.1:5000@!10.0.0.7@!10.0.0.8",
	    "232.1.1.1:5000@10.0.0.7@10.0.0.8,interface=a,channel=md,id=7",
	    "239.1.1.1,channel=default",
	    "239.1.1.1,id=4294967295",
	    "[ff15::1]",
	    "[ff02::1:ff00:1]:1",
	    "[ff15::1]@[2001:db8::7]",
	    "[ff15::1]:5000@![2001:db8::7]@![fe80::7]",
	    "[ff3e::8000:1]:5000@[::a00:7]@[2001:db8::7],interface=a,channel=md,id=7",
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
	const char *text = "[ff3e::8000:1]:5000@[2001:db8::7]@[2001:db8::8],interface=a,id=7";
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
	    "[ff15::ef01:101]",
	    "[ff15::ef01:102]",
	    "[ff15::ef01:101]@[2001:db8::7]",
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
	};
	return cmocka_run_group_tests(tests, NULL, forget_ones);
}
