/* SPDX-License-Identifier: BSD-3-Clause */
/* A NIC's driver for the tests of the filter ladder: it takes what it is told to take, refuses what
 * it is told to refuse, and keeps a record of each call. It plays rte_ethdev and rte_flow. */
#ifndef MOCK_NIC_H
#define MOCK_NIC_H

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include <mcring/address.h>

#define NIC_FLOWS 20000

#define NIC_FLOW_TEXT 128

struct rte_flow {
	char text[NIC_FLOW_TEXT];
};

static struct {
	/* What it answers: 0 or -errno. */
	int list_ret, slot_ret, all_ret, all_off_ret, promiscuous_ret;
	int validate_ret, create_ret, isolate_ret;
	unsigned list_max, slots_max, flows_max;
	int no_wide_flows;   /* refuses rules without UDP port */
	int no_source_flows; /* refuses rules with a source */
	int no_rss_flows;    /* refuses the action RSS */
	int no_twin_flows;   /* refuses a second rule of the same pattern */
	int no_icmp6_types;  /* refuses rules with a type of ICMPv6 */
	int cuts_slots;      /* what is added cuts off what stands behind a free slot */
	const char *message; /* of rte_flow_error */
	/* What it holds. */
	int all, promiscuous, isolated;
	char list[64], slots[64]; /* last octet of each MAC let in, as a letter; slots: sorted */
	char slot_at[64];         /* the driver's slots; '\0' = free */
	size_t n_list;
	struct rte_flow *flows[NIC_FLOWS]; /* in the order of their making; NULL = taken out */
	size_t n_made, n_flows;
	/* What it was told. */
	unsigned list_calls, validates, creates, destroys;
	char log[4096];
} nic;

RTE_DEFINE_PER_LCORE(int, _rte_errno);

static void nic_note(const char *what)
{
	size_t len = strlen(nic.log);

	snprintf(nic.log + len, sizeof(nic.log) - len, "%s ", what);
}

static void nic_reset(void)
{
	for (size_t i = 0; i < nic.n_made; i++)
		free(nic.flows[i]);
	memset(&nic, 0, sizeof(nic));
	nic.list_max = nic.slots_max = 32;
	nic.flows_max = NIC_FLOWS;
}

/* 224.0.0.1's is '1'. */
static char nic_letter(const struct rte_ether_addr *mac)
{
	return mac->addr_bytes[5] == 1 ? '1' : (char)mac->addr_bytes[5];
}

/* ---- modes ---- */

int rte_eth_allmulticast_get(uint16_t port)
{
	return nic.all;
}

int rte_eth_allmulticast_enable(uint16_t port)
{
	nic_note("+all");
	if (nic.all_ret == 0)
		nic.all = 1;
	return nic.all_ret;
}

int rte_eth_allmulticast_disable(uint16_t port)
{
	nic_note("-all");
	if (nic.all_off_ret == 0)
		nic.all = 0;
	return nic.all_off_ret;
}

int rte_eth_promiscuous_get(uint16_t port)
{
	return nic.promiscuous;
}

int rte_eth_promiscuous_enable(uint16_t port)
{
	nic_note("+promiscuous");
	nic.promiscuous = nic.promiscuous_ret == 0;
	return nic.promiscuous_ret;
}

int rte_eth_promiscuous_disable(uint16_t port)
{
	nic_note("-promiscuous");
	nic.promiscuous = 0;
	return 0;
}

/* ---- MAC addresses ---- */

int rte_eth_dev_set_mc_addr_list(uint16_t port, struct rte_ether_addr *macs, uint32_t n)
{
	nic_note("list");
	nic.list_calls++;
	if (nic.list_ret < 0)
		return nic.list_ret;
	memset(nic.list, 0, sizeof(nic.list)); /* flushes before it adds, and may then refuse */
	nic.n_list = 0;
	if (n > nic.list_max)
		return -ENOSPC;
	nic.n_list = n;
	for (uint32_t i = 0; i < n && i < sizeof(nic.list) - 1; i++)
		nic.list[i] = nic_letter(&macs[i]);
	return 0;
}

static int nic_by_char(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* What the device is told of the slots. */
static void nic_tell_slots(int cut)
{
	size_t n = 0;

	memset(nic.slots, 0, sizeof(nic.slots));
	for (unsigned i = 0; i < nic.slots_max && !(cut && nic.slot_at[i] == '\0'); i++)
		if (nic.slot_at[i] != '\0')
			nic.slots[n++] = nic.slot_at[i];
	qsort(nic.slots, n, 1, nic_by_char);
}

int rte_eth_dev_mac_addr_add(uint16_t port, struct rte_ether_addr *mac, uint32_t pool)
{
	const char what[] = {'+', mac->addr_bytes[0] == 3 ? '!' : nic_letter(mac), '\0'};
	unsigned i = 0;

	nic_note(what);
	if (nic.slot_ret < 0)
		return nic.slot_ret;
	while (i < nic.slots_max && nic.slot_at[i] != '\0')
		i++;
	if (i == nic.slots_max)
		return -ENOSPC;
	nic.slot_at[i] = what[1];
	nic_tell_slots(nic.cuts_slots);
	return 0;
}

int rte_eth_dev_mac_addr_remove(uint16_t port, struct rte_ether_addr *mac)
{
	const char what[] = {'-', mac->addr_bytes[0] == 3 ? '!' : nic_letter(mac), '\0'};
	char *at = memchr(nic.slot_at, what[1], nic.slots_max);

	nic_note(what);
	assert_non_null(at);
	*at = '\0';
	nic_tell_slots(0);
	return 0;
}

/* ---- flow rules ---- */

static int nic_flow_error(struct rte_flow_error *error, int ret)
{
	error->message = nic.message;
	rte_errno = -ret;
	return ret;
}

__attribute__((format(printf, 3, 4))) static void nic_append(char *text, size_t cap,
							     const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, cap - len, format, args);
	va_end(args);
}

/* Where a mask is all ones; half a mask is none of ours. */
static void nic_append_address(char *text, size_t cap, const char *what, int family,
			       const void *address, const void *mask)
{
	size_t len = family == AF_INET ? 4 : 16;
	const uint8_t *octets = mask;
	char buf[INET6_ADDRSTRLEN];

	for (size_t i = 1; i < len; i++)
		assert_int_equal(octets[i], octets[0]);
	if (octets[0] == 0)
		return;
	assert_int_equal(octets[0], 0xff);
	nic_append(text, cap, "%s%s", what, inet_ntop(family, address, buf, sizeof(buf)));
}

static void nic_item_text(char *text, size_t cap, const struct rte_flow_item *item)
{
	if (!item->spec && item->type == RTE_FLOW_ITEM_TYPE_IPV6)
		nic_append(text, cap, "ipv6");
	else if (!item->spec && item->type == RTE_FLOW_ITEM_TYPE_ICMP6)
		nic_append(text, cap, " icmp6");
	else if (!item->spec && item->type == RTE_FLOW_ITEM_TYPE_UDP && text[0] == 'a')
		nic_append(text, cap, " udp");
	if (!item->spec)
		return;
	if (item->type == RTE_FLOW_ITEM_TYPE_ETH) {
		const struct rte_flow_item_eth *eth = item->spec, *mask = item->mask;

		if (eth->dst.addr_bytes[0] == 1)
			assert_int_equal(mask->dst.addr_bytes[3], 0x80);
		else
			assert_int_equal(mask->dst.addr_bytes[2], 0);
		nic_append(text, cap, eth->dst.addr_bytes[0] == 1 ? "all" : "all ");
	} else if (item->type == RTE_FLOW_ITEM_TYPE_VLAN) {
		const struct rte_flow_item_vlan *vlan = item->spec, *mask = item->mask;

		assert_int_equal(mask->tci, htons(0xfff));
		nic_append(text, cap, "vlan %u ", ntohs(vlan->tci));
	} else if (item->type == RTE_FLOW_ITEM_TYPE_IPV4) {
		const struct rte_flow_item_ipv4 *ip = item->spec, *mask = item->mask;

		if (mask->hdr.next_proto_id == 0xff && ip->hdr.next_proto_id == 2)
			nic_append(text, cap, "igmp");
		nic_append_address(text, cap, "", AF_INET, &ip->hdr.dst_addr, &mask->hdr.dst_addr);
		nic_append_address(text, cap, " from ", AF_INET, &ip->hdr.src_addr,
				   &mask->hdr.src_addr);
	} else if (item->type == RTE_FLOW_ITEM_TYPE_IPV6) {
		const struct rte_flow_item_ipv6 *ip = item->spec, *mask = item->mask;

		nic_append_address(text, cap, "", AF_INET6, &ip->hdr.dst_addr, &mask->hdr.dst_addr);
		nic_append_address(text, cap, " from ", AF_INET6, &ip->hdr.src_addr,
				   &mask->hdr.src_addr);
	} else if (item->type == RTE_FLOW_ITEM_TYPE_UDP) {
		const struct rte_flow_item_udp *udp = item->spec, *mask = item->mask;

		assert_int_equal(mask->hdr.dst_port, UINT16_MAX);
		nic_append(text, cap, " port %u", ntohs(udp->hdr.dst_port));
	} else if (item->type == RTE_FLOW_ITEM_TYPE_ICMP6) {
		const struct rte_flow_item_icmp6 *icmp6 = item->spec, *mask = item->mask;

		assert_int_equal(mask->type, 0xff);
		nic_append(text, cap, " type %u", icmp6->type);
	}
}

/* "vlan 5 239.1.1.1 from 10.0.0.9 port 5000", "ff15::1 from 2001:db8::9", "igmp", "ipv6 type 130",
 * "ff02::1 icmp6", "all", "all ipv6 udp" */
static void nic_pattern_text(char *text, size_t cap, const struct rte_flow_item *item)
{
	text[0] = '\0';
	for (; item->type != RTE_FLOW_ITEM_TYPE_END; item++)
		nic_item_text(text, cap, item);
}

static size_t nic_flow_text(char *text, size_t cap, const struct rte_flow_item *pattern,
			    const struct rte_flow_action *action)
{
	size_t len;

	nic_pattern_text(text, cap, pattern);
	len = strlen(text);
	if (action->type == RTE_FLOW_ACTION_TYPE_QUEUE)
		snprintf(text + len, cap - len, ">%u",
			 ((const struct rte_flow_action_queue *)action->conf)->index);
	else
		snprintf(text + len, cap - len, ">rss");
	return len;
}

static int nic_has_twin(const char *text, size_t len)
{
	for (size_t i = 0; i < nic.n_made; i++)
		if (nic.flows[i] && strncmp(nic.flows[i]->text, text, len) == 0 &&
		    nic.flows[i]->text[len] == '>')
			return 1;
	return 0;
}

int rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
		      const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
		      struct rte_flow_error *error)
{
	char text[NIC_FLOW_TEXT];

	nic.validates++;
	assert_int_equal(attr->ingress, 1);
	nic_flow_text(text, sizeof(text), pattern, actions);
	if ((nic.no_wide_flows && !strstr(text, "port")) ||
	    (nic.no_source_flows && strstr(text, "from")) ||
	    (nic.no_rss_flows && strstr(text, "rss")) ||
	    (nic.no_icmp6_types && strstr(text, "type")))
		return nic_flow_error(error, -EINVAL);
	return nic.validate_ret < 0 ? nic_flow_error(error, nic.validate_ret) : 0;
}

struct rte_flow *rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
				 const struct rte_flow_item pattern[],
				 const struct rte_flow_action actions[],
				 struct rte_flow_error *error)
{
	struct rte_flow *flow = calloc(1, sizeof(*flow));
	size_t len;
	int ret = nic.create_ret;

	assert_non_null(flow);
	nic.creates++;
	len = nic_flow_text(flow->text, sizeof(flow->text), pattern, actions);
	if (ret == 0 && nic.n_flows >= nic.flows_max)
		ret = -ENOSPC;
	if (ret == 0 && nic.no_twin_flows && nic_has_twin(flow->text, len))
		ret = -EEXIST;
	if (ret < 0) {
		nic_flow_error(error, ret);
		free(flow);
		return NULL;
	}
	assert_true(nic.n_made < NIC_FLOWS);
	nic.flows[nic.n_made++] = flow;
	nic.n_flows++;
	if (strlen(nic.log) < sizeof(nic.log) - NIC_FLOW_TEXT - 8) {
		char what[NIC_FLOW_TEXT + 8];

		snprintf(what, sizeof(what), "+<%s>", flow->text);
		nic_note(what);
	}
	return flow;
}

int rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error)
{
	size_t i = 0;
	char what[NIC_FLOW_TEXT + 8];

	nic.destroys++;
	while (i < nic.n_made && nic.flows[i] != flow)
		i++;
	assert_true(i < nic.n_made);
	snprintf(what, sizeof(what), "-<%s>", flow->text);
	nic_note(what);
	free(flow);
	nic.flows[i] = NULL;
	nic.n_flows--;
	return 0;
}

int rte_flow_isolate(uint16_t port, int set, struct rte_flow_error *error)
{
	nic_note("isolate");
	if (nic.isolate_ret < 0)
		return nic_flow_error(error, nic.isolate_ret);
	nic.isolated = set;
	return 0;
}

/* An IPv4 address in host order. */
static inline struct mcr_address ip_of(uint32_t ipv4)
{
	return mcr_address_from_ipv4(htonl(ipv4));
}

#endif
