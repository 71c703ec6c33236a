/* SPDX-License-Identifier: BSD-3-Clause */
/* What status, groups, stats, members and routes print fits into 100 columns, with values as long
 * as they get in practice: PCI addresses, addresses of IPv6, counters of 12 digits. */
#include "ctl_rig.h"

#include "../../tools/common/wrap.h"
#include "../../tools/mcring-ctl/print.h"

#define BIG    "123456789012"
#define TIME   "1699999999000000000"
#define MAC    "'a0:36:9f:12:34:56'"
#define LOCAL  "'fe80::a236:9fff:fe12:3456'"
#define GROUP6 "'ff3e:40:2001:db8:1234:5678:8000:aaaa'"
#define HOST6  "'2001:db8:1234:5678:abcd:ef01:2345:6789'"
#define GROUP4 "'239.255.255.255'"
#define HOST4  "'192.168.200.200'"
#define REASON                                                                                     \
	"'the flow rules of net_mlx5 are used up after 8192 of them: this group is let in by the " \
	"multicast list, as all others behind it'"

#define ACCOUNT                                                                                 \
	"'received': " BIG ", 'delivered': " BIG ", 'relayed': " BIG ", 'relayed_only': 12345," \
	"'punted': " BIG ", 'drops': {'unknown_group': " BIG ", 'wrong_port': " BIG             \
	", 'wrong_source': " BIG ", 'no_udp_checksum': " BIG ", 'kernel_overflow': " BIG        \
	", 'bad_ip_checksum': " BIG ", 'truncated': " BIG "}"

#define PORT                                                                                      \
	"{'name': '0000:3b:00.0', 'driver': 'net_af_packet', 'mac': " MAC                         \
	", 'link_up': true, 'link_since_ns': " TIME ", 'speed_mbps': 100000, 'mtu': 9000,"        \
	"'link_changes': 123456, 'rx_packets': " BIG ", 'rx_bytes': " BIG "123"                   \
	", 'rx_last_ns': " TIME ", 'rx_missed': " BIG ", 'rx_nombuf': " BIG ", 'rx_errors': " BIG \
	", 'rung': 'all-multicast', 'rung_reason': " REASON                                       \
	", 'macs': 16384, 'flow_rules': 65536,"                                                   \
	"'flow_refused': 65536, 'promiscuous': true, 'all_multicast': true, 'queues': 128,"       \
	"'buffers': 12345678, 'buffers_used': 12345678, 'tx_packets': " BIG ", 'tx_errors': " BIG \
	", 'kernel': {'port': 'net_af_packet0', 'name': 'enp59s0f1np1-ab', 'mtu': 9000,"          \
	"'carrier_downs': 123456, 'moved': true}}"

#define LCORE                                                                      \
	"{'lcore': 127, 'received': " BIG ", 'delivered': " BIG ", 'punted': " BIG \
	", 'polls': " BIG "12, 'bursts': " BIG                                     \
	", 'longest_gap_ns': 1234567890, 'longest_gap_at_ns': " TIME "}"

#define PROTOCOL(name)                                                                            \
	"{'interface': 'market-bbb', 'protocol': '" name                                          \
	"', 'querier_version': 3, 'robustness': 7,"                                               \
	"'query_interval_s': 31744, 'querier_left_ns': 250000000000, 'v1_left_ns': 399000000000," \
	"'v2_left_ns': 349000000000, 'repeat_left_ns': 59000000000}"

#define INTERFACE                                                                               \
	"{'name': 'market-bbb', 'port': 'net_af_packet0', 'vlan': 4094, 'address': " HOST4      \
	", 'prefix_len': 24, 'groups': 65536, 'tx_packets': " BIG ", 'tx_retries': " BIG        \
	", 'tx_dropped': " BIG ", 'link_local': " LOCAL ", 'link_local_state': 'tentative',"    \
	"'address6': " HOST6 ", 'address6_state': 'duplicate', 'igmp_version': 3,"              \
	"'igmp_reason': 'no older querier is present', 'igmp_querier': " HOST4                  \
	", 'igmp_querier_age_ns': 123456789012, 'igmp_queries': " BIG ", 'igmp_reports': " BIG  \
	", 'igmp_rx_bad': " BIG ", 'mld_version': 2, 'mld_reason': 'set by the configuration'," \
	"'mld_querier': " LOCAL ", 'mld_querier_age_ns': 123456789012, 'mld_queries': " BIG     \
	", 'mld_reports': " BIG ", 'mld_rx_bad': " BIG                                          \
	", 'igmp': " PROTOCOL("igmp") ", 'mld': " PROTOCOL(                                     \
	    "mld") ", 'kernel': {'interface': 'market-bbb',"                                    \
		   "'device': 'mcring-kernel-1', 'up': true, 'rx': " BIG ", 'rx_dropped': " BIG \
		   ", 'tx': " BIG ", 'tx_dropped': " BIG "}}"

#define QUERIER                                                                            \
	"{'interface': 'market-bbb', 'protocol': 'igmp', 'mode': 'auto', 'role': 'other'," \
	"'querier': " LOCAL                                                                \
	", 'other_left_ns': 254960000000, 'next_query_left_ns': 31744000000000,"           \
	"'version': 3, 'groups': 16384, 'sources': 65536, 'refused_groups': " BIG          \
	", 'groups_max': 16384, 'rx': {'off_subnet': " BIG ", 'own': " BIG "}}"

#define RELAY                                                                                  \
	"{'interface': 'market-bbb', 'role': 'downstream', 'forward_when': 'querier',"         \
	"'forwards_ipv4': false, 'forwards_ipv6': false, 'ttl_threshold': 255, 'why': 'IPv4: " \
	"192.168.200.200 is the querier, IPv6: fe80::a236:9fff:fe1', 'offered': " BIG          \
	", 'tx': " BIG ", 'tx_full': " BIG ", 'tx_mtu': " BIG ", 'tx_ttl': " BIG               \
	", 'tx_no_buffer': " BIG ", 'tx_down': " BIG ", 'wrong_interface': " BIG               \
	", 'looped': " BIG ", 'flows': " BIG ", 'flows_evicted': " BIG "}"

#define CHANNEL                                                                                 \
	"{'name': 'market-data-channel-01', 'bytes': 68719476736, 'rings': 128, 'huge_pages': " \
	"true,"                                                                                 \
	"'joins': 262144, 'consumers': 1024, 'published': " BIG ", 'too_large': " BIG           \
	", 'handler_slow': " BIG ", 'handler_longest_ns': 1234567890}"

#define CONSUMER                                                                              \
	"{'label': 'feed-handler-of-market-01', 'channel': 'market-data-channel-01', 'pid': " \
	"4194304,"                                                                            \
	"'uid': 65534, 'received': " BIG ", 'lost': " BIG ", 'lost_last_ns': " TIME           \
	", 'skipped': " BIG ", 'cursor': " BIG ", 'headroom': " BIG ", 'headroom_min': " BIG  \
	", 'heartbeat_age_ns': 1234567890, 'received_last_ns': " TIME ", 'attach_newest': 65535}"

#define GROUP(address)                                                                             \
	"{'group': " address ", 'interface': 'market-bbb', 'mode': 'exclude', 'n_sources': 65535," \
	"'packets': " BIG ", 'bytes': " BIG "123, 'joins': 262144, 'joined_ns': " TIME             \
	", 'first_ns': " TIME ", 'last_ns': " TIME ", 'rung': 'mac-list', 'rung_reason': " REASON  \
	", 'queue': 127, 'igmp_state': 'unreported', 'last_report_ns': " TIME                      \
	", 'last_query_ns': " TIME "}"

#define SAMPLE(group, source)                                                                   \
	"{'time_ns': " TIME ", 'group': " group ", 'port': 50000, 'source': " source            \
	", 'source_port': 50000, 'vlan': 4094, 'interface': 'market-bbb', 'ether_type': 34525," \
	"'len': 9018, 'destination_mac': " MAC ", 'source_mac': " MAC "}"

#define MEMBER(protocol, group, source)                                                         \
	"{'interface': 'market-bbb', 'protocol': '" protocol "', 'group': " group               \
	", 'version': 3, 'mode': 'exclude', 'left_ns': 9999900000000, 'last_reporter': " source \
	", 'since_ns': 1690000000000000000, 'sources': [{'source': " source                     \
	", 'left_ns': 9999900000000, 'forwarded': true}]}"

#define ROUTE(group, source)                                                       \
	"{'source': " source ", 'group': " group ", 'interface': 'market-aa',"     \
	"'wrong_interface': " BIG ", 'last_ns': 1690000000000000000, 'outputs': [" \
	"  {'interface': 'market-bbb', 'packets': " BIG ", 'forwarded': true}]}"

#define HEAD "'name': 'market-engine-01', 'started_ns': " TIME ", 'version': '10.20.30'"
#define SHARD                                                                           \
	"'shard': {'me': 'market-data-engine-11.datacenter.example.com', 'hosts': 64, " \
	"'copies': 64, 'digest': '0123456789abcdef', 'joins': 262144, 'joins_of_all': " \
	"262144, 'leaving': 262144, 'leave_ns': " TIME "}"
#define PORTS "'ports': [" PORT "], 'lcores': [" LCORE "], 'interfaces': [" INTERFACE "]"
#define LISTS                                                                    \
	"'queriers': [" QUERIER "], 'relay': [" RELAY "], 'channels': [" CHANNEL \
	"], 'consumers': [" CONSUMER "], 'control': {'rounds': " BIG             \
	", 'longest_round_ns': 1234567, 'longest_round_at_ns': " TIME "}"
#define GROUPS "'groups': [" GROUP(GROUP4) "," GROUP(GROUP6) "," GROUP(GROUP6) "]"

/* What a command prints of an answer. */
static char *print(const char *command, const char *text)
{
	json_t *reply = answer(text);
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	ctl_print(out, command, reply, NOW);
	fclose(out);
	json_decref(reply);
	return printed;
}

/* The answer is all the members, in a row; the last is NULL. MCR_SHOW shows what is printed. */
static void fits(const char *command, const char *const members[])
{
	static char text[32768];
	char *printed;
	unsigned lines = 0;

	strcpy(text, "{");
	for (size_t i = 0; members[i]; i++) {
		strcat(text, i > 0 ? "," : "");
		strcat(text, members[i]);
	}
	strcat(text, "}");
	printed = print(command, text);
	if (getenv("MCR_SHOW"))
		fputs(printed, stdout);
	for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"), lines++)
		if (strlen(line) > CTL_COLUMNS)
			fail_msg("%zu columns: %s", strlen(line), line);
	assert_true(lines > 4);
	free(printed);
}

static void status_fits(void **state)
{
	static const char *const members[] = {HEAD, SHARD, ACCOUNT, PORTS, LISTS, NULL};

	fits("status", members);
}

/* What waits to be left is shown while it waits, and for how long. */
static void status_says_what_waits_to_be_left(void **state)
{
	static const char form[] =
	    "{'name': 'md', 'started_ns': " TIME ", 'now_ns': 5000000000, 'shard': {'me': 'a', "
	    "'hosts': 3, 'copies': 2, 'digest': '0123456789abcdef', 'joins': 5, 'joins_of_all': 9, "
	    "'leaving': %u, 'leave_ns': %s}}";
	char text[512], *printed;

	snprintf(text, sizeof(text), form, 4u, "12500000000");
	printed = print("status", text);
	assert_non_null(strstr(printed,
			       "\nshard: a of 3 hosts, copies 2, 5 of 9 joins, digest "
			       "0123456789abcdef\n  and 4 that other hosts have now, to be "
			       "left in 7.5 s\n"));
	free(printed);
	snprintf(text, sizeof(text), form, 0u, "null");
	printed = print("status", text);
	assert_non_null(strstr(printed, "5 of 9 joins"));
	assert_null(strstr(printed, "to be left"));
	free(printed);
	printed = print("status", "{'name': 'md', 'started_ns': " TIME ", 'shard': null}");
	assert_null(strstr(printed, "shard"));
	free(printed);
}

static void stats_fits(void **state)
{
	static const char *const members[] = {
	    HEAD,
	    ACCOUNT,
	    PORTS,
	    LISTS,
	    GROUPS,
	    "'drop_samples': {'kernel_overflow': " SAMPLE(
		GROUP4, HOST4) ", 'unknown_group': " SAMPLE(GROUP6, HOST6) "}",
	    NULL};

	fits("stats", members);
}

static void groups_fits(void **state)
{
	static const char *const members[] = {
	    GROUPS,
	    "'joins': [{'join': '239.255.255.255:50000@192.168.200.200,interface=market-bbb,"
	    "channel=market-data', 'owner': 'consumer', 'consumer': 123456}]",
	    NULL};

	fits("groups", members);
}

static void sockets_fits(void **state)
{
	static const char *const members[] = {
	    "'programs': [{'label': 'feed-handler-no-1', 'pid': 4194304, 'uid': 0,"
	    "'channel': 'sockets/4194304', 'reported_age_ns': 123456789,"
	    "'sockets': [{'fd': 1023, 'bound': '[ff15:1234:5678:9abc:def0:1234:5678:9abc]:50000',"
	    "'engine': '[ff15:1234:5678:9abc:def0:1234:5678:9abc]:50000', 'kernel': '239.1.1.1',"
	    "'why': 'no-route', 'received': " BIG ", 'lost': " BIG "}]}]",
	    NULL};

	fits("sockets", members);
}

static void members_fits(void **state)
{
	static const char *const members[] = {
	    "'queriers': [" QUERIER "]",
	    "'members': [" MEMBER("igmp", GROUP4, HOST4) "," MEMBER(
		"mld", GROUP6, HOST6) "," MEMBER("mld", GROUP6, LOCAL) "]",
	    NULL};

	fits("members", members);
}

static void routes_fits(void **state)
{
	static const char *const members[] = {"'relay': [" RELAY "]",
					      "'routes': [" ROUTE(GROUP4, HOST4) "," ROUTE(
						  GROUP6, HOST6) "," ROUTE(GROUP6, HOST6) "]",
					      NULL};

	fits("routes", members);
}

/* Usual values need no second part, and nothing is left out. */
static void a_table_of_usual_values_is_whole(void **state)
{
	char *printed =
	    print("groups", "{'groups': [{'group': '239.1.1.1', 'interface': 'feed',"
			    " 'mode': 'exclude', 'n_sources': 0, 'packets': 1234567, 'last_ns': "
			    "1700000099800000000, 'rung': 'mac-list', 'rung_reason': 'x y',"
			    " 'queue': null, 'igmp_state': 'idle', 'joined_ns': " TIME
			    ", 'joins': 2, 'bytes': 98765432}]}");

	assert_string_equal(
	    printed, "\n"
		     "group      interface  sources  packets  last ago  filter        queue\n"
		     "239.1.1.1  feed       any      1234567  200.0 ms  mac-list (1)  -\n"
		     "(1) x y\n"
		     "\n"
		     "group      interface  igmp/mld  joined ago  reported  queried  joins  first "
		     "ago     bytes\n"
		     "239.1.1.1  feed       idle      101.0 s     -         -            2  -      "
		     "    98765432\n");
	free(printed);
}

static void a_reason_of_many_groups_is_said_once(void **state)
{
	static char text[400000];
	size_t len = (size_t)snprintf(text, sizeof(text), "{'groups': [");
	char *printed;
	unsigned n = 0;

	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s{'group': '239.1.%u.%u', 'rung': 'mac-list',"
					" 'rung_reason': 'no more rules'}",
					i > 0 ? "," : "", i / 256, i % 256);
	snprintf(text + len, sizeof(text) - len,
		 ", {'group': '239.9.9.9', 'rung': 'promiscuous', 'rung_reason': 'no list'}]}");
	printed = print("groups", text);
	for (const char *at = printed; (at = strstr(at, "no more rules")) != NULL; at++)
		n++;
	assert_int_equal(n, 1);
	assert_non_null(strstr(printed, "\n239.1.3.231  -          -  "));
	assert_non_null(strstr(printed, "  mac-list (1)     -\n"));
	assert_non_null(strstr(printed, "  promiscuous (2)  -\n"));
	assert_non_null(strstr(printed, "\n(1) no more rules\n(2) no list\n"));
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_fits),
	    cmocka_unit_test(status_says_what_waits_to_be_left),
	    cmocka_unit_test(stats_fits),
	    cmocka_unit_test(groups_fits),
	    cmocka_unit_test(sockets_fits),
	    cmocka_unit_test(members_fits),
	    cmocka_unit_test(routes_fits),
	    cmocka_unit_test(a_table_of_usual_values_is_whole),
	    cmocka_unit_test(a_reason_of_many_groups_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
