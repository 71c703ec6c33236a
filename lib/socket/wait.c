/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "socket/epoll_set.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/report.h"
#include "socket/settings.h"
#include "socket/wait.h"

#define SPIN_KERNEL_EVERY 64 /* turns of a spinning call between two looks at the kernel */

/* ---- time ---- */

uint64_t mcr_wait_ms_ns(int ms)
{
	return ms < 0 ? MCR_WAIT_FOREVER : (uint64_t)ms * 1000000u;
}

int mcr_wait_timespec_ns(const struct timespec *ts, uint64_t *out)
{
	if (!ts) {
		*out = MCR_WAIT_FOREVER;
		return 0;
	}
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= 1000000000)
		return -EINVAL;
	if ((uint64_t)ts->tv_sec > UINT64_MAX / 2000000000u)
		*out = MCR_WAIT_FOREVER;
	else
		*out = (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
	return 0;
}

static uint64_t later(uint64_t now_ns, uint64_t ns)
{
	return ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + ns;
}

/* ---- readiness ---- */

static enum mcr_rings rings_of_set(int fd)
{
	struct mcr_set *set = mcr_set_hold(fd);
	enum mcr_rings rings;

	if (!set)
		return MCR_RINGS_NONE;
	rings = mcr_set_is_ready(set) ? MCR_RINGS_READY : MCR_RINGS_EMPTY;
	mcr_set_release(set);
	return rings;
}

enum mcr_rings mcr_wait_rings(int fd, int *asks_kernel)
{
	struct mcr_socket *s;
	enum mcr_rings rings;

	if (!mcr_table_find(fd)) {
		*asks_kernel = 1;
		return MCR_RINGS_NONE;
	}
	s = mcr_socket_hold(fd);
	if (!s) {
		*asks_kernel = 1;
		return rings_of_set(fd);
	}
	/* When the next recv looks at the kernel, so do we. The count is recv's: if we took a part
	 * in it, some programs' rhythm would let recv never look there. */
	if (s->is_shut || s->turn + 1 >= mcr_settings_get()->kernel_every)
		*asks_kernel = 1;
	rings = mcr_socket_next(s) ? MCR_RINGS_READY : MCR_RINGS_EMPTY;
	mcr_socket_release(s);
	return rings;
}

/* ---- sleeping ---- */

void mcr_waiter_begin(struct mcr_waiter *w, uint64_t timeout_ns, const sigset_t *mask)
{
	*w = (struct mcr_waiter){
	    .timeout_ns = timeout_ns, .mask = mask, .ran = mcr_signal_state.ran};
}

void mcr_waiter_end(struct mcr_waiter *w)
{
	int saved = errno; /* handlers may change it */

	if (w->is_masked)
		pthread_sigmask(SIG_SETMASK, &w->outer, NULL);
	errno = saved;
}

void mcr_waiter_start(struct mcr_waiter *w)
{
	uint64_t now_ns = mcr_link_now_ns();

	w->deadline_ns = later(now_ns, w->timeout_ns);
	w->spin_until_ns = now_ns + (uint64_t)mcr_settings_get()->spin_us * 1000u;
}

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* Looks without a sleep until there is something or it has been long enough. Returns 1; 0: the
 * sleep is next; -EINTR. */
static int spin(const struct mcr_waiter *w, struct pollfd *fds, nfds_t n, int (*ready)(void *ctx),
		void *ctx)
{
	static const struct timespec none = {0};
	uint64_t now_ns = mcr_settings_get()->spin_us > 0 ? mcr_link_now_ns() : UINT64_MAX;

	for (unsigned turn = 1; now_ns < w->spin_until_ns && now_ns < w->deadline_ns; turn++) {
		if (ready(ctx))
			return 1;
		if (mcr_signal_state.ran != w->ran)
			return -EINTR;
		if (turn % SPIN_KERNEL_EVERY == 0) {
			int ret = mcr_real.ppoll(fds, n, &none, w->mask);

			if (ret != 0)
				return ret < 0 ? -errno : 1;
			mcr_link_tend();
		}
		relax();
		now_ns = mcr_link_now_ns();
	}
	return 0;
}

int mcr_waiter_sleep(struct mcr_waiter *w, struct pollfd *fds, nfds_t n, int (*ready)(void *ctx),
		     void *ctx)
{
	int ret;

	if (w->deadline_ns == 0)
		mcr_waiter_start(w);
	/* Not for each sleep: between two of them it holds signals back as well. */
	if (w->mask && !w->is_masked) {
		pthread_sigmask(SIG_SETMASK, w->mask, &w->outer);
		w->is_masked = 1;
	}
	ret = spin(w, fds, n, ready, ctx);
	if (ret != 0)
		return ret;
	mcr_report();
	return mcr_link_sleep(fds, n, w->deadline_ns, w->mask, w->ran, ready, ctx);
}

/* ---- many descriptors ---- */

struct held {
	struct pollfd *fds;
	struct mcr_object **objects; /* NULL: not ours */
	nfds_t n;
};

/* Takes a reference to what the entry means, and lets it mean the library's own descriptor. */
static struct mcr_object *hold_entry(struct pollfd *p)
{
	struct mcr_socket *s = mcr_socket_hold(p->fd);
	struct mcr_set *set = s ? NULL : mcr_set_hold(p->fd);
	struct mcr_object *o = s ? &s->object : set ? &set->object : NULL;

	if (!o)
		return NULL;
	p->fd = s ? s->fd : set->fd;
	mcr_object_ref(o);
	mcr_object_unlock(o);
	return o;
}

static int is_object_ready(struct mcr_object *o)
{
	int is_ready;

	mcr_object_relock(o);
	if (o->kind == MCR_OBJECT_SOCKET)
		is_ready = mcr_socket_of(o)->life != mcr_link_life() ||
			   mcr_socket_next(mcr_socket_of(o)) != NULL;
	else
		is_ready = mcr_set_is_ready((struct mcr_set *)o);
	mcr_object_unlock(o);
	return is_ready;
}

static int is_any_ready(void *ctx)
{
	const struct held *h = ctx;

	for (nfds_t i = 0; i < h->n; i++)
		if (h->objects[i] && (h->fds[i].events & (POLLIN | POLLRDNORM)) &&
		    is_object_ready(h->objects[i]))
			return 1;
	return 0;
}

static int is_any_reported(const struct held *h)
{
	for (nfds_t i = 0; i < h->n; i++)
		if (h->fds[i].revents)
			return 1;
	return 0;
}

int mcr_waiter_sleep_on(struct mcr_waiter *w, struct pollfd *fds, nfds_t n)
{
	struct mcr_object *few[MCR_WAIT_FEW];
	struct held h = {fds, few, n};
	int ret;

	if (n > MCR_WAIT_FEW)
		h.objects = malloc(n * sizeof(*h.objects));
	if (!h.objects)
		return -ENOMEM;
	for (nfds_t i = 0; i < n; i++) {
		h.objects[i] = hold_entry(&fds[i]);
		fds[i].revents = 0;
	}
	do
		ret = mcr_waiter_sleep(w, fds, n, is_any_ready, &h);
	while (ret == 1 && !is_any_reported(&h) && !is_any_ready(&h));
	for (nfds_t i = 0; i < n; i++)
		if (h.objects[i]) {
			mcr_object_relock(h.objects[i]);
			mcr_object_unref(h.objects[i]);
		}
	if (h.objects != few)
		free(h.objects);
	return ret;
}

/* ---- one socket ---- */

static int is_socket_ready(void *ctx)
{
	struct mcr_socket *s = ctx;
	int is_ready;

	mcr_object_relock(&s->object);
	is_ready = s->life != mcr_link_life() || mcr_socket_next(s);
	mcr_socket_release(s);
	return is_ready;
}

/* Whether handlers have run that end a call which may be restarted. */
static int is_interrupted(const struct mcr_signal_state *before, int is_restartable)
{
	unsigned long ran = mcr_signal_state.ran - before->ran;

	return ran != (is_restartable ? mcr_signal_state.restarting - before->restarting : 0);
}

/* Linux looks the descriptor up again when it restarts a call: a handler may have closed it. */
static int is_closed_by_handler(const struct mcr_socket *s, const struct mcr_signal_state *before)
{
	return s->object.names == 0 && mcr_signal_state.ran != before->ran;
}

int mcr_wait_readable(struct mcr_socket *s, uint64_t deadline_ns, int is_restartable,
		      const struct mcr_signal_state *before)
{
	struct pollfd fds[3] = {{.fd = s->fd, .events = POLLIN}};
	struct mcr_waiter w = {.ran = mcr_signal_state.ran};
	int ret;

	/* In this call, but outside of its last sleep. */
	if (is_interrupted(before, is_restartable))
		return -EINTR;
	if (is_closed_by_handler(s, before))
		return -EBADF;
	mcr_waiter_start(&w);
	w.deadline_ns = deadline_ns;
	mcr_socket_release(s);
	ret = mcr_waiter_sleep(&w, fds, 1, is_socket_ready, s);
	mcr_object_relock(&s->object);
	if (ret != -EINTR || is_interrupted(before, is_restartable))
		return ret;
	return is_closed_by_handler(s, before) ? -EBADF : 1;
}
