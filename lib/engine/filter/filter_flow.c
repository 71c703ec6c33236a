/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_flow.h>

#include "core/address.h"
#include "engine/filter/filter_flow.h"

void mcr_filter_flow_init(struct mcr_filter_flow *f, uint16_t port,
			  const struct mcr_filter_traits *traits)
{
	struct rte_flow_error error = {0};
	int ret;

	*f = (struct mcr_filter_flow){.port = port, .traits = traits};
	if ((traits->flags & MCR_TRAIT_ISOLATE) == 0)
		return;
	ret = rte_flow_isolate(port, 1, &error);
	f->isolated = ret == 0;
	if (ret < 0)
		snprintf(f->why, sizeof(f->why), "not isolated: %s",
			 error.message ? error.message : strerror(-ret));
}

void mcr_filter_flow_queues(struct mcr_filter_flow *f, uint16_t n_queues)
{
	f->n_queues = n_queues;
	f->blocked = n_queues <= 1 && !f->isolated && (f->traits->flags & MCR_TRAIT_ISOLATE) == 0;
	if (f->blocked)
		snprintf(f->why, sizeof(f->why), "one queue");
}

void mcr_filter_flow_fini(struct mcr_filter_flow *f)
{
	free(f->rules);
	free(f->old);
	f->rules = f->old = NULL;
	f->n_rules = f->n_old = 0;
}

/* ---- one rule ---- */

static void note_refusal(struct mcr_filter_flow *f, const struct rte_flow_error *error, int code)
{
	if (code == ENOSYS)
		snprintf(f->why, sizeof(f->why), "the driver takes none");
	else
		snprintf(f->why, sizeof(f->why), "%s%s%s", error->message ? error->message : "",
			 error->message ? ": " : "", strerror(code));
	if (code == ENOSYS || ++f->refused_in_row >= MCR_FLOW_REFUSED)
		f->blocked = 1;
}

/* Validates first: some drivers find out only there that they refuse, others only at create. */
static struct rte_flow *create(struct mcr_filter_flow *f, const struct rte_flow_item *pattern,
			       const struct rte_flow_action *actions, uint32_t priority)
{
	const struct rte_flow_attr attr = {.ingress = 1, .priority = priority};
	struct rte_flow_error error = {0};
	struct rte_flow *flow = NULL;
	int ret = rte_flow_validate(f->port, &attr, pattern, actions, &error);

	if (ret == 0) {
		flow = rte_flow_create(f->port, &attr, pattern, actions, &error);
		ret = flow ? 0 : -rte_errno;
	}
	if (flow)
		f->refused_in_row = 0;
	else
		note_refusal(f, &error, -ret);
	return flow;
}

/* eth [vlan] ipv4 udp. The UDP item is there even when it is empty: without it net_i40e (22.11)
 * matches only what is neither UDP nor TCP nor SCTP. */
static struct rte_flow *create_group(struct mcr_filter_flow *f, const struct mcr_filter_rule *r,
				     struct mcr_address source, uint16_t udp_port)
{
	const uint32_t group_be = mcr_address_ipv4_be(r->group);
	const uint32_t source_be = mcr_address_ipv4_be(source);
	const struct rte_flow_item_vlan vlan = {.tci = htons(r->vlan)},
					vlan_mask = {.tci = RTE_BE16(0x0fff)};
	const struct rte_flow_item_ipv4 ip = {.hdr = {.src_addr = source_be,
						      .dst_addr = group_be,
						      .next_proto_id =
							  group_be ? 0 : IPPROTO_IGMP}},
					ip_mask = {
					    .hdr = {.src_addr = source_be ? UINT32_MAX : 0,
						    .dst_addr = group_be ? UINT32_MAX : 0,
						    .next_proto_id = group_be ? 0 : UINT8_MAX}};
	const struct rte_flow_item_udp udp = {.hdr.dst_port = htons(udp_port)},
				       udp_mask = {.hdr.dst_port = UINT16_MAX};
	const struct rte_flow_action_queue queue = {.index = r->queue};
	const struct rte_flow_action actions[] = {
	    {.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
	    {.type = RTE_FLOW_ACTION_TYPE_END},
	};
	struct rte_flow_item pattern[5] = {{.type = RTE_FLOW_ITEM_TYPE_ETH}};
	unsigned n = 1;

	if (r->vlan != 0)
		pattern[n++] = (struct rte_flow_item){
		    .type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &vlan, .mask = &vlan_mask};
	pattern[n++] =
	    (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &ip, .mask = &ip_mask};
	if (group_be != 0) {
		pattern[n].type = RTE_FLOW_ITEM_TYPE_UDP;
		if (udp_port != 0) {
			pattern[n].spec = &udp;
			pattern[n].mask = &udp_mask;
		}
		n++;
	}
	pattern[n].type = RTE_FLOW_ITEM_TYPE_END;
	return create(f, pattern, actions, 0);
}

static void destroy(struct mcr_filter_flow *f, struct mcr_filter_rule *r)
{
	struct rte_flow_error error;

	/* A rule that stays brings unwanted frames to a queue: software drops them. */
	for (unsigned i = 0; i < r->n_flows; i++)
		rte_flow_destroy(f->port, r->flows[i], &error);
	f->n_flows -= r->n_flows;
	r->n_flows = 0;
}

/* Makes all rules of a group in one shape, or none. */
static int create_all(struct mcr_filter_flow *f, struct mcr_filter_rule *r, unsigned n_sources,
		      uint16_t udp_port)
{
	static const struct mcr_address any;

	for (unsigned i = 0; i < n_sources || i == 0; i++) {
		struct rte_flow *flow;

		if (f->blocked)
			break;
		flow = create_group(f, r, n_sources ? r->sources[i] : any, udp_port);
		if (!flow)
			break;
		r->flows[r->n_flows++] = flow;
		f->n_flows++;
	}
	if (r->n_flows == (n_sources ? n_sources : 1)) {
		r->udp_port = udp_port;
		return 0;
	}
	destroy(f, r);
	return -1;
}

/* Tries the shapes that a NIC may take, the best one first. Where a rule only steers, the widest is
 * the best: all of the group then comes to one queue. */
static void ask(struct mcr_filter_flow *f, struct mcr_filter_rule *r)
{
	int ret = -1;

	r->why[0] = '\0';
	if (r->vlan != 0 && (f->traits->flags & MCR_TRAIT_FLOW_NO_VLAN)) {
		snprintf(f->why, sizeof(f->why), "this driver's rules mistake VLANs");
		memcpy(r->why, f->why, sizeof(r->why));
		return;
	}
	if (f->isolated && r->n_sources > 0)
		ret = create_all(f, r, r->n_sources, r->wanted_port);
	if (ret < 0 && f->isolated && r->wanted_port != 0)
		ret = create_all(f, r, 0, r->wanted_port);
	if (ret < 0)
		ret = create_all(f, r, 0, 0);
	if (ret < 0 && !f->isolated && r->wanted_port != 0)
		ret = create_all(f, r, 0, r->wanted_port);
	if (ret < 0)
		memcpy(r->why, f->why, sizeof(r->why));
}

/* On an isolated port: lets in every IPv4 multicast, for the groups that got no rule. It comes
 * after the other rules. */
static struct rte_flow *create_catch_all(struct mcr_filter_flow *f)
{
	const struct rte_flow_item_eth eth = {.dst.addr_bytes = {MCR_IPV4_GROUP_MAC}},
				       mask = {.dst.addr_bytes = {0xff, 0xff, 0xff, 0x80}};
	const struct rte_flow_item pattern[] = {
	    {.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = &eth, .mask = &mask},
	    {.type = RTE_FLOW_ITEM_TYPE_END},
	};
	const struct rte_flow_action_queue queue = {.index = 0};
	struct rte_flow_action actions[] = {
	    {.type = RTE_FLOW_ACTION_TYPE_RSS},
	    {.type = RTE_FLOW_ACTION_TYPE_END},
	};
	uint16_t queues[64];
	struct rte_flow_action_rss rss = {.queue = queues};
	struct rte_flow *flow = NULL;

	while (rss.queue_num < f->n_queues && rss.queue_num < RTE_DIM(queues)) {
		queues[rss.queue_num] = (uint16_t)rss.queue_num;
		rss.queue_num++;
	}
	actions[0].conf = &rss;
	if (rss.queue_num > 1)
		flow = create(f, pattern, actions, 1);
	if (!flow) {
		actions[0] =
		    (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue};
		flow = create(f, pattern, actions, 1);
	}
	return flow;
}

/* ---- all of them ---- */

static int compare(uint16_t vlan_a, const struct mcr_address *group_a, uint16_t vlan_b,
		   const struct mcr_address *group_b)
{
	if (vlan_a != vlan_b)
		return vlan_a < vlan_b ? -1 : 1;
	return memcmp(group_a, group_b, sizeof(*group_a));
}

static void fill(const struct mcr_filter_flow *f, struct mcr_filter_rule *r,
		 const struct mcr_filter_want *w)
{
	*r = (struct mcr_filter_rule){
	    .group = w->group, .vlan = w->vlan, .queue = w->queue, .is_new = 1};
	r->wanted_port = w->udp_port;
	if (!f->isolated)
		return;
	r->n_sources = (uint8_t)w->n_sources;
	memcpy(r->sources, w->sources, w->n_sources * sizeof(*r->sources));
}

/* Whether r can keep the rules of `before`. */
static int still_fits(const struct mcr_filter_flow *f, const struct mcr_filter_rule *before,
		      const struct mcr_filter_rule *r)
{
	if (before->queue != r->queue || before->n_sources != r->n_sources ||
	    memcmp(before->sources, r->sources, sizeof(r->sources)) != 0)
		return 0;
	if (!f->isolated && before->n_flows > 0 && before->udp_port == 0)
		return 1;
	return before->wanted_port == r->wanted_port;
}

static void carry_over(struct mcr_filter_rule *r, struct mcr_filter_rule *before)
{
	uint16_t wanted_port = r->wanted_port;

	*r = *before;
	r->wanted_port = wanted_port;
	r->is_new = 0;
	before->n_flows = 0; /* r has them now */
}

/* before: the old rule of the group, or NULL. When it is in the way of the new one (a second rule
 * of one pattern, a full table), ask_again makes the new one after the old one is out. */
static void renew(struct mcr_filter_flow *f, struct mcr_filter_rule *r,
		  struct mcr_filter_rule *before)
{
	if (before && still_fits(f, before, r))
		carry_over(r, before);
	else
		ask(f, r);
}

static void count_refused(struct mcr_filter_flow *f)
{
	f->n_refused = 0;
	for (size_t i = 0; i < f->n_rules; i++)
		f->n_refused += f->rules[i].n_flows == 0;
}

int mcr_filter_flow_add(struct mcr_filter_flow *f, const struct mcr_filter_want *wants, size_t n)
{
	struct mcr_filter_rule *rules = calloc(n + 1, sizeof(*rules));
	size_t k = 0;

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct mcr_filter_rule *before = NULL;

		while (k < f->n_rules && compare(f->rules[k].vlan, &f->rules[k].group,
						 wants[i].vlan, &wants[i].group) < 0)
			k++;
		if (k < f->n_rules && compare(f->rules[k].vlan, &f->rules[k].group, wants[i].vlan,
					      &wants[i].group) == 0)
			before = &f->rules[k];
		fill(f, &rules[i], &wants[i]);
		renew(f, &rules[i], before);
	}
	f->old = f->rules;
	f->n_old = f->n_rules;
	f->rules = rules;
	f->n_rules = n;
	count_refused(f);
	if (f->isolated && f->n_refused > 0 && !f->catch_all)
		f->catch_all = create_catch_all(f);
	return 0;
}

/* Tries refused rules again, as there may be room now. */
static void ask_again(struct mcr_filter_flow *f)
{
	f->blocked = 0;
	f->refused_in_row = 0;
	for (size_t i = 0; i < f->n_rules && !f->blocked; i++)
		if (f->rules[i].n_flows == 0 && (f->rules[i].is_new || f->isolated))
			ask(f, &f->rules[i]);
	count_refused(f);
}

void mcr_filter_flow_remove(struct mcr_filter_flow *f)
{
	struct rte_flow_error error;
	size_t before = f->n_flows;

	for (size_t i = 0; i < f->n_old; i++)
		destroy(f, &f->old[i]);
	free(f->old);
	f->old = NULL;
	f->n_old = 0;
	if (f->n_flows < before)
		ask_again(f);
	if (f->n_refused == 0 && f->catch_all) {
		rte_flow_destroy(f->port, f->catch_all, &error);
		f->catch_all = NULL;
	}
}

const struct mcr_filter_rule *mcr_filter_flow_find(const struct mcr_filter_flow *f, uint16_t vlan,
						   struct mcr_address group)
{
	for (size_t low = 0, high = f->n_rules; low < high;) {
		size_t middle = (low + high) / 2;
		const struct mcr_filter_rule *r = &f->rules[middle];
		int order = compare(vlan, &group, r->vlan, &r->group);

		if (order == 0)
			return r;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
