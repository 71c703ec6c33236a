/* SPDX-License-Identifier: BSD-3-Clause */
/* An lcore sees more flows than its table has entries, while readers look at all of them: each
 * entry is of one instant.
 *
 *     stress_sightings [PACKETS [READERS]]      1,000,000 and 2 by default */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/stats.h>

#include "core/rng.h"
#include "engine/rx/sightings.h"

#define READERS_MAX 16
#define FLOWS       (3u * MCR_SIGHTINGS)
#define FEW         64u /* flows that have most of the packets */

struct run {
	struct mcr_sightings *table;
	int stop;
};

struct reader {
	struct run *run;
	pthread_t thread;
	uint64_t seen, wrong;
};

/* All that a flow's packets look like follows from its number, above 0, and from the time. */
static struct mcr_sight packet_of(uint32_t n, uint64_t now_ns)
{
	struct mcr_sight sight = {
	    .group = mcr_address_from_ipv4(n),
	    .source = mcr_address_from_ipv4(n * 3),
	    .port = (uint16_t)(n * 5),
	    .vlan = n % 4095,
	    .dpdk_port = n % 32,
	    .last_ns = now_ns,
	    .len = (uint32_t)now_ns * 7,
	    .source_port = (uint16_t)now_ns,
	    .ttl = (uint8_t)now_ns,
	    .dropped = now_ns % 5 == 0 ? (uint8_t)(n % MCR_DROP_COUNT) : MCR_DROP_NONE,
	};

	memcpy(sight.source_mac, &now_ns, 6);
	memcpy(sight.destination_mac, &n, sizeof(n));
	return sight;
}

static int is_right(const struct mcr_sight *sight)
{
	const uint32_t n = mcr_address_ipv4_be(sight->group);
	struct mcr_sight is = packet_of(n, sight->last_ns);

	is.first_ns = sight->first_ns;
	is.dropped_ns = sight->dropped_ns;
	is.seen = sight->seen;
	is.dropped = sight->dropped_ns != 0 ? (uint8_t)(n % MCR_DROP_COUNT) : MCR_DROP_NONE;
	return memcmp(&is, sight, sizeof(is)) == 0 && is.first_ns <= is.last_ns &&
	       is.dropped_ns <= is.last_ns && is.dropped_ns % 5 == 0 && is.seen >= 1 &&
	       is.seen <= is.last_ns - is.first_ns + 1;
}

static void *read_all(void *arg)
{
	struct reader *r = arg;
	struct mcr_sight sight;

	do {
		for (size_t i = 0; i < MCR_SIGHTINGS; i++) {
			mcr_sightings_get(r->run->table, i, &sight);
			if (mcr_address_is_none(sight.group))
				continue;
			r->seen++;
			r->wrong += !is_right(&sight);
		}
	} while (!__atomic_load_n(&r->run->stop, __ATOMIC_ACQUIRE));
	return NULL;
}

static void see(struct mcr_sightings *table, uint64_t packets)
{
	struct mcr_rng rng;

	mcr_rng_seed(&rng, 1);
	for (uint64_t i = 1; i <= packets; i++) {
		const uint64_t random = mcr_rng_next(&rng);
		struct mcr_sight packet =
		    packet_of((uint32_t)(1 + (random >> 8) % (random % 4 ? FEW : FLOWS)), i);

		mcr_sightings_see(table, &packet);
	}
}

int main(int argc, char **argv)
{
	const uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const unsigned n_readers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	struct reader readers[READERS_MAX] = {0};
	struct run run = {.table = calloc(1, sizeof(*run.table))};
	int failed = 0;

	if (n_readers > READERS_MAX || !run.table)
		return 2;
	mcr_sightings_init(run.table, 1);
	for (unsigned i = 0; i < n_readers; i++) {
		readers[i].run = &run;
		if (pthread_create(&readers[i].thread, NULL, read_all, &readers[i]) != 0)
			abort();
	}
	see(run.table, packets);
	__atomic_store_n(&run.stop, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < n_readers; i++) {
		pthread_join(readers[i].thread, NULL);
		printf("reader %u: seen %llu wrong %llu\n", i, (unsigned long long)readers[i].seen,
		       (unsigned long long)readers[i].wrong);
		failed |= readers[i].wrong != 0 || readers[i].seen == 0;
	}
	free(run.table);
	return failed;
}
