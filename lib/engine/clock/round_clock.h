/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the control thread's rounds take: from one sleep to the next, less the time that the
 * thread was ready to run and the scheduler ran others. So a wait for a lock, a page or a disk
 * counts, and a busy machine does not. Time is passed in. Thread: control. */
#ifndef MCR_ENGINE_ROUND_CLOCK_H
#define MCR_ENGINE_ROUND_CLOCK_H

#include <stdint.h>

/* Readings of the scheduler's account are this old at most when a round begins: a system call
 * each millisecond. As much waiting from before the round may be taken off it. */
#define MCR_ROUND_READ_NS 1000000

struct mcr_round_clock {
	uint64_t rounds;        /* that ended */
	uint64_t longest_ns;    /* of them */
	uint64_t longest_at_ns; /* CLOCK_REALTIME of its end; 0 = none yet */

	/* How long this thread has waited for a CPU in all its life, ns; set by the owner. */
	uint64_t (*waited)(void *ctx);
	void *ctx;

	/* private */
	uint64_t begin_ns, read_ns, waited_ns;
};

/* mcr_round_begin: the thread is awake. now_ns: monotonic. */
void mcr_round_begin(struct mcr_round_clock *clock, uint64_t now_ns);

/* mcr_round_end: it goes to sleep. Returns 1 when no round was longer: the caller then sets
 * longest_at_ns. */
int mcr_round_end(struct mcr_round_clock *clock, uint64_t now_ns);

/* mcr_run_delay_open opens the scheduler's account of the calling thread,
 * /proc/thread-self/schedstat (proc(5)). Returns the descriptor, or -errno where the kernel has
 * none. */
int mcr_run_delay_open(void);

/* mcr_run_delay reads it: ns that the thread which opened fd was ready and did not run. 0 when it
 * cannot be read, or fd is below 0: waiting for a CPU then counts as the round's own. */
uint64_t mcr_run_delay(int fd);

#endif
