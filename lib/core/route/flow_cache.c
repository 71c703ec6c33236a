/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/flow_cache.h"

#include <errno.h>
#include <stdlib.h>

#include "core/rng.h"

#define WAYS    4 /* entries of a bucket */
#define BUCKETS (MCR_FLOWS_MAX / WAYS)

_Static_assert(sizeof(struct mcr_flow_slot) == MCR_FLOW_BYTES, "two cache lines");
_Static_assert(MCR_FLOWS_MAX <= UINT16_MAX + 1, "the numbers of `known`");
_Static_assert(offsetof(struct mcr_flow_slot, flow.packets) == MCR_FLOW_BYTES / 2,
	       "what is compared in one");

/* Of n addresses that follow each other, how many would share a place that is known. */
static unsigned n_sharing(uint64_t multiplier, unsigned n)
{
	uint64_t taken[MCR_FLOWS_KNOWN / 64] = {0};
	unsigned sharing = 0;

	for (uint64_t i = 0; i < n; i++) {
		const uint64_t place = mcr_flow_place(i * multiplier), bit = UINT64_C(1)
									     << place % 64;

		sharing += (taken[place / 64] & bit) != 0;
		taken[place / 64] |= bit;
	}
	return sharing;
}

/* A secret one, and of these one that spreads groups that follow each other, and sources: as
 * addresses mostly do. Every other one is good enough. */
static uint64_t draw_multiplier(struct mcr_rng *rng)
{
	const unsigned n = MCR_FLOWS_KNOWN / 2;
	uint64_t multiplier;

	do
		multiplier = mcr_rng_next(rng) | 1;
	while (n_sharing(multiplier, n) > n / 8 || n_sharing(multiplier << 32, n) > n / 8);
	return multiplier;
}

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
	mcr_rng_seed(&rng, seed);
	for (unsigned i = 0; i < 4; i++)
		cache->keys[i] = mcr_rng_next(&rng);
	cache->keys[4] = draw_multiplier(&rng);
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

/* Groups that follow each other would be spread in even steps by the products alone, of any width:
 * so the sum is folded and multiplied once more. */
static uint64_t hash_of(const struct mcr_flow_cache *cache, const struct mcr_flow_key *key)
{
	const uint64_t *k = cache->keys;
	uint64_t sum =
	    (be64toh(key->source.words[1]) + k[0]) * (be64toh(key->group.words[1]) + k[1]) +
	    (be64toh(key->source.words[0]) + key->outputs + k[2]) *
		(be64toh(key->group.words[0]) + key->interface + k[3]);

	return (sum ^ sum >> 32) * k[4];
}

/* A flow has two buckets. */
static struct mcr_flow_slot *bucket_of(const struct mcr_flow_cache *cache, uint64_t hash,
				       unsigned second)
{
	const uint64_t upper = second ? hash << 16 : hash;

	return cache->slots + upper / (UINT64_MAX / BUCKETS + 1) * WAYS;
}

/* How many entries of a bucket are in use: its first ones. */
static unsigned n_used(const struct mcr_flow_slot *bucket)
{
	unsigned n = 0;

	while (n < WAYS && bucket[n].flow.packets > 0)
		n++;
	return n;
}

/* A place for a new flow: in the bucket that has more room, so that hardly any is full before the
 * cache is (Azar, Broder, Karlin and Upfal, 1994); or else the oldest one's. */
static struct mcr_flow_slot *place_in(struct mcr_flow_slot *const *buckets)
{
	const unsigned n[2] = {n_used(buckets[0]), n_used(buckets[1])}, less = n[1] < n[0];
	struct mcr_flow_slot *oldest = buckets[0];

	if (n[less] < WAYS)
		return &buckets[less][n[less]];
	for (unsigned i = 1; i < 2 * WAYS; i++) {
		struct mcr_flow_slot *slot = &buckets[i / WAYS][i % WAYS];

		if (slot->flow.last_ns < oldest->flow.last_ns)
			oldest = slot;
	}
	return oldest;
}

static void add(uint64_t *shared, uint64_t n)
{
	__atomic_store_n(shared, *shared + n, __ATOMIC_RELAXED);
}

static struct mcr_flow_slot *make(struct mcr_flow_cache *cache,
				  struct mcr_flow_slot *const *buckets,
				  const struct mcr_flow_key *key, uint64_t now_ns)
{
	const struct mcr_flow flow = {.key = *key, .first_ns = now_ns, .last_ns = now_ns};
	struct mcr_flow_slot *slot = place_in(buckets);

	if (slot->flow.packets > 0) {
		struct mcr_flow_totals *of_old = &cache->totals[slot->flow.key.interface];

		add(&of_old->kept, UINT64_MAX); /* one less */
		add(&of_old->evicted, 1);
		add(&of_old->evicted_packets, slot->flow.packets);
	}
	add(&cache->totals[key->interface].kept, 1);
	mcr_seqlock_write(&slot->version, &slot->flow, &flow, sizeof(flow));
	return slot;
}

static struct mcr_flow_slot *look_for(struct mcr_flow_cache *cache, const struct mcr_flow_key *key,
				      uint64_t now_ns)
{
	const uint64_t hash = hash_of(cache, key);
	struct mcr_flow_slot *buckets[2] = {bucket_of(cache, hash, 0), bucket_of(cache, hash, 1)};

	for (unsigned i = 0; i < 2 * WAYS; i++)
		if (mcr_flow_key_same(&buckets[i / WAYS][i % WAYS].flow.key, key))
			return &buckets[i / WAYS][i % WAYS];
	return make(cache, buckets, key, now_ns);
}

struct mcr_flow_slot *mcr_flow_cache_find(struct mcr_flow_cache *cache,
					  const struct mcr_flow_key *key, uint64_t now_ns)
{
	uint16_t *known = mcr_flow_known(cache, key->source, key->group);
	struct mcr_flow_slot *slot = &cache->slots[*known];

	if (mcr_flow_key_same(&slot->flow.key, key))
		return slot;
	slot = look_for(cache, key, now_ns);
	*known = (uint16_t)(slot - cache->slots);
	return slot;
}

int mcr_flow_cache_get(const struct mcr_flow_cache *cache, size_t i, struct mcr_flow *out)
{
	mcr_seqlock_read(&cache->slots[i].version, out, &cache->slots[i].flow, sizeof(*out));
	return out->packets > 0;
}

static uint64_t get(const uint64_t *shared)
{
	return __atomic_load_n(shared, __ATOMIC_RELAXED);
}

struct mcr_flow_totals mcr_flow_cache_totals(const struct mcr_flow_cache *cache, unsigned interface)
{
	const struct mcr_flow_totals *t = &cache->totals[interface];

	return (struct mcr_flow_totals){.kept = get(&t->kept),
					.evicted = get(&t->evicted),
					.evicted_packets = get(&t->evicted_packets)};
}
