/* SPDX-License-Identifier: BSD-3-Clause */
/* An lcore counts more flows than its cache has places for, while readers look at all entries: each
 * is of one instant. What is shown at the end and what was evicted is all that was counted.
 *
 *     stress_flows [PACKETS [READERS]]      1,000,000 and 2 by default */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/rng.h"
#include "core/route/flow_cache.h"

#define READERS_MAX 16
#define FLOWS       (3u * MCR_FLOWS_MAX)
#define FEW         64u /* flows that have most of the packets */

struct run {
	struct mcr_flow_cache *cache;
	int stop;
};

struct reader {
	struct run *run;
	pthread_t thread;
	uint64_t seen, wrong;
};

static struct mcr_flow_key key_of(uint64_t n)
{
	return (struct mcr_flow_key){.source = {{n * 3, n * 5}},
				     .group = {{n * 7, n}},
				     .outputs = n * 11,
				     .interface = n % MCR_INTERFACES_MAX};
}

static uint32_t bytes_of(uint64_t n)
{
	return (uint32_t)(40 + n % 1400);
}

/* The nth packet comes at n ns. */
static int is_right(const struct mcr_flow *flow)
{
	const uint64_t n = flow->key.group.words[1];
	const struct mcr_flow_key key = key_of(n);

	return mcr_flow_key_same(&flow->key, &key) && flow->bytes == flow->packets * bytes_of(n) &&
	       flow->first_ns <= flow->last_ns &&
	       flow->packets <= flow->last_ns - flow->first_ns + 1;
}

static void *read_all(void *arg)
{
	struct reader *r = arg;
	struct mcr_flow flow;

	do {
		for (size_t i = 0; i < MCR_FLOWS_MAX; i++) {
			if (!mcr_flow_cache_get(r->run->cache, i, &flow))
				continue;
			r->seen++;
			r->wrong += !is_right(&flow);
		}
	} while (!__atomic_load_n(&r->run->stop, __ATOMIC_ACQUIRE));
	return NULL;
}

static void count(struct mcr_flow_cache *cache, uint64_t packets)
{
	struct mcr_rng rng;

	mcr_rng_seed(&rng, 1);
	for (uint64_t i = 0; i < packets; i++) {
		const uint64_t random = mcr_rng_next(&rng);
		const uint64_t n = 1 + (random >> 8) % (random % 4 ? FEW : FLOWS);
		const struct mcr_flow_key key = key_of(n);
		struct mcr_flow_slot *slot = mcr_flow_cache_guess(cache, key.source, key.group);
		const uint64_t serial = 1 + i / 1000;

		if (!mcr_flow_is_decided(slot, key.source, key.group, key.interface, n, serial)) {
			slot = mcr_flow_cache_find(cache, &key, i);
			mcr_flow_decide(slot, n, serial, n % 2);
		}
		mcr_flow_count(slot, bytes_of(n), i);
	}
}

static uint64_t shown(const struct mcr_flow_cache *cache)
{
	struct mcr_flow flow;
	uint64_t packets = 0;

	for (size_t i = 0; i < MCR_FLOWS_MAX; i++)
		if (mcr_flow_cache_get(cache, i, &flow))
			packets += flow.packets;
	for (unsigned i = 0; i < MCR_INTERFACES_MAX; i++)
		packets += mcr_flow_cache_totals(cache, i).evicted_packets;
	return packets;
}

int main(int argc, char **argv)
{
	const uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const unsigned n_readers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	struct reader readers[READERS_MAX] = {0};
	struct run run = {0};
	int failed;

	if (n_readers > READERS_MAX || mcr_flow_cache_create(&run.cache, 1) != 0)
		return 2;
	for (unsigned i = 0; i < n_readers; i++) {
		readers[i].run = &run;
		if (pthread_create(&readers[i].thread, NULL, read_all, &readers[i]) != 0)
			abort();
	}
	count(run.cache, packets);
	__atomic_store_n(&run.stop, 1, __ATOMIC_RELEASE);
	failed = shown(run.cache) != packets;
	printf("counted %llu shown %llu\n", (unsigned long long)packets,
	       (unsigned long long)shown(run.cache));
	for (unsigned i = 0; i < n_readers; i++) {
		pthread_join(readers[i].thread, NULL);
		printf("reader %u: seen %llu wrong %llu\n", i, (unsigned long long)readers[i].seen,
		       (unsigned long long)readers[i].wrong);
		failed |= readers[i].wrong != 0 || readers[i].seen == 0;
	}
	mcr_flow_cache_destroy(run.cache);
	return failed;
}
