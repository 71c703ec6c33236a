/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl members: the tables that a person sees. */
#include "ctl_rig.h"

#include "../../tools/mcring-ctl/members.h"

static char *print(const char *text)
{
	return printed_by(ctl_print_members, text);
}

static void prints(const char *text, const char *expected)
{
	prints_by(ctl_print_members, text, expected);
}

#define QUERIER(interface, protocol, role, address, rest)                                         \
	"{'interface': '" interface "', 'protocol': '" protocol "', 'mode': 'on', 'role': '" role \
	"', 'querier': " address ", 'version': 3, 'groups': 12, 'sources': 4" rest "}"

static void without_a_querier_it_says_how_to_have_one(void **state)
{
	prints("{'queriers': [], 'members': []}",
	       "no interface has a querier: give one querier=on or mld-querier=on\n");
}

static void a_querier_is_us_or_has_an_address(void **state)
{
	prints(
	    "{'queriers': [" QUERIER(
		"lan", "igmp", "us", "'10.0.0.2'",
		", 'other_left_ns': null, 'next_query_left_ns': 12340000000") ", "              //
	    QUERIER("lan", "mld", "other", "'fe80::1'", ", 'other_left_ns': 254960000000") ", " //
	    QUERIER("wan", "igmp", "waiting", "null", "") "]}",
	    "\n"
	    "querier of  protocol  mode  is       left s  asks in s  version  groups  sources\n"
	    "lan         igmp      on    us            -       12.3        3      12        4\n"
	    "lan         mld       on    fe80::1   255.0          -        3      12        4\n"
	    "wan         igmp      on    waiting       -          -        3      12        4\n");
}

/* RFC 4291 Appendix A: the longest address that a MAC address makes. */
static void a_querier_of_ipv6_fits_into_a_line_of_a_terminal(void **state)
{
	char *printed = print("{'queriers': [" QUERIER("feed-lan-a", "mld", "other",
						       "'fe80::a236:9fff:fe12:3456'",
						       ", 'other_left_ns': 254960000000") "]}");

	for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 100);
	free(printed);
}

static void what_was_refused_and_ignored_follows_if_there_was_any(void **state)
{
	char *printed = print("{'queriers': [" QUERIER(
	    "lan", "igmp", "us", "'10.0.0.2'",
	    ", 'refused_groups': 7, 'refused_sources': 8, 'groups_max': 16384, 'sources_max': 128,"
	    "'sources_all_max': 65536, 'refused_leaves': 9,"
	    "'rx': {'query': 1, 'report': 2, 'leave': 3, 'own': 0, 'off_subnet': 5},"
	    "'records_ssm': 2, 'records_bad_group': 0, 'records_unknown': 1,"
	    "'last_ssm_group': '232.1.1.1', 'last_ssm_source': '10.0.0.7',"
	    "'last_off_subnet': '10.9.9.9'") ", " //
			      QUERIER("lan", "mld", "us", "'fe80::2'",
				      ", 'refused_groups': 0, 'rx': {'report': 1}") "]}");
	const char *rest = strstr(printed, "lan igmp");

	assert_non_null(rest);
	assert_string_equal(
	    rest, "lan igmp refused: groups 7 (of 16384 at most), sources 8 (of 128 a group and "
		  "65536 in all at most)\n"
		  "lan igmp refused: leaves 9 (too many to ask about in time)\n"
		  "lan igmp ignored: off_subnet 5, records_ssm 2, records_unknown 1\n"
		  "lan igmp ignored: last without a source: 232.1.1.1 from 10.0.0.7, last off the "
		  "subnet: "
		  "10.9.9.9\n");
	free(printed);
}

static void counters_are_cut_into_lines_of_a_terminal(void **state)
{
	char *printed = print("{'queriers': [" QUERIER(
	    "lan", "igmp", "us", "'10.0.0.2'",
	    ", 'rx': {'type': 1000000, 'own': 1000000, 'no_address': 1000000, 'off_subnet': "
	    "1000000, 'destination': 1000000, 'bad_group': 1000000, 'ssm': 1000000, 'strict': "
	    "1000000, 'bad_ip': 1000000}, 'records_ssm': 1000000") "]}");
	unsigned lines = 0;

	for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 100);
		lines += strncmp(line, "lan igmp ignored: ", 18) == 0;
	}
	assert_int_equal(lines, 3);
	free(printed);
}

#define NO_QUERIERS "no interface has a querier: give one querier=on or mld-querier=on\n"

static void each_group_has_a_row_and_each_source_one_below_it(void **state)
{
	prints("{'members': ["
	       "{'interface': 'lan', 'protocol': 'igmp', 'group': '239.1.1.1', 'version': 3,"
	       " 'mode': 'exclude', 'left_ns': 259960000000, 'last_reporter': '10.0.0.7',"
	       " 'since_ns': 1700000000000000000, 'sources': ["
	       "  {'source': '10.1.0.1', 'left_ns': 1500000000, 'forwarded': true},"
	       "  {'source': '10.1.0.2', 'left_ns': 0, 'forwarded': false}]},"
	       "{'interface': 'lan', 'protocol': 'igmp', 'group': '239.1.1.2', 'version': 3,"
	       " 'mode': 'include', 'left_ns': null, 'last_reporter': '10.0.0.8',"
	       " 'since_ns': 1700000099900000000, 'sources': ["
	       "  {'source': '10.1.0.1', 'left_ns': 12000000000, 'forwarded': true}]},"
	       "{'interface': 'lan', 'protocol': 'mld', 'group': 'ff15::9', 'version': 1,"
	       " 'mode': 'exclude', 'left_ns': 1000000000, 'last_reporter': 'fe80::7',"
	       " 'since_ns': 1700000100000000001, 'sources': []}]}",
	       NO_QUERIERS
	       "\n"
	       "interface  group      source    ver  mode       left s  reporter  since s\n"
	       "lan        239.1.1.1  *           3  exclude     260.0  10.0.0.7    100.0\n"
	       "lan        239.1.1.1  10.1.0.1    -  forwarded     1.5  -               -\n"
	       "lan        239.1.1.1  10.1.0.2    -  blocked         -  -               -\n"
	       "lan        239.1.1.2  *           3  include         -  10.0.0.8      0.1\n"
	       "lan        239.1.1.2  10.1.0.1    -  forwarded    12.0  -               -\n"
	       "\n"
	       "interface  group    source  ver  mode     left s  reporter  since s\n"
	       "lan        ff15::9  *         1  exclude     1.0  fe80::7         -\n");
}

static void the_widest_row_of_ipv4_fits_into_100_columns(void **state)
{
	char *printed = print(
	    "{'members': [{'interface': 'market-aa', 'protocol': 'igmp', 'group': "
	    "'239.255.255.255', 'version': 3, 'mode': 'exclude', 'left_ns': 9999900000000,"
	    "'last_reporter': '192.168.100.100', 'since_ns': 1690000000000000000, 'sources': "
	    "[{'source': '192.168.200.200', 'left_ns': 9999900000000, 'forwarded': true}]}]}");

	for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 100);
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_querier_it_says_how_to_have_one),
	    cmocka_unit_test(a_querier_is_us_or_has_an_address),
	    cmocka_unit_test(a_querier_of_ipv6_fits_into_a_line_of_a_terminal),
	    cmocka_unit_test(what_was_refused_and_ignored_follows_if_there_was_any),
	    cmocka_unit_test(counters_are_cut_into_lines_of_a_terminal),
	    cmocka_unit_test(each_group_has_a_row_and_each_source_one_below_it),
	    cmocka_unit_test(the_widest_row_of_ipv4_fits_into_100_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
