/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/loop_guard.h"

#include <errno.h>
#include <stdlib.h>

#include "core/rng.h"

__extension__ typedef unsigned __int128 u128;

#define LANES    4u
#define STRIDE   (LANES * 8u) /* octets that the lanes take together */
#define NS_OF_MS 1000000u

/* A packet that was seen: all of its digest; and what goes with it, with other bits of the digest,
 * so that halves of two packets are no entry. In a table of zeroes no TTL is lower. */
struct entry {
	uint64_t digest;
	uint64_t seen; /* tag 21 bits, copies left 3, TTL 8, time in ms 32 */
};

_Static_assert(MCR_LOOP_COPIES < 8, "three bits");

struct mcr_loop_guard {
	uint64_t keys[LANES], multipliers[LANES]; /* odd */
	struct entry entries[MCR_LOOP_ENTRIES];   /* any lcore, relaxed */
};

int mcr_loop_guard_create(struct mcr_loop_guard **out, uint64_t seed)
{
	struct mcr_loop_guard *guard = calloc(1, sizeof(*guard));
	struct mcr_rng rng;

	if (!guard)
		return -ENOMEM;
	mcr_rng_seed(&rng, seed);
	for (unsigned i = 0; i < LANES; i++) {
		guard->keys[i] = mcr_rng_next(&rng);
		guard->multipliers[i] = mcr_rng_next(&rng) | 1;
	}
	*out = guard;
	return 0;
}

void mcr_loop_guard_destroy(struct mcr_loop_guard *guard)
{
	free(guard);
}

/* ---- the digest ---- */

/* Both halves of the product: in the lower one alone the upper octets of a word change no more than
 * as many bits of the lane, and those of two words could cancel out. */
static inline uint64_t stir(uint64_t lane, uint64_t word, uint64_t multiplier)
{
	const u128 product = (u128)(lane ^ word) * multiplier;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* What the header says that no router changes: neither TTL, checksum, TOS, options nor id. */
static void digest_header(uint64_t lanes[LANES], const struct mcr_loop_guard *guard,
			  const struct mcr_route_packet *p, const uint8_t *ip)
{
	const uint64_t fragment = p->is_ipv6 ? 0 : mcr_load_be16(ip + 6) & 0x3fffu,
		       protocol = ip[p->is_ipv6 ? 6 : 9], len = (uint64_t)p->len - p->header;

	lanes[0] = stir(guard->keys[0], p->source.words[0], guard->multipliers[0]);
	lanes[1] = stir(guard->keys[1], p->source.words[1], guard->multipliers[1]);
	lanes[2] = stir(guard->keys[2], p->group.words[0], guard->multipliers[2]);
	lanes[3] = stir(guard->keys[3], p->group.words[1], guard->multipliers[3]);
	lanes[0] = stir(lanes[0], fragment << 32 | protocol << 16 | len, guard->multipliers[0]);
}

static uint64_t digest(const struct mcr_loop_guard *guard, const struct mcr_route_packet *p,
		       const uint8_t *ip, uint32_t in_one)
{
	const uint32_t end = p->len < in_one ? p->len : in_one;
	uint64_t lanes[LANES], all;
	uint32_t i = p->header;

	digest_header(lanes, guard, p, ip);
	for (; i + STRIDE <= end; i += STRIDE)
		for (unsigned k = 0; k < LANES; k++)
			lanes[k] =
			    stir(lanes[k], mcr_load64(ip + i + k * 8), guard->multipliers[k]);
	for (unsigned k = 0; i < end; i += 8, k++) {
		uint8_t word[8] = {0};

		memcpy(word, ip + i, end - i < 8 ? end - i : 8);
		lanes[k] = stir(lanes[k], mcr_load64(word), guard->multipliers[k]);
	}
	all = lanes[0];
	for (unsigned k = 1; k < LANES; k++)
		all = stir(all ^ all >> 32, lanes[k], guard->multipliers[k]);
	return (all ^ all >> 32) * guard->multipliers[0];
}

/* ---- the table ---- */

static uint64_t seen_word(uint64_t d, uint64_t left, uint64_t ttl, uint32_t ms)
{
	return d >> 43 << 43 | left << 40 | ttl << 32 | ms;
}

int mcr_loop_guard_is_back(struct mcr_loop_guard *guard, const struct mcr_route_packet *p,
			   const uint8_t *ip, uint32_t in_one, uint64_t now_ns)
{
	const uint64_t d = digest(guard, p, ip, in_one);
	const uint32_t now_ms = (uint32_t)(now_ns / NS_OF_MS);
	struct entry *e = &guard->entries[(d >> 20) % MCR_LOOP_ENTRIES];
	const uint64_t seen = __atomic_load_n(&e->seen, __ATOMIC_RELAXED), left = seen >> 40 & 7;
	const uint8_t ttl = (uint8_t)(seen >> 32);
	/* Another lcore's clock may be a little ahead. */
	const int32_t age_ms = (int32_t)(now_ms - (uint32_t)seen);

	if (__atomic_load_n(&e->digest, __ATOMIC_RELAXED) == d && seen >> 43 == d >> 43 &&
	    left > 0 && p->ttl < ttl && age_ms > -MCR_LOOP_MS && age_ms < MCR_LOOP_MS) {
		__atomic_store_n(&e->seen, seen_word(d, left - 1, ttl, (uint32_t)seen),
				 __ATOMIC_RELAXED);
		return 1;
	}
	__atomic_store_n(&e->digest, d, __ATOMIC_RELAXED);
	__atomic_store_n(&e->seen, seen_word(d, MCR_LOOP_COPIES, p->ttl, now_ms), __ATOMIC_RELAXED);
	return 0;
}
