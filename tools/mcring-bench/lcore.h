/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_BENCH_LCORE_H
#define MCR_BENCH_LCORE_H

#include <time.h>

/* worker_lcore gives the n-th lcore that is not the main one, or -1 after a line on stderr. */
int worker_lcore(unsigned n);

/* lcore_cpu_clock gives the clock that counts the CPU time of an idle worker lcore's thread.
 * Returns 0, or -1 after a line on stderr. */
int lcore_cpu_clock(unsigned lcore, clockid_t *clock);

#endif
