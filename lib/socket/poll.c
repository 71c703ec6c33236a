/* SPDX-License-Identifier: BSD-3-Clause */
/* poll and ppoll. A set of our sockets of which only readability is asked for is answered from the
 * rings. As soon as there is anything else, the kernel is asked in the same call, so the answer is
 * as complete as its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "socket/link.h"
#include "socket/real.h"
#include "socket/wait.h"

#define READABLE (POLLIN | POLLRDNORM)

struct polled {
	struct pollfd *fds;
	nfds_t n;
};

static int is_any_ours(const struct pollfd *fds, nfds_t n)
{
	if (!fds)
		return 0;
	for (nfds_t i = 0; i < n; i++)
		if (mcr_table_find(fds[i].fd))
			return 1;
	return 0;
}

/* Sets the events that the rings have. Returns how many entries had none before. */
static int add_rings(struct pollfd *fds, nfds_t n, int *asks_kernel)
{
	int count = 0;

	for (nfds_t i = 0; i < n; i++) {
		struct pollfd *p = &fds[i];

		if (p->fd < 0)
			continue;
		if (p->events & ~READABLE)
			*asks_kernel = 1;
		if (mcr_wait_rings(p->fd, asks_kernel) != MCR_RINGS_READY ||
		    !(p->events & READABLE))
			continue;
		count += p->revents == 0;
		p->revents |= p->events & READABLE;
	}
	return count;
}

/* Looks at the rings, and at the kernel if they are not all. Returns as poll. */
static int look(struct pollfd *fds, nfds_t n, const sigset_t *mask)
{
	static const struct timespec none = {0};
	int asks_kernel = 0, count, kernels;

	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = 0;
	count = add_rings(fds, n, &asks_kernel);
	if (count > 0 && !asks_kernel)
		return count;
	/* With data, a signal that the mask lets through stays pending. */
	kernels = mcr_real.ppoll(fds, n, &none, count > 0 ? NULL : mask);
	if (kernels < 0 && (errno != EINTR || count == 0))
		return -1;
	count = add_rings(fds, n, &asks_kernel);
	return kernels < 0 ? count : kernels + count;
}

/* The sleep has entries of its own: two more, and the program's are to be as they were if it ends
 * without an event. */
static int sleep_for(struct mcr_waiter *w, struct polled *p)
{
	struct pollfd few[MCR_WAIT_FEW + 2], *fds = few;
	int ret;

	if (p->n > MCR_WAIT_FEW)
		fds = malloc((p->n + 2) * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	memcpy(fds, p->fds, p->n * sizeof(*fds));
	ret = mcr_waiter_sleep_on(w, fds, p->n);
	if (fds != few)
		free(fds);
	return ret;
}

static int wait_with(struct mcr_waiter *w, struct polled *p)
{
	int is_over = w->timeout_ns == 0;

	for (;;) {
		int ret = look(p->fds, p->n, w->timeout_ns == 0 ? w->mask : NULL);

		if (ret == 0)
			mcr_link_tend();
		if (ret != 0 || is_over)
			return ret;
		ret = sleep_for(w, p);
		if (ret < 0) {
			/* Linux looks once more before it tells of the signal. */
			int last = ret == -EINTR ? look(p->fds, p->n, NULL) : 0;

			if (last > 0)
				return last;
			errno = -ret;
			return -1;
		}
		is_over = ret == 0;
	}
}

static int wait_for(struct polled *p, uint64_t timeout_ns, const sigset_t *mask)
{
	struct mcr_waiter w;
	int ret;

	mcr_waiter_begin(&w, timeout_ns, mask);
	ret = wait_with(&w, p);
	mcr_waiter_end(&w);
	return ret;
}

int mcr_sock_poll(struct pollfd *fds, nfds_t n, int ms)
{
	if (!is_any_ours(fds, n))
		return mcr_real.poll(fds, n, ms);
	return wait_for(&(struct polled){fds, n}, mcr_wait_ms_ns(ms), NULL);
}

int mcr_sock_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		   const sigset_t *mask)
{
	uint64_t timeout_ns;

	if (!is_any_ours(fds, n) || mcr_wait_timespec_ns(timeout, &timeout_ns) < 0)
		return mcr_real.ppoll(fds, n, timeout, mask);
	return wait_for(&(struct polled){fds, n}, timeout_ns, mask);
}
