/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow_table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST  256
#define PROBES 8

_Static_assert(sizeof(struct flow) == 64, "a cache line");

int flow_table_create(struct flow_table *t, const uint64_t seeds[3])
{
	*t = (struct flow_table){.n = FIRST, .port_multiplier = seeds[2] | 1};
	mcr_address_hash_seed(&t->group_hash, seeds[0]);
	mcr_address_hash_seed(&t->source_hash, seeds[1]);
	t->flows = aligned_alloc(64, FIRST * sizeof(*t->flows));
	if (!t->flows)
		return -ENOMEM;
	flow_table_forget(t);
	return 0;
}

void flow_table_destroy(struct flow_table *t)
{
	free(t->flows);
	t->flows = NULL;
}

void flow_table_forget(struct flow_table *t)
{
	memset(t->flows, 0, t->n * sizeof(*t->flows));
	t->used = 0;
	t->last = t->flows;
}

void flow_table_grow(struct flow_table *t)
{
	struct flow *flows;

	if (t->n == FLOWS_MAX || t->used < t->n / 2)
		return;
	flows = aligned_alloc(64, 2 * (size_t)t->n * sizeof(*flows));
	if (!flows)
		return;
	free(t->flows);
	t->flows = flows;
	t->n *= 2;
	flow_table_forget(t);
}

static struct flow *take(struct flow_table *t, struct flow *f, const struct mcr_msg *m, int *is_new)
{
	*is_new = 1;
	t->used += !f->is_taken;
	*f = (struct flow){.port = m->dst_port, .interface = m->interface, .is_taken = 1};
	memcpy(f->group, &m->group, sizeof(f->group));
	memcpy(f->source, &m->source, sizeof(f->source));
	return t->last = f;
}

static uint32_t home_of(const struct flow_table *t, const struct mcr_msg *m)
{
	uint64_t group[2], source[2];

	memcpy(group, &m->group, sizeof(group));
	memcpy(source, &m->source, sizeof(source));
	return (uint32_t)((mcr_address_hash_words(&t->group_hash, group[0], group[1]) +
			   mcr_address_hash_words(&t->source_hash, source[0], source[1]) +
			   (m->dst_port | (uint64_t)m->interface << 16) * t->port_multiplier) >>
			  (64 - __builtin_ctz(t->n)));
}

const struct flow *flow_table_peek(const struct flow_table *t, const struct mcr_msg *m)
{
	return &t->flows[home_of(t, m)];
}

/* Where all places are taken, they give way in turn. */
struct flow *flow_table_find(struct flow_table *t, const struct mcr_msg *m, int *is_new)
{
	uint32_t home;

	*is_new = 0;
	if (flow_is(t->last, m))
		return t->last;
	home = home_of(t, m);
	for (uint32_t i = 0; i < PROBES; i++) {
		struct flow *f = &t->flows[(home + i) & (t->n - 1)];

		if (flow_is(f, m))
			return t->last = f;
		if (!f->is_taken)
			return take(t, f, m, is_new);
	}
	return take(t, &t->flows[(home + t->turn++ % PROBES) & (t->n - 1)], m, is_new);
}
