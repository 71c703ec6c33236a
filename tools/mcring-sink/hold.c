/* SPDX-License-Identifier: BSD-3-Clause */
#include "hold.h"

#include <sys/epoll.h>

#define NEARLY_FULL 4 /* a ring with less than this part of it left */

int hold_ring(struct sink *s, const struct mcr_consumer *c, uint32_t ring)
{
	struct mcr_consumer_ring info = {.size = sizeof(info)};

	if (!s->is_held || mcr_consumer_ring_info(c, ring, &info, NULL) < 0)
		return 0;
	if (mcr_consumer_headroom(c) > (info.head - info.oldest) / NEARLY_FULL)
		return 1;
	s->is_pressed = 1;
	return 0;
}

void hold_watch(const struct sink *s, int fd, int *was, int is_watched)
{
	struct epoll_event event = {.events = is_watched ? EPOLLIN : 0, .data.fd = fd};

	if (*was != is_watched)
		epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, fd, &event);
	*was = is_watched;
}
