/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/filter/filter.h"

const char *mcr_rung_name(enum mcr_rung rung)
{
	static const char *const names[] = {
	    [MCR_RUNG_FLOW] = "rte-flow",           [MCR_RUNG_MAC_LIST] = "mac-list",
	    [MCR_RUNG_MAC_SLOTS] = "mac-slots",     [MCR_RUNG_ALL_MULTICAST] = "all-multicast",
	    [MCR_RUNG_PROMISCUOUS] = "promiscuous", [MCR_RUNG_NONE] = "none",
	};

	return names[rung];
}

uint16_t mcr_filter_spread(struct mcr_address group, uint16_t n)
{
	/* Multiples of the golden ratio, as a fraction of 2^32 (Knuth, volume 3, 6.4). Groups may
	 * count up in any word of an address, so it is the sum that is multiplied. */
	uint32_t words_be[4], fraction = 0;

	memcpy(words_be, group.octets, sizeof(words_be));
	for (unsigned i = 0; i < 4; i++)
		fraction += ntohl(words_be[i]);
	fraction *= UINT32_C(0x9e3779b1);
	return (uint16_t)((uint64_t)fraction * n >> 32);
}

static int by_mac(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rte_ether_addr));
}

size_t mcr_filter_macs_sort(struct rte_ether_addr *macs, size_t n)
{
	size_t unique = 0;

	qsort(macs, n, sizeof(*macs), by_mac);
	for (size_t i = 0; i < n; i++)
		if (unique == 0 || by_mac(&macs[unique - 1], &macs[i]) != 0)
			macs[unique++] = macs[i];
	return unique;
}

size_t mcr_filter_macs(struct rte_ether_addr *macs, const struct mcr_filter_want *wants, size_t n)
{
	const struct mcr_address all_hosts = mcr_address_from_ipv4(htobe32(MCR_IPV4_ALL_HOSTS));

	for (size_t i = 0; i < n; i++) {
		struct mcr_address group = wants[i].group;

		if (wants[i].kind == MCR_FILTER_IGMP || wants[i].kind == MCR_FILTER_ALL ||
		    wants[i].kind == MCR_FILTER_LOOK)
			group = all_hosts;
		else if (wants[i].kind == MCR_FILTER_MLD)
			group = MCR_ADDRESS_ALL_NODES;
		macs[i] = mcr_filter_mac_of(group);
	}
	macs[n] = mcr_filter_mac_of(all_hosts);
	return mcr_filter_macs_sort(macs, n + 1);
}

/* Lists the wants' addresses and those that are wanted beside them. Returns how many. */
static size_t all_macs(const struct mcr_filter_port *f, struct rte_ether_addr *macs,
		       const struct mcr_filter_want *wants, size_t n)
{
	n = mcr_filter_macs(macs, wants, n);
	memcpy(macs + n, f->others, f->n_others * sizeof(*macs));
	return mcr_filter_macs_sort(macs, n + f->n_others);
}

void mcr_filter_port_init(struct mcr_filter_port *f, uint16_t port, const char *driver)
{
	const struct mcr_filter_traits *traits = mcr_filter_traits_of(driver);

	mcr_filter_mac_init(&f->mac, port, traits);
	mcr_filter_flow_init(&f->flow, port, traits);
}

void mcr_filter_port_queues(struct mcr_filter_port *f, uint16_t n_queues)
{
	mcr_filter_flow_queues(&f->flow, n_queues);
}

void mcr_filter_port_fini(struct mcr_filter_port *f)
{
	mcr_filter_flow_fini(&f->flow);
	mcr_filter_mac_fini(&f->mac);
}

static int by_vlan_and_group(const void *a, const void *b)
{
	return mcr_filter_want_compare(a, b);
}

/* Takes out what the host listens to: rules that only steer need none for it, as it goes to control
 * from any queue. */
static size_t without_host(struct mcr_filter_want *wants, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (wants[i].kind == MCR_FILTER_GROUP)
			wants[k++] = wants[i];
	return k;
}

/* Why all multicast is to come in; NULL = it is not to. */
static const char *why_everything(const struct mcr_filter_want *wants, size_t n)
{
	static const char relay[] = "the relay takes every group",
			  look[] = "it is open for a look at what it hides";
	const char *why = NULL;

	for (size_t i = 0; i < n; i++)
		if (wants[i].is_querier)
			return "a querier hears reports to every group";
		else if (wants[i].kind == MCR_FILTER_ALL)
			why = relay;
		else if (wants[i].kind == MCR_FILTER_LOOK && !why)
			why = look;
	return why;
}

int mcr_filter_port_set(struct mcr_filter_port *f, struct mcr_filter_want *wants, size_t n)
{
	struct rte_ether_addr *macs;
	const char *why_all;
	size_t n_macs;
	int ret, mac_ret;

	if (n > 0)
		qsort(wants, n, sizeof(*wants), by_vlan_and_group);
	if (f->flow.isolated) { /* its MAC filter has no effect */
		ret = mcr_filter_flow_add(&f->flow, wants, n);
		if (ret == 0)
			mcr_filter_flow_remove(&f->flow);
		return ret;
	}
	macs = calloc(n + 1 + f->n_others, sizeof(*macs));
	if (!macs)
		return -ENOMEM;
	n_macs = all_macs(f, macs, wants, n);
	why_all = why_everything(wants, n);
	ret = mcr_filter_flow_add(&f->flow, wants, without_host(wants, n));
	mac_ret = mcr_filter_mac_set(&f->mac, macs, n_macs, why_all);
	if (ret == 0)
		mcr_filter_flow_remove(&f->flow);
	free(macs);
	return ret < 0 ? ret : mac_ret;
}

/* ---- the copy ---- */

/* An empty array has a copy, too: NULL means no memory. */
static void *copy_of(const void *from, size_t n, size_t size)
{
	void *to = malloc((n + 1) * size);

	if (to && n > 0)
		memcpy(to, from, n * size);
	return to;
}

void mcr_filter_port_keep(struct mcr_filter_port *f)
{
	mcr_filter_mac_keep(&f->mac);
}

struct mcr_filter_port *mcr_filter_port_copy(const struct mcr_filter_port *f)
{
	struct mcr_filter_port *copy = copy_of(f, 1, sizeof(*f));

	if (!copy)
		return NULL;
	copy->mac.wanted = copy_of(f->mac.wanted, f->mac.n_wanted, sizeof(*f->mac.wanted));
	copy->mac.held = copy_of(f->mac.held, f->mac.n_held, sizeof(*f->mac.held));
	copy->flow.rules = copy_of(f->flow.rules, f->flow.n_rules, sizeof(*f->flow.rules));
	copy->flow.old = NULL;
	if (copy->mac.wanted && copy->mac.held && copy->flow.rules)
		return copy;
	mcr_filter_port_copy_destroy(copy);
	return NULL;
}

void mcr_filter_port_copy_destroy(struct mcr_filter_port *copy)
{
	if (copy)
		mcr_filter_port_fini(copy);
	free(copy);
}

/* ---- how a group is let in ---- */

static void isolated_state(const struct mcr_filter_flow *f, const struct mcr_filter_rule *r,
			   struct mcr_filter_state *out)
{
	const struct mcr_flow_family *family = &f->families[mcr_address_is_ipv6(r->group)];
	const char *why = r->why;

	out->rung = MCR_RUNG_FLOW;
	if (family->catch_all) {
		out->rung = MCR_RUNG_ALL_MULTICAST;
		snprintf(out->reason, sizeof(out->reason), "%s%s",
			 why[0] ? "no flow rule: " : "other groups got no flow rule: ",
			 why[0] ? why : family->why);
	} else if (r->n_flows == 0) {
		out->rung = MCR_RUNG_NONE;
		snprintf(out->reason, sizeof(out->reason),
			 "not let in by the isolated port: no flow rule: %s", why);
	}
}

static void steered_state(const struct mcr_filter_port *f, const struct mcr_filter_rule *r,
			  const struct rte_ether_addr *mac, struct mcr_filter_state *out)
{
	enum mcr_rung rung = mcr_filter_mac_rung(&f->mac, mac);
	const char *reason = rung == f->mac.rung ? f->mac.reason : "";

	out->rung = rung;
	if (r && r->n_flows > 0) {
		out->rung = rung == MCR_RUNG_NONE ? rung : MCR_RUNG_FLOW;
		if (rung != MCR_RUNG_MAC_LIST)
			snprintf(out->reason, sizeof(out->reason), "let in by %s: %.*s",
				 mcr_rung_name(rung), MCR_REASON_MAX - 40, reason);
	} else if (f->flow.n_queues > 1 && r) {
		snprintf(out->reason, sizeof(out->reason), "no flow rule: %s%s%.*s", r->why,
			 reason[0] ? "; " : "", MCR_REASON_MAX - MCR_FLOW_WHY - 20, reason);
	} else {
		snprintf(out->reason, sizeof(out->reason), "%s", reason);
	}
}

static int is_unset(int is_set, struct mcr_filter_state *out)
{
	*out = (struct mcr_filter_state){.rung = MCR_RUNG_NONE, .queue = MCR_ANY_QUEUE};
	if (!is_set)
		snprintf(out->reason, sizeof(out->reason), "the port's filter is not set yet");
	return !is_set;
}

void mcr_filter_port_summary(const struct mcr_filter_port *f, struct mcr_filter_state *out)
{
	if (is_unset(f->flow.isolated || f->mac.n_wanted > 0, out))
		return;
	out->rung = f->mac.rung;
	snprintf(out->reason, sizeof(out->reason), "%s", f->mac.reason);
	if (!f->flow.isolated)
		return;
	out->rung = f->flow.families[0].catch_all || f->flow.families[1].catch_all
			? MCR_RUNG_ALL_MULTICAST
			: MCR_RUNG_FLOW;
	if (f->flow.n_refused > 0)
		snprintf(out->reason, sizeof(out->reason), "%zu groups got no flow rule: %s",
			 f->flow.n_refused, f->flow.why);
}

int mcr_filter_port_hides(const struct mcr_filter_port *f)
{
	if (f->flow.isolated)
		return !mcr_filter_flow_lets_all_in(&f->flow);
	switch (f->mac.rung) {
	case MCR_RUNG_ALL_MULTICAST:
	case MCR_RUNG_PROMISCUOUS:
		return 0;
	case MCR_RUNG_NONE:
		return f->mac.n_held > 0;
	default:
		return 1;
	}
}

void mcr_filter_port_state(const struct mcr_filter_port *f, uint16_t vlan, struct mcr_address group,
			   struct mcr_filter_state *out)
{
	const struct mcr_filter_rule *r = mcr_filter_flow_find(&f->flow, vlan, group);
	const struct rte_ether_addr mac = mcr_filter_mac_of(group);

	if (is_unset(f->flow.isolated ? !!r : mcr_filter_mac_wants(&f->mac, &mac), out))
		return;
	if (r && r->n_flows > 0)
		out->queue = r->queue;
	if (f->flow.isolated)
		isolated_state(&f->flow, r, out);
	else
		steered_state(f, r, &mac, out);
}
