/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/os/listener.h"

#define REST_NS UINT64_C(100000000)

/* Anything will do. */
static void take_spare(struct mcr_acceptor *a)
{
	if (a->spare_fd < 0)
		a->spare_fd = fcntl(a->listen_fd, F_DUPFD_CLOEXEC, 0);
}

int mcr_acceptor_open(struct mcr_acceptor *a, int listen_fd, int epoll_fd, uint64_t data)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};

	*a = (struct mcr_acceptor){
	    .listen_fd = listen_fd, .epoll_fd = epoll_fd, .spare_fd = -1, .data = data};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) < 0)
		return -errno;
	a->watched = 1;
	take_spare(a);
	return 0;
}

void mcr_acceptor_close(struct mcr_acceptor *a)
{
	if (a->spare_fd >= 0)
		close(a->spare_fd);
	if (a->listen_fd >= 0) {
		shutdown(a->listen_fd, SHUT_RDWR); /* for a forked child's copy too */
		close(a->listen_fd);
	}
	a->spare_fd = a->listen_fd = -1;
}

static int accept_one(const struct mcr_acceptor *a)
{
	int fd;

	do
		fd = accept4(a->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	return fd < 0 ? -errno : fd;
}

int mcr_acceptor_next(struct mcr_acceptor *a, uint64_t now_ns, int *spare)
{
	int fd;

	*spare = 0;
	if (now_ns < a->rest_until_ns)
		return -EAGAIN;
	take_spare(a);
	fd = accept_one(a);
	if ((fd == -EMFILE || fd == -ENFILE) && a->spare_fd >= 0) {
		close(a->spare_fd);
		a->spare_fd = -1;
		*spare = 1;
		fd = accept_one(a);
	}
	if (fd < 0 && fd != -EAGAIN)
		a->rest_until_ns = now_ns + REST_NS;
	return fd;
}

void mcr_acceptor_watch(struct mcr_acceptor *a, uint64_t now_ns, int has_room)
{
	int want = has_room && now_ns >= a->rest_until_ns;
	struct epoll_event event = {.events = want ? EPOLLIN : 0, .data.u64 = a->data};

	if (a->listen_fd < 0 || want == a->watched)
		return;
	if (epoll_ctl(a->epoll_fd, EPOLL_CTL_MOD, a->listen_fd, &event) == 0)
		a->watched = want;
}
