/* SPDX-License-Identifier: BSD-3-Clause */
/* The verdict about one group: of each of its memberships, or that there is none. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

static void flows_fact(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		       const struct mcr_why_look *look, struct mcr_why_lines *proven)
{
	const uint64_t span_ns = g->last_ns - g->first_ns;
	const struct mcr_why_flow *f = NULL;
	unsigned n = 0;

	mcr_why_line(proven, "%s on %s flows: %" PRIu64 " datagrams, the last %s ago",
		     mcr_why_address(g->group).text, g->interface, g->packets,
		     mcr_why_age(look->last_ns, e->now_ns).text);
	if (span_ns > 0 && g->packets > 1)
		mcr_why_line(proven, "since %s: %.1f datagrams/s, %.0f octets each",
			     mcr_why_time(g->first_ns, e->now_ns).text,
			     (double)(g->packets - 1) * 1e9 / (double)span_ns,
			     (double)g->bytes / (double)g->packets);
	while ((f = mcr_why_flows_next(&e->flows, g->group, f)) && n < 4)
		if (mcr_address_is_equal(f->group, g->group) && f->interface == look->interface &&
		    !mcr_why_flow_is_dropped(f)) {
			mcr_why_line(proven, "from %s to port %u, TTL %u, %s ago",
				     mcr_why_group(f->source, f->source_port).text, f->port, f->ttl,
				     mcr_why_age(f->last_ns, e->now_ns).text);
			n++;
		}
	mcr_why_line(proven, "let in by %s%s%s", g->rung, g->rung_reason[0] ? ": " : "",
		     g->rung_reason);
}

/* Whether the group goes into a channel, as far as the question goes. */
static int goes_into(const struct mcr_why_evidence *e, const struct mcr_channel_info *channel)
{
	if (!mcr_why_channel_is(channel->name, e->query.channel))
		return 0;
	for (size_t i = 0; i < e->joins.n; i++)
		if (strcmp(e->joins.items[i].channel, channel->name) == 0 &&
		    mcr_why_join_takes(&e->joins.items[i], e->query.port, e->query.source))
			return 1;
	return 0;
}

/* Of several channels it is enough that one is read. */
static void on_readers(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	int is_read = 0;

	for (size_t i = 0; i < e->n_channels; i++)
		is_read |= goes_into(e, &e->channels[i]) &&
			   (e->channels[i].consumers > 0 || e->channels[i].has_handler);
	for (size_t i = 0; i < e->n_channels; i++)
		if (goes_into(e, &e->channels[i]))
			mcr_why_readers_find(e, &e->channels[i],
					     !is_read || e->channels[i].consumers > 0, v);
}

static void on_losses(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		      struct mcr_why_look *look, struct mcr_why_verdict *v)
{
	while (mcr_why_lose_at(e, g, look)) {
		struct mcr_why_finding *f =
		    mcr_why_find(v, look->code, mcr_why_loss_severity(look->code));

		f->group = g->group;
		f->groups = 1;
		f->flows = 1;
		mcr_why_explain(e, g, look, f);
	}
}

static enum mcr_why_severity severity_of(enum mcr_why_code code)
{
	return code == MCR_WHY_SILENT ? MCR_WHY_WARNING : MCR_WHY_FAULT;
}

static void on_cause(const struct mcr_why_evidence *e, const struct mcr_group_info *g,
		     const struct mcr_why_look *look, struct mcr_why_verdict *v)
{
	const struct mcr_port_info *port = mcr_why_port_of(e, look->interface);
	struct mcr_why_finding *f;

	if (look->code > MCR_WHY_NO_FRAMES) { /* else it is the port's finding */
		f = mcr_why_find(v, look->code, severity_of(look->code));
		f->group = g->group;
		f->groups = 1;
		mcr_why_explain(e, g, look, f);
	}
	if (look->code != MCR_WHY_SILENT && look->code != MCR_WHY_NO_QUERIER)
		return;
	mcr_why_prove(e, g, look, v);
	if (port)
		mcr_why_hide(e, port, v);
}

static int is_port_asked(const struct mcr_why_evidence *e, size_t i)
{
	const struct mcr_port_info *port = &e->ports[i];

	for (size_t k = 0; k < e->n_groups; k++)
		if (mcr_why_port_of(e, mcr_why_interface_named(e, e->groups[k].interface)) == port)
			return 1;
	return 0;
}

static void on_memberships(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	unsigned n_flow = 0;

	for (size_t i = 0; i < e->n_ports; i++)
		if (is_port_asked(e, i))
			mcr_why_port_find(e, &e->ports[i], v);
	for (size_t i = 0; i < e->n_groups; i++) {
		const struct mcr_group_info *g = &e->groups[i];
		struct mcr_why_look look;

		mcr_why_look_at(e, g, &look);
		if (look.interface < 0)
			continue;
		if (look.code != MCR_WHY_CODE_COUNT) {
			on_cause(e, g, &look, v);
			continue;
		}
		n_flow++;
		flows_fact(e, g, &look, &v->proven);
		on_losses(e, g, &look, v);
		mcr_why_membership_warn(e, look.interface, mcr_address_is_ipv6(g->group),
					g->n_sources > 0, v);
	}
	for (unsigned i = 0; n_flow == e->n_groups && i < v->n_findings; i++)
		v->findings[i].flows = 1;
	if (n_flow > 0)
		on_readers(e, v);
}

/* The last packet of the group that was asked about, wherever it came in. */
static const struct mcr_why_flow *seen_of(const struct mcr_why_evidence *e)
{
	const struct mcr_why_flow *f = NULL, *best = NULL;

	while ((f = mcr_why_flows_next(&e->flows, e->query.group, f)))
		if (mcr_address_is_equal(f->group, e->query.group) &&
		    (e->query.port == 0 || f->port == 0 || f->port == e->query.port) &&
		    (!best || f->last_ns > best->last_ns))
			best = f;
	return best;
}

static void on_relay(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f = mcr_why_find(v, MCR_WHY_RELAYED_ONLY, MCR_WHY_FAULT);

	f->group = e->query.group;
	f->groups = 1;
	mcr_why_say(f->text, sizeof(f->text),
		    "it is relayed from %s to %s, but no channel has joined it", e->outputs[0].from,
		    e->outputs[0].to);
	for (size_t i = 0; i < e->n_outputs; i++)
		mcr_why_line(&f->evidence, "from %s to %s: %" PRIu64 " datagrams",
			     e->outputs[i].from, e->outputs[i].to, e->outputs[i].packets);
	mcr_why_todo_join(e,
			  &(struct mcr_why_join){.group = e->query.group,
						 .source = e->query.source,
						 .port = e->query.port,
						 .interface = e->outputs[0].from},
			  &f->todo);
}

static void on_nobody(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	const struct mcr_why_flow *seen = seen_of(e);
	const char *interface = e->n_interfaces == 1 ? e->interfaces[0].info.name : NULL;
	struct mcr_why_finding *f = mcr_why_find(v, MCR_WHY_NOT_JOINED, MCR_WHY_FAULT);
	struct mcr_why_join join = {
	    .group = e->query.group, .source = e->query.source, .port = e->query.port};

	f->group = e->query.group;
	f->groups = 1;
	if (seen && seen->interface < e->n_interfaces)
		interface = e->interfaces[seen->interface].info.name;
	join.interface = !interface && e->n_interfaces > 1 ? "NAME" : interface;
	if (seen && join.port == 0)
		join.port = seen->port;
	if (seen && mcr_group_fault(join.group, MCR_FILTER_EXCLUDE) == MCR_GROUP_NEEDS_SOURCES)
		join.source = seen->source;
	if (interface)
		mcr_why_say(f->interface, sizeof(f->interface), "%s", interface);
	if (e->own_on >= 0)
		mcr_why_say(
		    f->text, sizeof(f->text),
		    "interface %s is a member of it by itself, and no channel has joined it",
		    e->interfaces[e->own_on].info.name);
	else if (seen)
		mcr_why_say(f->text, sizeof(f->text),
			    "nobody has joined it, though it arrives, %s on port %s (%s)",
			    mcr_why_vlan(seen->vlan).text, mcr_why_port_name(e, seen->dpdk_port),
			    mcr_why_last(seen, e->now_ns).text);
	else
		mcr_why_say(f->text, sizeof(f->text), "nobody has joined it");
	if (seen)
		mcr_why_explain_flow(e, seen, &f->evidence);
	if (e->shard.hosts > 0)
		mcr_why_line(&f->evidence,
			     "this host, %s, makes %" PRIu64 " of the %" PRIu64
			     " joins that %u hosts "
			     "have among them: mcring --check --shard me=HOST prints another's",
			     e->shard.me, e->shard.joins, e->shard.joins_of_all, e->shard.hosts);
	if (seen && seen->interface == MCR_DROP_NO_INTERFACE)
		mcr_why_line(&f->todo,
			     "add an interface with port: %s and vlan: %u, and join it there",
			     mcr_why_port_name(e, seen->dpdk_port), seen->vlan);
	mcr_why_todo_join(e, &join, &f->todo);
	for (size_t i = 0; !seen && i < e->n_ports; i++)
		mcr_why_hide(e, &e->ports[i], v);
}

/* The group is joined, but for other channels than the one that was asked about. */
static int on_other_channels(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f;

	if (e->query.channel[0] == '\0' || e->joins.n == 0 || e->n_joins > e->joins.n)
		return 0;
	for (size_t i = 0; i < e->joins.n; i++)
		if (mcr_why_channel_is(e->joins.items[i].channel, e->query.channel))
			return 0;
	f = mcr_why_find(v, MCR_WHY_READER_ELSEWHERE, MCR_WHY_FAULT);
	f->group = e->query.group;
	f->groups = 1;
	mcr_why_say(f->channel, sizeof(f->channel), "%s", e->query.channel);
	mcr_why_say(f->text, sizeof(f->text),
		    "it goes into channel %s, and is not joined for channel %s",
		    e->joins.items[0].channel, e->query.channel);
	mcr_why_todo_join(e,
			  &(struct mcr_why_join){.group = e->query.group,
						 .source = e->query.source,
						 .port = e->joins.items[0].port,
						 .interface = e->joins.items[0].interface},
			  &f->todo);
	mcr_why_line(&f->todo, "or have the program read channel %s", e->joins.items[0].channel);
	return 1;
}

static int is_of_frames(const struct mcr_why_finding *f)
{
	return f->code >= MCR_WHY_TRUNCATED && f->code <= MCR_WHY_NOT_UDP;
}

static void conclude(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	const struct mcr_why_finding *f = v->findings;
	const char *state = "no data: ";
	char query[MCR_WHY_QUERY_TEXT];

	mcr_why_query_format(query, &e->query);
	if (v->n_findings == 0 || f->severity == MCR_WHY_NOTE) {
		mcr_why_say(v->first, sizeof(v->first), "%s: data flows", query);
		return;
	}
	if (v->exit == MCR_WHY_FLOWS || f->flows)
		state = is_of_frames(f) ? "data flows, but not all of it: " : "data flows, but ";
	mcr_why_say(v->first, sizeof(v->first), "%s%s%s: %s%s", query,
		    f->interface[0] ? " on " : "", f->interface, state, f->text);
}

void mcr_why_one(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	if (e->n_groups > 0 && !on_other_channels(e, v))
		on_memberships(e, v);
	else if (e->n_groups == 0 && e->n_outputs > 0)
		on_relay(e, v);
	else if (e->n_groups == 0)
		on_nobody(e, v);
	mcr_why_sort(v);
	conclude(e, v);
}
