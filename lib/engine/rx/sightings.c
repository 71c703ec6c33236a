/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rx/sightings.h"

#include <string.h>

#include "core/rng.h"
#include "core/seqlock.h"

#define KEY_BYTES offsetof(struct mcr_sight, first_ns)

_Static_assert((MCR_SIGHTINGS_SETS & (MCR_SIGHTINGS_SETS - 1)) == 0, "a power of two");
_Static_assert(sizeof(struct mcr_sight) == 96, "whole words, no hidden padding");
_Static_assert(KEY_BYTES == sizeof(((struct mcr_sightings *)0)->multipliers),
	       "a multiplier for each word of the key");

void mcr_sightings_init(struct mcr_sightings *s, uint64_t seed)
{
	struct mcr_rng rng;

	mcr_rng_seed(&rng, seed);
	for (unsigned i = 0; i < KEY_BYTES / sizeof(uint64_t); i++)
		s->multipliers[i] = mcr_rng_next(&rng) | 1;
}

/* The key of a packet, by words. */
struct key {
	uint64_t words[KEY_BYTES / sizeof(uint64_t)];
};

static struct key key_of(const struct mcr_sight *sight)
{
	struct key key;

	memcpy(&key, sight, sizeof(key));
	return key;
}

/* The upper bits count. */
static uint64_t hash_of(const struct mcr_sightings *s, const struct key *key)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < sizeof(key->words) / sizeof(*key->words); i++)
		sum += (key->words[i] ^ key->words[i] >> 32) * s->multipliers[i];
	return sum;
}

static int is_of(const struct mcr_sight *sight, const struct key *key)
{
	const struct key other = key_of(sight);
	uint64_t differ = 0;

	for (unsigned i = 0; i < sizeof(key->words) / sizeof(*key->words); i++)
		differ |= key->words[i] ^ other.words[i];
	return differ == 0;
}

static uint64_t worth_of(const struct mcr_sight *sight)
{
	const uint64_t stays_ns =
	    sight->dropped_ns != 0 ? sight->dropped_ns + MCR_SIGHTINGS_DROPS_STAY_NS : 0;

	return sight->last_ns > stays_ns ? sight->last_ns : stays_ns;
}

/* The way of the set that has the key, or else the one that makes room for it. */
static unsigned way_of(const struct mcr_sightings *s, size_t set, uint16_t tag,
		       const struct key *key, int *is_known)
{
	const struct mcr_sighting_entry *entries = &s->entries[set * MCR_SIGHTINGS_WAYS];
	unsigned worst = 0;

	*is_known = 1;
	for (unsigned i = 0; i < MCR_SIGHTINGS_WAYS; i++)
		if (s->tags[set][i] == tag && is_of(&entries[i].sight, key))
			return i;
	*is_known = 0;
	for (unsigned i = 1; i < MCR_SIGHTINGS_WAYS; i++)
		if (s->worth[set][i] < s->worth[set][worst])
			worst = i;
	return worst;
}

void mcr_sightings_see(struct mcr_sightings *s, struct mcr_sight *packet)
{
	const struct key key = key_of(packet);
	const uint64_t hash = hash_of(s, &key);
	const size_t set = hash / (UINT64_MAX / MCR_SIGHTINGS_SETS + 1);
	const uint16_t tag = (uint16_t)(hash >> 32);
	int is_known;
	const unsigned way = way_of(s, set, tag, &key, &is_known);
	struct mcr_sighting_entry *entry = &s->entries[set * MCR_SIGHTINGS_WAYS + way];
	const struct mcr_sight *was = &entry->sight;

	packet->first_ns = is_known ? was->first_ns : packet->last_ns;
	packet->seen = is_known ? was->seen + 1 : 1;
	packet->dropped_ns = packet->dropped != MCR_DROP_NONE ? packet->last_ns : 0;
	if (is_known && packet->dropped == MCR_DROP_NONE) {
		packet->dropped = was->dropped;
		packet->dropped_ns = was->dropped_ns;
	}
	s->tags[set][way] = tag;
	s->worth[set][way] = worth_of(packet);
	mcr_seqlock_write(&entry->version, &entry->sight, packet, sizeof(*packet));
}

void mcr_sightings_get(const struct mcr_sightings *s, size_t i, struct mcr_sight *out)
{
	mcr_seqlock_read(&s->entries[i].version, out, &s->entries[i].sight, sizeof(*out));
}
