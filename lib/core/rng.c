/* SPDX-License-Identifier: BSD-3-Clause */
/* xoshiro256** and splitmix64 (Blackman and Vigna, 2018). */
#include "core/rng.h"

__extension__ typedef unsigned __int128 u128;

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

void mcr_rng_seed(struct mcr_rng *rng, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		rng->s[i] = splitmix(&seed);
}

uint64_t mcr_rng_next(struct mcr_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t mcr_rng_delay(struct mcr_rng *rng, uint64_t max_ns)
{
	/* The high half of a 64x64 product is uniform in [0, max) but for one part in 2^64/max. */
	return max_ns ? 1 + (uint64_t)(((u128)mcr_rng_next(rng) * max_ns) >> 64) : 0;
}
