/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread: sockets, wake-ups, the heartbeat, and what the device thread reports. */
#include <poll.h>

#include "engine/portless/portless_state.h"

#define BEAT_NS        UINT64_C(10000000)
#define POLL_NS        UINT64_C(100000000) /* silent clients */
#define TICK_NS        UINT64_C(1000000)
#define WAKE_NS        UINT64_C(50000)    /* between two looks for sleepers, while there are any */
#define WAKE_LINGER_NS UINT64_C(10000000) /* and after: who was woken soon sleeps again */

static void beat(struct mcr_portless *p, uint64_t now_ns)
{
	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++)
		if (p->channels[i])
			mcr_rings_heartbeat(&p->channels[i]->rings, now_ns);
	mcr_attach_server_look(p->attach, mcr_portless_clock(CLOCK_REALTIME));
}

static void round_of(struct mcr_portless *p, int has_clients, uint64_t now_ns)
{
	mcr_device_thread_poll(p->device, p);
	if (now_ns >= p->beat_due_ns) {
		beat(p, now_ns);
		p->beat_due_ns = now_ns + BEAT_NS;
	}
	if (has_clients || now_ns >= p->poll_due_ns) {
		mcr_attach_server_poll(p->attach, now_ns);
		p->poll_due_ns = now_ns + POLL_NS;
		if (mcr_attach_server_had_any(p->attach))
			__atomic_store_n(&p->had_readers, 1, __ATOMIC_RELAXED);
	}
	if (mcr_attach_server_wake(p->attach))
		p->wake_until_ns = now_ns + WAKE_LINGER_NS;
}

void *mcr_portless_control(void *portless)
{
	struct mcr_portless *p = portless;
	struct pollfd fds[2] = {{.fd = mcr_attach_server_fd(p->attach), .events = POLLIN},
				{.fd = mcr_device_thread_fd(p->device), .events = POLLIN}};
	int has_clients = 0;

	while (!__atomic_load_n(&p->is_ending, __ATOMIC_RELAXED)) {
		uint64_t now_ns = mcr_portless_clock(CLOCK_MONOTONIC);
		struct timespec nap;

		pthread_mutex_lock(&p->control);
		round_of(p, has_clients, now_ns);
		nap.tv_nsec = now_ns < p->wake_until_ns ? WAKE_NS : TICK_NS;
		pthread_mutex_unlock(&p->control);
		nap.tv_sec = 0;
		ppoll(fds, 2, &nap, NULL);
		has_clients = fds[0].revents != 0;
	}
	return NULL;
}
