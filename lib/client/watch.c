/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the engine lives. Its heartbeat says so; when it is old, the attach socket says whether
 * its process is there, which no pid does across namespaces. A child that it forked, which neither
 * closed the socket nor called exec, looks the same as an engine that hangs: stall_ns bounds it. */
#include <poll.h>

#include "client/state.h"

#define SUSPECT_NS    UINT64_C(100000000) /* ten beats are missing: ask the socket */
#define SILENCE_NS    UINT64_C(1000000000)
#define LOOK_AGAIN_NS UINT64_C(20000000)

/* The engine stalls when it did not beat for a second and goes on not beating while this process
 * looks again and again: one look may be wrong, because this process may have been stopped between
 * reading the heartbeat and reading the clock, or both may have been stopped together. */
#define LOOKS_AGAIN 5

/* An engine that closed the connection is dead, or has removed the channel: then its rx lcores may
 * still be about to publish, and the rings soon say that they have stopped. */
#define HUNG_UP_NS UINT64_C(100000000)

/* The clock is read each STRIDE polls: often for a consumer that polls now and then, rarely for one
 * that spins. */
#define STRIDE_MAX 32
#define LOOK_SOON  UINT64_C(200000)
#define LOOK_LATE  UINT64_C(10000000)

/* True also while notices wait to be read in front of the end. */
static int has_hung_up(const struct mcr_consumer *c)
{
	struct pollfd p = {.fd = c->attachment.socket, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static void judge(struct mcr_consumer *c, uint64_t beat, uint64_t now)
{
	struct mcr_client_watch *w = &c->watch;
	uint64_t age = now > beat ? now - beat : 0;
	int is_dead;

	if (beat == 0 || beat != w->beat_ns || age < SUSPECT_NS) {
		w->beat_ns = beat;
		w->silent_looks = 0;
		w->silent_ns = now;
		if (w->stall == MCR_CLIENT_STALL_DUE) /* was not reported: all is as it was */
			w->stall = MCR_CLIENT_STALL_NONE;
		else if (w->stall == MCR_CLIENT_STALL_REPORTED)
			w->stall = MCR_CLIENT_STALL_OVER;
	} else if (now - w->silent_ns >= LOOK_AGAIN_NS) {
		w->silent_ns = now;
		if (w->hung_up_ns == 0 && has_hung_up(c))
			w->hung_up_ns = now;
		w->silent_looks += age >= SILENCE_NS;
	}
	is_dead = (w->hung_up_ns != 0 && now - w->hung_up_ns > HUNG_UP_NS) ||
		  (w->silent_looks >= LOOKS_AGAIN && age >= w->stall_ns);
	mcr_client_map_end(c->map, is_dead);
	if (w->silent_looks >= LOOKS_AGAIN && !is_dead && w->stall == MCR_CLIENT_STALL_NONE) {
		w->silent_since_ns = beat;
		w->stall = MCR_CLIENT_STALL_DUE;
	}
}

void mcr_client_look(struct mcr_consumer *c)
{
	struct mcr_client_watch *w = &c->watch;
	uint64_t beat = 0, now, since;

	if (c->seat) /* its consumer looks for it, and is asked each time that it finds nothing */
		return;
	for (unsigned i = 0; i < c->n_rings; i++) {
		uint64_t b = mcr_ring_reader_heartbeat(&c->rings[i].reader);

		beat = b > beat ? b : beat;
	}
	now = mcr_client_now_ns();
	since = now - w->looked_ns;
	w->looked_ns = now;
	if (since > LOOK_LATE)
		w->stride = 1;
	else if (since < LOOK_SOON && w->stride < STRIDE_MAX)
		w->stride *= 2;
	mcr_client_store(&c->attachment.page->heartbeat_ns, now);
	judge(c, beat, now);
	if (c->has_cursors) /* which may be all that reads */
		mcr_client_report_all(c);
}

void mcr_client_fill_stall(struct mcr_consumer *c, struct mcr_msg *m)
{
	int is_over = c->watch.stall == MCR_CLIENT_STALL_OVER;
	struct timespec ts;
	uint64_t real_ns;

	clock_gettime(CLOCK_REALTIME, &ts);
	real_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	*m = (struct mcr_msg){
	    .kind = MCR_ENGINE_STALL,
	    .flags = is_over ? MCR_FLAG_STALL_OVER : 0,
	    .pos = {.epoch = c->rings[0].reader.epoch, .ring = c->first},
	    .rx_ns = real_ns,
	    .since_ns = real_ns - (mcr_client_now_ns() - c->watch.silent_since_ns),
	};
	c->watch.stall = is_over ? MCR_CLIENT_STALL_NONE : MCR_CLIENT_STALL_REPORTED;
}
