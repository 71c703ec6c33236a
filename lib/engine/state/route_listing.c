/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/relay/relay_lcore.h"
#include "engine/state/relay.h"
#include "engine/state/route_listing.h"
#include "engine/state/state.h"

/* What one step does: some hundreds of microseconds. */
#define FLOWS_A_STEP   4096
#define ENTRIES_A_STEP 1024
#define MERGES_A_STEP  8192
#define PARTS_A_STEP   4096

struct parts {
	struct mcr_route_shown *list;
	size_t n, cap;
};

enum phase {
	FLOWS,
	ENTRIES,
	SORT,
	JOIN,
};

/* A collection under way. */
struct collection {
	enum phase phase;
	int ret; /* of a callback */
	struct parts parts;

	/* FLOWS, ENTRIES. */
	unsigned worker;
	size_t at;

	/* SORT: pairs of runs of `width` parts become one in `merged`. */
	struct mcr_route_shown *merged;
	size_t width, first, left, right, out;

	/* JOIN: the routes take the places of their parts. */
	size_t from, n_routes;
	uint64_t *packets;
	size_t n_packets, packets_cap;
};

struct mcr_route_listing {
	const struct mcr_engine *e;
	struct mcr_route_shown *routes;
	size_t n;
	uint64_t *packets;
	uint64_t ended; /* the number of the collection that these are of */

	int is_under_way;
	uint64_t begun; /* the number of the collection that was begun last */
	struct collection next;
};

uint64_t mcr_engine_route_goes_to(const struct mcr_engine *e, unsigned in, struct mcr_address group,
				  struct mcr_address source)
{
	int rings;

	return mcr_route_outputs(e->view->relay->table, in, mcr_route_address_of(group),
				 mcr_route_address_of(source), &rings);
}

/* ---- the parts ---- */

static struct mcr_route_shown *add_part(struct parts *p)
{
	if (p->n == p->cap) {
		const size_t cap = p->cap ? 2 * p->cap : 64;
		struct mcr_route_shown *list = realloc(p->list, cap * sizeof(*list));

		if (!list)
			return NULL;
		p->list = list;
		p->cap = cap;
	}
	p->list[p->n] = (struct mcr_route_shown){0};
	return &p->list[p->n++];
}

static int add_flow(struct parts *p, const struct mcr_flow *flow)
{
	struct mcr_route_shown *part = add_part(p);

	if (!part)
		return -ENOMEM;
	part->group = mcr_route_address_back(flow->key.group);
	part->source = mcr_route_address_back(flow->key.source);
	part->interface = (uint32_t)flow->key.interface;
	part->outputs = flow->key.outputs;
	part->first_ns = flow->first_ns;
	part->last_ns = flow->last_ns;
	if (flow->key.outputs == 0) {
		part->wrong_interface = flow->packets;
	} else {
		part->packets = flow->packets;
		part->bytes = flow->bytes;
	}
	return 0;
}

static int collect_flows(const struct mcr_engine *e, struct collection *c)
{
	struct mcr_flow flow;

	for (unsigned n = 0; n < FLOWS_A_STEP; n++) {
		if (c->at == MCR_FLOWS_MAX) {
			c->at = 0;
			c->worker++;
		}
		if (c->worker == e->n_workers)
			return 1;
		if (mcr_flow_cache_get(e->workers[c->worker]->relay->flows, c->at++, &flow) &&
		    add_flow(&c->parts, &flow) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A route's packets come in upstream; where the group's scopes forbid that, downstream. */
static unsigned input_of(const struct mcr_engine *e, const struct mcr_route_entry *entry)
{
	const unsigned upstream = e->relay->upstream;

	if (mcr_engine_route_goes_to(e, upstream, entry->group, entry->source) != 0)
		return upstream;
	for (unsigned i = 0; i < e->n_interfaces; i++)
		if (i != upstream && (e->relay->interfaces >> i & 1) != 0 &&
		    mcr_engine_route_goes_to(e, i, entry->group, entry->source) != 0)
			return i;
	return upstream;
}

static void add_entry(void *ctx, const struct mcr_route_entry *entry)
{
	struct mcr_route_listing *l = ctx;
	struct mcr_route_shown *part;

	if (entry->outputs == 0 && mcr_address_is_none(entry->source))
		return; /* only listed sources are wanted */
	part = add_part(&l->next.parts);
	if (!part) {
		l->next.ret = -ENOMEM;
		return;
	}
	part->group = entry->group;
	part->source = entry->source;
	part->interface = input_of(l->e, entry);
	part->outputs =
	    mcr_engine_route_goes_to(l->e, part->interface, entry->group, entry->source);
}

static int collect_entries(struct mcr_route_listing *l)
{
	struct collection *c = &l->next;
	const int is_end =
	    mcr_route_set_some(l->e->relay->routes, &c->at, ENTRIES_A_STEP, add_entry, l);

	return c->ret < 0 ? c->ret : is_end;
}

/* ---- in order ---- */

static int by_key(const struct mcr_route_shown *x, const struct mcr_route_shown *y)
{
	int order = memcmp(&x->group, &y->group, sizeof(x->group));

	if (order == 0)
		order = memcmp(&x->source, &y->source, sizeof(x->source));
	if (order == 0)
		order = (x->interface > y->interface) - (x->interface < y->interface);
	return order;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void merge_from(struct collection *c, size_t first)
{
	c->first = c->left = c->out = first;
	c->right = least(first + c->width, c->parts.n);
}

static void merge_one(struct collection *c)
{
	const struct mcr_route_shown *list = c->parts.list;
	const size_t middle = least(c->first + c->width, c->parts.n);
	const size_t end = least(c->first + 2 * c->width, c->parts.n);
	const int is_right =
	    c->left == middle || (c->right < end && by_key(&list[c->right], &list[c->left]) < 0);

	c->merged[c->out++] = list[is_right ? c->right++ : c->left++];
	if (c->out == end)
		merge_from(c, end);
}

static int begin_sort(struct collection *c)
{
	c->merged = malloc((c->parts.n + 1) * sizeof(*c->merged));
	c->width = 1;
	merge_from(c, 0);
	return c->merged ? 0 : -ENOMEM;
}

/* A merge sort from the bottom up, which can stop anywhere. */
static int sort_some(struct collection *c)
{
	if (!c->merged && begin_sort(c) < 0)
		return -ENOMEM;
	for (unsigned n = 0; n < MERGES_A_STEP; n++) {
		if (c->width >= c->parts.n)
			return 1;
		merge_one(c);
		if (c->out == c->parts.n) {
			struct mcr_route_shown *list = c->parts.list;

			c->parts.list = c->merged;
			c->merged = list;
			c->width *= 2;
			merge_from(c, 0);
		}
	}
	return 0;
}

/* ---- the routes ---- */

/* The end of the parts of one route that begin at c->from, and all their outputs. */
static size_t end_of(const struct mcr_engine *e, const struct collection *c, uint64_t *outputs)
{
	const struct mcr_route_shown *first = &c->parts.list[c->from];
	size_t end = c->from;

	*outputs = 0;
	for (; end < c->parts.n && by_key(first, &c->parts.list[end]) == 0; end++)
		*outputs |= c->parts.list[end].outputs;
	if (*outputs != 0)
		*outputs |=
		    mcr_engine_route_goes_to(e, first->interface, first->group, first->source);
	return end;
}

/* Room for the packets of n more outputs. */
static int make_room(struct collection *c, size_t n)
{
	size_t cap = c->packets_cap ? c->packets_cap : 64;
	uint64_t *packets;

	while (cap < c->n_packets + n)
		cap *= 2;
	if (cap == c->packets_cap)
		return 0;
	packets = realloc(c->packets, cap * sizeof(*packets));
	if (!packets)
		return -ENOMEM;
	c->packets = packets;
	c->packets_cap = cap;
	return 0;
}

/* The place of an output among the packets of a route. */
static unsigned place_of(uint64_t outputs, unsigned output)
{
	return (unsigned)__builtin_popcountll(outputs & ((UINT64_C(1) << output) - 1));
}

static void add_to_whole(struct mcr_route_shown *whole, const struct mcr_route_shown *part,
			 uint64_t *packets)
{
	for (uint64_t left = part->outputs; left != 0; left &= left - 1)
		packets[place_of(whole->outputs, (unsigned)__builtin_ctzll(left))] += part->packets;
	whole->packets += part->packets;
	whole->bytes += part->bytes;
	whole->wrong_interface += part->wrong_interface;
	if (part->last_ns > whole->last_ns)
		whole->last_ns = part->last_ns;
	if (part->first_ns != 0 && (whole->first_ns == 0 || part->first_ns < whole->first_ns))
		whole->first_ns = part->first_ns;
}

static int join_one(const struct mcr_engine *e, struct collection *c)
{
	struct mcr_route_shown whole = {.group = c->parts.list[c->from].group,
					.source = c->parts.list[c->from].source,
					.interface = c->parts.list[c->from].interface,
					.counted = (uint32_t)c->n_packets};
	const size_t end = end_of(e, c, &whole.outputs);
	const size_t n = (size_t)__builtin_popcountll(whole.outputs);

	if (make_room(c, n) < 0)
		return -ENOMEM;
	memset(c->packets + c->n_packets, 0, n * sizeof(*c->packets));
	for (; c->from < end; c->from++)
		add_to_whole(&whole, &c->parts.list[c->from], c->packets + c->n_packets);
	c->n_packets += n;
	c->parts.list[c->n_routes++] = whole;
	return 0;
}

static int join_some(const struct mcr_engine *e, struct collection *c)
{
	const size_t stop = c->from + PARTS_A_STEP;

	while (c->from < c->parts.n && c->from < stop)
		if (join_one(e, c) < 0)
			return -ENOMEM;
	return c->from == c->parts.n;
}

/* ---- the collection ---- */

static void clear(struct collection *c)
{
	free(c->parts.list);
	free(c->merged);
	free(c->packets);
	*c = (struct collection){.phase = FLOWS};
}

static void show(struct mcr_route_listing *l)
{
	struct collection *c = &l->next;

	free(l->routes);
	free(l->packets);
	l->routes = c->parts.list;
	l->n = c->n_routes;
	l->packets = c->packets;
	l->ended = l->begun;
	c->parts.list = NULL;
	c->packets = NULL;
	clear(c);
	l->is_under_way = 0;
}

static int take_step(struct mcr_route_listing *l)
{
	struct collection *c = &l->next;

	switch (c->phase) {
	case FLOWS:
		return collect_flows(l->e, c);
	case ENTRIES:
		return collect_entries(l);
	case SORT:
		return sort_some(c);
	case JOIN:
		break;
	}
	return join_some(l->e, c);
}

/* Room for all flows from the start: many moves of a long list would take longer than a step. */
static void reserve(const struct mcr_engine *e, struct parts *p)
{
	size_t n = 0;

	for (unsigned w = 0; w < e->n_workers; w++)
		for (unsigned i = 0; i < e->n_interfaces; i++)
			n += mcr_flow_cache_totals(e->workers[w]->relay->flows, i).kept;
	p->list = malloc(n * sizeof(*p->list));
	p->cap = p->list ? n : 0;
}

static void begin(struct mcr_route_listing *l)
{
	clear(&l->next);
	reserve(l->e, &l->next.parts);
	l->begun++;
	l->is_under_way = 1;
}

int mcr_route_listing_step(struct mcr_route_listing *l, uint64_t *ticket)
{
	int ret;

	if (*ticket == 0)
		*ticket = l->begun + 1;
	if (l->ended >= *ticket)
		return 1;
	if (!l->is_under_way)
		begin(l);
	ret = take_step(l);
	if (ret < 0) {
		clear(&l->next);
		l->is_under_way = 0;
		return ret;
	}
	if (ret == 0)
		return 0;
	l->next.at = 0;
	if (l->next.phase++ == JOIN)
		show(l);
	return l->ended >= *ticket;
}

int mcr_route_listing_renew(struct mcr_route_listing *l)
{
	uint64_t ticket;
	int ret;

	begin(l);
	ticket = l->begun;
	do
		ret = mcr_route_listing_step(l, &ticket);
	while (ret == 0);
	return ret < 0 ? ret : 0;
}

const struct mcr_route_shown *mcr_route_listing_get(const struct mcr_route_listing *l, size_t i)
{
	return i < l->n ? &l->routes[i] : NULL;
}

const uint64_t *mcr_route_listing_packets(const struct mcr_route_listing *l,
					  const struct mcr_route_shown *route)
{
	return l->packets + route->counted;
}

struct mcr_route_listing *mcr_route_listing_create(const struct mcr_engine *engine)
{
	struct mcr_route_listing *l = calloc(1, sizeof(*l));

	if (l)
		l->e = engine;
	return l;
}

void mcr_route_listing_destroy(struct mcr_route_listing *l)
{
	if (!l)
		return;
	clear(&l->next);
	free(l->routes);
	free(l->packets);
	free(l);
}
