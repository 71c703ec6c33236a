/* SPDX-License-Identifier: BSD-3-Clause */
/* How the work of a function grows: CPU time of n things against that of 8 n. Time is compared with
 * time of the same machine a moment ago, the best of several, and by a wide margin: n log n takes
 * some 10 times as long, which caches may double; n * n takes 64 times as long. */
#ifndef MCR_TEST_GROWTH_H
#define MCR_TEST_GROWTH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define GROWTH_FACTOR 8
#define GROWTH_MOST   36

static inline double growth_cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* work returns the milliseconds of CPU that its n things took, what it prepared left out. */
static inline void assert_growth_is_gentle(double (*work)(void *ctx, size_t n), void *ctx, size_t n)
{
	double few = work(ctx, n), many = work(ctx, n * GROWTH_FACTOR);

	for (int i = 0; i < 6 && (i < 2 || many > GROWTH_MOST * few); i++) {
		double again = work(ctx, n);

		few = again < few ? again : few;
		again = many > GROWTH_MOST * few ? work(ctx, n * GROWTH_FACTOR) : many;
		many = again < many ? again : many;
	}
	if (many > GROWTH_MOST * few)
		fail_msg("%zu take %.2f ms, %zu take %.2f ms", n, few, n * GROWTH_FACTOR, many);
}

#endif
