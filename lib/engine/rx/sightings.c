/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rx/sightings.h"

#include <string.h>

#include "core/rng.h"
#include "core/seqlock.h"

#define SETS (MCR_SIGHTINGS / MCR_SIGHTINGS_WAYS)

#define KEY_BYTES offsetof(struct mcr_sight, first_ns)

_Static_assert((SETS & (SETS - 1)) == 0, "a power of two");
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

static unsigned set_of(const struct mcr_sightings *s, const struct key *key)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < sizeof(key->words) / sizeof(*key->words); i++)
		sum += (key->words[i] ^ key->words[i] >> 32) * s->multipliers[i];
	return (unsigned)(sum / (UINT64_MAX / SETS + 1));
}

static int is_of(const struct mcr_sight *sight, const struct key *key)
{
	const struct key other = key_of(sight);
	uint64_t differ = 0;

	for (unsigned i = 0; i < sizeof(key->words) / sizeof(*key->words); i++)
		differ |= key->words[i] ^ other.words[i];
	return differ == 0;
}

/* Up to when an entry is worth more than others: the lowest goes. */
static uint64_t worth(const struct mcr_sight *sight)
{
	const uint64_t stays_ns =
	    sight->dropped_ns != 0 ? sight->dropped_ns + MCR_SIGHTINGS_DROPS_STAY_NS : 0;

	return sight->last_ns > stays_ns ? sight->last_ns : stays_ns;
}

static struct mcr_sighting_entry *worst_of(struct mcr_sighting_entry *set)
{
	struct mcr_sighting_entry *worst = set;

	for (unsigned i = 1; i < MCR_SIGHTINGS_WAYS; i++)
		if (worth(&set[i].sight) < worth(&worst->sight))
			worst = &set[i];
	return worst;
}

void mcr_sightings_see(struct mcr_sightings *s, struct mcr_sight *packet)
{
	const struct key key = key_of(packet);
	struct mcr_sighting_entry *set = &s->entries[set_of(s, &key) * MCR_SIGHTINGS_WAYS];
	struct mcr_sighting_entry *entry = set;

	while (entry < set + MCR_SIGHTINGS_WAYS && !is_of(&entry->sight, &key))
		entry++;
	packet->dropped_ns = packet->dropped != MCR_DROP_NONE ? packet->last_ns : 0;
	if (entry == set + MCR_SIGHTINGS_WAYS) {
		entry = worst_of(set);
		packet->first_ns = packet->last_ns;
		packet->seen = 1;
	} else {
		packet->first_ns = entry->sight.first_ns;
		packet->seen = entry->sight.seen + 1;
		if (packet->dropped == MCR_DROP_NONE) {
			packet->dropped = entry->sight.dropped;
			packet->dropped_ns = entry->sight.dropped_ns;
		}
	}
	mcr_seqlock_write(&entry->version, &entry->sight, packet, sizeof(*packet));
}

void mcr_sightings_get(const struct mcr_sightings *s, size_t i, struct mcr_sight *out)
{
	mcr_seqlock_read(&s->entries[i].version, out, &s->entries[i].sight, sizeof(*out));
}
