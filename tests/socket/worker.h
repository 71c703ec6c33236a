/* SPDX-License-Identifier: BSD-3-Clause */
/* The program that a script describes: it runs the steps that it is told, and says what came of
 * them. Compiled twice: for libc's names, which LD_PRELOAD may take over, and for the library's
 * functions. */
#ifndef MCR_TEST_WORKER_H
#define MCR_TEST_WORKER_H

#include <signal.h>

#include "script.h"
#include "text.h"

#ifdef MCR_TEST_LIBRARY
#include "socket/calls.h"
#define call(name) mcr_sock_##name
#else
#define call(name) name
#endif

/* Descriptors that the controller gave it, beyond those of scripts. */
#define FD_CONTROL 900 /* steps come, accounts go */
#define FD_RESULT  901 /* the second thread's accounts */
#define FD_WORK    902 /* the second thread's steps; FD_WORK + 1: their sending side */
#define FD_SHARED  904 /* struct shared */

/* Both sides' memory. */
struct shared {
	uint32_t handled; /* SIGUSR1 */
};

/* The controller's own steps. */
#define STEP_BEGIN 254 /* a new program */
#define STEP_END   255

/* The second thread has what they were when its step began. */
extern _Thread_local int slot_fds[SLOTS];

/* slot_put keeps a descriptor; what the slot had is closed. */
void slot_put(struct text *t, unsigned slot, int fd);

void say_slot(struct text *t, unsigned slot);

/* SIGUSR1 handlers that ran in this thread since the last call. */
unsigned handled_since(void);

/* A signal mask of a call: none, nothing blocked, SIGUSR1 blocked. */
enum {
	MASK_NONE,
	MASK_OPEN,
	MASK_BLOCK,
	MASKS
};
const sigset_t *mask_of(int mask);
void say_mask(struct text *t, int mask);

/* Timeouts of waiting calls. */
enum {
	WAIT_NOT,
	WAIT_5_MS,
	WAIT_EVER,
	WAIT_HOUR,
	WAITS
};
extern const int wait_ms[WAITS];

#define STEP_FUNCTION(code, function) void function(struct text *t, const struct step *s);
STEPS_OF_THE_PROGRAM(STEP_FUNCTION)
#undef STEP_FUNCTION

#endif
