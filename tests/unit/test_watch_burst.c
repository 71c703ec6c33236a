/* SPDX-License-Identifier: BSD-3-Clause */
/* tools/mcring-watch/burst.h against a count of all windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "mcring-watch/burst.h"

#define BASE   1700000000000000000u
#define ROUNDS 60
#define N      3000
#define SECOND 1000000000u

struct arrival {
	uint64_t ns, octets;
	uint32_t packets;
};

static struct arrival arrivals[N];

/* The most packets, or octets, in a window that ends with one of the arrivals [from, to). */
static uint64_t most(unsigned from, unsigned to, uint64_t window_ns, int is_octets)
{
	uint64_t most = 0, now = 0;
	unsigned oldest = 0;

	for (unsigned i = 0; i < to; i++) {
		now += is_octets ? arrivals[i].octets : arrivals[i].packets;
		for (; arrivals[oldest].ns + window_ns <= arrivals[i].ns; oldest++)
			now -= is_octets ? arrivals[oldest].octets : arrivals[oldest].packets;
		if (i >= from && now > most)
			most = now;
	}
	return most;
}

/* Packets, or octets, from a time on, in a window. */
static uint64_t count_from(uint64_t ns, uint64_t window_ns, unsigned to, int is_octets)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < to; i++)
		if (arrivals[i].ns >= ns && arrivals[i].ns - ns < window_ns)
			sum += is_octets ? arrivals[i].octets : arrivals[i].packets;
	return sum;
}

static void is_right(struct watch_peak peak, unsigned from, unsigned to, uint64_t window_ns,
		     unsigned slots)
{
	const uint64_t longest = window_ns + window_ns / slots;

	assert_in_range(peak.packets, most(from, to, window_ns, 0), most(from, to, longest, 0));
	assert_in_range(peak.octets, most(from, to, window_ns, 1), most(from, to, longest, 1));
	if (peak.packets > 0)
		assert_true(count_from(peak.packets_ns, longest, to, 0) >= peak.packets);
	if (peak.octets > 0)
		assert_true(count_from(peak.octets_ns, longest, to, 1) >= peak.octets);
}

static uint64_t random_to(struct mcr_rng *rng, uint64_t n)
{
	return mcr_rng_next(rng) % n;
}

/* As far as a window, a bucket, or both, and somewhat more or less. */
static uint64_t critical(struct mcr_rng *rng, unsigned slots)
{
	const uint64_t window_ns = watch_window_ns[random_to(rng, WATCH_WINDOWS)];
	const uint64_t step_ns = window_ns / slots;
	const uint64_t of[] = {window_ns, step_ns, window_ns - step_ns, step_ns - step_ns / 10};
	const uint64_t most = random_to(rng, 2) == 0 ? 3 : step_ns / 10 + 3;

	return of[random_to(rng, 4)] + random_to(rng, most) - random_to(rng, 3);
}

/* How far the next packet is: back to back, in batches of one time, or after a silence; of a scale
 * that lasts for a while, so that each window has its turn. */
static uint64_t distance(struct mcr_rng *rng, unsigned i, unsigned slots)
{
	static const uint64_t scales[] = {10, 500, 3000, 30000, 3000000};
	static uint64_t scale;

	if (i % 300 == 0)
		scale = 1 + random_to(rng, scales[random_to(rng, 5)]);
	switch (random_to(rng, 8)) {
	case 0:
		return 0;
	case 1:
		return random_to(rng, 10) == 0 ? random_to(rng, 2 * SECOND)
					       : random_to(rng, 30 * scale);
	case 2:
		return critical(rng, slots);
	default:
		return random_to(rng, scale);
	}
}

/* Reads at random times, each window by itself, in the midst of it. */
static void compare(uint64_t seed, unsigned slots)
{
	struct watch_burst *b = watch_burst_create(slots);
	unsigned taken[WATCH_WINDOWS] = {0};
	struct mcr_rng rng;
	uint64_t ns = BASE;

	assert_non_null(b);
	mcr_rng_seed(&rng, seed);
	for (unsigned i = 0; i < N; i++) {
		const unsigned w = (unsigned)random_to(&rng, WATCH_WINDOWS);

		ns += distance(&rng, i, slots);
		arrivals[i] =
		    (struct arrival){ns, random_to(&rng, 9000), 1 + (uint32_t)random_to(&rng, 3)};
		watch_burst_add(b, ns, arrivals[i].packets, arrivals[i].octets);
		if (random_to(&rng, 200) == 0)
			is_right(watch_burst_peak(b, w), 0, i + 1, watch_window_ns[w], slots);
		if (random_to(&rng, 100) == 0) {
			is_right(watch_burst_take(b, w), taken[w], i + 1, watch_window_ns[w],
				 slots);
			taken[w] = i + 1;
		}
	}
	for (unsigned w = 0; w < WATCH_WINDOWS; w++)
		is_right(watch_burst_peak(b, w), 0, N, watch_window_ns[w], slots);
	watch_burst_destroy(b);
}

static void all_windows_are_right_within_a_slot(void **state)
{
	static const unsigned slots[] = {8, 10, 16, 64, 500, 4096};

	for (unsigned seed = 0; seed < ROUNDS; seed++)
		compare(seed, slots[seed % 6]);
}

/* Of 100 us, of which each slot has 12.5 us: 11.25 of its own buckets, 1.25 of the level below. */
static void windows_are_right_at_the_edges_of_buckets(void **state)
{
	static const struct arrival edges[][4] = {
	    /* the exact window ends amid the last bucket, and holds the first packet as well */
	    {{BASE, 0, 5}, {BASE + 99999, 0, 5}, {BASE + 100500, 0, 1}, {BASE + 100501, 0, 1}},
	    /* the first bucket is as late, and the last one as long, as they may be */
	    {{BASE, 0, 1}, {BASE + 12499, 0, 1}, {BASE + 112498, 0, 1}, {BASE + 113747, 0, 1}},
	};

	for (unsigned i = 0; i < 2; i++) {
		struct watch_burst *b = watch_burst_create(8);

		for (unsigned j = 0; j < 4; j++) {
			arrivals[j] = edges[i][j];
			watch_burst_add(b, arrivals[j].ns, arrivals[j].packets, 0);
		}
		is_right(watch_burst_peak(b, 1), 0, 4, watch_window_ns[1], 8);
		watch_burst_destroy(b);
	}
}

/* As a NIC at 10 Gbit/s brings them: 86 octets each 85 ns, on top of one each ms. */
static void a_thousand_packets_back_to_back_are_found_in_their_window(void **state)
{
	struct watch_burst *b = watch_burst_create(64);
	const uint64_t begin = BASE + 5 * SECOND + 333333;
	struct watch_peak peak;

	for (unsigned i = 0; i < 10000; i++) {
		if (i == 5001)
			for (unsigned j = 0; j < 1000; j++)
				watch_burst_add(b, begin + j * 85, 1, 86);
		watch_burst_add(b, BASE + i * 1000000u, 1, 50);
	}
	peak = watch_burst_peak(b, 0);
	assert_in_range(peak.packets, 118, 118 + 2); /* 10 us / 85 ns */
	assert_int_equal(peak.octets, peak.packets * 86);
	assert_in_range(peak.packets_ns, begin, begin + 85 * 1000 - 10000);
	peak = watch_burst_peak(b, 1);
	assert_int_equal(peak.packets, 1000);
	assert_int_equal(peak.packets_ns, begin);
	peak = watch_burst_peak(b, 2);
	assert_int_equal(peak.packets, 1001);
	assert_in_range(peak.packets_ns, begin - SECOND / 1000, begin);
	peak = watch_burst_peak(b, 3);
	assert_in_range(peak.packets, 2000, 2000 + 16);
	watch_burst_destroy(b);
}

static void what_was_told_is_not_told_again_after_a_silence(void **state)
{
	struct watch_burst *b = watch_burst_create(8);

	watch_burst_add(b, BASE, 500, 50000);
	for (unsigned w = 0; w < WATCH_WINDOWS; w++) {
		assert_int_equal(watch_burst_take(b, w).packets, 500);
		assert_int_equal(watch_burst_take(b, w).packets, 0);
	}
	watch_burst_add(b, BASE + 100 * SECOND, 1, 100);
	watch_burst_add(b, BASE + 200 * SECOND, 1, 100);
	for (unsigned w = 0; w < WATCH_WINDOWS; w++) {
		assert_int_equal(watch_burst_take(b, w).packets, 1);
		assert_int_equal(watch_burst_peak(b, w).packets, 500);
		assert_int_equal(watch_burst_peak(b, w).octets_ns, BASE);
	}
	watch_burst_destroy(b);
}

/* Rings are merged nearly in order; a clock may be set. */
static void a_time_that_goes_back_is_now_and_a_clock_that_was_set_begins_anew(void **state)
{
	struct watch_burst *b = watch_burst_create(16);

	watch_burst_add(b, BASE + SECOND, 1, 100);
	watch_burst_add(b, BASE + SECOND / 2, 1, 100);
	for (unsigned w = 0; w < WATCH_WINDOWS; w++)
		assert_int_equal(watch_burst_peak(b, w).packets, 2);
	watch_burst_add(b, UINT64_MAX, 4, 400); /* what a clock never says ends with it */
	watch_burst_add(b, UINT64_MAX - 5, 4, 400);
	for (unsigned i = 0; i < 100; i++)
		watch_burst_add(b, BASE + i * SECOND, 3, 300);
	for (unsigned w = 0; w < WATCH_WINDOWS; w++) {
		assert_int_equal(watch_burst_peak(b, w).packets, 8);
		assert_int_equal(watch_burst_take(b, w).packets, 8);
	}
	watch_burst_add(b, BASE + 100 * SECOND, 3, 300);
	assert_int_equal(watch_burst_take(b, 3).packets, 3);
	watch_burst_destroy(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_windows_are_right_within_a_slot),
	    cmocka_unit_test(windows_are_right_at_the_edges_of_buckets),
	    cmocka_unit_test(a_thousand_packets_back_to_back_are_found_in_their_window),
	    cmocka_unit_test(what_was_told_is_not_told_again_after_a_silence),
	    cmocka_unit_test(a_time_that_goes_back_is_now_and_a_clock_that_was_set_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
