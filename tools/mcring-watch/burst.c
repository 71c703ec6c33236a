/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <stdlib.h>
#include <string.h>

const uint64_t watch_window_ns[WATCH_WINDOWS] = {10000, 100000, 1000000, 1000000000};

/* Packets that came from first_ns to last_ns. */
struct bucket {
	uint64_t first_ns, last_ns;
	uint64_t packets, octets;
};

/* A window. Its newest bucket stands here, the ones before it in a ring that a flow of few packets
 * never touches. */
struct level {
	struct bucket newest;
	uint64_t packets, octets; /* in all buckets */
	uint64_t leaves_ns;       /* the last packet of the ring's oldest bucket */

	/* What the next level has already of the newest bucket. */
	uint64_t given_packets, given_octets;

	uint64_t most_packets, most_octets; /* since the last take */
	uint32_t step_ns;                   /* a bucket is shorter than that */
	uint32_t window;                    /* an index of watch_window_ns */
	uint32_t ring, capacity; /* where it begins in the buckets, and how many it has */
	uint16_t n, oldest;
	uint32_t is_begun;
};

struct watch_burst {
	uint64_t latest_ns;
	struct level levels[WATCH_WINDOWS];
	struct watch_peak ever[WATCH_WINDOWS], recent[WATCH_WINDOWS];
	struct bucket buckets[];
};

/* ---- a level ---- */

static struct bucket *in_ring(struct watch_burst *b, const struct level *l, uint32_t i)
{
	i += l->oldest;
	return &b->buckets[l->ring + (i < l->capacity ? i : i - l->capacity)];
}

static void push(struct watch_burst *b, struct level *l)
{
	if (l->n == 0)
		l->leaves_ns = l->newest.last_ns;
	*in_ring(b, l, l->n++) = l->newest;
}

static void drop_oldest(struct watch_burst *b, struct level *l)
{
	const struct bucket *oldest = in_ring(b, l, 0);

	l->packets -= oldest->packets;
	l->octets -= oldest->octets;
	l->oldest = (uint16_t)(l->oldest + 1u < l->capacity ? l->oldest + 1 : 0);
	if (--l->n > 0)
		l->leaves_ns = in_ring(b, l, 0)->last_ns;
}

static void drop_all(struct level *l)
{
	l->n = l->oldest = 0;
	l->packets = l->octets = 0;
}

static __attribute__((noinline)) void note_peak(struct watch_burst *b, struct level *l)
{
	const uint64_t ns = l->n > 0 ? in_ring(b, l, 0)->first_ns : l->newest.first_ns;
	struct watch_peak *const peaks[] = {&b->recent[l->window], &b->ever[l->window]};

	for (unsigned i = 0; i < 2; i++) {
		if (l->packets > peaks[i]->packets) {
			peaks[i]->packets = l->packets;
			peaks[i]->packets_ns = ns;
		}
		if (l->octets > peaks[i]->octets) {
			peaks[i]->octets = l->octets;
			peaks[i]->octets_ns = ns;
		}
	}
	l->most_packets = b->recent[l->window].packets;
	l->most_octets = b->recent[l->window].octets;
}

/* Gives in *rest what the next level does not have yet of the newest bucket. Returns 0 if there is
 * nothing. */
static int take_rest(struct level *l, struct bucket *rest)
{
	*rest = l->newest;
	rest->packets -= l->given_packets;
	rest->octets -= l->given_octets;
	l->given_packets = l->newest.packets;
	l->given_octets = l->newest.octets;
	return rest->packets > 0 || rest->octets > 0;
}

/* Begins a bucket. Returns 1 if that closes one with something in it that the next level is to take
 * as *rest. */
static int begin_bucket(struct watch_burst *b, struct level *l, uint64_t first_ns,
			struct bucket *rest)
{
	const int is_closed = l->is_begun && take_rest(l, rest);

	if (!l->is_begun || l->newest.last_ns + watch_window_ns[l->window] <= first_ns)
		drop_all(l);
	else
		push(b, l);
	l->is_begun = 1;
	l->given_packets = l->given_octets = 0;
	l->newest = (struct bucket){.first_ns = first_ns};
	return is_closed;
}

/* Takes into the newest bucket what came from first_ns to last_ns. A window that ends anywhere
 * between has no packet that is a window older than first_ns. */
static inline void fill(struct watch_burst *b, struct level *l, uint64_t first_ns, uint64_t last_ns,
			uint64_t packets, uint64_t octets)
{
	l->newest.last_ns = last_ns;
	l->newest.packets += packets;
	l->newest.octets += octets;
	l->packets += packets;
	l->octets += octets;
	while (l->n > 0 && l->leaves_ns + watch_window_ns[l->window] <= first_ns)
		drop_oldest(b, l);
	if (l->packets > l->most_packets || l->octets > l->most_octets)
		note_peak(b, l);
}

static inline int fits(const struct level *l, uint64_t last_ns)
{
	return l->is_begun && last_ns - l->newest.first_ns < l->step_ns;
}

/* Gives an item to a level, and to those above it what that closes. */
static void give(struct watch_burst *b, unsigned level, struct bucket item)
{
	int is_closed = 1;

	for (; is_closed && level < WATCH_WINDOWS; level++) {
		struct level *l = &b->levels[level];
		struct bucket rest;

		is_closed = !fits(l, item.last_ns) && begin_bucket(b, l, item.first_ns, &rest);
		fill(b, l, item.first_ns, item.last_ns, item.packets, item.octets);
		if (is_closed)
			item = rest;
	}
}

/* Lets all levels know what the shorter ones have in their newest bucket. */
static void settle(struct watch_burst *b)
{
	struct bucket rest;

	for (unsigned i = 0; i + 1 < WATCH_WINDOWS; i++)
		if (b->levels[i].is_begun && take_rest(&b->levels[i], &rest))
			give(b, i + 1, rest);
}

static void start_anew(struct watch_burst *b)
{
	settle(b);
	for (unsigned i = 0; i < WATCH_WINDOWS; i++)
		b->levels[i].is_begun = 0;
}

/* ---- all of them ---- */

/* A window is too long by a bucket of its own, and by one of the level below, which it takes as a
 * whole. That gives the step; and buckets begin at least the difference of the two apart. */
static uint32_t plan(struct level levels[WATCH_WINDOWS], unsigned slots)
{
	uint64_t below = 0;
	uint32_t n = 0;

	for (unsigned i = 0; i < WATCH_WINDOWS; i++) {
		const uint64_t window_ns = watch_window_ns[i];
		const uint64_t step_ns = window_ns / slots - below;

		levels[i] = (struct level){
		    .step_ns = (uint32_t)step_ns,
		    .window = i,
		    .ring = n,
		    .capacity = (uint32_t)((window_ns + step_ns) / (step_ns - below)) + 2,
		};
		n += levels[i].capacity;
		below = step_ns;
	}
	return n;
}

struct watch_burst *watch_burst_create(unsigned slots)
{
	struct level levels[WATCH_WINDOWS];
	const uint32_t n = plan(levels, slots);
	struct watch_burst *b = calloc(1, sizeof(*b) + n * sizeof(b->buckets[0]));

	if (b)
		memcpy(b->levels, levels, sizeof(levels));
	return b;
}

void watch_burst_destroy(struct watch_burst *b)
{
	free(b);
}

void watch_burst_add(struct watch_burst *b, uint64_t ns, uint32_t packets, uint64_t octets)
{
	if (b->latest_ns > ns && b->latest_ns - ns > watch_window_ns[WATCH_WINDOWS - 1])
		start_anew(b);
	else if (b->latest_ns > ns)
		ns = b->latest_ns;
	b->latest_ns = ns;
	if (fits(&b->levels[0], ns))
		fill(b, &b->levels[0], ns, ns, packets, octets);
	else
		give(b, 0, (struct bucket){ns, ns, packets, octets});
}

void watch_burst_warm(struct watch_burst *b, int is_again)
{
	for (size_t i = 0; !is_again && i < sizeof(b->levels); i += 64)
		__builtin_prefetch((const char *)b + i, 1);
	for (unsigned i = 0; is_again && i < WATCH_WINDOWS; i++) {
		const struct level *l = &b->levels[i];

		if (l->n == 0)
			continue;
		__builtin_prefetch(in_ring(b, l, 0), 0);
		__builtin_prefetch(in_ring(b, l, l->n), 1);
	}
}

struct watch_peak watch_burst_peak(struct watch_burst *b, unsigned window)
{
	settle(b);
	return b->ever[window];
}

struct watch_peak watch_burst_take(struct watch_burst *b, unsigned window)
{
	struct watch_peak peak;

	settle(b);
	peak = b->recent[window];
	b->recent[window] = (struct watch_peak){0};
	b->levels[window].most_packets = b->levels[window].most_octets = 0;
	return peak;
}
