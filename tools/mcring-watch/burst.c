/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <stdlib.h>

const uint64_t watch_window_ns[WATCH_WINDOWS] = {10000, 100000, 1000000, 1000000000};

/* Packets that came from first_ns to last_ns. */
struct bucket {
	uint64_t first_ns, last_ns;
	uint64_t packets, octets;
};

/* A window: a ring of buckets, the oldest of which has its last packet in it. */
struct level {
	uint64_t window_ns, step_ns; /* a bucket is shorter than step_ns */
	struct bucket *buckets;
	uint32_t capacity, n, oldest, newest;
	uint64_t packets, octets; /* in all buckets */

	/* What the next level has already of the newest bucket. */
	uint64_t given_packets, given_octets;

	struct watch_peak ever, recent;
};

struct watch_burst {
	uint64_t latest_ns;
	struct level levels[WATCH_WINDOWS];
	struct bucket buckets[];
};

/* ---- a level ---- */

static uint32_t next(const struct level *l, uint32_t i)
{
	return i + 1 < l->capacity ? i + 1 : 0;
}

static void note_peak(struct watch_peak *peak, const struct level *l, uint64_t ns)
{
	if (l->packets > peak->packets) {
		peak->packets = l->packets;
		peak->packets_ns = ns;
	}
	if (l->octets > peak->octets) {
		peak->octets = l->octets;
		peak->octets_ns = ns;
	}
}

/* Gives in *rest what the next level does not have yet of the newest bucket. Returns 0 if there is
 * nothing. */
static int take_rest(struct level *l, struct bucket *rest)
{
	const struct bucket *b = &l->buckets[l->newest];

	*rest = *b;
	rest->packets -= l->given_packets;
	rest->octets -= l->given_octets;
	l->given_packets = b->packets;
	l->given_octets = b->octets;
	return rest->packets > 0 || rest->octets > 0;
}

static void drop_oldest(struct level *l)
{
	l->packets -= l->buckets[l->oldest].packets;
	l->octets -= l->buckets[l->oldest].octets;
	l->oldest = next(l, l->oldest);
	l->n--;
}

/* Begins a bucket. Returns 1 if that closes one with something in it that the next level is to take
 * as *rest. */
static int begin_bucket(struct level *l, uint64_t first_ns, struct bucket *rest)
{
	const int is_closed = l->n > 0 && take_rest(l, rest);

	l->given_packets = l->given_octets = 0;
	l->newest = l->n > 0 ? next(l, l->newest) : l->oldest;
	l->n++;
	l->buckets[l->newest] = (struct bucket){.first_ns = first_ns};
	return is_closed;
}

/* Takes into the newest bucket what came from first_ns to last_ns. A window that ends anywhere
 * between has no packet that is a window older than first_ns. */
static inline void fill(struct level *l, uint64_t first_ns, uint64_t last_ns, uint64_t packets,
			uint64_t octets)
{
	struct bucket *b = &l->buckets[l->newest];

	b->last_ns = last_ns;
	b->packets += packets;
	b->octets += octets;
	l->packets += packets;
	l->octets += octets;
	while (l->n > 1 && l->buckets[l->oldest].last_ns + l->window_ns <= first_ns)
		drop_oldest(l);
	if (l->packets > l->recent.packets || l->octets > l->recent.octets) {
		note_peak(&l->recent, l, l->buckets[l->oldest].first_ns);
		note_peak(&l->ever, l, l->buckets[l->oldest].first_ns);
	}
}

static inline int fits(const struct level *l, uint64_t last_ns)
{
	return l->n > 0 && last_ns - l->buckets[l->newest].first_ns < l->step_ns;
}

/* Gives an item to a level, and to those above it what that closes. */
static void give(struct watch_burst *b, unsigned level, struct bucket item)
{
	int is_closed = 1;

	for (; is_closed && level < WATCH_WINDOWS; level++) {
		struct level *l = &b->levels[level];
		struct bucket rest;

		is_closed = !fits(l, item.last_ns) && begin_bucket(l, item.first_ns, &rest);
		fill(l, item.first_ns, item.last_ns, item.packets, item.octets);
		if (is_closed)
			item = rest;
	}
}

/* Lets all levels know what the shorter ones have in their newest bucket. */
static void settle(struct watch_burst *b)
{
	struct bucket rest;

	for (unsigned i = 0; i + 1 < WATCH_WINDOWS; i++)
		if (b->levels[i].n > 0 && take_rest(&b->levels[i], &rest))
			give(b, i + 1, rest);
}

static void start_anew(struct watch_burst *b)
{
	settle(b);
	for (unsigned i = 0; i < WATCH_WINDOWS; i++) {
		struct level *l = &b->levels[i];

		l->n = l->oldest = l->newest = 0;
		l->packets = l->octets = l->given_packets = l->given_octets = 0;
	}
}

/* ---- all of them ---- */

/* A window is too long by a bucket of its own, and by one of the level below, which it takes as a
 * whole. That gives the step; and buckets begin at least the difference of the two apart. */
static uint32_t plan(struct level levels[WATCH_WINDOWS], unsigned slots)
{
	uint64_t below = 0;
	uint32_t n = 0;

	for (unsigned i = 0; i < WATCH_WINDOWS; i++) {
		struct level *l = &levels[i];

		l->window_ns = watch_window_ns[i];
		l->step_ns = l->window_ns / slots - below;
		l->capacity = (uint32_t)((l->window_ns + l->step_ns) / (l->step_ns - below)) + 3;
		n += l->capacity;
		below = l->step_ns;
	}
	return n;
}

struct watch_burst *watch_burst_create(unsigned slots)
{
	struct level levels[WATCH_WINDOWS] = {{0}};
	const uint32_t n = plan(levels, slots);
	struct watch_burst *b = calloc(1, sizeof(*b) + n * sizeof(b->buckets[0]));
	struct bucket *buckets = b ? b->buckets : NULL;

	for (unsigned i = 0; b && i < WATCH_WINDOWS; i++) {
		b->levels[i] = levels[i];
		b->levels[i].buckets = buckets;
		buckets += levels[i].capacity;
	}
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
		fill(&b->levels[0], ns, ns, packets, octets);
	else
		give(b, 0, (struct bucket){ns, ns, packets, octets});
}

void watch_burst_warm(const struct watch_burst *b, int is_again)
{
	for (size_t i = 0; !is_again && i < sizeof(*b); i += 64)
		__builtin_prefetch((const char *)b + i, 1);
	for (unsigned i = 0; is_again && i < WATCH_WINDOWS; i++) {
		const struct level *l = &b->levels[i];

		__builtin_prefetch(&l->buckets[l->newest], 1);
		__builtin_prefetch(&l->buckets[next(l, l->newest)], 1);
		__builtin_prefetch(&l->buckets[l->oldest], 0);
	}
}

struct watch_peak watch_burst_peak(struct watch_burst *b, unsigned window)
{
	settle(b);
	return b->levels[window].ever;
}

struct watch_peak watch_burst_take(struct watch_burst *b, unsigned window)
{
	struct watch_peak peak;

	settle(b);
	peak = b->levels[window].recent;
	b->levels[window].recent = (struct watch_peak){0};
	return peak;
}
