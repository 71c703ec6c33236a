/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl groups --netstat: the form of net-tools' `netstat -g`. */
#include "ctl_rig.h"

#include "../../tools/mcring-ctl/netstat.h"

#define HEAD                             \
	"IPv6/IPv4 Group Memberships\n"  \
	"Interface       RefCnt Group\n" \
	"--------------- ------ ---------------------\n"

static char *print(json_t *reply)
{
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	ctl_print_netstat(out, reply);
	fclose(out);
	json_decref(reply);
	return printed;
}

static void prints(const char *text, const char *expected)
{
	char *printed = print(answer(text));

	assert_string_equal(printed, expected);
	free(printed);
}

static void without_memberships_there_is_the_heading(void **state)
{
	prints("{'own': [], 'groups': [], 'joins': []}", HEAD);
	prints("{}", HEAD);
}

static void own_groups_count_once_and_joins_as_often_as_they_are(void **state)
{
	prints("{'own': [{'interface': 'lan', 'groups': ['224.0.0.1', 'ff02::1']}],"
	       " 'groups': [{'interface': 'lan', 'group': '239.1.1.1', 'joins': 3},"
	       "            {'interface': 'lan', 'group': '224.0.0.1', 'joins': 1}]}",
	       HEAD "lan             2      224.0.0.1\n"
		    "lan             3      239.1.1.1\n"
		    "lan             1      ff02::1\n");
}

static void groups_of_ipv4_come_first_then_interfaces_in_order_then_addresses(void **state)
{
	prints(
	    "{'own': [{'interface': 'wan', 'groups': ['ff02::1', '224.0.0.1']},"
	    "         {'interface': 'lan', 'groups': ['224.0.0.22', '224.0.0.1', 'ff02::2']}],"
	    " 'groups': [{'interface': 'lan', 'group': '239.1.10.1', 'joins': 1},"
	    "            {'interface': 'lan', 'group': 'ff15::10', 'joins': 1},"
	    "            {'interface': 'lan', 'group': 'ff15::9', 'joins': 12345678},"
	    "            {'interface': 'lan', 'group': '239.1.9.1', 'joins': 1},"
	    "            {'interface': 'a-name-of-18-chars', 'group': '239.1.1.1', 'joins': 1}]}",
	    HEAD "wan             1      224.0.0.1\n"
		 "lan             1      224.0.0.1\n"
		 "lan             1      224.0.0.22\n"
		 "lan             1      239.1.9.1\n"
		 "lan             1      239.1.10.1\n"
		 "a-name-of-18-chars 1      239.1.1.1\n"
		 "wan             1      ff02::1\n"
		 "lan             1      ff02::2\n"
		 "lan             12345678 ff15::9\n"
		 "lan             1      ff15::10\n");
}

static void what_is_no_membership_is_left_out(void **state)
{
	prints("{'own': [{'groups': ['224.0.0.1']}, {'interface': 'lan', 'groups': [7, 'x']}],"
	       " 'groups': [7, {}, {'interface': 'lan'}, {'interface': 'lan', 'group': 'ff'}]}",
	       HEAD);
}

/* Net-tools itself, of this host's groups: the same lines, if in another order. */
static void the_lines_are_those_of_netstat(void **state)
{
	FILE *netstat = popen("netstat -gn 2>/dev/null", "r");
	json_t *groups = json_array();
	char line[256], theirs[16384] = "", *ours;

	assert_non_null(netstat);
	while (fgets(line, sizeof(line), netstat)) {
		char interface[32], group[64];
		int users;

		assert_true(strlen(theirs) + strlen(line) < sizeof(theirs));
		strcat(theirs, line);
		if (sscanf(line, "%31s %d %63s", interface, &users, group) == 3)
			json_array_append_new(groups, json_pack("{sssssi}", "interface", interface,
								"group", group, "joins", users));
	}
	ours = print(json_pack("{so}", "groups", groups));
	if (pclose(netstat) != 0) {
		free(ours);
		skip(); /* it is not installed */
	}
	assert_int_equal(strlen(ours), strlen(theirs));
	assert_memory_equal(ours, theirs, strlen(HEAD));
	for (char *their = strtok(theirs, "\n"); their; their = strtok(NULL, "\n")) {
		snprintf(line, sizeof(line), "%s\n", their);
		assert_non_null(strstr(ours, line));
	}
	free(ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_memberships_there_is_the_heading),
	    cmocka_unit_test(own_groups_count_once_and_joins_as_often_as_they_are),
	    cmocka_unit_test(groups_of_ipv4_come_first_then_interfaces_in_order_then_addresses),
	    cmocka_unit_test(what_is_no_membership_is_left_out),
	    cmocka_unit_test(the_lines_are_those_of_netstat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
