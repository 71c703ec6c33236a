/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/flow_cache.h"

#include <errno.h>
#include <stdlib.h>

#include "core/rng.h"

_Static_assert(sizeof(struct mcr_flow_slot) == MCR_FLOW_BYTES, "two cache lines");
_Static_assert(offsetof(struct mcr_flow_slot, flow.packets) < MCR_FLOW_BYTES / 2, "the key in one");

int mcr_flow_cache_create(struct mcr_flow_cache **out, uint64_t seed)
{
	struct mcr_flow_cache *cache = calloc(1, sizeof(*cache));
	struct mcr_rng rng;

	if (!cache)
		return -ENOMEM;
	/* So much memory comes from the kernel, untouched; aligned_alloc gives none that is zero.
	 */
	cache->memory = calloc(MCR_FLOWS_MAX + 1, sizeof(*cache->slots));
	if (!cache->memory) {
		free(cache);
		return -ENOMEM;
	}
	cache->slots = (struct mcr_flow_slot *)(((uintptr_t)cache->memory + MCR_FLOW_BYTES - 1) &
						~(uintptr_t)(MCR_FLOW_BYTES - 1));
	cache->last = cache->slots;
	mcr_rng_seed(&rng, seed);
	for (unsigned i = 0; i < 4; i++)
		cache->keys[i] = mcr_rng_next(&rng);
	*out = cache;
	return 0;
}

void mcr_flow_cache_destroy(struct mcr_flow_cache *cache)
{
	if (!cache)
		return;
	free(cache->memory);
	free(cache);
}

/* Of two entries the one that is free, or else the older one. */
static struct mcr_flow_slot *rather(struct mcr_flow_slot *a, struct mcr_flow_slot *b)
{
	if (a->flow.packets == 0 || b->flow.packets == 0)
		return a->flow.packets == 0 ? a : b;
	return b->flow.last_ns < a->flow.last_ns ? b : a;
}

static void add(uint64_t *shared, uint64_t n)
{
	__atomic_store_n(shared, *shared + n, __ATOMIC_RELAXED);
}

struct mcr_flow_slot *mcr_flow_cache_place(struct mcr_flow_cache *cache,
					   const struct mcr_flow_key *key, uint64_t hash,
					   uint64_t now_ns)
{
	const struct mcr_flow flow = {.key = *key, .first_ns = now_ns, .last_ns = now_ns};
	struct mcr_flow_slot *first = mcr_flow_bucket(cache, hash, 0),
			     *second = mcr_flow_bucket(cache, hash, 1), *slot = first;

	for (unsigned i = 0; i < MCR_FLOW_WAYS; i++) {
		if (mcr_flow_key_same(&second[i].flow.key, key))
			return &second[i];
		slot = rather(slot, &first[i]);
	}
	for (unsigned i = 0; i < MCR_FLOW_WAYS; i++)
		slot = rather(slot, &second[i]);
	if (slot->flow.packets > 0) {
		add(&cache->evicted_flows[slot->flow.key.interface], 1);
		add(&cache->evicted_packets[slot->flow.key.interface], slot->flow.packets);
	}
	mcr_seqlock_write(&slot->version, &slot->flow, &flow, sizeof(flow));
	return slot;
}

int mcr_flow_cache_get(const struct mcr_flow_cache *cache, size_t i, struct mcr_flow *out)
{
	mcr_seqlock_read(&cache->slots[i].version, out, &cache->slots[i].flow, sizeof(*out));
	return out->packets > 0;
}

struct mcr_flow_evicted mcr_flow_cache_evicted(const struct mcr_flow_cache *cache,
					       unsigned interface)
{
	return (struct mcr_flow_evicted){
	    .flows = __atomic_load_n(&cache->evicted_flows[interface], __ATOMIC_RELAXED),
	    .packets = __atomic_load_n(&cache->evicted_packets[interface], __ATOMIC_RELAXED)};
}
