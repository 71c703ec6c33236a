/* SPDX-License-Identifier: BSD-3-Clause */
#include "why_rig.h"

static void a_question_is_read_in_all_its_forms(void **state)
{
	static const struct {
		const char *text, *group;
		uint16_t port;
		const char *source, *back;
	} cases[] = {
	    {"239.1.1.1", "239.1.1.1", 0, NULL, "239.1.1.1"},
	    {"239.1.1.1:5000", "239.1.1.1", 5000, NULL, "239.1.1.1:5000"},
	    {"239.1.1.1@10.0.0.7", "239.1.1.1", 0, "10.0.0.7", "239.1.1.1@10.0.0.7"},
	    {"239.1.1.1:1@10.0.0.7", "239.1.1.1", 1, "10.0.0.7", "239.1.1.1:1@10.0.0.7"},
	    {"232.1.1.1:65535", "232.1.1.1", 65535, NULL, "232.1.1.1:65535"},
	    {"ff15::1", "ff15::1", 0, NULL, "ff15::1"},
	    {"[ff15::1]", "ff15::1", 0, NULL, "ff15::1"},
	    {"[ff15::1]:5000", "ff15::1", 5000, NULL, "[ff15::1]:5000"},
	    {"ff15::1@2001:db8::7", "ff15::1", 0, "2001:db8::7", "[ff15::1]@[2001:db8::7]"},
	    {"[ff15::1]:5000@[2001:db8::7]", "ff15::1", 5000, "2001:db8::7",
	     "[ff15::1]:5000@[2001:db8::7]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcr_why_query q = {0};
		char text[MCR_WHY_QUERY_TEXT];

		assert_int_equal(mcr_why_query_parse(&q, cases[i].text, NULL), 0);
		assert_true(mcr_address_is_equal(q.group, addr(cases[i].group)));
		assert_int_equal(q.port, cases[i].port);
		if (cases[i].source)
			assert_true(mcr_address_is_equal(q.source, addr(cases[i].source)));
		else
			assert_true(mcr_address_is_none(q.source));
		assert_string_equal(mcr_why_query_format(text, &q), cases[i].back);
	}
}

static void what_is_no_question_is_refused_with_what_was_expected(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"", "'' is not an address: expected GROUP[:PORT][@SOURCE]"},
	    {"239.1.1", "'239.1.1' is not an address"},
	    {"10.0.0.7", "'10.0.0.7' is not multicast"},
	    {"10.0.0.7", "and a source behind an @"},
	    {"239.1.1.0/24", "is not one group"},
	    {"239.1.1.1:0", "means every port, for which no port is written: expected 239.1.1.1"},
	    {"239.1.1.1:65536", "'65536' is not a UDP port: expected 1 to 65535"},
	    {"239.1.1.1:", "'' is not a UDP port"},
	    {"239.1.1.1:5000-5001", "'5000-5001' is not a UDP port"},
	    {"239.1.1.1:+1", "'+1' is not a UDP port"},
	    {"239.1.1.1@", "'' is not the address of a source"},
	    {"239.1.1.1@10.0.0.7:4000", "is not the address of a source"},
	    {"239.1.1.1@239.1.1.2", "is not the address of a source"},
	    {"239.1.1.1@2001:db8::7", "is of another family than the group: expected an IPv4"},
	    {"ff15::1@10.0.0.7", "expected an IPv6 source"},
	    {"ff15::1:5000:x", "is not an address"},
	    {"[ff15::1", "is not an address"},
	    {"[ff15::1]5000", "is not an address"},
	    {"239.1.1.1\x1b[31m", "'239.1.1.1?[31m'"},
	    {"all", "'all' is not an address"},
	    {"rtp://239.1.1.1:5000", "'rtp://239.1.1.1:5000' is a URL: expected 239.1.1.1:5000"},
	    {"udp://10.0.0.7@239.1.1.1:5000", "is a URL: expected 239.1.1.1:5000@10.0.0.7"},
	    {"239.1.1.1 5000", "has a space: expected 239.1.1.1:5000"},
	    {"(10.0.0.7, 239.1.1.1)", "is a route: expected 239.1.1.1@10.0.0.7"},
	    {"239.1.1.*", "'239.1.1.*' is not an address"}, /* no one group is meant */
	    {"*", "'*' is not an address"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcr_why_query q = {0};
		struct mcr_error err = {""};

		assert_int_equal(mcr_why_query_parse(&q, cases[i].text, &err), -EINVAL);
		assert_text(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_is_read_in_all_its_forms),
	    cmocka_unit_test(what_is_no_question_is_refused_with_what_was_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
