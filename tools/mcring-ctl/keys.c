/* SPDX-License-Identifier: BSD-3-Clause */
#include "keys.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "../common/clock.h"

#define SECOND UINT64_C(1000000000)

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* All that the signal handlers touch. */
static volatile sig_atomic_t stopped, suspended;

static void on_end(int signal)
{
	stopped = 1;
}

static void on_suspend(int signal)
{
	suspended = 1;
}

static void make_raw(struct ctl_keys *keys)
{
	struct termios raw = keys->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C is a signal */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void restore(const struct ctl_keys *keys)
{
	if (keys->is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &keys->before);
}

void ctl_keys_begin(struct ctl_keys *keys)
{
	struct sigaction action = {.sa_handler = on_end};
	sigset_t held;

	sigemptyset(&held);
	for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(&held, ending[i]);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &keys->mask);
	for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaction(ending[i], &action, NULL);
	/* In the background, a change of the terminal would stop the process. */
	keys->is_raw = isatty(STDOUT_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
		       tcgetattr(STDIN_FILENO, &keys->before) == 0;
	if (!keys->is_raw)
		return;
	action.sa_handler = on_suspend;
	sigaction(SIGTSTP, &action, NULL);
	make_raw(keys);
}

void ctl_keys_end(struct ctl_keys *keys)
{
	restore(keys);
	keys->is_raw = 0;
	sigprocmask(SIG_SETMASK, &keys->mask, NULL);
}

/* Ctrl-Z: the shell gets the terminal as it was. */
static void suspend(struct ctl_keys *keys)
{
	suspended = 0;
	restore(keys);
	raise(SIGSTOP);
	tcgetattr(STDIN_FILENO, &keys->before);
	make_raw(keys);
}

/* Whether the key that was pressed ends the program. */
static int is_over(void)
{
	char key = 'q'; /* also: the terminal is gone */
	const ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n < 0)
		return errno != EINTR && errno != EAGAIN;
	return key == 'q' || key == 'Q';
}

enum ctl_keys_event ctl_keys_wait(struct ctl_keys *keys, double seconds)
{
	const uint64_t end_ns = monotonic_ns() + (uint64_t)(seconds * 1e9);
	struct pollfd in = {.fd = keys->is_raw ? STDIN_FILENO : -1, .events = POLLIN};
	uint64_t now_ns;

	while (!stopped && (now_ns = monotonic_ns()) < end_ns) {
		const uint64_t left = end_ns - now_ns;
		const struct timespec ts = {(time_t)(left / SECOND), (long)(left % SECOND)};
		const int n = ppoll(&in, 1, &ts, &keys->mask);

		if (suspended) {
			suspend(keys);
			return CTL_KEYS_RESUMED;
		}
		if (n > 0 && is_over())
			return CTL_KEYS_END;
	}
	return stopped ? CTL_KEYS_END : CTL_KEYS_TIME;
}
