/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-sink hands the messages of channels and feeds to a broker: docs/sink.md. One thread, and
 * those of the broker's library. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../common/own_run_dir.h"
#include "check.h"
#include "engine/os/run_dir.h"
#include "loss.h"
#include "sink.h"
#include "stats.h"

#define STATE_DIR_MAX 128
#define IDLE_ROUNDS   20                  /* empty ones, then it sleeps */
#define PEEK_NS       UINT64_C(1000000)   /* between two looks at descriptors when messages come */
#define TICK_NS       UINT64_C(100000000) /* between two looks at what goes by time */
#define MMAP_BYTES    (4 << 20)           /* above all units */
#define TOP_PAD_BYTES (1 << 20)
#define FINISH_NS     UINT64_C(5000000000) /* for what is under way, at the end */

/* Units come and go by the megabyte, up to --memory: what was taken once is kept, since each page
 * that is given back and taken again costs more than what is written to it. */
static void keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	mallopt(M_TOP_PAD, TOP_PAD_BYTES);
}

/* Blocked in all threads, those of the libraries too. Returns a descriptor that is readable after
 * SIGTERM or SIGINT, or -1 after a line on stderr. */
static int catch_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fail("signalfd: %s", strerror(errno)) : fd;
}

/* Whatever wakes it, each round looks at all sources and the broker. Returns 1 when there was a
 * signal.
 */
static int sleep_ms(struct sink *s, struct line_server *stats, int signal_fd, int ms)
{
	struct epoll_event events[16];
	struct signalfd_siginfo info;
	const int n = epoll_wait(s->epoll_fd, events, 16, ms);

	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == line_server_fd(stats))
			line_server_poll(stats, monotonic_ns());
		else if (events[i].data.fd == signal_fd && read(signal_fd, &info, sizeof(info)) > 0)
			return 1;
	}
	return 0;
}

/* Returns 0 at a signal, or the exit status after a line on stderr. */
static int run(struct sink *s, struct line_server *stats, int signal_fd)
{
	uint64_t peeked_ns = 0, ticked_ns = 0;
	char why[SINK_FATAL_MAX];
	unsigned idle = 0;
	int status;

	for (;;) {
		const uint64_t now_ns = monotonic_ns();
		int wait_ms = 0;

		idle = sink_round(s, now_ns) > 0 ? 0 : idle + 1;
		if (now_ns - ticked_ns >= TICK_NS) {
			ticked_ns = now_ns;
			line_server_poll(stats, now_ns);
			sink_tell_trouble(s, now_ns);
			status = sink_fatal(s, why);
			if (status) {
				fail("%s", why);
				return status;
			}
		}
		if (idle > IDLE_ROUNDS)
			wait_ms = sink_arm(s);
		if (wait_ms == 0 && now_ns - peeked_ns < PEEK_NS)
			continue;
		peeked_ns = now_ns;
		if (sleep_ms(s, stats, signal_fd, wait_ms))
			return 0;
	}
}

/* What was read is handed over, as far as the broker takes it in time. */
static void finish(struct sink *s)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	const uint64_t end_ns = monotonic_ns() + FINISH_NS;
	char why[SINK_FATAL_MAX];

	while (!sink_finish(s, monotonic_ns())) {
		if (sink_fatal(s, why) || monotonic_ns() >= end_ns) {
			line_log(&s->log,
				 "ends before the broker stored all; the next start sends "
				 "the rest again%s%s",
				 why[0] ? ": " : "", why);
			return;
		}
		nanosleep(&pause, NULL);
	}
	line_log(&s->log, "ends: all that was read is stored, and the position");
}

static int begin(struct sink *s, char *state_dir, int *signal_fd, int *lock_fd)
{
	struct mcr_error err = {""};
	char name[SINK_NAME_MAX + 8];

	*signal_fd = catch_signals();
	if (*signal_fd < 0)
		return -1;
	snprintf(name, sizeof(name), "sink-%s", s->options->name);
	if (!s->options->is_check) {
		if (own_run_dir(state_dir, STATE_DIR_MAX, s->options->state_dir, name, &err) < 0)
			return fail("%s", err.text);
		*lock_fd = mcr_run_dir_take(state_dir, &err);
		if (*lock_fd < 0)
			return fail("%s", err.text);
	}
	return sink_open(s, &err) < 0 ? fail("%s", err.text) : 0;
}

static int serve(struct sink *s, const char *state_dir, int signal_fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = signal_fd};
	struct mcr_error err = {""};
	struct line_server *stats;
	int ret;

	epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, signal_fd, &event);
	if (sink_stats_listen(&stats, s, state_dir, &err) < 0)
		return fail("%s", err.text);
	line_log(&s->log, "its socket is in %s", state_dir);
	ret = run(s, stats, signal_fd);
	if (ret == 0)
		finish(s);
	loss_log(s);
	line_server_destroy(stats);
	return ret;
}

int main(int argc, char **argv)
{
	static struct sink_options options;
	static struct sink s = {.options = &options,
				.epoll_fd = -1,
				.log = {.program = "mcring-sink", .fd = STDERR_FILENO}};
	char state_dir[STATE_DIR_MAX];
	int signal_fd = -1, lock_fd = -1, ret;

	keep_memory();
	sink_options_parse(&options, argc, argv);
	s.started_ns = realtime_ns();
	ret = begin(&s, state_dir, &signal_fd, &lock_fd);
	if (ret == 0)
		ret = options.is_check ? check_print(&s) : serve(&s, state_dir, signal_fd);
	sink_close(&s);
	if (lock_fd >= 0)
		mcr_run_dir_leave(state_dir, lock_fd);
	return ret < 0 ? SINK_EXIT_ERROR : ret;
}
