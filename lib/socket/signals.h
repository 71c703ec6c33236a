/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals and the library's locks: a handler that interrupts a thread inside the library may call
 * it again, so handlers wait until the thread is outside. So does pthread_cancel. */
#ifndef MCR_SOCKET_SIGNALS_H
#define MCR_SOCKET_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <sys/single_threaded.h>

struct mcr_signal_state {
	unsigned depth;            /* sections that this thread is in */
	volatile unsigned waiting; /* handlers that wait for the end of the outermost */
	unsigned long ran;         /* handlers that this thread has run ... */
	unsigned long restarting;  /* ... and those of them that had SA_RESTART */
	int cancel_state;          /* the program's, while it is held */
	int holds_cancel;
};

extern _Thread_local struct mcr_signal_state mcr_signal_state
    __attribute__((tls_model("initial-exec")));

/* mcr_signal_run runs the handlers that waited. */
void mcr_signal_run(void);

static inline void mcr_signal_enter(void)
{
	unsigned depth = mcr_signal_state.depth++;

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (depth == 0 && !__libc_single_threaded) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mcr_signal_state.cancel_state);
		mcr_signal_state.holds_cancel = 1;
	}
}

static inline void mcr_signal_leave(void)
{
	if (mcr_signal_state.depth == 1 && mcr_signal_state.holds_cancel) {
		mcr_signal_state.holds_cancel = 0;
		pthread_setcancelstate(mcr_signal_state.cancel_state, NULL);
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (--mcr_signal_state.depth == 0 && __builtin_expect(mcr_signal_state.waiting != 0, 0))
		mcr_signal_run();
}

/* Around fork, so that the child can set handlers. All signals are blocked in between; *mask is the
 * mask before. */
void mcr_signal_fork_begin(sigset_t *mask);
void mcr_signal_fork_end(const sigset_t *mask);

#endif
