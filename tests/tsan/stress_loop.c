/* SPDX-License-Identifier: BSD-3-Clause */
/* Several lcores ask one loop guard that has so few entries that they meet there. What was never
 * seen is never said to be back, nor what has the TTL that it had before; what comes back is found,
 * as long as its entry lasts.
 *
 *     stress_loop [PACKETS]      of each lcore; 300,000 by default */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/route/loop_guard.h"

#define LCORES 3u

struct lcore {
	struct mcr_loop_guard *guard;
	pthread_barrier_t *begin;
	pthread_t thread;
	unsigned index;
	uint64_t packets;
	uint64_t wrong, back;
};

/* Packet n of an lcore. */
static int ask(struct lcore *l, unsigned of, uint64_t n, uint8_t ttl)
{
	uint8_t ip[36] = {0x45, 0, 0, 36, 0, 0, 0, 0, ttl, 17};
	struct mcr_route_packet p = {.len = 36, .header = 20, .ttl = ttl};
	const uint64_t words[2] = {of, n};

	memcpy(ip + 20, words, sizeof(words));
	return mcr_loop_guard_is_back(l->guard, &p, ip, 36, 1000000000);
}

static void *play(void *arg)
{
	struct lcore *l = arg;
	const uint8_t ttl = (uint8_t)(64 + l->index * 64); /* halves of two entries would tell */

	pthread_barrier_wait(l->begin);
	for (uint64_t n = 0; n < l->packets; n++) {
		l->wrong += ask(l, l->index, n, ttl);
		l->wrong += ask(l, l->index, n, ttl);
		l->back += ask(l, l->index, n, ttl - 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct mcr_loop_guard *guard;
	struct lcore lcores[LCORES];
	pthread_barrier_t begin;
	int failed = 0;

	if (mcr_loop_guard_create(&guard, 1) != 0)
		return 2;
	pthread_barrier_init(&begin, NULL, LCORES);
	for (unsigned i = 0; i < LCORES; i++) {
		lcores[i] = (struct lcore){.guard = guard, .begin = &begin, .index = i};
		lcores[i].packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 300000;
	}
	for (unsigned i = 0; i < LCORES; i++)
		if (pthread_create(&lcores[i].thread, NULL, play, &lcores[i]) != 0)
			abort();
	for (unsigned i = 0; i < LCORES; i++) {
		pthread_join(lcores[i].thread, NULL);
		printf("lcore %u: %llu packets, %llu back, %llu wrong\n", i,
		       (unsigned long long)lcores[i].packets, (unsigned long long)lcores[i].back,
		       (unsigned long long)lcores[i].wrong);
		failed |= lcores[i].wrong != 0 || lcores[i].back == 0;
	}
	mcr_loop_guard_destroy(guard);
	return failed;
}
