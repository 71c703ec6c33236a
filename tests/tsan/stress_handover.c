/* SPDX-License-Identifier: BSD-3-Clause */
/* Two lcores and control send by three ports, each of which one lcore owns: as the engine does it
 * with ports of one Tx queue. Nothing that a ring took may be lost, doubled or out of order, and
 * what its sender wrote is what its owner reads. Owners are slow at times, so that rings are full,
 * and do not take all that they look at.
 *
 *     stress_handover [FRAMES]      that each port takes of each sender; 100,000 by default */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/handover.h"
#include "core/rng.h"

#define LCORES  2u
#define CONTROL LCORES /* among the senders */
#define SENDERS (LCORES + 1)
#define PORTS   3u
#define ROOM    64u
#define BURST   32u

struct frame {
	unsigned sender, port;
	uint64_t number; /* among those of the sender for the port that were taken */
	uint64_t octets[3];
};

/* From a sender to a port. Each field has one writer. */
struct way {
	struct mcr_handover *ring; /* NULL: the sender owns the port */

	/* The sender's. */
	uint64_t offered, taken;

	/* The owner's. */
	uint64_t sent, wrong;
	_Alignas(MCR_HANDOVER_LINE) char pad;
};

struct run {
	uint64_t frames;
	struct way ways[SENDERS][PORTS];
	unsigned senders_left; /* that are not done yet; any thread */
};

struct thread {
	struct run *run;
	unsigned sender;
	struct mcr_rng rng;
	pthread_t id;
};

static unsigned owner_of(unsigned port)
{
	return port % LCORES;
}

static uint64_t octets_of(const struct frame *f, unsigned i)
{
	return (f->number * SENDERS + f->sender) * PORTS + f->port + i;
}

/* What the driver does with a frame. */
static void transmit(struct way *way, struct frame *f, unsigned sender, unsigned port)
{
	way->wrong += f->sender != sender || f->port != port || f->number != way->sent;
	for (unsigned i = 0; i < 3; i++)
		way->wrong += f->octets[i] != octets_of(f, i);
	way->sent++;
	free(f);
}

/* Returns how many frames were taken. */
static unsigned offer(struct thread *t, unsigned port)
{
	struct way *way = &t->run->ways[t->sender][port];
	unsigned n = 1 + (unsigned)(mcr_rng_next(&t->rng) % BURST), taken = 0;
	void *frames[BURST];

	if (n > t->run->frames - way->taken)
		n = (unsigned)(t->run->frames - way->taken);
	for (unsigned i = 0; i < n; i++) {
		struct frame *f = malloc(sizeof(*f));

		if (!f)
			abort();
		*f = (struct frame){.sender = t->sender, .port = port, .number = way->taken + i};
		for (unsigned k = 0; k < 3; k++)
			f->octets[k] = octets_of(f, k);
		frames[i] = f;
	}
	if (way->ring)
		taken = mcr_handover_put(way->ring, frames, n);
	else
		for (; taken < n; taken++)
			transmit(way, frames[taken], t->sender, port);
	way->offered += n;
	way->taken += taken;
	for (unsigned i = taken; i < n; i++)
		free(frames[i]);
	return taken;
}

static void drain(struct thread *t, unsigned sender, unsigned port)
{
	struct way *way = &t->run->ways[sender][port];
	uint32_t n, most = (uint32_t)(mcr_rng_next(&t->rng) % (BURST + 1));
	void *frames[BURST];

	n = mcr_handover_look(way->ring, frames, BURST);
	if (n > most)
		n = most;
	for (uint32_t i = 0; i < n; i++)
		transmit(way, frames[i], sender, port);
	mcr_handover_take(way->ring, n);
}

static void drain_all(struct thread *t)
{
	for (unsigned port = 0; port < PORTS; port++)
		for (unsigned sender = 0; sender < SENDERS; sender++)
			if (owner_of(port) == t->sender && sender != t->sender)
				drain(t, sender, port);
}

/* Returns 1 if there is more to offer. */
static int offer_all(struct thread *t)
{
	unsigned taken = 0, left = 0;

	for (unsigned port = 0; port < PORTS; port++) {
		if (t->run->ways[t->sender][port].taken == t->run->frames)
			continue;
		taken += offer(t, port);
		left++;
	}
	if (taken == 0)
		sched_yield(); /* there may be fewer CPUs than threads */
	return left > 0;
}

static void *play(void *arg)
{
	struct thread *t = arg;

	while (offer_all(t))
		if (mcr_rng_next(&t->rng) % 4 != 0)
			drain_all(t);
	__atomic_fetch_sub(&t->run->senders_left, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&t->run->senders_left, __ATOMIC_ACQUIRE) > 0) {
		drain_all(t);
		sched_yield();
	}
	for (unsigned i = 0; i < 1000; i++) /* one takes some of what is there */
		drain_all(t);
	return NULL;
}

/* Returns 1 when something is wrong. */
static int check(const struct way *way, unsigned sender, unsigned port)
{
	printf("sender %u port %u%s: offered %llu taken %llu sent %llu wrong %llu\n", sender, port,
	       way->ring ? "" : " (its own)", (unsigned long long)way->offered,
	       (unsigned long long)way->taken, (unsigned long long)way->sent,
	       (unsigned long long)way->wrong);
	return way->wrong != 0 || way->taken != way->sent;
}

int main(int argc, char **argv)
{
	struct run run = {.frames = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000,
			  .senders_left = SENDERS};
	struct thread threads[SENDERS];
	int failed = 0;

	for (unsigned s = 0; s < SENDERS; s++)
		for (unsigned p = 0; p < PORTS; p++)
			if (owner_of(p) != s &&
			    mcr_handover_create(&run.ways[s][p].ring, ROOM) != 0)
				return 2;
	for (unsigned s = 0; s < SENDERS; s++) {
		threads[s] = (struct thread){.run = &run, .sender = s};
		mcr_rng_seed(&threads[s].rng, s);
		if (pthread_create(&threads[s].id, NULL, play, &threads[s]) != 0)
			abort();
	}
	for (unsigned s = 0; s < SENDERS; s++)
		pthread_join(threads[s].id, NULL);
	for (unsigned s = 0; s < SENDERS; s++) {
		for (unsigned p = 0; p < PORTS; p++) {
			failed |= check(&run.ways[s][p], s, p);
			mcr_handover_destroy(run.ways[s][p].ring);
		}
	}
	return failed;
}
