/* SPDX-License-Identifier: BSD-3-Clause */
/* How long the control thread's rounds take: from one sleep to the next, less the time in which the
 * thread was ready to run and the scheduler ran others. So a wait for a lock, a page or a disk
 * counts, and a busy machine does not. The caller passes the time in. Thread: control. */
#ifndef MCR_ENGINE_ROUND_CLOCK_H
#define MCR_ENGINE_ROUND_CLOCK_H

#include <stdint.h>

/* A reading of the scheduler's account is at most this old when a round begins, which costs a
 * system call each millisecond. So much waiting from before the round may be taken off it. */
#define MCR_ROUND_READ_NS 1000000

struct mcr_round_clock {
	uint64_t rounds;        /* that have ended */
	uint64_t longest_ns;    /* the longest of them */
	uint64_t longest_at_ns; /* CLOCK_REALTIME of its end; 0 = none yet */

	/* How long this thread has waited for a CPU in all its life, ns. Set by the owner. */
	uint64_t (*waited)(void *ctx);
	void *ctx;

	/* private */
	uint64_t begin_ns, read_ns, waited_ns;
};

/* mcr_round_begin: the thread has woken up. now_ns: monotonic. */
void mcr_round_begin(struct mcr_round_clock *clock, uint64_t now_ns);

/* mcr_round_end: the thread goes to sleep. Returns 1 when this round was the longest so far: the
 * caller then sets longest_at_ns. */
int mcr_round_end(struct mcr_round_clock *clock, uint64_t now_ns);

/* mcr_run_delay_open opens the scheduler's account of the calling thread,
 * /proc/thread-self/schedstat (proc(5)). Returns a descriptor, or -errno where the kernel keeps no
 * such account. */
int mcr_run_delay_open(void);

/* mcr_run_delay reads it: for how many ns the thread that opened fd was ready and did not run.
 * Returns 0 when it cannot be read, or fd is below 0: waiting for a CPU then counts as part of the
 * round. */
uint64_t mcr_run_delay(int fd);

#endif
