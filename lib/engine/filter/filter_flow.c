/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_flow.h>

#include "core/address.h"
#include "core/icmp6.h"
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

/* Makes a rule to one queue. */
static struct rte_flow *create_match(struct mcr_filter_flow *f, const struct mcr_flow_match *match,
				     uint16_t to)
{
	const struct rte_flow_action_queue queue = {.index = to};
	const struct rte_flow_action actions[] = {
	    {.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
	    {.type = RTE_FLOW_ACTION_TYPE_END},
	};
	struct mcr_flow_pattern pattern;

	mcr_flow_pattern_fill(&pattern, match);
	return create(f, pattern.items, actions, 0);
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

/* Makes all flows of a rule in one shape, or none. n: MCR_FLOW_SOURCES at most. */
static int create_all(struct mcr_filter_flow *f, struct mcr_filter_rule *r,
		      const struct mcr_flow_match *matches, unsigned n)
{
	for (unsigned i = 0; i < n && !f->blocked; i++) {
		struct rte_flow *flow = create_match(f, &matches[i], r->queue);

		if (!flow)
			break;
		r->flows[r->n_flows++] = flow;
		f->n_flows++;
	}
	if (r->n_flows == n)
		return 0;
	destroy(f, r);
	return -1;
}

/* n_sources: 0 = any. */
static int create_group(struct mcr_filter_flow *f, struct mcr_filter_rule *r, unsigned n_sources,
			uint16_t udp_port)
{
	struct mcr_flow_match matches[MCR_FLOW_SOURCES];
	unsigned n = n_sources ? n_sources : 1;

	for (unsigned i = 0; i < n; i++) {
		matches[i] = (struct mcr_flow_match){
		    .group = r->group, .vlan = r->vlan, .udp_port = udp_port};
		if (n_sources > 0)
			matches[i].source = r->sources[i];
	}
	if (create_all(f, r, matches, n) < 0)
		return -1;
	r->udp_port = udp_port;
	return 0;
}

/* Tries the shapes that a NIC may take, the best one first. Where a rule only steers, the widest is
 * the best: all of the group then comes to one queue. */
static int ask_for_group(struct mcr_filter_flow *f, struct mcr_filter_rule *r)
{
	int ret = -1;

	if (f->isolated && r->n_sources > 0)
		ret = create_group(f, r, r->n_sources, r->wanted_port);
	if (ret < 0 && f->isolated && r->wanted_port != 0)
		ret = create_group(f, r, 0, r->wanted_port);
	if (ret < 0)
		ret = create_group(f, r, 0, 0);
	if (ret < 0 && !f->isolated && r->wanted_port != 0)
		ret = create_group(f, r, 0, r->wanted_port);
	return ret;
}

/* Of MLD the queries and the reports of version 1, which silence ours (RFC 2710 §4); a querier
 * hears the rest as well. They are told apart by their types, so that the rest of ICMPv6 stays the
 * kernel's. A NIC that does not look at types gives us what is sent to all nodes, where the general
 * queries are, and to a querier what is sent to routers. */
static int ask_for_mld(struct mcr_filter_flow *f, struct mcr_filter_rule *r)
{
	static const uint8_t types[] = {MCR_ICMP6_MLD_QUERY, MCR_ICMP6_MLD_REPORT,
					MCR_ICMP6_MLD_DONE, MCR_ICMP6_MLD_REPORT2};
	const struct mcr_address groups[] = {MCR_ADDRESS_ALL_NODES, MCR_ADDRESS_ALL_ROUTERS,
					     MCR_ADDRESS_MLDV2_ROUTERS};
	struct mcr_flow_match matches[RTE_DIM(types)];

	_Static_assert(RTE_DIM(types) <= MCR_FLOW_SOURCES, "a rule has room for them");
	for (size_t i = 0; i < RTE_DIM(types); i++)
		matches[i] = (struct mcr_flow_match){
		    .vlan = r->vlan, .protocol = MCR_FLOW_ICMP6, .icmp6_type = types[i]};
	if (create_all(f, r, matches, r->is_querier ? RTE_DIM(types) : 2) == 0)
		return 0;
	memcpy(r->why, f->why, sizeof(r->why));
	for (size_t i = 0; i < RTE_DIM(groups); i++)
		matches[i] = (struct mcr_flow_match){
		    .group = groups[i], .vlan = r->vlan, .protocol = MCR_FLOW_ICMP6};
	return create_all(f, r, matches, r->is_querier ? RTE_DIM(groups) : 1);
}

static int ask_for_host(struct mcr_filter_flow *f, struct mcr_filter_rule *r)
{
	const struct mcr_flow_match match = {
	    .group = r->group,
	    .vlan = r->vlan,
	    .protocol = r->kind == MCR_FILTER_IGMP ? MCR_FLOW_IGMP : MCR_FLOW_ICMP6};

	return r->kind == MCR_FILTER_MLD ? ask_for_mld(f, r) : create_all(f, r, &match, 1);
}

/* Why the driver's rules are of no use for this one, or NULL. */
static const char *mistake(const struct mcr_filter_flow *f, const struct mcr_filter_rule *r)
{
	if (r->vlan != 0 && (f->traits->flags & MCR_TRAIT_FLOW_NO_VLAN))
		return "this driver's rules mistake VLANs";
	if (mcr_address_is_ipv6(r->group) && (f->traits->flags & MCR_TRAIT_FLOW_NO_IPV6))
		return "this driver's rules mistake IPv6 groups";
	return NULL;
}

static int lets_all_in(const struct mcr_filter_rule *r)
{
	return r->kind == MCR_FILTER_ALL || r->kind == MCR_FILTER_LOOK;
}

static void ask(struct mcr_filter_flow *f, struct mcr_filter_rule *r)
{
	const char *why = mistake(f, r);
	int ret = -1;

	r->why[0] = '\0';
	if (r->kind == MCR_FILTER_ROUTERS || lets_all_in(r))
		return;
	if (why)
		snprintf(f->why, sizeof(f->why), "%s", why);
	else
		ret = r->kind == MCR_FILTER_GROUP ? ask_for_group(f, r) : ask_for_host(f, r);
	if (ret < 0)
		memcpy(r->why, f->why, sizeof(r->why));
}

/* On an isolated port: lets in the multicast of a family, for the groups that got no rule. It comes
 * after the other rules. */
static struct rte_flow *create_catch_all(struct mcr_filter_flow *f, int is_ipv6)
{
	const struct rte_flow_action_queue queue = {.index = 0};
	struct rte_flow_action actions[] = {
	    {.type = RTE_FLOW_ACTION_TYPE_RSS},
	    {.type = RTE_FLOW_ACTION_TYPE_END},
	};
	uint16_t queues[64];
	struct rte_flow_action_rss rss = {.queue = queues};
	struct mcr_flow_pattern pattern;
	struct rte_flow *flow = NULL;

	mcr_flow_pattern_fill_all(&pattern, is_ipv6);
	while (rss.queue_num < f->n_queues && rss.queue_num < RTE_DIM(queues)) {
		queues[rss.queue_num] = (uint16_t)rss.queue_num;
		rss.queue_num++;
	}
	actions[0].conf = &rss;
	if (rss.queue_num > 1)
		flow = create(f, pattern.items, actions, 1);
	if (!flow) {
		actions[0] =
		    (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue};
		flow = create(f, pattern.items, actions, 1);
	}
	return flow;
}

/* ---- all of them ---- */

static int compare(uint16_t vlan_a, uint8_t kind_a, const struct mcr_address *group_a,
		   const struct mcr_filter_rule *b)
{
	if (vlan_a != b->vlan)
		return vlan_a < b->vlan ? -1 : 1;
	if (kind_a != b->kind)
		return kind_a < b->kind ? -1 : 1;
	return memcmp(group_a, &b->group, sizeof(*group_a));
}

int mcr_filter_want_compare(const struct mcr_filter_want *a, const struct mcr_filter_want *b)
{
	const struct mcr_filter_rule rule = {.group = b->group, .vlan = b->vlan, .kind = b->kind};

	return compare(a->vlan, a->kind, &a->group, &rule);
}

static void fill(const struct mcr_filter_flow *f, struct mcr_filter_rule *r,
		 const struct mcr_filter_want *w)
{
	*r = (struct mcr_filter_rule){
	    .group = w->group, .vlan = w->vlan, .queue = w->queue, .kind = w->kind, .is_new = 1};
	r->wanted_port = w->udp_port;
	r->is_querier = w->is_querier;
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
	    (r->kind == MCR_FILTER_MLD && before->is_querier != r->is_querier) ||
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

static void want_catch_alls(struct mcr_filter_flow *f, const char *why)
{
	for (size_t i = 0; i < RTE_DIM(f->families); i++) {
		f->families[i].is_short = 1;
		snprintf(f->families[i].why, sizeof(f->families[i].why), "%s", why);
	}
}

/* MLD and neighbour discovery are not UDP, so no catch-all lets them in. */
static void count(struct mcr_filter_flow *f)
{
	f->n_groups = f->n_refused = 0;
	f->families[0].is_short = f->families[1].is_short = 0;
	for (size_t i = 0; i < f->n_rules; i++) {
		const struct mcr_filter_rule *r = &f->rules[i];
		struct mcr_flow_family *family = &f->families[mcr_address_is_ipv6(r->group)];
		int is_group = r->kind == MCR_FILTER_GROUP;

		f->n_groups += is_group;
		if (lets_all_in(r))
			want_catch_alls(f, r->kind == MCR_FILTER_ALL ? "the relay takes every group"
								     : "it is open for a look");
		if (r->n_flows > 0 || (!is_group && r->kind != MCR_FILTER_IGMP))
			continue;
		f->n_refused += is_group;
		family->is_short = 1;
		memcpy(family->why, r->why, sizeof(family->why));
	}
}

static void open_catch_alls(struct mcr_filter_flow *f)
{
	for (int is_ipv6 = 0; f->isolated && is_ipv6 < 2; is_ipv6++) {
		struct mcr_flow_family *family = &f->families[is_ipv6];

		if (family->is_short && !family->catch_all)
			family->catch_all = create_catch_all(f, is_ipv6);
	}
}

static void close_catch_alls(struct mcr_filter_flow *f)
{
	struct rte_flow_error error;

	for (size_t i = 0; i < RTE_DIM(f->families); i++) {
		struct mcr_flow_family *family = &f->families[i];

		if (family->is_short || !family->catch_all)
			continue;
		rte_flow_destroy(f->port, family->catch_all, &error);
		family->catch_all = NULL;
	}
}

int mcr_filter_flow_add(struct mcr_filter_flow *f, const struct mcr_filter_want *wants, size_t n)
{
	struct mcr_filter_rule *rules = calloc(n + 1, sizeof(*rules));
	size_t k = 0;

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct mcr_filter_rule *before = NULL;

		while (k < f->n_rules &&
		       compare(wants[i].vlan, wants[i].kind, &wants[i].group, &f->rules[k]) > 0)
			k++;
		if (k < f->n_rules &&
		    compare(wants[i].vlan, wants[i].kind, &wants[i].group, &f->rules[k]) == 0)
			before = &f->rules[k];
		fill(f, &rules[i], &wants[i]);
		renew(f, &rules[i], before);
	}
	f->old = f->rules;
	f->n_old = f->n_rules;
	f->rules = rules;
	f->n_rules = n;
	count(f);
	open_catch_alls(f);
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
	count(f);
}

void mcr_filter_flow_remove(struct mcr_filter_flow *f)
{
	size_t before = f->n_flows;

	for (size_t i = 0; i < f->n_old; i++)
		destroy(f, &f->old[i]);
	free(f->old);
	f->old = NULL;
	f->n_old = 0;
	if (f->n_flows < before)
		ask_again(f);
	close_catch_alls(f);
}

int mcr_filter_flow_lets_all_in(const struct mcr_filter_flow *f)
{
	return f->families[0].catch_all && f->families[1].catch_all;
}

const struct mcr_filter_rule *mcr_filter_flow_find(const struct mcr_filter_flow *f, uint16_t vlan,
						   struct mcr_address group)
{
	for (size_t low = 0, high = f->n_rules; low < high;) {
		size_t middle = (low + high) / 2;
		const struct mcr_filter_rule *r = &f->rules[middle];
		int order = compare(vlan, MCR_FILTER_GROUP, &group, r);

		if (order == 0)
			return r;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
