/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl routes --kernel: the form of iproute2's `ip -s mroute show`. */
#include "ctl_rig.h"

#include <arpa/inet.h>
#include <linux/mroute.h>
#include <linux/mroute6.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../tools/mcring-ctl/mroute.h"

static char *print(const char *text)
{
	return printed_by(ctl_print_mroute, text);
}

static void prints(const char *text, const char *expected)
{
	prints_by(ctl_print_mroute, text, expected);
}

static void counts_follow_in_a_line_of_their_own(void **state)
{
	(void)state;
	prints("{'routes': [{'source': '10.0.1.7', 'group': '239.1.1.1', 'interface': 'va',"
	       " 'packets': 5, 'bytes': 140, 'last_ns': 1700000098796000000, 'outputs': ["
	       "  {'interface': 'vb', 'forwarded': true, 'ttl_threshold': 5},"
	       "  {'interface': 'vc', 'forwarded': true, 'ttl_threshold': 1}]}]}",
	       "(10.0.1.7,239.1.1.1)             Iif: va         Oifs: vb(ttl 5) vc  "
	       "State: resolved\n"
	       "  5 packets, 140 bytes, Age 1.20\n");
}

static void an_output_that_does_not_forward_now_is_none(void **state)
{
	(void)state;
	prints("{'routes': [{'source': '10.0.1.8', 'group': '239.1.1.2', 'interface': 'va',"
	       " 'packets': 2, 'bytes': 56, 'last_ns': null, 'outputs': ["
	       "  {'interface': 'vb', 'packets': 2, 'forwarded': false}]}]}",
	       "(10.0.1.8,239.1.1.2)             Iif: va          State: resolved\n"
	       "  2 packets, 56 bytes\n");
}

static void a_source_and_a_group_have_one_route_whatever_came_by_other_interfaces(void **state)
{
	(void)state;
	prints("{'routes': ["
	       "{'source': '10.0.1.7', 'group': '239.1.1.1', 'interface': 'vc',"
	       " 'wrong_interface': 3, 'outputs': []},"
	       "{'source': '10.0.1.7', 'group': '239.1.1.1', 'interface': 'va',"
	       " 'packets': 5, 'bytes': 140, 'wrong_interface': 0, 'outputs': ["
	       "  {'interface': 'vb', 'forwarded': true}]},"
	       "{'source': '10.0.1.7', 'group': '239.1.1.1', 'interface': 'vb',"
	       " 'wrong_interface': 4, 'outputs': []},"
	       "{'source': '10.0.1.7', 'group': '239.1.1.2', 'interface': 'vb',"
	       " 'wrong_interface': 4, 'outputs': []}]}",
	       "(10.0.1.7,239.1.1.1)             Iif: va         Oifs: vb  State: resolved\n"
	       "  5 packets, 140 bytes, 7 arrived on wrong iif.\n"
	       "(10.0.1.7,239.1.1.2)             Iif: unresolved  State: unresolved\n");
}

static void ipv4_comes_first_and_any_source_is_none(void **state)
{
	(void)state;
	prints("{'routes': ["
	       "{'source': null, 'group': 'ff35::1', 'interface': 'va', 'outputs': ["
	       "  {'interface': 'vb', 'forwarded': true}]},"
	       "{'source': null, 'group': '239.9.9.9', 'interface': 'va', 'outputs': ["
	       "  {'interface': 'vb', 'forwarded': true}]}]}",
	       "(0.0.0.0,239.9.9.9)              Iif: va         Oifs: vb  State: resolved\n"
	       "  0 packets, 0 bytes\n"
	       "(::,ff35::1)                     Iif: va         Oifs: vb  State: resolved\n"
	       "  0 packets, 0 bytes\n");
}

/* ---- the kernel's own ---- */

static const char *const links[] = {"va", "a-name-of-15-ch", "vc"};
static const int thresholds[] = {1, 5, 1};

static void add_interfaces(int ipv4, int ipv6)
{
	for (unsigned short i = 0; i < 3; i++) {
		const int index = (int)if_nametoindex(links[i]);
		struct vifctl v4 = {.vifc_vifi = i,
				    .vifc_flags = VIFF_USE_IFINDEX,
				    .vifc_threshold = (unsigned char)thresholds[i],
				    .vifc_lcl_ifindex = index};
		struct mif6ctl v6 = {
		    .mif6c_mifi = i, .vifc_threshold = 1, .mif6c_pifi = (unsigned short)index};

		assert_int_equal(setsockopt(ipv4, IPPROTO_IP, MRT_ADD_VIF, &v4, sizeof(v4)), 0);
		assert_int_equal(setsockopt(ipv6, IPPROTO_IPV6, MRT6_ADD_MIF, &v6, sizeof(v6)), 0);
	}
}

/* outputs: a bit for each interface. */
static void add_route(int ipv4, const char *source, const char *group, unsigned short in,
		      unsigned outputs)
{
	struct mfcctl route = {.mfcc_parent = in};

	inet_pton(AF_INET, source, &route.mfcc_origin);
	inet_pton(AF_INET, group, &route.mfcc_mcastgrp);
	memset(route.mfcc_ttls, 255, sizeof(route.mfcc_ttls));
	for (unsigned i = 0; i < 3; i++)
		if (outputs >> i & 1)
			route.mfcc_ttls[i] = (unsigned char)thresholds[i];
	assert_int_equal(setsockopt(ipv4, IPPROTO_IP, MRT_ADD_MFC, &route, sizeof(route)), 0);
}

static void add_route6(int ipv6, const char *source, const char *group, unsigned short in,
		       unsigned outputs)
{
	struct mf6cctl route = {.mf6cc_parent = in};

	route.mf6cc_origin.sin6_family = route.mf6cc_mcastgrp.sin6_family = AF_INET6;
	inet_pton(AF_INET6, source, &route.mf6cc_origin.sin6_addr);
	inet_pton(AF_INET6, group, &route.mf6cc_mcastgrp.sin6_addr);
	route.mf6cc_ifset.ifs_bits[0] = outputs;
	assert_int_equal(setsockopt(ipv6, IPPROTO_IPV6, MRT6_ADD_MFC, &route, sizeof(route)), 0);
}

/* What the program prints of one route, without its age: this host's kernel knows when it was last
 * used, or else made. */
static void print_kernels(const char *command, char *text, size_t cap)
{
	FILE *in = popen(command, "r");
	size_t n;
	char *age;

	assert_non_null(in);
	n = fread(text, 1, cap - 1, in);
	text[n] = '\0';
	assert_int_equal(pclose(in), 0);
	for (age = strstr(text, ", Age "); age; age = strstr(age, ", Age "))
		memmove(age, strchr(age, '\n'), strlen(strchr(age, '\n')) + 1);
}

/* outputs: as of an answer */
static void compare(const char *command, const char *source, const char *group,
		    const char *interface, const char *outputs)
{
	char theirs[4096], ours[512], *printed;

	print_kernels(command, theirs, sizeof(theirs));
	snprintf(
	    ours, sizeof(ours),
	    "{'routes': [{'source': '%s', 'group': '%s', 'interface': '%s', 'outputs': [%s]}]}",
	    source, group, interface, outputs);
	printed = print(ours);
	if (!strstr(theirs, printed))
		fail_msg("'%s' is not in '%s'", printed, theirs);
	free(printed);
}

/* Whether this process got a network of its own with the links. */
static int make_links(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	for (unsigned i = 0; i < 3; i++) {
		char command[160];

		snprintf(command, sizeof(command),
			 "ip link add %s type veth peer name p%u && ip link set %s up", links[i], i,
			 links[i]);
		if (system(command) != 0)
			return 0;
	}
	return 1;
}

#define TO_ONE "{'interface': 'va', 'forwarded': true, 'ttl_threshold': 1}"
#define TO_TWO(ttl)                                                                 \
	"{'interface': 'a-name-of-15-ch', 'forwarded': true, 'ttl_threshold': " ttl \
	"}, {'interface': 'vc', 'forwarded': true, 'ttl_threshold': 1}"

static void the_lines_are_those_of_iproute2(void **state)
{
	const char *show = "ip -s mroute show", *show6 = "ip -6 -s mroute show";
	const int on = 1;
	int a, b;

	(void)state;
	if (!make_links())
		skip(); /* not root, or there is no `ip` */
	a = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_IGMP);
	b = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	if (setsockopt(a, IPPROTO_IP, MRT_INIT, &on, sizeof(on)) < 0 ||
	    setsockopt(b, IPPROTO_IPV6, MRT6_INIT, &on, sizeof(on)) < 0)
		skip(); /* a kernel that does not route multicast */
	add_interfaces(a, b);
	add_route(a, "10.0.1.7", "239.1.1.1", 0, 6);
	add_route(a, "192.168.100.107", "239.111.111.111", 1, 1);
	add_route(a, "10.0.1.8", "239.1.1.2", 0, 0);
	add_route6(b, "2001:db8:1::7", "ff35::1", 0, 6);
	add_route6(b, "2001:db8:1:aaaa:bbbb:cccc:dddd:7777", "ff35::1:2", 2, 1);
	compare(show, "10.0.1.7", "239.1.1.1", "va", TO_TWO("5"));
	compare(show, "192.168.100.107", "239.111.111.111", "a-name-of-15-ch", TO_ONE);
	compare(show, "10.0.1.8", "239.1.1.2", "va", "");
	compare(show6, "2001:db8:1::7", "ff35::1", "va", TO_TWO("1"));
	compare(show6, "2001:db8:1:aaaa:bbbb:cccc:dddd:7777", "ff35::1:2", "vc", TO_ONE);
	close(a);
	close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_follow_in_a_line_of_their_own),
	    cmocka_unit_test(an_output_that_does_not_forward_now_is_none),
	    cmocka_unit_test(a_source_and_a_group_have_one_route_whatever_came_by_other_interfaces),
	    cmocka_unit_test(ipv4_comes_first_and_any_source_is_none),
	    cmocka_unit_test(the_lines_are_those_of_iproute2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
