/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of routes under random events: members come and go on interfaces of any number, some are
 * static, some groups are in a scope, changes are carried out by and by, interfaces are removed.
 *
 * Checked all the time: routes, what is proxied, which groups are given to be told, and every
 * lookup in a table are those of the plain model below, which has no index, no mask and no merge.
 */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "core/route/route_set.h"
#include "core/route/route_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INTERFACES 6u
#define GROUPS     12u /* the last one never leaves its link, the two before are in a scope */
#define SOURCES    9u  /* the last one is never named */
#define NOTHING    0x8000u
#define ALL        ((1u << SOURCES) - 1)
#define NONE       GROUPS

/* Where the interfaces stand in the configuration; the others have no role. */
static const unsigned places[INTERFACES] = {0, 1, 2, 31, 32, 63};

/* Filters are sources as bits: INCLUDE if NOTHING is set, else EXCLUDE. Routes have a bit for each
 * interface and source. Queues end with NONE. */
struct model {
	unsigned upstream;
	int is_removed[INTERFACES], is_closed[INTERFACES];
	unsigned wants[INTERFACES][GROUPS], statics[INTERFACES][GROUPS];
	uint64_t routes[GROUPS];  /* as they were updated last */
	unsigned proxied[GROUPS]; /* likewise */
	unsigned noted[GROUPS + 1], untold[GROUPS + 1];
	int changed; /* routes of which update did not say so */
};

struct bench {
	struct mcr_interface_config *configs; /* MCR_INTERFACES_MAX */
	struct mcr_route_set *set;
	struct model model;
	const uint8_t *data, *end;
	struct mcr_address groups[GROUPS], sources[SOURCES], borrowed[SOURCES];
	unsigned turn; /* of the inputs that are looked at */
	int is_ipv6;
};

static unsigned take(struct bench *b)
{
	return b->data < b->end ? *b->data++ : 0;
}

static unsigned take_filter(struct bench *b)
{
	const unsigned low = take(b), mode = take(b);

	return (mode & 1 ? NOTHING : 0) | (mode & 2 ? low : low & low << 1) % (1u << (SOURCES - 1));
}

/* ---- addresses ---- */

static struct mcr_address address(const struct bench *b, uint8_t first, uint8_t second,
				  uint8_t third, uint8_t last)
{
	struct mcr_address a = {{[10] = 0xff, 0xff, first, second, third, last}};

	if (!b->is_ipv6)
		return a;
	memset(a.octets, 0, sizeof(a.octets));
	a.octets[0] = 0xff;
	a.octets[1] = second == 255 ? 0x18 : 0x15;
	a.octets[15] = last;
	return a;
}

static struct mcr_address group(const struct bench *b, unsigned i)
{
	struct mcr_address a = address(b, 239, i >= GROUPS - 3 ? 255 : 1, 1, (uint8_t)i);

	if (i == GROUPS - 1) {
		a = address(b, 224, 0, 0, (uint8_t)i);
		a.octets[1] = b->is_ipv6 ? 0x12 : 0;
	}
	return a;
}

/* Ascending. */
static struct mcr_address source(const struct bench *b, unsigned i)
{
	struct mcr_address a = address(b, 10, 0, (uint8_t)(i / 5), (uint8_t)(i % 5 + 1));

	if (b->is_ipv6) {
		a.octets[0] = 0x20;
		a.octets[7] = (uint8_t)(i / 5);
	}
	return a;
}

/* ---- the model ---- */

static int in_scope(unsigned g)
{
	return g == GROUPS - 3 || g == GROUPS - 2;
}

static int accepts(unsigned filter, unsigned s)
{
	return (filter >> s & 1) == (filter & NOTHING ? 1u : 0u);
}

static int is_closed(const struct model *m, unsigned i, unsigned g)
{
	return in_scope(g) && m->is_closed[i];
}

static int is_downstream(const struct model *m, unsigned i)
{
	return i != m->upstream && !m->is_removed[i];
}

static uint64_t bit_of(unsigned i, unsigned s)
{
	return UINT64_C(1) << (i * SOURCES + s);
}

static uint64_t route(const struct model *m, unsigned g)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < INTERFACES; i++)
		for (unsigned s = 0; s < SOURCES; s++)
			if (is_downstream(m, i) && !is_closed(m, i, g) && g != GROUPS - 1 &&
			    (accepts(m->wants[i][g], s) || accepts(m->statics[i][g], s)))
				bits |= bit_of(i, s);
	return bits;
}

/* What is proxied of a group, now that its route is this. */
static unsigned proxied(const struct model *m, unsigned g)
{
	unsigned taken = 0;

	if (m->is_removed[m->upstream] || is_closed(m, m->upstream, g))
		return NOTHING;
	for (unsigned i = 0; i < INTERFACES; i++)
		taken |= (unsigned)(m->routes[g] >> (i * SOURCES)) & ALL;
	return taken >> (SOURCES - 1) ? ~taken & ALL : NOTHING | taken;
}

static void push(unsigned queue[GROUPS + 1], unsigned g)
{
	unsigned i = 0;

	while (queue[i] != NONE && queue[i] != g)
		i++;
	if (queue[i] == g)
		return;
	queue[i] = g;
	queue[i + 1] = NONE;
}

static unsigned pop(unsigned queue[GROUPS + 1])
{
	const unsigned first = queue[0];

	if (first != NONE)
		memmove(queue, queue + 1, GROUPS * sizeof(*queue));
	return first;
}

static void note(struct model *m, unsigned g)
{
	if (g != GROUPS - 1)
		push(m->noted, g);
}

static int update(struct model *m, unsigned max)
{
	const int changed = m->changed;
	int more = 0;

	for (; max > 0 && m->noted[0] != NONE; max--) {
		const unsigned g = pop(m->noted);

		more += m->routes[g] != route(m, g);
		m->routes[g] = route(m, g);
		if (m->proxied[g] != proxied(m, g))
			push(m->untold, g);
		m->proxied[g] = proxied(m, g);
	}
	m->changed = 0;
	return changed + more;
}

static void remove_interface(struct model *m, unsigned i)
{
	if (m->is_removed[i])
		return;
	m->is_removed[i] = 1;
	for (unsigned g = 0; g < GROUPS; g++)
		if (m->routes[g] >> (i * SOURCES) & ALL)
			note(m, g);
	if (i != m->upstream)
		return;
	m->changed++;
	m->untold[0] = NONE;
	for (unsigned g = 0; g < GROUPS; g++)
		m->proxied[g] = NOTHING;
}

/* Where a packet goes, as a set of places. */
static uint64_t outputs(const struct model *m, unsigned in, unsigned g, unsigned s)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < INTERFACES; i++) {
		const int is_up = i == m->upstream && !m->is_removed[i] && is_downstream(m, in);

		if (i != in && !is_closed(m, i, g) && (is_up || m->routes[g] & bit_of(i, s)))
			set |= UINT64_C(1) << places[i];
	}
	return is_closed(m, in, g) ? 0 : set;
}

/* ---- what must hold ---- */

static uint64_t rings_of(const void *ctx, struct mcr_address g)
{
	return UINT64_C(0x8000000180000005) << g.octets[15] % 3;
}

/* From one input at a time: it is called often. */
static void check_lookups(const struct bench *b)
{
	const unsigned in = b->turn % INTERFACES;
	struct mcr_route_table *t;

	CHECK(mcr_route_table_create(&t, b->set, rings_of, NULL) == 0);
	for (unsigned g = 0; g < GROUPS; g++)
		for (unsigned s = 0; s < SOURCES; s++) {
			int rings = -1;

			CHECK(mcr_route_outputs(t, places[in], mcr_route_address_of(b->groups[g]),
						mcr_route_address_of(b->sources[s]),
						&rings) == outputs(&b->model, in, g, s));
			CHECK(rings == (!b->model.routes[g] ||
					(rings_of(NULL, b->groups[g]) >> places[in] & 1)));
		}
	mcr_route_table_destroy(t);
}

static unsigned filter_of(const struct bench *b, const struct mcr_source_filter *f)
{
	unsigned filter = f->mode == MCR_FILTER_INCLUDE ? NOTHING : 0, s;

	for (size_t i = 0; i < f->n; i++) {
		CHECK(i == 0 || memcmp(&f->sources[i - 1], &f->sources[i], 16) < 0);
		for (s = 0; s < SOURCES - 1; s++)
			if (mcr_address_is_equal(b->sources[s], f->sources[i]))
				break;
		CHECK(s < SOURCES - 1);
		filter |= 1u << s;
	}
	return filter;
}

struct shown {
	const struct bench *b;
	uint64_t routes[GROUPS]; /* of the sources that are not listed, then of these as well */
	unsigned n_groups;
};

static void on_entry(void *ctx, const struct mcr_route_entry *entry)
{
	struct shown *shown = ctx;
	const struct bench *b = shown->b;
	const unsigned g = entry->group.octets[15], is_any = mcr_address_is_none(entry->source);

	CHECK(g < GROUPS && mcr_address_is_equal(entry->group, b->groups[g]));
	shown->n_groups += is_any;
	for (unsigned s = 0; s < SOURCES; s++)
		for (unsigned i = 0; i < INTERFACES; i++) {
			if (!is_any && !mcr_address_is_equal(entry->source, b->sources[s]))
				continue;
			shown->routes[g] &= ~bit_of(i, s);
			if (entry->outputs >> places[i] & 1)
				shown->routes[g] |= bit_of(i, s);
		}
}

static void check(const struct bench *b)
{
	const struct model *m = &b->model;
	struct shown shown = {.b = b};
	unsigned n_routes = 0, n_proxied = 0;

	check_lookups(b);
	mcr_route_set_each(b->set, on_entry, &shown);
	for (unsigned g = 0; g < GROUPS; g++) {
		struct mcr_source_filter f;

		mcr_route_set_proxied(b->set, b->groups[g], &f);
		CHECK(filter_of(b, &f) == m->proxied[g]);
		CHECK(shown.routes[g] == m->routes[g]);
		n_routes += m->routes[g] != 0;
		n_proxied += m->proxied[g] != NOTHING;
	}
	CHECK(mcr_route_set_groups(b->set) == n_routes && shown.n_groups == n_routes);
	CHECK(mcr_route_set_proxied_groups(b->set) == n_proxied);
	CHECK(mcr_route_set_is_noted(b->set) == (m->noted[0] != NONE || m->changed));
	CHECK(mcr_route_set_upstream(b->set) ==
	      (m->is_removed[m->upstream] ? MCR_ROUTE_NO_INTERFACE : places[m->upstream]));
}

/* ---- events ---- */

static void on_wants(void *ctx, unsigned interface, struct mcr_address address,
		     struct mcr_source_filter *out)
{
	struct bench *b = ctx;
	const unsigned g = address.octets[15];
	unsigned i = 0;

	while (i < INTERFACES && places[i] != interface)
		i++;
	CHECK(i < INTERFACES && is_downstream(&b->model, i) && !is_closed(&b->model, i, g));
	CHECK(g < GROUPS && mcr_address_is_equal(address, b->groups[g]));
	memset(b->borrowed, 0xee, sizeof(b->borrowed));
	*out = (struct mcr_source_filter){b->model.wants[i][g] & NOTHING ? MCR_FILTER_INCLUDE
									 : MCR_FILTER_EXCLUDE,
					  b->borrowed, 0};
	for (unsigned s = 0; s < SOURCES; s++)
		if (b->model.wants[i][g] >> s & 1)
			b->borrowed[out->n++] = b->sources[s];
}

/* Returns whether there was one. */
static int take_one(struct bench *b, int give_back)
{
	const unsigned g = pop(b->model.untold);
	struct mcr_address address;

	CHECK(mcr_route_set_take_proxied(b->set, &address) == (g != NONE));
	if (g == NONE)
		return 0;
	CHECK(mcr_address_is_equal(address, b->groups[g]));
	if (give_back) {
		mcr_route_set_give_back(b->set, address);
		push(b->model.untold, g);
	}
	return 1;
}

static void update_both(struct bench *b, unsigned max)
{
	CHECK(mcr_route_set_update(b->set, max) == update(&b->model, max));
	b->turn++;
	check(b);
}

/* Its groups are noted in an order of their own, so what waits before and after is carried out. */
static void remove_one(struct bench *b, unsigned i)
{
	struct model *m = &b->model;
	unsigned taken = 0, untold = 0;
	struct mcr_address address;

	update_both(b, GROUPS);
	while (take_one(b, 0))
		;
	remove_interface(m, i);
	mcr_route_set_remove(b->set, places[i]);
	check(b);
	update_both(b, GROUPS);
	for (unsigned g = pop(m->untold); g != NONE; g = pop(m->untold))
		untold |= 1u << g;
	while (mcr_route_set_take_proxied(b->set, &address)) {
		CHECK(!(taken >> address.octets[15] & 1));
		taken |= 1u << address.octets[15];
	}
	CHECK(taken == untold);
}

/* Group 0 comes more often than the others, for two interfaces. */
static void step(struct bench *b)
{
	const unsigned what = take(b), g = what & 8 ? 0 : take(b) % GROUPS;
	const unsigned i = (what >> 4) % (g == 0 ? 2 : INTERFACES);

	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		b->model.wants[i][g] = take_filter(b);
		/* fallthrough */
	case 3: /* something else is wanted of the group, or not */
		note(&b->model, g);
		CHECK(mcr_route_set_note(b->set, b->groups[g]) == 0);
		break;
	case 4:
	case 5:
		update_both(b, what & 1 ? GROUPS : what >> 4 & 3);
		break;
	case 6:
		(void)(take_one(b, 0) && take_one(b, 0) && take_one(b, what >> 4 & 1));
		break;
	case 7:
		if (g == 1)
			remove_one(b, i);
		break;
	}
}

static void add_static(struct bench *b, unsigned i, unsigned g, unsigned sources)
{
	struct mcr_interface_config *c = &b->configs[places[i]];

	b->model.statics[i][g] = sources & 1 ? 0 : NOTHING | sources;
	if (sources & 1)
		c->static_groups[c->n_static_groups++] =
		    (struct mcr_static_group){.group = b->groups[g]};
	for (unsigned s = 0; s < SOURCES - 1; s++)
		if (sources >> s & 1)
			c->static_groups[c->n_static_groups++] =
			    (struct mcr_static_group){b->groups[g], b->sources[s]};
}

static void start(struct bench *b)
{
	const unsigned how = take(b), closed = take(b), statics = take(b);
	struct model *m = &b->model;

	b->is_ipv6 = how & 1;
	m->upstream = (how >> 1) % INTERFACES;
	m->noted[0] = m->untold[0] = NONE;
	for (unsigned g = 0; g < GROUPS; g++) {
		m->proxied[g] = NOTHING;
		b->groups[g] = group(b, g);
	}
	for (unsigned i = 0; i < SOURCES; i++)
		b->sources[i] = source(b, i);
	for (unsigned i = 0; i < INTERFACES; i++) {
		struct mcr_interface_config *c = &b->configs[places[i]];

		c->role = i == m->upstream ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
		m->is_closed[i] = closed >> i & 1;
		c->has_scopes = m->is_closed[i] ? closed >> 6 & 1 : 1;
		c->n_scopes = (uint8_t)m->is_closed[i];
		c->scopes[0] = (struct mcr_prefix){b->groups[GROUPS - 2], b->is_ipv6 ? 16 : 9};
		c->has_scopes |= (uint8_t)b->is_ipv6;
		c->n_static_groups = 0;
		for (unsigned g = 0; g < GROUPS; g++)
			m->wants[i][g] = m->statics[i][g] = NOTHING;
	}
	for (unsigned n = statics % 8; n > 0; n--) {
		const unsigned i = take(b) % INTERFACES, g = take(b) % GROUPS;

		if (m->statics[i][g] == NOTHING)
			add_static(b, i, g, take(b));
	}
	for (unsigned g = 0; g < GROUPS; g++)
		for (unsigned i = 0; i < INTERFACES; i++)
			if (i != m->upstream && m->statics[i][g] != NOTHING)
				note(m, g);
	CHECK(mcr_route_set_create(&b->set, b->configs, MCR_INTERFACES_MAX, on_wants, b, 1) == 0);
	check(b);
}

/* Nobody is a member any more. */
static void end_all(struct bench *b)
{
	for (unsigned g = 0; g < GROUPS; g++) {
		for (unsigned i = 0; i < INTERFACES; i++)
			b->model.wants[i][g] = NOTHING;
		note(&b->model, g);
		CHECK(mcr_route_set_note(b->set, b->groups[g]) == 0);
	}
	update_both(b, GROUPS);
	(void)take_one(b, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mcr_interface_config configs[MCR_INTERFACES_MAX]; /* large */
	struct bench bench = {.configs = configs, .data = data, .end = data + size};
	struct bench *b = &bench;

	start(b);
	while (b->data < b->end)
		step(b);
	while (take_one(b, 0))
		;
	end_all(b);
	end_all(b);
	while (take_one(b, 0))
		;
	mcr_route_set_destroy(b->set);
	return 0;
}
