/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of what is wrong with a group. Each speaks of it as "it". */
#include <inttypes.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

struct cause {
	const struct mcr_why_evidence *e;
	const struct mcr_group_info *g;
	const struct mcr_why_look *look;
	const struct mcr_why_interface *it;
	const struct mcr_port_info *port; /* NULL = unknown */
	const struct mcr_why_flow *flow;  /* NULL = none */
	struct mcr_why_finding *f;
};

#define SAY(c, ...)    mcr_why_say((c)->f->text, sizeof((c)->f->text), __VA_ARGS__)
#define ADVISE(c, ...) mcr_why_line(&(c)->f->todo, __VA_ARGS__)
#define LAST(c)        mcr_why_last((c)->flow, (c)->e->now_ns).text

void mcr_why_explain_flow(const struct mcr_why_evidence *e, const struct mcr_why_flow *f,
			  struct mcr_why_lines *lines)
{
	const char *drop = f->dropped == MCR_DROP_NONE ? NULL : mcr_drop_name(f->dropped);
	char ttl[24] = "";

	if (f->ttl)
		mcr_why_say(ttl, sizeof(ttl), ", TTL %u", f->ttl);
	mcr_why_line(lines, "%s: %s from %s, %s on port %s%s, %u octets",
		     mcr_why_time(f->last_ns, e->now_ns).text,
		     mcr_why_group(f->group, f->port).text,
		     mcr_why_group(f->source, f->source_port).text, mcr_why_vlan(f->vlan).text,
		     mcr_why_port_name(e, f->dpdk_port), ttl, f->len);
	mcr_why_line(lines, "from MAC address %s to %s%s%s", mcr_why_mac(f->source_mac).text,
		     mcr_why_mac(f->destination_mac).text, drop ? ": dropped as " : "",
		     drop ? drop : "");
}

/* The join that would take a flow; its source is named if the group's joins name theirs. */
static void todo_join(const struct cause *c, const struct mcr_why_flow *flow, const char *interface)
{
	struct mcr_why_join join = {
	    .group = flow->group, .port = flow->port, .interface = interface};

	if (c->g->mode == MCR_FILTER_INCLUDE && c->g->n_sources > 0)
		join.source = flow->source;
	mcr_why_todo_join(c->e, &join, &c->f->todo);
}

static void explain_vlan(const struct cause *c)
{
	if (c->flow->vlan)
		SAY(c, "it arrives, but on VLAN %u, for which port %s has no interface (%s)",
		    c->flow->vlan, mcr_why_port_name(c->e, c->flow->dpdk_port), LAST(c));
	else
		SAY(c, "it arrives, but untagged, and port %s has no interface without a VLAN (%s)",
		    mcr_why_port_name(c->e, c->flow->dpdk_port), LAST(c));
	if (c->it->info.dpdk_port != c->flow->dpdk_port)
		ADVISE(c, "connect %s to the LAN of the source, or add an interface with port: %s",
		       c->it->info.name, mcr_why_port_name(c->e, c->flow->dpdk_port));
	else if (c->flow->vlan)
		ADVISE(
		    c,
		    "set vlan: %u on interface %s, or add an interface with port: %s and vlan: %u",
		    c->flow->vlan, c->it->info.name, c->it->port_name, c->flow->vlan);
	else
		ADVISE(c, "take vlan: %u from interface %s: the frames have no tag", c->it->vlan,
		       c->it->info.name);
	ADVISE(c, "or have the switch port send it %s%s", c->it->vlan ? "tagged, on " : "",
	       mcr_why_vlan(c->it->vlan).text);
}

static void explain_interface(const struct cause *c)
{
	const char *other = c->e->interfaces[c->flow->interface].info.name;

	SAY(c, "it arrives, but on interface %s, and it is joined on %s (%s)", other,
	    c->it->info.name, LAST(c));
	todo_join(c, c->flow, other);
}

/* The ports or the sources of the joins on the interface. */
static void list_joins(const struct cause *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->e->joins.n && n < 4; i++) {
		const struct mcr_join *join = &c->e->joins.items[i];
		char text[160];

		if (strcmp(join->interface, c->g->interface) != 0)
			continue;
		mcr_join_format(text, sizeof(text), join);
		mcr_why_line(&c->f->evidence, "joined: %s", text);
		n++;
	}
}

static void explain_port(const struct cause *c)
{
	const uint16_t asked = c->e->query.port;

	if (c->flow)
		SAY(c, "it arrives, but on UDP port %u, which is not joined (%s)", c->flow->port,
		    LAST(c));
	else
		SAY(c, "it is joined, but not on UDP port %u", asked);
	list_joins(c);
	if (c->flow) {
		todo_join(c, c->flow, c->it->info.name);
		ADVISE(c, "or have %s send to the port that is joined",
		       mcr_why_address(c->flow->source).text);
	} else {
		mcr_why_todo_join(c->e,
				  &(struct mcr_why_join){.group = c->g->group,
							 .source = c->e->query.source,
							 .port = asked,
							 .interface = c->it->info.name},
				  &c->f->todo);
	}
}

static void explain_source(const struct cause *c)
{
	if (c->flow)
		SAY(c, "it arrives, but from %s, which the joins leave out (last %s ago)",
		    mcr_why_address(c->flow->source).text,
		    mcr_why_age(c->flow->last_ns, c->e->now_ns).text);
	else
		SAY(c, "it is joined, but not from %s", mcr_why_address(c->e->query.source).text);
	list_joins(c);
	mcr_why_todo_join(
	    c->e,
	    &(struct mcr_why_join){.group = c->g->group,
				   .source = c->flow ? c->flow->source : c->e->query.source,
				   .port = c->flow ? c->flow->port : c->e->query.port,
				   .interface = c->it->info.name},
	    &c->f->todo);
}

/* How a sentence on frames begins. */
static const char *it(const struct cause *c)
{
	return c->look->state == MCR_WHY_STATE_FLOWS ? "some arrives" : "it arrives, but";
}

static void explain_truncated(const struct cause *c)
{
	const unsigned max = c->port ? c->port->rx_frame_max : 0;

	if (max && c->flow->len < max) {
		SAY(c, "%s in frames that are shorter than their headers say (%s)", it(c), LAST(c));
		ADVISE(c, "look at the sender, and at what cuts packets on the way");
		return;
	}
	if (max)
		SAY(c, "%s in frames longer than the %u octets that port %s takes (%s)", it(c), max,
		    c->port->name, LAST(c));
	else
		SAY(c, "%s in frames that are cut off (%s)", it(c), LAST(c));
	if (c->port && strcmp(c->port->driver, "net_af_packet") == 0)
		ADVISE(c, "give the driver longer frames: framesz=16384 in the --vdev of %s",
		       c->port->name);
	else if (c->port && strcmp(c->port->driver, "net_af_xdp") == 0)
		ADVISE(c,
		       "net_af_xdp takes no longer frames: use net_af_packet with framesz=16384");
	else
		ADVISE(
		    c,
		    "give the port an MTU that holds the frames (%u now), and let the switch have "
		    "it",
		    c->port ? c->port->mtu : 0);
	if (c->port && c->port->kernel_mtu && c->port->kernel_mtu <= 1500)
		ADVISE(
		    c,
		    "an MTU of %u holds no such frame: it is of a sender that hands many datagrams "
		    "over as one (UDP_SEGMENT). On its interface: ethtool -K IF "
		    "tx-udp-segmentation off",
		    c->port->kernel_mtu);
}

static void explain_checksum(const struct cause *c)
{
	static const char *const which[] = {
	    [MCR_DROP_BAD_IP_CHECKSUM] = "a wrong IP header checksum",
	    [MCR_DROP_BAD_UDP_CHECKSUM] = "a wrong UDP checksum",
	    [MCR_DROP_NO_UDP_CHECKSUM] = "no UDP checksum, which IPv6 demands (RFC 8200)",
	};

	SAY(c, "%s with %s (%s)", it(c), which[c->flow->dropped], LAST(c));
	if (c->flow->dropped == MCR_DROP_BAD_UDP_CHECKSUM) {
		ADVISE(c,
		       "if the sender is on a virtual link: ethtool -K IF tx off, on the sender");
		ADVISE(c, "or set udp_checksum: off on interface %s", c->it->info.name);
	} else {
		ADVISE(c, "look at the sender, and at what rewrites packets on the way");
	}
}

static void explain_frame(const struct cause *c)
{
	switch (c->look->code) {
	case MCR_WHY_TRUNCATED:
		explain_truncated(c);
		return;
	case MCR_WHY_BAD_CHECKSUM:
		explain_checksum(c);
		return;
	case MCR_WHY_FRAGMENT:
		SAY(c, "%s in IP fragments, which mcring does not put together (%s)", it(c),
		    LAST(c));
		ADVISE(c, "send datagrams that fit the MTU of each link on the way: at most 1472 "
			  "octets of "
			  "payload with an MTU of 1500 (IPv6: 1452)");
		ADVISE(c, "or raise the MTU from the sender to here");
		return;
	case MCR_WHY_MALFORMED:
		SAY(c, "%s with headers that make no sense: %s (%s)", it(c),
		    mcr_drop_name(c->flow->dropped), LAST(c));
		ADVISE(c, "look at the packets: tcpdump -evni IF host %s, on the sender",
		       mcr_why_address(c->flow->source).text);
		return;
	case MCR_WHY_BAD_SOURCE:
		SAY(c, "%s from %s, an address that no host may send from (last %s ago)", it(c),
		    mcr_why_address(c->flow->source).text,
		    mcr_why_age(c->flow->last_ns, c->e->now_ns).text);
		ADVISE(c, "give the sender an address, and let it send from that");
		return;
	case MCR_WHY_OWN_FRAME:
		SAY(c, "it is sent by this host itself, on the interface of port %s (%s)",
		    mcr_why_port_name(c->e, c->flow->dpdk_port), LAST(c));
		ADVISE(c, "send from another host, or from an interface that is not the port's");
		return;
	case MCR_WHY_TOO_LARGE:
		SAY(c,
		    "%s in frames of %u octets, more than a quarter of the ring "
		    "(%s)",
		    it(c), c->flow->len, LAST(c));
		ADVISE(c, "give the channel larger rings: bytes");
		return;
	default:
		SAY(c, "%s as something else than UDP (%s)", it(c), LAST(c));
		ADVISE(c, "mcring receives UDP only: have the sender send UDP");
	}
}

static void explain_other(const struct cause *c)
{
	if (c->look->code == MCR_WHY_WRONG_FAMILY)
		SAY(c,
		    "it does not arrive, but %s does, which is %s, and nobody has joined it (%s)",
		    mcr_why_group(c->flow->group, c->flow->port).text,
		    mcr_address_is_ipv6(c->flow->group) ? "IPv6" : "IPv4", LAST(c));
	else if (c->look->code == MCR_WHY_WRONG_GROUP)
		SAY(c,
		    "it does not arrive, but its source sends to %s, which nobody has joined (%s)",
		    mcr_why_group(c->flow->group, c->flow->port).text, LAST(c));
	else
		SAY(c,
		    "it does not arrive, but %s does, which has the same MAC address %s, and "
		    "nobody "
		    "has joined it (%s)",
		    mcr_why_group(c->flow->group, c->flow->port).text,
		    mcr_why_mac(c->flow->destination_mac).text, LAST(c));
	if (c->flow->interface < c->e->n_interfaces)
		todo_join(c, c->flow, c->e->interfaces[c->flow->interface].info.name);
	ADVISE(c, "or have %s send to %s", mcr_why_address(c->flow->source).text,
	       mcr_why_group(c->g->group, c->flow->port).text);
}

static void explain_silent(const struct cause *c)
{
	if (c->look->state == MCR_WHY_STATE_FRESH)
		SAY(c, "it was joined %s ago, and nothing has arrived yet",
		    mcr_why_age(c->g->joined_ns, c->e->now_ns).text);
	else if (c->look->last_ns)
		SAY(c, "it stopped at %s", mcr_why_time(c->look->last_ns, c->e->now_ns).text);
	else
		SAY(c, "it has never arrived since it was joined at %s",
		    mcr_why_time(c->g->joined_ns, c->e->now_ns).text);
	if (!mcr_address_is_none(c->e->query.group))
		ADVISE(c, "see the candidates");
}

static void explain_refused(const struct cause *c)
{
	SAY(c, "the NIC of port %s does not let it in: %s", c->port ? c->port->name : "?",
	    c->g->rung_reason[0] ? c->g->rung_reason : "its filter is full");
	ADVISE(c, "join fewer groups on this port, or use a NIC with more room (docs/nics.md)");
}

void mcr_why_explain(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		     const struct mcr_why_look *look, struct mcr_why_finding *f)
{
	const struct cause c = {
	    .e = e,
	    .g = g,
	    .look = look,
	    .it = &e->interfaces[look->interface],
	    .port = mcr_why_port_of(e, look->interface),
	    .flow = look->flow,
	    .f = f,
	};

	if (look->code == MCR_WHY_WRONG_VLAN)
		explain_vlan(&c);
	else if (look->code == MCR_WHY_WRONG_INTERFACE)
		explain_interface(&c);
	else if (look->code == MCR_WHY_WRONG_PORT)
		explain_port(&c);
	else if (look->code == MCR_WHY_WRONG_SOURCE)
		explain_source(&c);
	else if (look->code == MCR_WHY_FILTER_REFUSED)
		explain_refused(&c);
	else if (look->code == MCR_WHY_SILENT)
		explain_silent(&c);
	else if (look->code >= MCR_WHY_TRUNCATED && look->code <= MCR_WHY_NOT_UDP)
		explain_frame(&c);
	else if (look->code >= MCR_WHY_WRONG_FAMILY && look->code <= MCR_WHY_MAC_ALIAS)
		explain_other(&c);
	else
		mcr_why_membership_explain(e, look->interface, mcr_address_is_ipv6(g->group), f);
	mcr_why_say(f->interface, sizeof(f->interface), "%s", g->interface);
	if (c.port)
		mcr_why_say(f->port, sizeof(f->port), "%s", c.port->name);
	if (look->flow)
		mcr_why_explain_flow(e, look->flow, &f->evidence);
}
