/* SPDX-License-Identifier: BSD-3-Clause */
#include "flows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "put.h"

#define FIRST 256

int flows_create(struct flows *f, const char *subject, int is_one)
{
	uint64_t seeds[4];

	*f = (struct flows){.n = FIRST, .subject = subject, .is_one = is_one};
	if (getrandom(seeds, sizeof(seeds), 0) != (ssize_t)sizeof(seeds))
		return -errno;
	mcr_address_hash_seed(&f->group_hash, seeds[0]);
	mcr_address_hash_seed(&f->source_hash, seeds[1]);
	f->multipliers[0] = seeds[2] | 1;
	f->multipliers[1] = seeds[3] | 1;
	f->table = calloc(FIRST, sizeof(*f->table));
	return f->table ? 0 : -ENOMEM;
}

static void forget(struct flows *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		free(f->table[i]);
		f->table[i] = NULL;
	}
	f->used = 0;
	f->last = NULL;
}

void flows_destroy(struct flows *f)
{
	if (f->table)
		forget(f);
	free(f->table);
	f->table = NULL;
}

void flows_trim(struct flows *f)
{
	if (f->used >= FLOWS_MAX)
		forget(f);
}

static struct flow_key key_of(const struct mcr_msg *m)
{
	struct flow_key key = {
	    .dst_port = m->dst_port, .src_port = m->src_port, .vlan = m->vlan, .id = m->id};

	memcpy(key.group, &m->group, sizeof(key.group));
	memcpy(key.source, &m->source, sizeof(key.source));
	return key;
}

static int is_equal(const struct flow_key *a, const struct flow_key *b)
{
	return ((a->group[0] ^ b->group[0]) | (a->group[1] ^ b->group[1]) |
		(a->source[0] ^ b->source[0]) | (a->source[1] ^ b->source[1]) |
		(uint64_t)(a->dst_port ^ b->dst_port) | (uint64_t)(a->src_port ^ b->src_port) |
		(uint64_t)(a->vlan ^ b->vlan) | (a->id ^ b->id)) == 0;
}

static uint32_t home_of(const struct flows *f, const struct flow_key *k)
{
	const uint64_t ports = k->dst_port | (uint64_t)k->src_port << 16 | (uint64_t)k->vlan << 32;

	return (uint32_t)((mcr_address_hash_words(&f->group_hash, k->group[0], k->group[1]) +
			   mcr_address_hash_words(&f->source_hash, k->source[0], k->source[1]) +
			   ports * f->multipliers[0] + k->id * f->multipliers[1]) >>
			  (64 - __builtin_ctz(f->n)));
}

static struct flow **place_of(const struct flows *f, const struct flow_key *k)
{
	uint32_t i = home_of(f, k);

	while (f->table[i] && !is_equal(&f->table[i]->key, k))
		i = (i + 1) & (f->n - 1);
	return &f->table[i];
}

/* Half of the places are free always: so a search ends soon. Without memory the table stays as it
 * is, and a new flow is not taken. */
static int grow(struct flows *f)
{
	struct flow **old = f->table;
	const uint32_t n = f->n;

	f->table = calloc(2 * (size_t)n, sizeof(*f->table));
	if (!f->table) {
		f->table = old;
		return -ENOMEM;
	}
	f->n = 2 * n;
	for (uint32_t i = 0; i < n; i++)
		if (old[i])
			*place_of(f, &old[i]->key) = old[i];
	free(old);
	return 0;
}

static void put_more(char *o, const struct mcr_msg *m)
{
	o = put_text(o, "src=");
	mcr_address_format(o, m->source);
	o = put_number(put_text(o + strlen(o), ","), m->src_port);
	if (m->vlan != 0)
		o = put_number(put_text(o, " vlan="), m->vlan);
	if (m->id != 0)
		put_number(put_text(o, " id="), m->id);
}

static struct flow *make(struct flows *f, const struct flow_key *key, const struct mcr_msg *m)
{
	struct flow *flow;

	if (2 * f->used >= f->n && grow(f) < 0)
		return NULL;
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return NULL;
	flow->key = *key;
	subject_flow(flow->name, m->group, m->dst_port);
	if (f->is_one)
		snprintf(flow->subject, sizeof(flow->subject), "%s", f->subject);
	else
		snprintf(flow->subject, sizeof(flow->subject), "%s.%s", f->subject, flow->name);
	put_more(flow->more, m);
	flow->flow = (struct sink_flow){.subject = flow->subject, .key = flow->name};
	*place_of(f, key) = flow;
	f->used++;
	return flow;
}

struct flow *flows_find(struct flows *f, const struct mcr_msg *m)
{
	const struct flow_key key = key_of(m);

	if (!f->last || !is_equal(&f->last->key, &key)) {
		struct flow *flow = *place_of(f, &key);

		if (!flow)
			flow = make(f, &key, m);
		if (!flow)
			return NULL;
		f->last = flow;
	}
	return f->last;
}
