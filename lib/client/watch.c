/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the engine lives. Its heartbeat says so; when it is old, the attach socket says whether
 * its process is there, which no pid does across namespaces. A child that it forked, which neither
 * closed the socket nor called exec, looks the same as an engine that hangs: stall_ns bounds it. */
#include <poll.h>

#include "client/state.h"

#define SUSPECT_NS    UINT64_C(100000000) /* ten beats are missing: the socket is asked */
#define SILENCE_NS    UINT64_C(1000000000)
#define LOOK_AGAIN_NS UINT64_C(20000000)

/* The engine stalls when it did not beat for a second and goes on not beating while this process
 * looks again and again: one look may be wrong, because this process may have been stopped between
 * reading the heartbeat and reading the clock, or both may have been stopped together. */
#define LOOKS_AGAIN 5

/* An engine that closed the connection is dead, or has removed the channel: then its rx lcores may
 * still be about to publish, and it says soon that they have stopped. */
#define HUNG_UP_NS UINT64_C(100000000)

/* Also when words wait to be read in front of the end. */
static int has_hung_up(const struct mcr_consumer *c)
{
	struct pollfd p = {.fd = c->attachment.socket, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

void mcr_client_watch(struct mcr_consumer *c, uint64_t beat, uint64_t now)
{
	uint64_t age = now > beat ? now - beat : 0;

	if (beat == 0 || beat != c->beat_ns || age < SUSPECT_NS) {
		c->beat_ns = beat;
		c->silent_looks = 0;
		c->silent_ns = now;
		if (c->stall == MCR_CLIENT_STALL_DUE) /* was not said: all is as it was */
			c->stall = MCR_CLIENT_STALL_NONE;
		else if (c->stall == MCR_CLIENT_STALL_TOLD)
			c->stall = MCR_CLIENT_STALL_OVER;
	} else if (now - c->silent_ns >= LOOK_AGAIN_NS) {
		c->silent_ns = now;
		if (c->hung_up_ns == 0 && has_hung_up(c))
			c->hung_up_ns = now;
		c->silent_looks += age >= SILENCE_NS;
	}
	c->is_dead = (c->hung_up_ns != 0 && now - c->hung_up_ns > HUNG_UP_NS) ||
		     (c->silent_looks >= LOOKS_AGAIN && age >= c->stall_ns);
	if (c->silent_looks >= LOOKS_AGAIN && !c->is_dead && c->stall == MCR_CLIENT_STALL_NONE) {
		c->silent_since_ns = beat;
		c->stall = MCR_CLIENT_STALL_DUE;
	}
}

void mcr_client_stall(struct mcr_consumer *c, struct mcr_msg *m)
{
	int is_over = c->stall == MCR_CLIENT_STALL_OVER;
	struct timespec ts;
	uint64_t real_ns;

	clock_gettime(CLOCK_REALTIME, &ts);
	real_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	*m = (struct mcr_msg){
	    .kind = MCR_ENGINE_STALL,
	    .flags = is_over ? MCR_FLAG_STALL_OVER : 0,
	    .pos = {.epoch = c->rings[0].reader.epoch, .ring = c->first},
	    .rx_ns = real_ns,
	    .since_ns = real_ns - (mcr_client_now_ns() - c->silent_since_ns),
	};
	c->stall = is_over ? MCR_CLIENT_STALL_NONE : MCR_CLIENT_STALL_TOLD;
}
