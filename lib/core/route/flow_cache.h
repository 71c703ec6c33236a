/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters of what one lcore relays, by (input, source, group, outputs): a cache of fixed size. A
 * flow whose outputs change becomes another entry, so each entry's packets were for all of its
 * outputs. Two flows that share a bucket for long evict each other in turn; what is lost of the
 * counts is counted.
 *
 * An entry also remembers what was decided about its packets, and under which serial number: as
 * long as that is the one in use, the next packet with the same addresses, input and `start` is
 * spared the question. Nothing that is forwarded depends on whether it is remembered: what is asked
 * must depend on these alone.
 *
 * Writer: one lcore. Readers: control, each entry of one instant (a seqlock per entry). */
#ifndef MCR_CORE_FLOW_CACHE_H
#define MCR_CORE_FLOW_CACHE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>

#include <mcring/config.h>

#include "core/route/route_table.h"
#include "core/seqlock.h"

#define MCR_FLOWS_MAX 16384 /* of an lcore; a power of two */

struct mcr_flow_key {
	struct mcr_route_address source, group;
	uint64_t outputs;   /* 0: it came in by the wrong interface */
	uint64_t interface; /* by which it came in */
};

struct mcr_flow {
	struct mcr_flow_key key;
	uint64_t start;   /* of the frame that was decided about, whatever the caller means by it */
	uint64_t decided; /* serial << 1, and 1: it goes the rings' way as well; 0 = nothing */
	uint64_t packets, bytes; /* packets 0: no entry */
	uint64_t first_ns, last_ns;
};

struct mcr_flow_cache;

/* mcr_flow_cache_create. seed: of the hash. Memory is given by the kernel when it is first used.
 * Returns 0 or -ENOMEM. */
int mcr_flow_cache_create(struct mcr_flow_cache **out, uint64_t seed);
void mcr_flow_cache_destroy(struct mcr_flow_cache *cache);

struct mcr_flow_slot; /* its fields: below */

/* mcr_flow_cache_guess: where the last flow with these addresses is counted, to be fetched before
 * it is looked at. Thread of this one and of all up to mcr_flow_count: the lcore. */
static inline struct mcr_flow_slot *mcr_flow_cache_guess(struct mcr_flow_cache *cache,
							 struct mcr_route_address source,
							 struct mcr_route_address group);

/* mcr_flow_is_decided: whether it was decided under this serial what becomes of such a packet:
 * slot->flow.key.outputs, and mcr_flow_is_for_rings. */
static inline int mcr_flow_is_decided(const struct mcr_flow_slot *slot,
				      struct mcr_route_address source,
				      struct mcr_route_address group, uint64_t interface,
				      uint64_t start, uint64_t serial);
static inline int mcr_flow_is_for_rings(const struct mcr_flow_slot *slot);

/* mcr_flow_cache_find: a flow's entry, which is made when there is none. It stays that flow's until
 * the next call. It is guessed from then on. */
struct mcr_flow_slot *mcr_flow_cache_find(struct mcr_flow_cache *cache,
					  const struct mcr_flow_key *key, uint64_t now_ns);

/* mcr_flow_decide remembers a decision. serial: above 0. */
static inline void mcr_flow_decide(struct mcr_flow_slot *slot, uint64_t start, uint64_t serial,
				   int for_rings);

/* mcr_flow_count counts a packet of bytes octets. */
static inline void mcr_flow_count(struct mcr_flow_slot *slot, uint32_t bytes, uint64_t now_ns);

/* mcr_flow_cache_get copies entry i, below MCR_FLOWS_MAX. Returns 1, or 0: there is none. Thread:
 * control. */
int mcr_flow_cache_get(const struct mcr_flow_cache *cache, size_t i, struct mcr_flow *out);

/* mcr_flow_cache_totals counts the flows that came in by an interface: those that are there, and
 * those that had to make room, with their packets. It looks at no entry. Each number by itself,
 * relaxed. Thread: control. */
struct mcr_flow_totals {
	uint64_t kept, evicted, evicted_packets;
};
struct mcr_flow_totals mcr_flow_cache_totals(const struct mcr_flow_cache *cache,
					     unsigned interface);

/* ---- what follows is inline for the rx loop's sake; its fields are private ---- */

#define MCR_FLOW_BYTES  128   /* of an entry */
#define MCR_FLOWS_KNOWN 16384 /* a power of two */

/* Two cache lines, which are fetched together: what a packet is compared with, and what it moves.
 */
struct mcr_flow_slot {
	_Alignas(MCR_FLOW_BYTES) struct mcr_flow flow;
	uint64_t version;
};

struct mcr_flow_cache {
	/* Constant. */
	struct mcr_flow_slot *slots; /* writer: the lcore */
	void *memory;                /* that they are in */
	uint64_t keys[5];            /* of the hash: secret */

	/* The lcore's own. */
	uint16_t known[MCR_FLOWS_KNOWN]; /* the entry of the last flow of this source and group */

	/* Writer: the lcore. */
	struct mcr_flow_totals totals[MCR_INTERFACES_MAX];
};

static inline int mcr_flow_key_same(const struct mcr_flow_key *a, const struct mcr_flow_key *b)
{
	return mcr_route_address_same(a->source, b->source) &
	       mcr_route_address_same(a->group, b->group) &
	       (((a->outputs ^ b->outputs) | (a->interface ^ b->interface)) == 0);
}

static inline uint64_t mcr_flow_place(uint64_t product)
{
	return product / (UINT64_MAX / MCR_FLOWS_KNOWN + 1);
}

/* Of IPv4 flows nobody who lacks the secret can choose some that share a place; those that do are
 * looked for each time. */
static inline uint16_t *mcr_flow_known(struct mcr_flow_cache *cache,
				       struct mcr_route_address source,
				       struct mcr_route_address group)
{
	const uint64_t addresses = be64toh(group.words[1]) + (be64toh(source.words[1]) << 32);

	return &cache->known[mcr_flow_place(addresses * cache->keys[4])];
}

static inline struct mcr_flow_slot *mcr_flow_cache_guess(struct mcr_flow_cache *cache,
							 struct mcr_route_address source,
							 struct mcr_route_address group)
{
	return &cache->slots[*mcr_flow_known(cache, source, group)];
}

static inline int mcr_flow_is_decided(const struct mcr_flow_slot *slot,
				      struct mcr_route_address source,
				      struct mcr_route_address group, uint64_t interface,
				      uint64_t start, uint64_t serial)
{
	const struct mcr_flow *flow = &slot->flow;

	return mcr_route_address_same(flow->key.source, source) &
	       mcr_route_address_same(flow->key.group, group) &
	       (((flow->key.interface ^ interface) | (flow->start ^ start) |
		 (flow->decided >> 1 ^ serial)) == 0);
}

static inline int mcr_flow_is_for_rings(const struct mcr_flow_slot *slot)
{
	return (int)(slot->flow.decided & 1);
}

static inline void mcr_flow_decide(struct mcr_flow_slot *slot, uint64_t start, uint64_t serial,
				   int for_rings)
{
	/* Control reads them with the entry and does not look at them. */
	__atomic_store_n(&slot->flow.start, start, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->flow.decided, serial << 1 | (for_rings != 0), __ATOMIC_RELAXED);
}

static inline void mcr_flow_count(struct mcr_flow_slot *slot, uint32_t bytes, uint64_t now_ns)
{
	struct mcr_flow *flow = &slot->flow;
	const uint64_t version = slot->version;

	mcr_seqlock_begin(&slot->version, version);
	__atomic_store_n(&flow->packets, flow->packets + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&flow->bytes, flow->bytes + bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&flow->last_ns, now_ns, __ATOMIC_RELAXED);
	mcr_seqlock_end(&slot->version, version);
}

#endif
