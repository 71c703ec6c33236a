/* SPDX-License-Identifier: BSD-3-Clause */
/* What the feed's own descriptor follows. */
#include <errno.h>
#include <sys/epoll.h>

#include "feed/state.h"

int mcr_feed_watch(const struct mcr_feed *f, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(f->fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void mcr_feed_unwatch(const struct mcr_feed *f, int fd)
{
	if (fd >= 0)
		epoll_ctl(f->fd, EPOLL_CTL_DEL, fd, NULL);
}
