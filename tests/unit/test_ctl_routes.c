/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl routes, and the relay's tables of status and stats: what a person sees. */
#include "ctl_rig.h"

#include "../../tools/mcring-ctl/routes.h"

static char *print(const char *text)
{
	return printed_by(ctl_print_routes, text);
}

static void prints(const char *text, const char *expected)
{
	prints_by(ctl_print_routes, text, expected);
}

#define RELAY "'relay': [{'interface': 'up', 'flows_evicted': 0}]"

static void without_a_role_it_says_how_to_have_a_relay(void **state)
{
	(void)state;
	prints(
	    "{'relay': [], 'routes': []}",
	    "no interface has a role: give role=upstream to one and role=downstream to others\n");
}

static void each_output_has_a_row(void **state)
{
	(void)state;
	prints("{" RELAY ", 'routes': ["
	       "{'source': null, 'group': '239.1.1.1', 'interface': 'up', 'wrong_interface': 0,"
	       " 'last_ns': null, 'outputs': ["
	       "  {'interface': 'lan0', 'packets': 0, 'forwarded': true}]},"
	       "{'source': '10.0.0.7', 'group': '239.1.1.1', 'interface': 'up',"
	       " 'wrong_interface': 0, 'last_ns': 1700000099000000000, 'outputs': ["
	       "  {'interface': 'lan0', 'packets': 1234567, 'forwarded': true},"
	       "  {'interface': 'lan1', 'packets': 34567, 'forwarded': false}]},"
	       "{'source': '10.0.0.7', 'group': '239.1.1.1', 'interface': 'lan1',"
	       " 'wrong_interface': 12, 'last_ns': 1700000098500000000, 'outputs': []},"
	       "{'source': '2001:db8::7', 'group': 'ff35::1', 'interface': 'lan0',"
	       " 'wrong_interface': 0, 'last_ns': 1700000200000000000, 'outputs': ["
	       "  {'interface': 'up', 'packets': 3, 'forwarded': true}]}]}",
	       "\n"
	       "group      source    in    out   packets  now  wrong  age s\n"
	       "239.1.1.1  *         up    lan0        0  yes      0      -\n"
	       "239.1.1.1  10.0.0.7  up    lan0  1234567  yes      0    1.0\n"
	       "239.1.1.1  10.0.0.7  up    lan1    34567  no       -      -\n"
	       "239.1.1.1  10.0.0.7  lan1  -           -  -       12    1.5\n"
	       "\n"
	       "group    source       in    out  packets  now  wrong  age s\n"
	       "ff35::1  2001:db8::7  lan0  up         3  yes      0      -\n");
}

static void fits(char *printed)
{
	for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 100)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(printed);
}

static void the_widest_row_of_ipv4_fits_into_100_columns(void **state)
{
	(void)state;
	fits(print(
	    "{" RELAY ", 'routes': ["
	    "{'source': '192.168.200.200', 'group': '239.255.255.255',"
	    " 'interface': 'market-aa', 'wrong_interface': 1000000,"
	    " 'last_ns': 1690000000000000000, 'outputs': ["
	    "  {'interface': 'market-bbb', 'packets': 1000000000000, 'forwarded': true}]}]}"));
}

#define LONG_GROUP  "ff3e:40:2001:db8:1234:5678:8000:aaaa"
#define LONG_SOURCE "2001:db8:1234:5678:abcd:ef01:2345:6789"

static void a_group_stands_above_its_rows_where_a_line_has_no_room(void **state)
{
	char *printed =
	    print("{" RELAY ", 'routes': ["
		  "{'source': '2001:db8::7', 'group': 'ff35::1', 'interface': 'up', 'outputs': ["
		  "  {'interface': 'lan0', 'packets': 3, 'forwarded': true}]},"
		  "{'source': '" LONG_SOURCE "', 'group': '" LONG_GROUP "',"
		  " 'interface': 'market-aa', 'wrong_interface': 1000000,"
		  " 'last_ns': 1690000000000000000, 'outputs': ["
		  "  {'interface': 'lan0', 'packets': 9, 'forwarded': true},"
		  "  {'interface': 'lan1', 'packets': 7, 'forwarded': true}]}]}");

	(void)state;
	assert_int_equal(strncmp(printed,
				 "\nff35::1\n"
				 "source       in  out   packets  now  wrong  age s\n"
				 "2001:db8::7  up  lan0        3  yes  -          -\n\n",
				 110),
			 0);
	assert_non_null(strstr(printed, "\n\n" LONG_GROUP "\nsource  "));
	assert_non_null(
	    strstr(printed, "\n" LONG_SOURCE "  market-aa  lan0        9  yes  1000000 "));
	assert_non_null(
	    strstr(printed, "\n" LONG_SOURCE "  market-aa  lan1        7  yes        - "));
	fits(printed);
}

static void flows_that_had_to_make_room_are_named(void **state)
{
	(void)state;
	prints("{'relay': [{'interface': 'up', 'flows_evicted': 0},"
	       " {'interface': 'lan0', 'flows_evicted': 77}], 'routes': []}",
	       "lan0: counts of 77 flows that came in had to make room for others\n");
}

static void other_groups_can_be_left_out(void **state)
{
	json_t *reply = answer("{'routes': [{'group': '239.1.1.1'}, {'group': 'ff15::1'}, {},"
			       " {'group': '239.1.1.10'}, {'group': '239.1.1.1'}]}");

	(void)state;
	ctl_routes_keep(reply, "239.1.1.1");
	assert_int_equal(json_array_size(json_object_get(reply, "routes")), 2);
	ctl_routes_keep(reply, "ff15:0::1");
	assert_int_equal(json_array_size(json_object_get(reply, "routes")), 0);
	json_decref(reply);
	reply = answer("{'routes': [{'group': 'ff15::1'}]}");
	ctl_routes_keep(reply, "ff15:0::1");
	assert_int_equal(json_array_size(json_object_get(reply, "routes")), 1);
	json_decref(reply);
}

static void a_group_is_one_of_either_family(void **state)
{
	(void)state;
	assert_true(ctl_routes_is_group("224.0.0.0"));
	assert_true(ctl_routes_is_group("239.255.255.255"));
	assert_true(ctl_routes_is_group("ff15::1"));
	assert_false(ctl_routes_is_group("240.0.0.0"));
	assert_false(ctl_routes_is_group("10.0.0.1"));
	assert_false(ctl_routes_is_group("2001:db8::1"));
	assert_false(ctl_routes_is_group("239.1.1.1/32"));
	assert_false(ctl_routes_is_group(""));
}

#define COUNTS                                                                        \
	", 'tx_full': 5, 'tx_mtu': 4, 'tx_ttl': 3, 'tx_no_buffer': 2, 'tx_down': 1, " \
	"'wrong_interface': 9, 'looped': 8, 'flows': 7, 'flows_evicted': 6, "         \
	"'tx_queues': 3, 'tx_shared': 0}"

static void each_interface_of_the_relay_says_what_became_of_the_packets(void **state)
{
	json_t *reply =
	    answer("{'relay': ["
		   "{'interface': 'up', 'role': 'upstream', 'forward_when': 'always',"
		   " 'ttl_threshold': 1, 'forwards_ipv4': true, 'forwards_ipv6': true, 'why': null,"
		   " 'offered': 100, 'tx': 85" COUNTS ","
		   "{'interface': 'lan0', 'role': 'downstream', 'forward_when': 'querier',"
		   " 'ttl_threshold': 32, 'forwards_ipv4': true, 'forwards_ipv6': false,"
		   " 'why': 'IPv6: fe80::1 is the querier',"
		   " 'offered': 1000000000000, 'tx': 999999999985" COUNTS "]}");
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	(void)state;
	ctl_print_relay(out, reply);
	fclose(out);
	json_decref(reply);
	assert_string_equal(
	    printed,
	    "\n"
	    "relay  role        forwards when  ipv4  ipv6  ttl  because\n"
	    "up     upstream    always         yes   yes     1  -\n"
	    "lan0   downstream  querier        yes   no     32  (1)\n"
	    "(1) IPv6: fe80::1 is the querier\n"
	    "\n"
	    "relayed to        offered            tx  tx_full  tx_mtu  tx_ttl  tx_no_buffer  "
	    "tx_down\n"
	    "up                    100            85        5       4       3             2  "
	    "      1\n"
	    "lan0        1000000000000  999999999985        5       4       3             2  "
	    "      1\n"
	    "\n"
	    "relayed from  wrong interface  looped  flows  evicted\n"
	    "up                          9       8      7        6\n"
	    "lan0                        9       8      7        6\n");
	fits(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_role_it_says_how_to_have_a_relay),
	    cmocka_unit_test(each_output_has_a_row),
	    cmocka_unit_test(the_widest_row_of_ipv4_fits_into_100_columns),
	    cmocka_unit_test(a_group_stands_above_its_rows_where_a_line_has_no_room),
	    cmocka_unit_test(flows_that_had_to_make_room_are_named),
	    cmocka_unit_test(other_groups_can_be_left_out),
	    cmocka_unit_test(a_group_is_one_of_either_family),
	    cmocka_unit_test(each_interface_of_the_relay_says_what_became_of_the_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
