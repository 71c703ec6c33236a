/* SPDX-License-Identifier: BSD-3-Clause */
/* The cause that nothing arrives of one membership: the first that applies, from the port to the
 * network. */
#include <string.h>

#include "core/address.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"

/* Where each of many flows is compared with joins of the group: so many joins, and so many flows
 * with all joins. */
#define COMPARED_JOINS 64
#define COMPARED_FLOWS 64

enum mcr_why_code mcr_why_frame_code(unsigned drop)
{
	switch (drop) {
	case MCR_DROP_TRUNCATED:
		return MCR_WHY_TRUNCATED;
	case MCR_DROP_OWN_FRAME:
		return MCR_WHY_OWN_FRAME;
	case MCR_DROP_VLAN_DEPTH:
	case MCR_DROP_BAD_IP_HEADER:
	case MCR_DROP_BAD_UDP_LENGTH:
	case MCR_DROP_NOT_MULTICAST:
		return MCR_WHY_MALFORMED;
	case MCR_DROP_BAD_IP_CHECKSUM:
	case MCR_DROP_BAD_UDP_CHECKSUM:
	case MCR_DROP_NO_UDP_CHECKSUM:
		return MCR_WHY_BAD_CHECKSUM;
	case MCR_DROP_FRAGMENT:
		return MCR_WHY_FRAGMENT;
	case MCR_DROP_NOT_UDP:
		return MCR_WHY_NOT_UDP;
	case MCR_DROP_TOO_LARGE:
		return MCR_WHY_TOO_LARGE;
	case MCR_DROP_BAD_SOURCE:
		return MCR_WHY_BAD_SOURCE;
	case MCR_DROP_UNKNOWN_PORT:
		return MCR_WHY_WRONG_PORT;
	case MCR_DROP_WRONG_SOURCE:
		return MCR_WHY_WRONG_SOURCE;
	default:
		return MCR_WHY_CODE_COUNT;
	}
}

static int lists(const struct mcr_join *join, struct mcr_address source)
{
	for (uint32_t i = 0; i < join->n_sources; i++)
		if (mcr_address_is_equal(join->sources[i], source))
			return 1;
	return 0;
}

int mcr_why_join_takes(const struct mcr_join *join, uint16_t port, struct mcr_address source)
{
	if (port && join->port && port != join->port)
		return 0;
	return mcr_address_is_none(source) ||
	       lists(join, source) == (join->mode == MCR_FILTER_INCLUDE);
}

int mcr_why_is_stray(const struct mcr_why_flow *flow)
{
	return flow->interface == MCR_DROP_NO_INTERFACE ||
	       (mcr_why_flow_is_dropped(flow) && flow->dropped == MCR_DROP_UNKNOWN_GROUP);
}

/* What the question leaves open fits anything, and so does what could not be read. */
static int is_asked(const struct mcr_why_evidence *e, const struct mcr_why_flow *f)
{
	return (e->query.port == 0 || f->port == 0 || f->port == e->query.port) &&
	       (mcr_address_is_none(e->query.source) ||
		mcr_address_is_equal(f->source, e->query.source));
}

static int is_delivered(const struct mcr_why_flow *f, int interface)
{
	return f->interface == interface && !mcr_why_flow_is_dropped(f);
}

/* Whether the group's own counters count just what was asked about. */
static int is_all_asked(const struct mcr_why_evidence *e, const struct mcr_group_info *g)
{
	if (e->n_joins > e->joins.n)
		return 0;
	for (size_t i = 0; i < e->joins.n; i++) {
		const struct mcr_join *join = &e->joins.items[i];

		if (strcmp(join->interface, g->interface) != 0)
			continue;
		if (e->query.port && join->port != e->query.port)
			return 0;
		if (!mcr_address_is_none(e->query.source) &&
		    (join->mode != MCR_FILTER_INCLUDE || join->n_sources != 1 ||
		     !lists(join, e->query.source)))
			return 0;
	}
	return 1;
}

/* Of one of several ports or sources nothing is counted: the flows say it, of a group that is among
 * them. */
static void look_at_state(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
			  struct mcr_why_look *out)
{
	const struct mcr_why_flow *f = NULL, *best = NULL;
	int is_known = 0;

	out->state = mcr_why_group_state(g, e->now_ns);
	out->last_ns = g->last_ns;
	if (is_all_asked(e, g))
		return;
	while ((f = mcr_why_flows_next(&e->flows, g->group, f))) {
		if (!mcr_address_is_equal(f->group, g->group) || f->port == 0 ||
		    !is_delivered(f, out->interface))
			continue;
		is_known = 1;
		if (is_asked(e, f) && (!best || f->last_ns > best->last_ns))
			best = f;
	}
	if (best) {
		out->state = mcr_why_state_of(best->seen, best->first_ns, best->last_ns,
					      g->joined_ns, e->now_ns);
		out->last_ns = best->last_ns;
	} else if (is_known && out->state == MCR_WHY_STATE_FLOWS) {
		out->state = MCR_WHY_STATE_NEVER;
		out->last_ns = 0;
	}
}

/* The joins of a group are known when it was asked about, else nothing is. */
static int wants(const struct mcr_why_evidence *e, const struct mcr_group_info *g, uint16_t port,
		 struct mcr_address source)
{
	if (e->n_joins == 0 || e->n_joins > e->joins.n)
		return 1;
	for (size_t i = 0; i < e->joins.n; i++)
		if (strcmp(e->joins.items[i].interface, g->interface) == 0 &&
		    mcr_why_channel_is(e->joins.items[i].channel, e->query.channel) &&
		    mcr_why_join_takes(&e->joins.items[i], port, source))
			return 1;
	return 0;
}

static int is_joined_on(const struct mcr_why_evidence *e, unsigned interface)
{
	for (size_t i = 0; i < e->n_groups; i++)
		if (mcr_why_interface_named(e, e->groups[i].interface) == (int)interface)
			return 1;
	return 0;
}

/* Why packets of this flow do not reach the membership; MCR_WHY_CODE_COUNT = they do, or they
 * were never meant for it. */
static enum mcr_why_code code_of(const struct mcr_why_evidence *e, const struct mcr_why_flow *f,
				 int interface)
{
	if (f->interface == MCR_DROP_NO_INTERFACE)
		return MCR_WHY_WRONG_VLAN;
	if (f->interface != interface)
		return mcr_why_is_stray(f) && !is_joined_on(e, f->interface)
			   ? MCR_WHY_WRONG_INTERFACE
			   : MCR_WHY_CODE_COUNT;
	return mcr_why_flow_is_dropped(f) ? mcr_why_frame_code(f->dropped) : MCR_WHY_CODE_COUNT;
}

static int is_of_now(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		     const struct mcr_why_look *look, const struct mcr_why_flow *f)
{
	return mcr_why_is_now(f->last_ns, e->now_ns) ||
	       f->last_ns >= (look->last_ns ? look->last_ns : g->joined_ns);
}

/* How far a flow is from what is wanted; the closest one shows the cause. */
static unsigned distance_of(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
			    const struct mcr_why_flow *f)
{
	static const struct mcr_address any;

	if (e->joins.n > COMPARED_JOINS)
		return (unsigned)!is_asked(e, f);
	return (unsigned)!is_asked(e, f) + (unsigned)!wants(e, g, f->port, any) +
	       (unsigned)!wants(e, g, 0, f->source);
}

/* What came beside the data while that flowed does not explain that it stopped. (What is wrong with
 * frames is another thing: those of the same flow were right before.) */
static int was_beside(const struct mcr_why_flow *f, enum mcr_why_code code, uint64_t last_ns)
{
	return (code < MCR_WHY_TRUNCATED || code > MCR_WHY_NOT_UDP) &&
	       f->first_ns + MCR_WHY_FLOWS_NS < last_ns;
}

static void look_at_flows(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
			  struct mcr_why_look *out)
{
	const struct mcr_why_flow *f = NULL;
	unsigned best = 0;

	while ((f = mcr_why_flows_next(&e->flows, g->group, f))) {
		const unsigned distance = distance_of(e, g, f);
		enum mcr_why_code code;

		if (!mcr_address_is_equal(f->group, g->group) || !is_of_now(e, g, out, f))
			continue;
		code = code_of(e, f, out->interface);
		if (code == MCR_WHY_CODE_COUNT || was_beside(f, code, out->last_ns))
			continue;
		if (out->flow &&
		    (distance > best || (distance == best && f->last_ns < out->flow->last_ns)))
			continue;
		out->code = code;
		out->flow = f;
		best = distance;
	}
}

enum mcr_why_severity mcr_why_loss_severity(enum mcr_why_code code)
{
	switch (code) {
	case MCR_WHY_TRUNCATED:
	case MCR_WHY_FRAGMENT:
	case MCR_WHY_BAD_CHECKSUM:
	case MCR_WHY_TOO_LARGE:
		return MCR_WHY_FAULT;
	case MCR_WHY_MALFORMED:
		return MCR_WHY_WARNING;
	default: /* not of the group's sender, it seems */
		return MCR_WHY_NOTE;
	}
}

int mcr_why_lose_at(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		    struct mcr_why_look *out)
{
	enum mcr_why_code best = MCR_WHY_CODE_COUNT;
	const struct mcr_why_flow *f = NULL;
	const enum mcr_why_code after = out->code;

	while ((f = mcr_why_flows_next(&e->flows, g->group, f))) {
		const enum mcr_why_code code = mcr_why_frame_code(f->dropped);

		if (!mcr_address_is_equal(f->group, g->group) || f->interface != out->interface ||
		    !is_asked(e, f) || !mcr_why_is_now(f->dropped_ns, e->now_ns) ||
		    code < MCR_WHY_TRUNCATED || code > MCR_WHY_NOT_UDP || code > best ||
		    (after != MCR_WHY_CODE_COUNT && code <= after))
			continue;
		if (code == best && f->dropped_ns < out->flow->dropped_ns)
			continue;
		best = code;
		out->flow = f;
	}
	if (best == MCR_WHY_CODE_COUNT)
		return 0;
	out->code = best;
	return 1;
}

/* A group that stands on no rung: on a port that has one, or whose NIC took only some addresses. */
static int is_refused(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		      int interface)
{
	const struct mcr_port_info *port = mcr_why_port_of(e, interface);

	return port && strcmp(g->rung, "none") == 0 &&
	       (port->macs_refused > 0 || mcr_why_port_has_rung(port)) && !port->promiscuous &&
	       !port->all_multicast && e->now_ns > g->joined_ns + MCR_WHY_NEW_NS;
}

static void look_at_joins(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
			  struct mcr_why_look *out)
{
	static const struct mcr_address any;

	if (!wants(e, g, e->query.port, any))
		out->code = MCR_WHY_WRONG_PORT;
	else if (!wants(e, g, e->query.port, e->query.source))
		out->code = MCR_WHY_WRONG_SOURCE;
}

/* Whether a join names the port of a flow; and its source, if that tells something. */
static int is_named(const struct mcr_why_evidence *e, const struct mcr_why_flow *f, int by_source)
{
	const int is_queried = mcr_address_is_equal(e->query.source, f->source);

	for (size_t i = 0; i < e->joins.n && i < COMPARED_JOINS; i++) {
		const struct mcr_join *join = &e->joins.items[i];

		if (join->port == f->port &&
		    (!by_source || is_queried ||
		     (join->mode == MCR_FILTER_INCLUDE && lists(join, f->source))))
			return 1;
	}
	return 0;
}

/* Another group, unwanted, to which the sender may send instead: of the same family from the source
 * that was named, of the other one if it is the only group there with this port. */
static const struct mcr_why_flow *find_stray(const struct mcr_why_evidence *e,
					     const struct mcr_group_info *g, int same_family)
{
	const int is_ipv6 = mcr_address_is_ipv6(g->group);
	const struct mcr_why_flow *best = NULL;

	for (size_t i = 0; i < e->flows.n; i++) {
		const struct mcr_why_flow *f = &e->flows.items[i];

		if ((mcr_address_is_ipv6(f->group) == is_ipv6) != same_family ||
		    mcr_address_is_equal(f->group, g->group) || f->port == 0 ||
		    !mcr_why_is_stray(f) || !mcr_why_is_now(f->last_ns, e->now_ns) ||
		    (e->query.port && f->port != e->query.port) || !is_named(e, f, same_family))
			continue;
		if (best && !same_family && !mcr_address_is_equal(f->group, best->group))
			return NULL;
		if (!best || f->last_ns > best->last_ns)
			best = f;
	}
	return best;
}

/* Unwanted groups with the MAC address of this one. */
static const struct mcr_why_flow *find_alias(const struct mcr_why_evidence *e,
					     const struct mcr_group_info *g)
{
	static const struct mcr_address any;
	const struct mcr_why_flow *f = NULL, *best = NULL;
	unsigned left = COMPARED_FLOWS;

	while ((f = mcr_why_flows_next(&e->flows, g->group, f))) {
		if (mcr_address_is_equal(f->group, g->group) || !mcr_why_is_stray(f) ||
		    !mcr_why_is_now(f->last_ns, e->now_ns) ||
		    (e->query.port && f->port && f->port != e->query.port) ||
		    (best && f->last_ns <= best->last_ns))
			continue;
		if (left == 0)
			break;
		left--;
		if (wants(e, g, f->port, any))
			best = f;
	}
	return best;
}

static void look_at_others(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
			   struct mcr_why_look *out)
{
	if (mcr_address_is_equal(e->query.group, g->group)) {
		out->code = MCR_WHY_WRONG_FAMILY;
		out->flow = find_stray(e, g, 0);
		if (out->flow)
			return;
		out->code = MCR_WHY_WRONG_GROUP;
		out->flow = find_stray(e, g, 1);
		if (out->flow && mcr_why_group_mac(out->flow->group) != mcr_why_group_mac(g->group))
			return;
	}
	out->code = MCR_WHY_MAC_ALIAS;
	out->flow = find_alias(e, g);
	if (!out->flow)
		out->code = MCR_WHY_CODE_COUNT;
}

static void look_for_cause(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
			   struct mcr_why_look *out)
{
	enum mcr_why_code root;

	out->code = mcr_why_port_root(e, out->interface, g->joined_ns);
	if (out->code == MCR_WHY_CODE_COUNT && is_refused(e, g, out->interface))
		out->code = MCR_WHY_FILTER_REFUSED;
	if (out->code != MCR_WHY_CODE_COUNT)
		return;
	look_at_flows(e, g, out);
	if (out->code != MCR_WHY_CODE_COUNT)
		return;
	root = mcr_why_membership_root(e, out->interface, g);
	if (root != MCR_WHY_CODE_COUNT && root < MCR_WHY_WRONG_FAMILY) {
		out->code = root;
		return;
	}
	look_at_others(e, g, out);
	if (out->code == MCR_WHY_CODE_COUNT)
		out->code = root != MCR_WHY_CODE_COUNT ? root : MCR_WHY_SILENT;
}

void mcr_why_look_at(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		     struct mcr_why_look *out)
{
	*out = (struct mcr_why_look){.code = MCR_WHY_CODE_COUNT,
				     .interface = mcr_why_interface_named(e, g->interface)};
	if (out->interface < 0)
		return;
	look_at_state(e, g, out);
	look_at_joins(e, g, out);
	if (out->code != MCR_WHY_CODE_COUNT && out->state == MCR_WHY_STATE_FLOWS)
		out->state = MCR_WHY_STATE_NEVER;
	if (out->code == MCR_WHY_CODE_COUNT && out->state != MCR_WHY_STATE_FLOWS)
		look_for_cause(e, g, out);
}
