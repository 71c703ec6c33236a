/* SPDX-License-Identifier: BSD-3-Clause */
/* A small deterministic generator for protocol delays (xoshiro256**, seeded through splitmix64).
 * Good enough that hosts with different seeds do not answer in step; not for secrets. */
#ifndef MCR_CORE_RNG_H
#define MCR_CORE_RNG_H

#include <stdint.h>

struct mcr_rng {
	uint64_t s[4];
};

/* mcr_rng_seed: any seed is good, 0 included; the same seed gives the same sequence. */
void mcr_rng_seed(struct mcr_rng *rng, uint64_t seed);

/* mcr_rng_next: the next 64 bits. */
uint64_t mcr_rng_next(struct mcr_rng *rng);

/* mcr_rng_delay: uniform in (0, max_ns], that is 1..max_ns; 0 when max_ns is 0. */
uint64_t mcr_rng_delay(struct mcr_rng *rng, uint64_t max_ns);

#endif
