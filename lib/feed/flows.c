/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed/flows.h"

#include <errno.h>
#include <stdlib.h>

#define PROBES 8 /* places of `seen` at which a flow may stand */

/* A flow as it is declared: what is any is 0. */
struct mcr_feed_declared {
	struct mcr_address group, source;
	uint16_t port;
	uint16_t flow;
	uint32_t name; /* of the interface */
	uint8_t is_taken, line;
	uint8_t has_source;
};

struct mcr_feed_publisher {
	struct mcr_address source;
	uint32_t flow;   /* + 1; 0 = the streams do not depend on it */
	uint32_t number; /* from 1; 0 = the place is free */
};

static uint32_t power_above(size_t n)
{
	uint32_t p = 2;

	while (p < n)
		p *= 2;
	return p;
}

static uint64_t hash_of(const struct mcr_feed_flows *f, struct mcr_address group,
			struct mcr_address source, uint32_t port, uint32_t interface)
{
	uint64_t g[2], s[2];

	memcpy(g, group.octets, sizeof(g));
	memcpy(s, source.octets, sizeof(s));
	return mcr_address_hash_words(&f->group_hash, g[0], g[1]) +
	       mcr_address_hash_words(&f->source_hash, s[0], s[1]) +
	       (port | (uint64_t)interface << 16) * f->port_multiplier;
}

static uint32_t place_of(uint64_t hash, uint32_t n)
{
	return (uint32_t)(hash >> (64 - __builtin_ctz(n)));
}

/* ---- what is declared ---- */

/* The place where this flow stands, or would stand. */
static struct mcr_feed_declared *declared_at(const struct mcr_feed_flows *f,
					     struct mcr_address group, struct mcr_address source,
					     uint16_t port, uint32_t name)
{
	uint32_t i = place_of(hash_of(f, group, source, port, name), f->n_declared);

	for (;; i = (i + 1) & (f->n_declared - 1)) {
		struct mcr_feed_declared *d = &f->declared[i];

		if (!d->is_taken ||
		    (d->port == port && d->name == name && mcr_address_is_equal(d->group, group) &&
		     mcr_address_is_equal(d->source, source)))
			return d;
	}
}

static uint32_t name_number(struct mcr_feed_flows *f, const char *name, int adds)
{
	uint32_t i = 1;

	if (name[0] == '\0')
		return 0;
	while (i < f->n_names && strcmp(f->names[i], name) != 0)
		i++;
	if (i == f->n_names && !adds)
		return 0;
	if (i == f->n_names)
		memcpy(f->names[f->n_names++], name, MCR_NAME_MAX);
	return i;
}

static void declare(struct mcr_feed_flows *f, const struct mcr_feed_line_config *line,
		    unsigned line_index)
{
	for (size_t i = 0; i < line->n_flows; i++) {
		const struct mcr_feed_flow *flow = &line->flows[i];
		uint32_t name = name_number(f, flow->interface, 1);
		struct mcr_feed_declared *d =
		    declared_at(f, flow->group, flow->source, flow->port, name);

		if (d->is_taken) /* the configuration's check refuses that */
			continue;
		*d = (struct mcr_feed_declared){
		    .group = flow->group,
		    .source = flow->source,
		    .port = flow->port,
		    .flow = (uint16_t)i,
		    .name = name,
		    .is_taken = 1,
		    .line = (uint8_t)line_index,
		    .has_source = !mcr_address_is_none(flow->source),
		};
	}
}

/* Of the flows that a message fits, the one that says most: its interface, its source, its port. */
static const struct mcr_feed_declared *match(const struct mcr_feed_flows *f,
					     const struct mcr_msg *m)
{
	const struct mcr_address none = {{0}};
	uint32_t name = m->interface < MCR_FEED_INTERFACES ? f->interfaces[m->interface] : 0;

	for (unsigned any = 0; any < 8; any++) {
		const struct mcr_feed_declared *d;

		if ((any & 4) == 0 && name == 0)
			continue;
		d = declared_at(f, m->group, any & 2 ? none : m->source, any & 1 ? 0 : m->dst_port,
				any & 4 ? 0 : name);
		if (d->is_taken)
			return d;
	}
	return NULL;
}

/* ---- publishers ---- */

int mcr_feed_publishers_create(struct mcr_feed_publishers *out, uint32_t most, uint64_t seed)
{
	*out = (struct mcr_feed_publishers){.n = power_above(2 * (size_t)most)};
	mcr_address_hash_seed(&out->hash, seed);
	out->places = calloc(out->n, sizeof(*out->places));
	return out->places ? 0 : -ENOMEM;
}

void mcr_feed_publishers_destroy(struct mcr_feed_publishers *p)
{
	free(p->places);
}

int mcr_feed_publishers_at(const struct mcr_feed_publishers *p, uint32_t number,
			   struct mcr_address *source, uint32_t *flow)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (number != 0 && p->places[i].number == number) {
			*source = p->places[i].source;
			*flow = p->places[i].flow ? p->places[i].flow - 1 : 0;
			return 1;
		}
	return 0;
}

/* The number of a publisher, from 1; 0 when there is no room. */
static uint32_t publisher(struct mcr_feed_publishers *p, struct mcr_address source, uint32_t flow)
{
	uint32_t i = (mcr_address_hash_bucket(&p->hash, source, p->n) + flow) & (p->n - 1);

	for (; p->places[i].number != 0; i = (i + 1) & (p->n - 1))
		if (p->places[i].flow == flow && mcr_address_is_equal(p->places[i].source, source))
			return p->places[i].number;
	if (p->used >= p->n / 2)
		return 0;
	p->places[i] = (struct mcr_feed_publisher){source, flow, ++p->used};
	return p->used;
}

/* ---- what was seen ---- */

/* A flow whose source is declared is the same stream on each line, as the i-th of each, whoever
 * sends it there. */
static void fill(struct mcr_feed_flows *f, struct mcr_feed_seen *seen, const struct mcr_msg *m)
{
	const struct mcr_feed_declared *d = match(f, m);
	uint64_t number = 0;

	memcpy(seen->group, &m->group, sizeof(seen->group));
	memcpy(seen->source, &m->source, sizeof(seen->source));
	seen->port = m->dst_port;
	seen->interface = m->interface;
	seen->is_taken = 1;
	seen->line = d ? d->line : MCR_FEED_NO_LINE;
	seen->flow = d ? d->flow : 0;
	seen->scope = 0;
	if (!d)
		return;
	if (f->by_group || (f->by_source && d->has_source))
		number = d->flow;
	if (f->by_source && !d->has_source) {
		number = publisher(f->publishers, m->source, f->by_group ? d->flow + 1u : 0);
		if (number == 0)
			seen->line = MCR_FEED_REFUSED;
		number += MCR_FEED_FLOWS_MAX;
	}
	seen->scope = number << 32;
}

const struct mcr_feed_seen *mcr_feed_flows_find(struct mcr_feed_flows *f, const struct mcr_msg *m)
{
	uint32_t home =
	    place_of(hash_of(f, m->group, m->source, m->dst_port, m->interface), f->n_seen);
	struct mcr_feed_seen *spare = NULL;

	for (uint32_t i = 0; i < PROBES; i++) {
		struct mcr_feed_seen *seen = &f->seen[(home + i) & (f->n_seen - 1)];

		if (!seen->is_taken) {
			spare = seen;
			break;
		}
		if (mcr_feed_seen_is(seen, m))
			return seen;
		/* What is no flow of ours makes room first. */
		if (!spare && seen->line >= MCR_FEED_REFUSED)
			spare = seen;
	}
	if (!spare)
		spare = &f->seen[home];
	fill(f, spare, m);
	return spare;
}

/* ---- life ---- */

static uint64_t secret(uint64_t seed, uint64_t n)
{
	struct mcr_rng rng;

	mcr_rng_seed(&rng, seed + n);
	return mcr_rng_next(&rng);
}

int mcr_feed_flows_create(struct mcr_feed_flows *out, const struct mcr_feed_config *config,
			  uint32_t lines, struct mcr_feed_publishers *publishers, uint64_t seed)
{
	size_t n = 0;

	*out = (struct mcr_feed_flows){
	    .n_names = 1,
	    .by_group = config->numbering.scope_is_group,
	    .by_source = config->numbering.scope_is_source,
	    .publishers = publishers,
	    .port_multiplier = secret(seed, 3) | 1,
	};
	mcr_address_hash_seed(&out->group_hash, secret(seed, 1));
	mcr_address_hash_seed(&out->source_hash, secret(seed, 2));
	for (unsigned i = 0; i < config->n_lines; i++)
		n += lines >> i & 1 ? config->lines[i].n_flows : 0;
	out->n_declared = power_above(2 * n + 2);
	out->n_seen = power_above(4 * n + 64);
	out->declared = calloc(out->n_declared, sizeof(*out->declared));
	out->seen = aligned_alloc(64, out->n_seen * sizeof(*out->seen));
	out->names = calloc(n + 1, sizeof(*out->names));
	if (!out->declared || !out->seen || !out->names)
		return -ENOMEM;
	mcr_feed_flows_forget(out);
	for (unsigned i = 0; i < config->n_lines; i++)
		if (lines >> i & 1)
			declare(out, &config->lines[i], i);
	return 0;
}

void mcr_feed_flows_destroy(struct mcr_feed_flows *flows)
{
	free(flows->declared);
	free(flows->seen);
	free(flows->names);
}

void mcr_feed_flows_name(struct mcr_feed_flows *flows, uint32_t i, const char *name)
{
	if (i < MCR_FEED_INTERFACES)
		flows->interfaces[i] = name_number(flows, name, 0);
}

void mcr_feed_flows_forget(struct mcr_feed_flows *flows)
{
	memset(flows->interfaces, 0, sizeof(flows->interfaces));
	memset(flows->seen, 0, flows->n_seen * sizeof(*flows->seen));
}
