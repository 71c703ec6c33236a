/* SPDX-License-Identifier: BSD-3-Clause */
/* One of the two programs that run the same script. */
#ifndef MCR_TEST_SIDE_H
#define MCR_TEST_SIDE_H

#include <sys/types.h>

#include "script.h"
#include "text.h"
#include "worker.h"

struct side {
	pid_t worker;         /* the process that starts programs */
	pid_t pid, sleeper;   /* the program's, and its second thread */
	int control, results; /* ends of its sockets */
	struct shared *shared;
	uint32_t handled_before;
	int is_dead;
};

enum side_state {
	SIDE_RUNS,
	SIDE_SLEEPS,
	SIDE_DONE
};

/* side_start runs the worker in a namespace, with a library to preload (NULL: none) and the run
 * directory of the engine. */
void side_start(struct side *s, const char *program, const char *namespace, const char *preload,
		const char *run_dir);

void side_stop(struct side *s);

/* side_tell sends a step, side_hear waits for its account: "does not answer" after some seconds. */
void side_tell(struct side *s, const struct step *step);
void side_hear(struct side *s, struct text *t);

/* side_result gives the second thread's account if there is one; returns whether. */
int side_result(struct side *s, struct text *t);

/* side_look: whether the second thread sleeps in its step, and, when it is done, gives the account.
 */
enum side_state side_look(struct side *s, struct text *t);

/* side_signal sends one to the second thread. */
void side_signal(struct side *s, int signo);

#endif
