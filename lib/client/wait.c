/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping: the consumer announces in its page what it waits for; the engine's control thread
 * compares that with what is published, and sends a notice over the attach socket. docs/ring.md,
 * "Waiting". */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "client/state.h"

#define SLICE_NS      UINT64_C(500000000) /* between two looks at the engine's heartbeat */
#define SLICE_SOON_NS UINT64_C(25000000)  /* while it is missing, until that is reported */
#define NAP_NS        UINT64_C(50000)     /* for what brings no notice */
#define NOTICES_MAX   64                  /* taken at a time: an engine may send without end */

/* Takes the notices that have come, so that the descriptor is readable for new ones only. */
static void drain(struct mcr_consumer *c)
{
	char notice[sizeof(struct mcr_notice)];

	for (int i = 0; i < NOTICES_MAX; i++) {
		ssize_t n = recv(c->attachment.socket, notice, sizeof(notice), MSG_DONTWAIT);

		if (n > 0)
			continue;
		if ((n == 0 || (errno != EAGAIN && errno != EINTR)) && c->watch.hung_up_ns == 0)
			c->watch.hung_up_ns = mcr_client_now_ns();
		return;
	}
}

/* 1 when poll has something to give: a message that was published or waits to be merged, an event,
 * or the end. */
static int pending(const struct mcr_consumer *c)
{
	unsigned ended = 0;

	if (c->restarted || mcr_client_is_stall_due(c))
		return 1;
	for (unsigned i = 0; i < c->n_rings; i++) {
		const struct mcr_client_ring *ring = &c->rings[i];

		ended += (unsigned)mcr_client_ended(c, ring);
		if (mcr_client_waiting(ring))
			return 1;
	}
	return ended == c->n_rings;
}

void mcr_client_disarm(struct mcr_consumer *c)
{
	mcr_client_store(&c->attachment.page->armed, 0);
	c->armed = 0;
	drain(c);
}

int mcr_consumer_arm(struct mcr_consumer *c)
{
	struct mcr_consumer_page *page = c->attachment.page;
	int ret = mcr_client_refuse_cursor(c, NULL);

	if (ret < 0)
		return ret;
	/* Before the announcement: the notice for it must not be taken. */
	drain(c);
	if (c->next.is_sought || c->watch.hung_up_ns != 0 || pending(c))
		return 1;
	for (unsigned i = 0; i < c->n_rings; i++)
		mcr_client_store(&page->rings[c->first + i].armed,
				 c->rings[i].reader.at.position + 1);
	/* Release: an engine that sees this number sees these positions. Pairs with its acquire
	 * load. */
	__atomic_store_n(&page->armed, ++c->arms, __ATOMIC_RELEASE);
	c->armed = 1;
	/* The announcement before the second look: what is published before it may be acted upon is
	 * found here, at once, and not after a tick of the control thread. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!pending(c))
		return 0;
	mcr_client_disarm(c);
	return 1;
}

int mcr_consumer_fd(const struct mcr_consumer *c)
{
	return c->fd;
}

/* Sleeps for at most so long, or until the descriptor (-1 = none) is readable. Returns whether it
 * is, or -errno. */
static int sleep_for(int fd, uint64_t ns)
{
	const struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	int n = ppoll(&p, fd < 0 ? 0 : 1, &ts, NULL);

	return n < 0 ? -errno : n;
}

/* No engine is attached: sleeps until the next step of a reattach is due. */
static int wait_for_next(const struct mcr_consumer *c, uint64_t end_ns)
{
	uint64_t now_ns = mcr_client_now_ns();
	uint64_t until_ns = c->next.due_ns < end_ns ? c->next.due_ns : end_ns;
	int ret = sleep_for(c->fd, until_ns > now_ns ? until_ns - now_ns : 0);

	return ret == 0 ? until_ns == c->next.due_ns : ret;
}

int mcr_consumer_wait(struct mcr_consumer *c, uint64_t timeout_ns)
{
	uint64_t end_ns = mcr_client_deadline(timeout_ns);
	int ret = mcr_client_refuse_cursor(c, NULL);

	if (ret < 0)
		return ret;
	if (c->next.is_sought)
		return wait_for_next(c, end_ns);
	for (;;) {
		uint64_t now_ns = mcr_client_now_ns(), slice_ns;

		/* No notice comes for a mark of time that a merged message waits for, for a new
		 * engine that begins to receive, or for the end of one that is no longer there:
		 * poll finds out, not too often. */
		if (mcr_consumer_arm(c)) {
			if (c->blocked_ns == 0 && !c->restarted && c->watch.hung_up_ns == 0)
				return 1;
			ret = sleep_for(-1, NAP_NS);
			return ret < 0 ? ret : 1;
		}
		if (now_ns >= end_ns) {
			mcr_client_disarm(c);
			return 0;
		}
		slice_ns = c->watch.silent_looks > 0 && c->watch.stall == MCR_CLIENT_STALL_NONE
			       ? SLICE_SOON_NS
			       : SLICE_NS;
		if (slice_ns > end_ns - now_ns)
			slice_ns = end_ns - now_ns;
		ret = sleep_for(c->attachment.socket, slice_ns);
		mcr_client_disarm(c);
		if (ret < 0)
			return ret;
		mcr_client_look(c);
	}
}
