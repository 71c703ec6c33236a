/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's side of IGMP and MLD: whether the network can know what is wanted. */
#include <inttypes.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

static const struct mcr_membership_info *membership_of(const struct mcr_why_interface *it,
						       int is_ipv6)
{
	return is_ipv6 ? &it->info.mld : &it->info.igmp;
}

int mcr_why_is_on_link(const struct mcr_why_interface *it, struct mcr_address source)
{
	const int is_ipv6 = mcr_address_is_ipv6(source);
	const struct mcr_address own = is_ipv6 ? it->address6 : it->address;
	const unsigned bits = is_ipv6 ? it->prefix6_len : 96u + it->prefix_len;

	if (mcr_address_is_none(source) || mcr_address_is_none(own))
		return 0;
	if (mcr_address_is_link_local(source))
		return 1;
	for (unsigned i = 0; i < bits; i++)
		if ((own.octets[i / 8] ^ source.octets[i / 8]) >> (7 - i % 8) & 1)
			return 0;
	return 1;
}

static int asks_itself(const struct mcr_why_interface *it, int is_ipv6)
{
	return (is_ipv6 ? it->mld_querier : it->querier) != MCR_QUERIER_OFF;
}

/* A querier that was heard counts as gone when its timer has ended. */
static int has_querier(const struct mcr_why_interface *it, int is_ipv6)
{
	const struct mcr_membership_info *m = membership_of(it, is_ipv6);

	return asks_itself(it, is_ipv6) ||
	       (m->querier_age_ns != UINT64_MAX && m->querier_left_ns > 0);
}

/* One that was never heard is missing only when there was time enough to hear it. */
static int lacks_querier(const struct mcr_why_evidence *e, const struct mcr_why_interface *it,
			 int is_ipv6, uint64_t joined_ns)
{
	const struct mcr_membership_info *m = membership_of(it, is_ipv6);

	if (m->version == 0 || has_querier(it, is_ipv6))
		return 0;
	return m->querier_age_ns != UINT64_MAX || e->now_ns > joined_ns + MCR_WHY_QUERIER_NS;
}

/* What came although nothing was reported came from what a switch had learned before, if it came
 * for a short time only. */
static int came_unasked(const struct mcr_group_info *g)
{
	return g->last_ns != 0 && g->last_ns > g->joined_ns + MCR_WHY_SNOOPED_NS;
}

enum mcr_why_code mcr_why_membership_root(const struct mcr_why_evidence *e, int interface,
					  const struct mcr_group_info *g)
{
	const struct mcr_why_interface *it = &e->interfaces[interface];
	const int is_ipv6 = mcr_address_is_ipv6(g->group);
	const struct mcr_membership_info *m = membership_of(it, is_ipv6);

	if (m->version == 0 && !came_unasked(g)) {
		if (it->tx_never)
			return MCR_WHY_TX_NEVER;
		if (is_ipv6 ? it->mld == MCR_MLD_OFF : it->igmp == MCR_IGMP_OFF)
			return MCR_WHY_IGMP_OFF;
	}
	if (is_ipv6 && m->version != 0 && strcmp(it->info.link_local_state, "duplicate") == 0)
		return MCR_WHY_NO_ADDRESS;
	if (mcr_group_is_link_local(g->group) && !mcr_address_is_none(e->query.source) &&
	    !mcr_why_is_on_link(it, e->query.source))
		return MCR_WHY_OUT_OF_SCOPE;
	if (lacks_querier(e, it, is_ipv6, g->joined_ns))
		return MCR_WHY_NO_QUERIER;
	if (m->version != 0 && m->version < (is_ipv6 ? 2 : 3) && g->mode == MCR_FILTER_INCLUDE &&
	    mcr_group_fault(g->group, MCR_FILTER_EXCLUDE) == MCR_GROUP_NEEDS_SOURCES)
		return MCR_WHY_OLD_QUERIER;
	return MCR_WHY_CODE_COUNT;
}

static void explain_querier(const struct mcr_why_interface *it, int is_ipv6,
			    struct mcr_why_finding *f)
{
	const struct mcr_membership_info *m = membership_of(it, is_ipv6);
	const char *protocol = is_ipv6 ? "MLD" : "IGMP";

	if (m->querier_age_ns == UINT64_MAX)
		mcr_why_say(f->text, sizeof(f->text),
			    "no %s querier was ever heard on %s: a switch that snoops forgets its "
			    "members, or sends them nothing",
			    protocol, it->info.name);
	else
		mcr_why_say(
		    f->text, sizeof(f->text),
		    "the %s querier %s of %s was last heard %s ago: a switch that snoops has "
		    "forgotten its members",
		    protocol, mcr_why_address(m->querier).text, it->info.name,
		    mcr_why_duration(m->querier_age_ns).text);
	mcr_why_line(&f->evidence, "%s: %" PRIu64 " queries heard, %" PRIu64 " reports sent",
		     it->info.name, m->queries, m->reports);
	mcr_why_line(&f->todo, "switch on the %s querier of the switch or router of this VLAN",
		     protocol);
	mcr_why_line(&f->todo, "or let mcring ask: %s: auto on interface %s",
		     is_ipv6 ? "mld_querier" : "querier", it->info.name);
}

static void explain_old(const struct mcr_why_interface *it, int is_ipv6, struct mcr_why_finding *f)
{
	const struct mcr_membership_info *m = membership_of(it, is_ipv6);

	mcr_why_say(f->text, sizeof(f->text),
		    "%s version %u is spoken on %s (%s): reports cannot name sources",
		    is_ipv6 ? "MLD" : "IGMP", m->version, it->info.name, m->reason);
	if (m->querier_age_ns != UINT64_MAX)
		mcr_why_line(&f->evidence, "querier %s speaks version %u, last heard %s ago",
			     mcr_why_address(m->querier).text, m->querier_version,
			     mcr_why_duration(m->querier_age_ns).text);
	if (is_ipv6 ? it->mld != MCR_MLD_AUTO : it->igmp != MCR_IGMP_AUTO)
		mcr_why_line(&f->todo, "set %s: auto on interface %s", is_ipv6 ? "mld" : "igmp",
			     it->info.name);
	mcr_why_line(&f->todo, "set the querier of this VLAN to %s (ip igmp version 3)",
		     is_ipv6 ? "MLDv2" : "IGMPv3");
}

void mcr_why_membership_explain(const struct mcr_why_evidence *e, int interface, int is_ipv6,
				struct mcr_why_finding *f)
{
	const struct mcr_why_interface *it = &e->interfaces[interface];
	const char *protocol = is_ipv6 ? "MLD" : "IGMP";
	const char *key = is_ipv6 ? "mld" : "igmp";

	if (f->code == MCR_WHY_TX_NEVER) {
		mcr_why_say(f->text, sizeof(f->text),
			    "tx=never on %s: no report was sent, so a switch that snoops, or a "
			    "router, does not know that it is wanted",
			    it->info.name);
		mcr_why_line(&f->todo,
			     "take tx: never from interface %s, or have the switch send the "
			     "group there by a static entry",
			     it->info.name);
	} else if (f->code == MCR_WHY_IGMP_OFF) {
		mcr_why_say(f->text, sizeof(f->text),
			    "%s=off on %s: no %s report was sent, so a switch that snoops, or a "
			    "router, does not know that it is wanted",
			    key, it->info.name, protocol);
		mcr_why_line(&f->todo,
			     "set %s: auto on interface %s, or have the switch send the group "
			     "there by a static entry",
			     key, it->info.name);
	} else if (f->code == MCR_WHY_NO_ADDRESS) {
		mcr_why_say(f->text, sizeof(f->text),
			    "another host has the link-local address %s of %s: MLD reports go out "
			    "from ::, which routers do not take",
			    mcr_why_address(it->info.link_local).text, it->info.name);
		mcr_why_line(&f->todo,
			     "find the other host, or give the port another MAC address and "
			     "restart mcring");
	} else if (f->code == MCR_WHY_OUT_OF_SCOPE) {
		mcr_why_say(
		    f->text, sizeof(f->text),
		    "no router forwards a group of this range, and %s is not on the link of %s",
		    mcr_why_address(e->query.source).text, it->info.name);
		mcr_why_line(&f->todo, "send to a group of another range, such as %s",
			     is_ipv6 ? "ff15::/16" : "239.0.0.0/8");
	} else if (f->code == MCR_WHY_NO_QUERIER) {
		explain_querier(it, is_ipv6, f);
	} else {
		explain_old(it, is_ipv6, f);
	}
}

void mcr_why_membership_warn(const struct mcr_why_evidence *e, int interface, int is_ipv6,
			     int has_sources, struct mcr_why_verdict *verdict)
{
	const struct mcr_why_interface *it = &e->interfaces[interface];
	const struct mcr_membership_info *m = membership_of(it, is_ipv6);
	const struct mcr_why_tally *tally = &it->tally[is_ipv6];
	struct mcr_why_finding *f = NULL;

	if (m->version == 0 || tally->groups == 0)
		return;
	if (lacks_querier(e, it, is_ipv6, tally->since_ns)) {
		f = mcr_why_find(verdict, MCR_WHY_NO_QUERIER, MCR_WHY_WARNING);
		explain_querier(it, is_ipv6, f);
		mcr_why_say(f->interface, sizeof(f->interface), "%s", it->info.name);
	}
	if (has_sources && m->version < (is_ipv6 ? 2 : 3)) {
		f = mcr_why_find(verdict, MCR_WHY_OLD_QUERIER, MCR_WHY_WARNING);
		explain_old(it, is_ipv6, f);
		mcr_why_say(f->interface, sizeof(f->interface), "%s", it->info.name);
	}
}
