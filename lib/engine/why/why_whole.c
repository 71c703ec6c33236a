/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_text.h"
#include "engine/why/why_whole.h"

#define HEAPS_MAX 128 /* of a cause and an interface; the groups of more go to the last */

/* Groups that nothing arrives of, or that lose packets, for one cause, on one interface. */
struct heap {
	enum mcr_why_code code;
	int interface, flows;
	size_t n;
	struct mcr_group_info first; /* that the texts are about */
	struct mcr_why_look look;    /* of it; its flow belongs to the evidence */
	struct mcr_address examples[MCR_WHY_EXAMPLES];
};

struct mcr_why_whole {
	unsigned n_heaps;
	struct heap heaps[HEAPS_MAX];
};

struct mcr_why_whole *mcr_why_whole_create(void)
{
	return calloc(1, sizeof(struct mcr_why_whole));
}

void mcr_why_whole_destroy(struct mcr_why_whole *whole)
{
	free(whole);
}

static struct heap *heap_of(struct mcr_why_whole *whole, const struct mcr_why_look *look)
{
	const int flows = look->state == MCR_WHY_STATE_FLOWS;
	struct heap *heap = whole->heaps;

	for (; heap < whole->heaps + whole->n_heaps; heap++)
		if (heap->code == look->code && heap->interface == look->interface &&
		    heap->flows == flows)
			return heap;
	if (whole->n_heaps == HEAPS_MAX)
		return heap - 1;
	whole->n_heaps++;
	heap->code = look->code;
	heap->flows = flows;
	heap->interface = look->interface;
	return heap;
}

static void put(struct mcr_why_whole *whole, const struct mcr_group_info *g,
		const struct mcr_why_look *look)
{
	struct heap *heap = heap_of(whole, look);

	if (heap->n == 0) {
		heap->first = *g;
		heap->look = *look;
	}
	if (heap->n < MCR_WHY_EXAMPLES)
		heap->examples[heap->n] = g->group;
	heap->n++;
}

void mcr_why_whole_take(struct mcr_why_whole *whole, const struct mcr_why_evidence *e,
			const struct mcr_group_info *g)
{
	struct mcr_why_look look;

	mcr_why_look_at(e, g, &look);
	if (look.interface < 0)
		return;
	while (look.state == MCR_WHY_STATE_FLOWS && mcr_why_lose_at(e, g, &look))
		put(whole, g, &look);
	if (look.state == MCR_WHY_STATE_FLOWS)
		return;
	/* What was joined a moment ago may still come, unless it is seen to go wrong. */
	if (look.state != MCR_WHY_STATE_FRESH || look.flow)
		put(whole, g, &look);
}

static void list_examples(const struct heap *heap, struct mcr_why_lines *lines)
{
	char list[MCR_WHY_LINE] = "";
	size_t len = 0;

	for (size_t i = 0; i < heap->n && i < MCR_WHY_EXAMPLES; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					mcr_why_address(heap->examples[i]).text);
	mcr_why_line(lines, "%zu groups: %s%s", heap->n, list,
		     heap->n > MCR_WHY_EXAMPLES ? ", ..." : "");
}

/* Groups without data behind a port that gets none follow from that. */
static void fold(const struct mcr_why_evidence *e, const struct heap *heap,
		 struct mcr_why_verdict *v)
{
	const struct mcr_port_info *port = mcr_why_port_of(e, heap->interface);

	for (unsigned i = 0; port && i < v->n_findings; i++) {
		struct mcr_why_finding *f = &v->findings[i];

		if (f->code != heap->code || strcmp(f->port, port->name) != 0)
			continue;
		f->groups += heap->n;
		list_examples(heap, &f->evidence);
		return;
	}
}

static enum mcr_why_severity severity_of(const struct heap *heap)
{
	if (heap->flows)
		return mcr_why_loss_severity(heap->code);
	/* The joins are not known here: the alias may be to a port that nobody wants. */
	return heap->code == MCR_WHY_SILENT || heap->code == MCR_WHY_MAC_ALIAS ? MCR_WHY_WARNING
									       : MCR_WHY_FAULT;
}

static void find_heap(const struct mcr_why_evidence *e, const struct heap *heap,
		      struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f = mcr_why_find(v, heap->code, severity_of(heap));
	char about[MCR_WHY_LINE];

	mcr_why_explain(e, &heap->first, &heap->look, f);
	if (heap->code == MCR_WHY_SILENT) /* the candidates are in the answer about it */
		f->todo.n = 0;
	f->groups = heap->n;
	f->flows = heap->flows;
	f->group = heap->n == 1 ? heap->first.group : f->group;
	memcpy(about, f->text, sizeof(about));
	if (heap->n > 1)
		mcr_why_say(f->text, sizeof(f->text), "%zu groups on %s %s, such as %s: %s",
			    heap->n, heap->first.interface,
			    heap->flows ? "lose packets" : "have no data",
			    mcr_why_address(heap->first.group).text, about);
	else
		mcr_why_say(f->text, sizeof(f->text), "%s on %s %s: %s",
			    mcr_why_address(heap->first.group).text, heap->first.interface,
			    heap->flows ? "loses packets" : "has no data", about);
	if (heap->n > 1)
		list_examples(heap, &f->evidence);
	mcr_why_line(&f->todo, "mcring-ctl why %s", mcr_why_address(heap->first.group).text);
}

/* ---- channels and the control thread ---- */

static void find_no_joins(const struct mcr_channel_info *channel, struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f = mcr_why_find(v, MCR_WHY_NO_JOINS, MCR_WHY_FAULT);

	mcr_why_say(f->channel, sizeof(f->channel), "%s", channel->name);
	mcr_why_say(f->text, sizeof(f->text), "nothing is joined for channel %s", channel->name);
	mcr_why_line(&f->todo,
		     "mcring-ctl join 'GROUP:PORT,channel=%s' (to keep it: channel: %s in joins of "
		     "the configuration)",
		     channel->name, channel->name);
}

static int has_programs(const struct mcr_why_evidence *e, const struct mcr_channel_info *template)
{
	for (size_t i = 0; i < e->n_channels; i++)
		if (&e->channels[i] != template &&
		    mcr_why_channel_is(e->channels[i].name, template->name))
			return 1;
	return 0;
}

static void find_channels(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	const int is_asked = e->query.channel[0] != '\0';

	for (size_t i = 0; i < e->n_channels; i++) {
		const struct mcr_channel_info *channel = &e->channels[i];
		const int is_template = channel->programs_max > 0;

		if (!mcr_why_channel_is(channel->name, e->query.channel))
			continue;
		if (is_template && (!is_asked || has_programs(e, channel)))
			continue;
		if (is_asked && !is_template && channel->joins == 0)
			find_no_joins(channel, v);
		else
			mcr_why_readers_find(e, channel, is_asked, v);
	}
}

static void find_overflow(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	const struct mcr_drop_sample *s = &e->samples[MCR_DROP_PUNT_OVERFLOW];
	struct mcr_why_finding *f;

	if (!mcr_why_is_now(s->time_ns, e->now_ns))
		return;
	f = mcr_why_find(v, MCR_WHY_CONTROL_OVERFLOW, MCR_WHY_WARNING);
	mcr_why_say(f->text, sizeof(f->text),
		    "queries, ARP or neighbour discovery were lost, because more came than control "
		    "takes: the last %s",
		    mcr_why_time(s->time_ns, e->now_ns).text);
	mcr_why_line(&f->evidence, "the last from MAC address %s", mcr_why_mac(s->source_mac).text);
	mcr_why_line(&f->todo, "find who sends so many: tcpdump -ni IF igmp or arp or icmp6");
}

/* What arrives and is not joined is of interest when something that is joined does not arrive. */
static void find_strays(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f = NULL;
	size_t n = 0;

	for (size_t i = 0; i < e->flows.n; i++) {
		const struct mcr_why_flow *flow = &e->flows.items[i];

		if (!mcr_why_is_stray(flow) || !mcr_why_is_now(flow->last_ns, e->now_ns) ||
		    mcr_group_is_link_local(flow->group))
			continue;
		if (n++ == 0) {
			f = mcr_why_find(v, MCR_WHY_NOT_JOINED, MCR_WHY_NOTE);
			mcr_why_line(&f->todo, "mcring-ctl why '%s'",
				     mcr_why_group(flow->group, flow->port).text);
		}
		if (n <= MCR_WHY_EXAMPLES)
			mcr_why_line(&f->evidence, "%s, %s on port %s (%s)",
				     mcr_why_group(flow->group, flow->port).text,
				     mcr_why_vlan(flow->vlan).text,
				     mcr_why_port_name(e, flow->dpdk_port),
				     mcr_why_last(flow, e->now_ns).text);
	}
	if (f)
		mcr_why_say(f->text, sizeof(f->text),
			    "%zu flows arrive where nobody has joined them", n);
}

struct sums {
	size_t groups, flow, fresh;
};

static struct sums sum_of(const struct mcr_why_evidence *e)
{
	struct sums sums = {0};

	for (size_t i = 0; i < e->n_interfaces; i++)
		for (unsigned f = 0; f < 2; f++) {
			sums.groups += e->interfaces[i].tally[f].groups;
			sums.flow += e->interfaces[i].tally[f].flow;
			sums.fresh += e->interfaces[i].tally[f].fresh;
		}
	return sums;
}

static void conclude(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	const struct sums sums = sum_of(e);
	const int is_channel = e->query.channel[0] != '\0';
	char about[MCR_NAME_MAX + 16] = "", fresh[64] = "";
	unsigned n = 0;

	while (n < v->n_findings && v->findings[n].severity != MCR_WHY_NOTE)
		n++;
	if (is_channel &&
	    (n == 0 || v->findings[0].channel[0] == '\0')) /* else the text names it */
		mcr_why_say(about, sizeof(about), "channel %s: ", e->query.channel);
	if (sums.fresh)
		mcr_why_say(fresh, sizeof(fresh), "; %zu %s joined a moment ago", sums.fresh,
			    sums.fresh == 1 ? "was" : "were");
	mcr_why_line(&v->proven, "%zu of %zu groups flow%s", sums.flow, sums.groups, fresh);
	if (n == 0 && sums.groups == 0)
		mcr_why_say(v->first, sizeof(v->first), "%snothing is joined", about);
	else if (n == 0)
		mcr_why_say(v->first, sizeof(v->first), "%shealthy: %zu group%s flow%s%s", about,
			    sums.flow, sums.flow == 1 ? "" : "s", sums.flow == 1 ? "s" : "", fresh);
	else if (n == 1)
		mcr_why_say(v->first, sizeof(v->first), "%s%s", about, v->findings[0].text);
	else
		mcr_why_say(v->first, sizeof(v->first), "%s%s (and %u more finding%s)", about,
			    v->findings[0].text, n - 1, n == 2 ? "" : "s");
}

static void find_ports(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	for (size_t i = 0; i < e->n_ports; i++) {
		int is_asked = e->query.channel[0] == '\0';

		for (size_t k = 0; k < e->n_interfaces && !is_asked; k++)
			is_asked =
			    e->interfaces[k].port == (int)i &&
			    e->interfaces[k].tally[0].groups + e->interfaces[k].tally[1].groups > 0;
		if (is_asked)
			mcr_why_port_find(e, &e->ports[i], v);
	}
}

void mcr_why_whole_end(struct mcr_why_whole *whole, const struct mcr_why_evidence *e,
		       struct mcr_why_verdict *v)
{
	int has_silent = 0;

	find_ports(e, v);
	for (unsigned i = 0; i < whole->n_heaps; i++) {
		has_silent |= whole->heaps[i].code == MCR_WHY_SILENT;
		if (whole->heaps[i].code <= MCR_WHY_NO_FRAMES)
			fold(e, &whole->heaps[i], v);
		else
			find_heap(e, &whole->heaps[i], v);
	}
	for (size_t i = 0; i < e->n_interfaces; i++)
		for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++)
			if (e->interfaces[i].tally[is_ipv6].flow)
				mcr_why_membership_warn(
				    e, (int)i, is_ipv6,
				    e->interfaces[i].tally[is_ipv6].with_sources > 0, v);
	find_channels(e, v);
	find_overflow(e, v);
	if (has_silent)
		find_strays(e, v);
	mcr_why_sort(v);
	conclude(e, v);
}
