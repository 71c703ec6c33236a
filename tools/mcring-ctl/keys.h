/* SPDX-License-Identifier: BSD-3-Clause */
/* A terminal whose keys are read one by one, and as it was before at every end. */
#ifndef MCR_CTL_KEYS_H
#define MCR_CTL_KEYS_H

#include <signal.h>
#include <termios.h>

struct ctl_keys {
	struct termios before; /* of standard input */
	sigset_t mask;         /* of signals, before */
	int is_raw;            /* keys are read one by one */
};

/* ctl_keys_begin reads keys one by one from now on, without echo, if standard input and output are
 * a terminal in whose foreground this process is. Signals that end a program are held back until
 * ctl_keys_wait. */
void ctl_keys_begin(struct ctl_keys *keys);

/* ctl_keys_wait waits for that time, and for a signal or q. Returns CTL_KEYS_TIME, or what came
 * earlier: CTL_KEYS_END (q, the end of the input, a signal that ends a program), or
 * CTL_KEYS_RESUMED: the process was stopped (Ctrl-Z) and goes on, and the screen is another's. */
enum ctl_keys_event {
	CTL_KEYS_TIME,
	CTL_KEYS_END,
	CTL_KEYS_RESUMED
} ctl_keys_wait(struct ctl_keys *keys, double seconds);

/* ctl_keys_end: the terminal and the signals are as they were before. */
void ctl_keys_end(struct ctl_keys *keys);

#endif
