/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/sleeper.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "socket/real.h"
#include "socket/table.h"

struct mcr_sleeper *mcr_sleeper_take(struct mcr_sleeper **list)
{
	struct mcr_sleeper *s;

	/* A thread has one, also when its call was left by siglongjmp, or is interrupted by a
	 * handler that sleeps: then it looks again in any case. */
	for (s = *list; s; s = s->next)
		if (s->sleeps && pthread_equal(s->thread, pthread_self()))
			return s;
	for (s = *list; s; s = s->next)
		if (!s->sleeps)
			break;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return NULL;
		s->fd = mcr_table_take(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
		if (s->fd < 0) {
			free(s);
			return NULL;
		}
		s->next = *list;
		*list = s;
	}
	s->sleeps = 1;
	s->thread = pthread_self();
	return s;
}

void mcr_sleeper_prepare(struct mcr_sleeper **list)
{
	struct mcr_sleeper *s = *list ? NULL : mcr_sleeper_take(list);

	if (s)
		s->sleeps = 0;
}

void mcr_sleepers_wake(struct mcr_sleeper *list, const struct mcr_sleeper *self)
{
	for (struct mcr_sleeper *s = list; s; s = s->next)
		if (s != self && s->sleeps)
			eventfd_write(s->fd, 1);
}

void mcr_sleepers_renew(struct mcr_sleeper *list)
{
	for (struct mcr_sleeper *s = list; s; s = s->next) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

		s->sleeps = 0;
		mcr_real.dup3(fd, s->fd, O_CLOEXEC); /* if there is none left, they share it */
		mcr_real.close(fd);
	}
}
