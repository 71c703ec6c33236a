/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash of addresses with a secret: who does not know the seed cannot choose addresses that share
 * a bucket. */
#ifndef MCR_CORE_ADDRESS_HASH_H
#define MCR_CORE_ADDRESS_HASH_H

#include <stdint.h>
#include <string.h>

#include <mcring/address.h>

#include "core/rng.h"

struct mcr_address_hash {
	uint64_t multipliers[4];
};

static inline void mcr_address_hash_seed(struct mcr_address_hash *hash, uint64_t seed)
{
	struct mcr_rng rng;

	mcr_rng_seed(&rng, seed);
	for (unsigned i = 0; i < 4; i++)
		hash->multipliers[i] = mcr_rng_next(&rng);
}

/* mcr_address_hash_words hashes an address that is given as two words, as it stands in memory; the
 * upper bits count. Multilinear hashing: with random multipliers any two addresses share the upper
 * l bits with a probability of 1/2^l (Lemire and Kaser, 2014). */
static inline uint64_t mcr_address_hash_words(const struct mcr_address_hash *hash, uint64_t first,
					      uint64_t second)
{
	return (uint32_t)first * hash->multipliers[0] + (first >> 32) * hash->multipliers[1] +
	       (uint32_t)second * hash->multipliers[2] + (second >> 32) * hash->multipliers[3];
}

/* mcr_address_hash_bucket: of n, a power of two above 1. */
static inline uint32_t mcr_address_hash_bucket(const struct mcr_address_hash *hash,
					       struct mcr_address address, uint32_t n)
{
	uint64_t words[2];

	memcpy(words, address.octets, sizeof(words));
	return (uint32_t)(mcr_address_hash_words(hash, words[0], words[1]) >>
			  (64 - __builtin_ctz(n)));
}

#endif
