/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/why/why_text.h"
#include "engine/why/why_whole.h"

#define HEAPS_MAX 128 /* of a cause and an interface; the groups of more go to the last */

/* Groups that nothing arrives of, for one cause, on one interface. */
struct heap {
	enum mcr_why_code code;
	int interface;
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
	struct heap *heap = whole->heaps;

	for (; heap < whole->heaps + whole->n_heaps; heap++)
		if (heap->code == look->code && heap->interface == look->interface)
			return heap;
	if (whole->n_heaps == HEAPS_MAX)
		return heap - 1;
	whole->n_heaps++;
	heap->code = look->code;
	heap->interface = look->interface;
	return heap;
}

void mcr_why_whole_take(struct mcr_why_whole *whole, const struct mcr_why_evidence *e,
			const struct mcr_group_info *g)
{
	struct mcr_why_look look;
	struct heap *heap;

	mcr_why_look_at(e, g, &look);
	if (look.interface < 0 || look.code == MCR_WHY_CODE_COUNT ||
	    look.state == MCR_WHY_STATE_FRESH)
		return;
	heap = heap_of(whole, &look);
	if (heap->n == 0) {
		heap->first = *g;
		heap->look = look;
	}
	if (heap->n < MCR_WHY_EXAMPLES)
		heap->examples[heap->n] = g->group;
	heap->n++;
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

static void find_heap(const struct mcr_why_evidence *e, const struct heap *heap,
		      struct mcr_why_verdict *v)
{
	struct mcr_why_finding *f = mcr_why_find(
	    v, heap->code, heap->code == MCR_WHY_SILENT ? MCR_WHY_WARNING : MCR_WHY_FAULT);
	char about[MCR_WHY_LINE];

	mcr_why_explain(e, &heap->first, &heap->look, f);
	f->groups = heap->n;
	f->group = heap->n == 1 ? heap->first.group : f->group;
	memcpy(about, f->text, sizeof(about));
	if (heap->n > 1)
		mcr_why_say(f->text, sizeof(f->text),
			    "%zu groups on %s have no data, such as %s: %s", heap->n,
			    heap->first.interface, mcr_why_address(heap->first.group).text, about);
	else
		mcr_why_say(f->text, sizeof(f->text), "%s on %s has no data: %s",
			    mcr_why_address(heap->first.group).text, heap->first.interface, about);
	if (heap->n > 1)
		list_examples(heap, &f->evidence);
	mcr_why_line(&f->todo, "mcring-ctl why %s", mcr_why_address(heap->first.group).text);
}

static void conclude(const struct mcr_why_evidence *e, struct mcr_why_verdict *v)
{
	size_t flow = 0, fresh = 0, n;

	for (size_t i = 0; i < e->n_interfaces; i++)
		for (unsigned f = 0; f < 2; f++) {
			flow += e->interfaces[i].tally[f].flow;
			fresh += e->interfaces[i].tally[f].fresh;
		}
	for (n = 0; n < v->n_findings && v->findings[n].severity != MCR_WHY_NOTE; n++)
		;
	if (n == 0)
		mcr_why_say(v->first, sizeof(v->first), "healthy: %zu groups flow%s", flow,
			    fresh ? ", and more were joined a moment ago" : "");
	else if (n == 1)
		mcr_why_say(v->first, sizeof(v->first), "%s", v->findings[0].text);
	else
		mcr_why_say(v->first, sizeof(v->first), "%s (and %zu more findings)",
			    v->findings[0].text, n - 1);
}

void mcr_why_whole_end(struct mcr_why_whole *whole, const struct mcr_why_evidence *e,
		       struct mcr_why_verdict *v)
{
	for (size_t i = 0; i < e->n_ports; i++)
		mcr_why_port_find(e, &e->ports[i], v);
	for (unsigned i = 0; i < whole->n_heaps; i++)
		if (whole->heaps[i].code <= MCR_WHY_NO_FRAMES)
			fold(e, &whole->heaps[i], v);
		else
			find_heap(e, &whole->heaps[i], v);
	for (size_t i = 0; i < e->n_interfaces; i++)
		for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++)
			if (e->interfaces[i].tally[is_ipv6].flow)
				mcr_why_membership_warn(e, (int)i, is_ipv6, v);
	mcr_why_sort(v);
	conclude(e, v);
}
