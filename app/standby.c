/* SPDX-License-Identifier: BSD-3-Clause */
#include "standby.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/os/ask.h"
#include "engine/os/run_dir.h"
#include "settings/fail.h"

#define LIFE_MS 100 /* between two signs of life */

/* The process that listens. Its number can be another's only once it is gone, and then the
 * connection has ended. */
static int open_peer(int fd, int *pid)
{
	struct pollfd connection = {.fd = fd, .events = POLLIN};
	struct ucred peer = {.pid = 0};
	socklen_t len = sizeof(peer);
	int pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? -ENOENT : -errno;
	if (poll(&connection, 1, 0) == 0) {
		*pid = peer.pid;
		return pidfd;
	}
	close(pidfd);
	return -ENOENT;
}

/* Returns the process that has the turn; 0 when it is ours, or -errno. */
static int ask_turn(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	if (lock.l_type == F_UNLCK)
		return -ESRCH;
	return lock.l_pid > 0 ? lock.l_pid : -EXDEV; /* of another process namespace */
}

/* Of several that find no engine one has the turn, from then until it ends: a lock on the file
 * `standby`. The others stand by for it. Returns a descriptor of its process, -ENOENT when the turn
 * is ours or there is no directory yet, or -errno. */
static int open_turn(struct mcr_standby *s)
{
	struct mcr_error ignored;
	int dir, pidfd, pid;

	if (s->turn_fd < 0) {
		dir = mcr_run_dir_open(s->run_dir, &ignored);
		if (dir < 0)
			return dir;
		s->turn_fd =
		    openat(dir, "standby", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		pid = -errno;
		close(dir);
		if (s->turn_fd < 0)
			return pid;
	}
	for (;;) {
		pid = ask_turn(s->turn_fd);
		if (pid == -ESRCH)
			continue; /* it has just ended */
		if (pid <= 0)
			return pid == 0 ? -ENOENT : pid;
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (pidfd < 0 && errno != ESRCH)
			return -errno;
		if (pidfd >= 0 && ask_turn(s->turn_fd) == pid) {
			s->pid = pid;
			return pidfd;
		}
		if (pidfd >= 0)
			close(pidfd);
	}
}

/* Returns 0, also where no engine is. */
static int find(struct mcr_standby *s, struct mcr_error *err)
{
	int fd = mcr_dial(s->run_dir, "control");

	s->pidfd = fd;
	if (fd >= 0) {
		s->pidfd = open_peer(fd, &s->pid);
		close(fd);
	}
	if (s->pidfd == -ENOENT)
		s->pidfd = open_turn(s);
	if (s->pidfd == -ENOENT)
		return 0;
	if (s->pidfd < 0)
		return mcr_fail(err, s->pidfd, "cannot find the process of the engine in %s: %s",
				s->run_dir, strerror(-s->pidfd));
	return 0;
}

int mcr_standby_begin(struct mcr_standby *s, const char *run_dir, int signal_fd,
		      struct mcr_log *log, struct mcr_service *service, struct mcr_error *err)
{
	*s = (struct mcr_standby){.turn_fd = -1,
				  .signal_fd = signal_fd,
				  .run_dir = run_dir,
				  .log = log,
				  .service = service};
	return find(s, err);
}

static void forget(struct mcr_standby *s)
{
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = -1;
}

void mcr_standby_end(struct mcr_standby *s)
{
	forget(s);
	if (s->turn_fd >= 0)
		close(s->turn_fd);
	s->turn_fd = -1;
}

static int take_signals(struct mcr_standby *s)
{
	struct signalfd_siginfo signal;

	while (read(s->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo != SIGHUP) {
			s->is_told_to_end = 1;
			return -EINTR;
		}
		mcr_log_line(s->log, MCR_LOG_WARNING,
			     "not reloaded: this daemon stands by with the file as it was when it "
			     "started: start it again");
	}
	return 0;
}

static void announce(struct mcr_standby *s)
{
	if (!mcr_standby_is_on(s))
		return;
	mcr_service_stands_by(s->service, s->pid);
	mcr_log_line(s->log, MCR_LOG_INFO, "standing by for the end of process %d", s->pid);
}

/* Others may stand by, too: after each end it looks who has the run directory now. */
int mcr_standby_wait(struct mcr_standby *s, struct mcr_error *err)
{
	int ret = 0;

	announce(s);
	while (ret == 0 && mcr_standby_is_on(s)) {
		struct pollfd fds[] = {{.fd = s->pidfd, .events = POLLIN},
				       {.fd = s->signal_fd, .events = POLLIN}};

		if (poll(fds, 2, LIFE_MS) < 0 && errno != EINTR)
			return mcr_fail(err, -errno, "poll: %s", strerror(errno));
		mcr_service_waits(s->service);
		if (fds[1].revents)
			ret = take_signals(s);
		if (ret == 0 && fds[0].revents) {
			forget(s);
			ret = find(s, err);
			announce(s);
		}
	}
	return ret;
}
