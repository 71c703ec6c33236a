/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-watch watches what the engines of a host receive: docs/watch.md. One thread, which waits
 * for nothing but epoll; recordings have one more each, for their files. */
#include <errno.h>
#include <inttypes.h>
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
#include "command.h"
#include "engine/os/run_dir.h"
#include "feeds.h"
#include "host.h"
#include "lines.h"
#include "options.h"
#include "recordings.h"
#include "show.h"
#include "snap_client.h"
#include "watch.h"

#define IDLE_ROUNDS 100                  /* empty ones, then it sleeps */
#define TICK_NS     UINT64_C(100000000)  /* between two looks at what goes by time */
#define SETTLE_NS   UINT64_C(2000000000) /* for engines to say what they have, at the start */
#define PEEK_NS     UINT64_C(1000000)    /* between two looks at descriptors when messages come */

/* Blocked in all threads. Returns a descriptor that is readable after SIGTERM or SIGINT, or -1
 * after a line on stderr. SIGHUP means nothing: there is no file to read again. */
static int catch_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* else nobody knows how a command ended */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? fail("signalfd: %s", strerror(errno)) : fd;
}

static void tick(struct watch *w, uint64_t now_ns)
{
	host_judge(w);
	recordings_look(w);
	watch_raise_tick(w, now_ns);
}

/* Whatever wakes it, each round looks at all. */
static int is_stopped(struct watch *w, int signal_fd, int wait_ms)
{
	struct epoll_event events[16];
	struct signalfd_siginfo info;
	int n = epoll_wait(w->epoll_fd, events, 16, wait_ms);

	for (int i = 0; i < n; i++)
		if (events[i].data.fd == signal_fd)
			return read(signal_fd, &info, sizeof(info)) > 0;
	return 0;
}

static void run(struct watch *w, struct show *show, int signal_fd)
{
	uint64_t ticked_ns = 0, peeked_ns = 0;
	unsigned idle = 0;

	for (;;) {
		const uint64_t now_ns = monotonic_ns();
		int wait_ms = 0;

		host_look(w, now_ns);
		feeds_look(w, now_ns);
		if (lines_update(w))
			host_renew(w);
		recordings_update(w, NULL);
		idle = host_read(w) + feeds_read(w) > 0 ? 0 : idle + 1;
		recordings_time(w);
		if (now_ns - ticked_ns >= TICK_NS) {
			ticked_ns = now_ns;
			tick(w, now_ns);
		}
		if (idle > IDLE_ROUNDS && host_arm(w) == 0 && feeds_arm(w) == 0)
			wait_ms = TICK_NS / 1000000;
		if (wait_ms == 0 && now_ns - peeked_ns < PEEK_NS)
			continue;
		peeked_ns = now_ns;
		if (is_stopped(w, signal_fd, wait_ms) || show_poll(show, monotonic_ns()) < 0)
			return;
	}
}

/* Recordings that cannot be are an error at the start, as far as engines are there to ask. */
static int settle(struct watch *w)
{
	const uint64_t end_ns = monotonic_ns() + SETTLE_NS;
	const struct timespec pause = {0, 1000000};
	struct mcr_error err;

	do {
		host_look(w, monotonic_ns());
		feeds_look(w, monotonic_ns());
		nanosleep(&pause, NULL);
	} while (!(host_is_settled(w) && feeds_are_settled(w)) && monotonic_ns() < end_ns);
	lines_update(w);
	return recordings_update(w, &err) < 0 ? fail("%s", err.text) : 0;
}

static int begin_command(struct watch *w, struct mcr_error *err)
{
	const struct watch_options *o = w->options;
	const struct command_config config = {.text = o->alarm,
					      .every_ns = o->alarm_every_ns,
					      .burst = o->alarm_burst,
					      .timeout_ns = o->alarm_timeout_ns,
					      .on = o->action == WATCH_CHECK ? 0 : o->alarm_on,
					      .log = &w->log};

	if (!o->alarm || command_create(&w->command, &config, err) == 0)
		return 0;
	return fail("--alarm: %s", err->text);
}

static int begin(struct watch *w, int *signal_fd, int *lock_fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct mcr_error err = {""};

	w->engines = calloc(WATCH_ENGINES_MAX, sizeof(*w->engines));
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!w->engines || w->epoll_fd < 0)
		return fail("%s", strerror(errno));
	*signal_fd = event.data.fd = catch_signals();
	if (*signal_fd < 0)
		return -1;
	epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, *signal_fd, &event);
	if (begin_command(w, &err) < 0)
		return -1;
	if (own_run_dir(w->state_dir, sizeof(w->state_dir), w->options->state_dir, "watch", &err) <
		0 ||
	    recordings_check(w->options, &err) < 0)
		return fail("%s", err.text);
	if (w->options->action == WATCH_CHECK)
		return 0;
	*lock_fd = mcr_run_dir_take(w->state_dir, &err);
	return *lock_fd < 0 ? fail("%s", err.text) : 0;
}

static int watch(struct watch *w, int signal_fd)
{
	struct mcr_error err = {""};
	struct show *show;

	if (show_create(&show, w, &err) < 0)
		return fail("%s", err.text);
	line_log(&w->log, "its sockets are in %s", w->state_dir);
	run(w, show, signal_fd);
	show_destroy(show);
	return 0;
}

int main(int argc, char **argv)
{
	static struct watch_options options;
	static struct watch w = {.options = &options,
				 .epoll_fd = -1,
				 .log = {.program = "mcring-watch", .fd = STDERR_FILENO}};
	int signal_fd = -1, lock_fd = -1, ret;

	watch_options_parse(&options, argc, argv);
	if (options.action == WATCH_SNAP)
		return snap_client(&options);
	w.started_ns = realtime_ns();
	ret = begin(&w, &signal_fd, &lock_fd);
	if (ret == 0)
		ret = settle(&w);
	if (ret == 0 && options.action == WATCH_CHECK)
		check_print(&w);
	else if (ret == 0)
		ret = watch(&w, signal_fd);
	feeds_destroy(&w);
	host_destroy(&w);
	lines_destroy(&w);
	recordings_destroy(&w);
	command_destroy(w.command);
	if (lock_fd >= 0)
		mcr_run_dir_leave(w.state_dir, lock_fd);
	return ret < 0 ? WATCH_EXIT_ERROR : 0;
}
