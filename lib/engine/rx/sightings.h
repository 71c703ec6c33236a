/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows of multicast that one rx lcore has seen, wanted or not: a table of fixed size. Where
 * there is no room for a new one, the oldest of its set goes; one whose drop was seen stays a
 * minute longer than others, since nothing else tells of it.
 *
 * Writer: the lcore. Readers: control, each entry of one instant (a seqlock per entry). */
#ifndef MCR_ENGINE_SIGHTINGS_H
#define MCR_ENGINE_SIGHTINGS_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/sighting.h>

#define MCR_SIGHTINGS_WAYS 8 /* entries of a set */

#define MCR_SIGHTINGS_DROPS_STAY_NS UINT64_C(60000000000)

/* What struct mcr_sighting says, but for the interface. The key comes first. */
struct mcr_sight {
	struct mcr_address group, source; /* group: none = there is no entry */
	uint16_t port, vlan, dpdk_port;
	uint16_t zero; /* of the key's last word */
	uint64_t first_ns, last_ns, dropped_ns;
	uint64_t seen;
	uint32_t len;
	uint16_t source_port;
	uint8_t ttl, dropped; /* dropped: MCR_DROP_NONE, too */
	uint8_t destination_mac[6], source_mac[6];
	uint8_t pad[4];
};

struct mcr_sighting_entry {
	struct mcr_sight sight;
	uint64_t version;
};

#define MCR_SIGHTINGS_SETS (MCR_SIGHTINGS / MCR_SIGHTINGS_WAYS)

struct mcr_sightings {
	/* The lcore's own, so that it touches few of the entries: of each up to when it is worth
	 * more than others (the lowest goes), and a part of its hash. */
	uint64_t worth[MCR_SIGHTINGS_SETS][MCR_SIGHTINGS_WAYS];
	uint16_t tags[MCR_SIGHTINGS_SETS][MCR_SIGHTINGS_WAYS];
	uint64_t multipliers[5]; /* of the hash: secret */
	struct mcr_sighting_entry entries[MCR_SIGHTINGS];
};

/* mcr_sightings_init starts with a table of zeros. seed: of the hash: nobody can choose flows that
 * share a set. */
void mcr_sightings_init(struct mcr_sightings *s, uint64_t seed);

/* mcr_sightings_see remembers a packet: its key, last_ns, when it came, and what it looked like;
 * dropped: why it was dropped, or MCR_DROP_NONE. The rest is filled in. Thread: the lcore. */
void mcr_sightings_see(struct mcr_sightings *s, struct mcr_sight *packet);

/* mcr_sightings_get copies entry i, below MCR_SIGHTINGS; entries i / MCR_SIGHTINGS_WAYS are a set.
 * Thread: control. */
void mcr_sightings_get(const struct mcr_sightings *s, size_t i, struct mcr_sight *out);

#endif
