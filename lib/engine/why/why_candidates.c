/* SPDX-License-Identifier: BSD-3-Clause */
/* What is proven about a group of which nothing arrives, and what only others can tell. */
#include <inttypes.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

struct case_of {
	const struct mcr_why_evidence *e;
	const struct mcr_group_info *g;
	const struct mcr_why_look *look;
	const struct mcr_why_interface *it;
	const struct mcr_membership_info *m;
	const struct mcr_why_flow *last; /* of the group, delivered; NULL = none is known */
	struct mcr_why_verdict *v;
};

#define PROVEN(c, ...) mcr_why_line(&(c)->v->proven, __VA_ARGS__)

static void prove_port(const struct case_of *c)
{
	const struct mcr_port_info *port = mcr_why_port_of(c->e, c->look->interface);

	if (!port)
		return;
	if (port->link_up)
		PROVEN(c, "the link of %s is up%s%s", port->name,
		       port->link_since_ns ? " since " : "",
		       port->link_since_ns ? mcr_why_time(port->link_since_ns, c->e->now_ns).text
					   : "");
	if (port->rx_last_ns)
		PROVEN(c, "frames arrive (last %s ago)",
		       mcr_why_age(port->rx_last_ns, c->e->now_ns).text);
	else if (port->rx_packets)
		PROVEN(c, "frames have arrived: %" PRIu64, port->rx_packets);
}

static void prove_membership(const struct case_of *c)
{
	const char *protocol = mcr_address_is_ipv6(c->g->group) ? "MLD" : "IGMP";

	if (c->m->querier_age_ns != UINT64_MAX)
		PROVEN(c, "%s querier %s was heard %s ago", protocol,
		       mcr_why_address(c->m->querier).text,
		       mcr_why_duration(c->m->querier_age_ns).text);
	else if (c->m->version)
		PROVEN(c, "no %s querier was heard", protocol);
	if (c->g->last_report_ns)
		PROVEN(c, "our last report of %s was sent %s", mcr_why_address(c->g->group).text,
		       mcr_why_time(c->g->last_report_ns, c->e->now_ns).text);
	if (c->m->version && !mcr_address_is_ipv6(c->g->group) &&
	    mcr_address_is_none(c->it->address))
		PROVEN(c,
		       "our reports come from 0.0.0.0, which some routers drop: %s has no address",
		       c->it->info.name);
	if (c->g->last_query_ns)
		PROVEN(c, "the querier last asked for it %s",
		       mcr_why_time(c->g->last_query_ns, c->e->now_ns).text);
}

static void prove_silence(const struct case_of *c)
{
	if (c->look->last_ns == 0) {
		PROVEN(c, "no datagram of it has arrived since it was joined at %s",
		       mcr_why_time(c->g->joined_ns, c->e->now_ns).text);
	} else if (c->last) {
		char ttl[24] = "";

		if (c->last->ttl)
			mcr_why_say(ttl, sizeof(ttl), ", TTL %u", c->last->ttl);
		PROVEN(c, "no datagram of it since %s (the last from %s%s)",
		       mcr_why_time(c->look->last_ns, c->e->now_ns).text,
		       mcr_why_address(c->last->source).text, ttl);
	} else {
		PROVEN(c, "no datagram of it since %s",
		       mcr_why_time(c->look->last_ns, c->e->now_ns).text);
	}
}

/* The source that the data should come from; none = nobody knows. */
static struct mcr_address source_of(const struct case_of *c)
{
	static const struct mcr_address none;

	if (!mcr_address_is_none(c->e->query.source))
		return c->e->query.source;
	if (c->last)
		return c->last->source;
	for (size_t i = 0; i < c->e->joins.n; i++)
		if (c->e->joins.items[i].mode == MCR_FILTER_INCLUDE &&
		    strcmp(c->e->joins.items[i].interface, c->g->interface) == 0)
			return c->e->joins.items[i].sources[0];
	return none;
}

static const struct mcr_why_flow *newer(const struct mcr_why_flow *a, const struct mcr_why_flow *b)
{
	return a && a->last_ns >= b->last_ns ? a : b;
}

/* What arrives of the group all the same. */
static void prove_beside(const struct case_of *c)
{
	const struct mcr_why_flow *f = NULL, *best = NULL;

	while ((f = mcr_why_flows_next(&c->e->flows, c->g->group, f)))
		if (mcr_address_is_equal(f->group, c->g->group) && mcr_why_flow_is_dropped(f) &&
		    mcr_why_is_now(f->last_ns, c->e->now_ns))
			best = newer(best, f);
	if (best)
		PROVEN(c,
		       "of %s other packets arrive, as before it stopped: to port %u, %s, dropped "
		       "as %s (%s)",
		       mcr_why_address(c->g->group).text, best->port, mcr_why_vlan(best->vlan).text,
		       mcr_drop_name(best->dropped) ? mcr_drop_name(best->dropped) : "?",
		       mcr_why_last(best, c->e->now_ns).text);
}

static void prove_others(const struct case_of *c)
{
	const struct mcr_why_tally *tally = &c->it->tally[mcr_address_is_ipv6(c->g->group)];
	const struct mcr_address source = source_of(c);
	const struct mcr_why_flow *same = NULL, *router = NULL;

	for (size_t i = 0; i < c->e->flows.n; i++) {
		const struct mcr_why_flow *f = &c->e->flows.items[i];

		if (mcr_address_is_equal(f->group, c->g->group) ||
		    !mcr_why_is_now(f->last_ns, c->e->now_ns))
			continue;
		if (!mcr_address_is_none(source) && mcr_address_is_equal(f->source, source))
			same = newer(same, f);
		else if (c->last && memcmp(f->source_mac, c->last->source_mac, 6) == 0)
			router = newer(router, f);
	}
	if (same)
		PROVEN(c, "other groups of %s arrive: %s (%s)", mcr_why_address(source).text,
		       mcr_why_group(same->group, same->port).text,
		       mcr_why_last(same, c->e->now_ns).text);
	else if (router)
		PROVEN(c, "its router %s sends other groups: %s (%s)",
		       mcr_why_mac(router->source_mac).text,
		       mcr_why_group(router->group, router->port).text,
		       mcr_why_last(router, c->e->now_ns).text);
	prove_beside(c);
	if (tally->flow)
		PROVEN(c, "%zu of %zu groups of %s flow, such as %s", tally->flow, tally->groups,
		       c->it->info.name, mcr_why_address(tally->example).text);
}

/* ---- what remains ---- */

__attribute__((format(printf, 4, 5))) static struct mcr_why_candidate *
suspect(const struct case_of *c, enum mcr_why_suspect which, const char *where, const char *format,
	...)
{
	struct mcr_why_candidate *candidate = mcr_why_suspect(c->v, which);
	va_list args;

	va_start(args, format);
	mcr_why_vsay(candidate->text, sizeof(candidate->text), format, args);
	va_end(args);
	mcr_why_say(candidate->where, sizeof(candidate->where), "%s", where);
	return candidate;
}

#define COMMAND(candidate, ...) \
	mcr_why_say((candidate)->command, sizeof((candidate)->command), __VA_ARGS__)

static void suspect_hosts(const struct case_of *c, struct mcr_address source)
{
	const struct mcr_why_text group = mcr_why_address(c->g->group);
	const char *family = mcr_address_is_ipv6(c->g->group) ? "ip6" : "ip";
	struct mcr_why_candidate *s;

	s = suspect(c, MCR_WHY_SILENT_SENDER, "on the sender", "the sender sends nothing%s%s",
		    c->look->last_ns ? " any more" : "",
		    mcr_address_is_none(source) ? "" : ", or sends it elsewhere");
	if (mcr_address_is_none(source))
		COMMAND(s, "tcpdump -ni IF %s dst %s", family, group.text);
	else
		COMMAND(s, "tcpdump -ni IF host %s and dst %s", mcr_why_address(source).text,
			group.text);
	if (c->g->mode == MCR_FILTER_INCLUDE) {
		s = suspect(c, MCR_WHY_SOURCE_FILTER, "on the sender",
			    "it sends from another address than our report asks for, and a switch "
			    "or a router that heeds the report keeps that away");
		COMMAND(s, "tcpdump -ni IF dst %s (and compare the source: mcring-ctl groups)",
			group.text);
	}
}

static void suspect_lan(const struct case_of *c)
{
	const struct mcr_why_text group = mcr_why_address(c->g->group);
	const char *kind = mcr_address_is_ipv6(c->g->group) ? "ipv6 mld" : "ip igmp";
	struct mcr_why_candidate *s;

	if (c->m->version) {
		s = suspect(
		    c, MCR_WHY_SNOOPING, "on the switch",
		    c->m->querier_age_ns == UINT64_MAX
			? "the switch snoops, and has no querier or has not learned our port"
			: "the switch has not learned our port: its table may be full");
		COMMAND(s, "show %s snooping groups (Linux: bridge mdb show | grep %s)", kind,
			group.text);
	}
	if (c->it->tally[0].flow + c->it->tally[1].flow == 0) {
		s = suspect(
		    c, MCR_WHY_WRONG_LAN, "on the switch",
		    "the cable or the VLAN of the switch port is another one: no group of %s flows",
		    c->it->info.name);
		COMMAND(s, "show mac address-table address %s", mcr_why_mac(c->it->info.mac).text);
	}
}

static void suspect_routers(const struct case_of *c, struct mcr_address source)
{
	const struct mcr_why_text group = mcr_why_address(c->g->group);
	const char *kind = mcr_address_is_ipv6(c->g->group) ? "ipv6" : "ip";
	struct mcr_why_candidate *s;

	s = suspect(c, MCR_WHY_TTL, "on the sender",
		    c->last && c->last->ttl
			? "its TTL ends at a router: the last datagram came with TTL %u"
			: "its TTL ends at a router on the way (many programs send with TTL 1)",
		    c->last ? c->last->ttl : 0u);
	COMMAND(s, "tcpdump -vni IF dst %s", group.text);
	s = suspect(c, MCR_WHY_PRUNED, "on the router",
		    "no router forwards it to this LAN: it has no member there, or was pruned");
	COMMAND(s, "show %s mroute %s (Linux: ip mroute show)", kind, group.text);
	s = suspect(c, MCR_WHY_RPF, "on the router",
		    "a router drops it because its route back to the source leads elsewhere (RPF)");
	if (mcr_address_is_none(source))
		COMMAND(s, "show %s rpf SOURCE", kind);
	else
		COMMAND(s, "show %s rpf %s", kind, mcr_why_address(source).text);
	s = suspect(c, MCR_WHY_ACL, "on the router",
		    "an access list or a multicast boundary on the way stops it");
	COMMAND(s, "show %s multicast interface (and its access lists)", kind);
}

static void suspect_elsewhere(const struct case_of *c)
{
	for (size_t i = 0; i < c->e->flows.n; i++) {
		const struct mcr_why_flow *f = &c->e->flows.items[i];

		if (!mcr_why_is_stray(f) || !mcr_why_is_now(f->last_ns, c->e->now_ns) ||
		    f->port == 0 || mcr_address_is_equal(f->group, c->g->group))
			continue;
		for (size_t k = 0; k < c->e->joins.n && k < 64; k++) {
			if (c->e->joins.items[k].port != f->port)
				continue;
			COMMAND(
			    suspect(
				c, MCR_WHY_SENDER_ELSEWHERE, "here",
				"the sender sends to another group: %s arrives from %s, and nobody "
				"has joined it",
				mcr_why_group(f->group, f->port).text,
				mcr_why_address(f->source).text),
			    "mcring-ctl why '%s'", mcr_why_group(f->group, f->port).text);
			return;
		}
	}
}

void mcr_why_prove(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		   const struct mcr_why_look *look, struct mcr_why_verdict *v)
{
	struct case_of c = {.e = e, .g = g, .look = look, .v = v};
	const struct mcr_why_flow *f = NULL;
	struct mcr_address source;

	c.it = &e->interfaces[look->interface];
	c.m = mcr_address_is_ipv6(g->group) ? &c.it->info.mld : &c.it->info.igmp;
	while ((f = mcr_why_flows_next(&e->flows, g->group, f)))
		if (mcr_address_is_equal(f->group, g->group) && f->interface == look->interface &&
		    !mcr_why_flow_is_dropped(f) && (!c.last || f->last_ns > c.last->last_ns))
			c.last = f;
	prove_port(&c);
	prove_membership(&c);
	prove_silence(&c);
	prove_others(&c);
	source = source_of(&c);
	suspect_hosts(&c, source);
	suspect_elsewhere(&c);
	suspect_lan(&c);
	if (!mcr_group_is_link_local(g->group) && !mcr_why_is_on_link(c.it, source))
		suspect_routers(&c, source);
}

void mcr_why_hide(const struct mcr_why_evidence *e, const struct mcr_port_info *port,
		  struct mcr_why_verdict *v)
{
	if (port->removed || (port->macs_refused == 0 && !mcr_why_port_has_rung(port)))
		return;
	if (port->open_until_ns > e->now_ns)
		mcr_why_line(&v->hidden, "nothing: the filter of %s is open until %s", port->name,
			     mcr_why_time(port->open_until_ns, e->now_ns).text);
	else if (!port->promiscuous && !port->all_multicast)
		mcr_why_line(
		    &v->hidden,
		    "the filter of %s (%s) hides what nobody has joined: --open-filter 5 looks",
		    port->name, port->rung);
}
