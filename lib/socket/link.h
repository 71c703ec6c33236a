/* SPDX-License-Identifier: BSD-3-Clause */
/* The process's one attachment to the engine: a consumer that only connects, joins and sleeps.
 * Each socket reads with a cursor of its own. There is no thread for it: whoever calls looks after
 * it. All calls may be made from any thread; a caller may hold one object's lock, and no code here
 * takes an object's lock. */
#ifndef MCR_SOCKET_LINK_H
#define MCR_SOCKET_LINK_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>

#include <mcring/consumer.h>

enum mcr_link_state {
	MCR_LINK_UNUSED, /* nobody has asked for an engine yet */
	MCR_LINK_ABSENT, /* there is none, or it does not let us in: tried again each second */
	MCR_LINK_ATTACHED,
};

/* It grows when an engine is attached and when it is gone. */
extern uint32_t mcr_link_life_now;
static inline uint32_t mcr_link_life(void)
{
	return __atomic_load_n(&mcr_link_life_now, __ATOMIC_ACQUIRE);
}

/* mcr_link_open attaches if there is an engine, waiting at most for its answer. Returns 0, or
 * -errno with err filled: as mcr_consumer_open. After an error it tries again only a second later,
 * and returns the same error until then. */
int mcr_link_open(struct mcr_error *err);

/* mcr_link_tend looks whether the engine is there still, or again. Cheap when it is not due. */
void mcr_link_tend(void);
#define MCR_LINK_TEND_EVERY 1024 /* received datagrams, for a reader that never finds nothing */

enum mcr_link_state mcr_link_state(void);

/* mcr_link_join and mcr_link_leave: as mcr_consumer_join. Equal joins of the process are one join
 * of the engine's, which lasts until the last of them is left. Errors also: -EPIPE (no engine). A
 * leave cannot fail. */
int mcr_link_join(const char *text, struct mcr_error *err);
void mcr_link_leave(const char *text);

/* mcr_link_has_joins: whether the process has joined anything on the engine that is attached. */
int mcr_link_has_joins(void);

/* mcr_link_interface describes the engine's interface i, from what it said when it was attached;
 * -ENOENT past the last. */
int mcr_link_interface(uint32_t i, struct mcr_consumer_interface *out);

/* mcr_link_report tells the engine, if there is one, what sockets the program has, as
 * core/attach_wire.h has it (MCR_REQUEST_SOCKETS). It never waits. */
void mcr_link_report(const char *text, size_t len);

/* mcr_link_cursor makes a cursor at the heads of the rings. Errors: -EPIPE (no engine), and those
 * of mcr_consumer_cursor. */
int mcr_link_cursor(struct mcr_consumer **out, struct mcr_error *err);

/* mcr_link_sleep sleeps until a descriptor is ready, the rings may have something, a signal's
 * handler ran, or deadline_ns of CLOCK_MONOTONIC (UINT64_MAX = never). The caller holds no lock.
 * fds: n entries and room for two more, which it uses. mask: as in ppoll, or NULL. ran:
 * mcr_signal_state.ran when the program's call began. ready: called once the engine knows that we
 * sleep, with all signals blocked; if it returns 1 there is no sleep.
 * Returns 1 (look again; fds have their revents), 0 (the time is over), -EINTR. */
int mcr_link_sleep(struct pollfd *fds, nfds_t n, uint64_t deadline_ns, const sigset_t *mask,
		   unsigned long ran, int (*ready)(void *ctx), void *ctx);

uint64_t mcr_link_now_ns(void); /* CLOCK_MONOTONIC */

/* After fork, in the child: the attachment is the parent's. */
void mcr_link_forget(void);

/* Around fork, so that the child finds no lock taken. */
void mcr_link_fork_begin(void);
void mcr_link_fork_end(void);

#endif
