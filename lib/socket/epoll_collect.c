/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "socket/epoll_collect.h"
#include "socket/epoll_kick.h"
#include "socket/real.h"
#include "socket/settings.h"
#include "socket/socket.h"

struct round {
	struct mcr_set *set;
	struct epoll_event *events;
	uint32_t n, max;
};

/* ---- the rings ---- */

/* Returns the events of a member in the rings, and with EPOLLET takes them. */
static uint32_t take_bits(struct mcr_set_member *m)
{
	struct mcr_object *o = NULL;
	uint64_t arrivals = 0;
	uint32_t bits;
	int is_edge;

	if (m->object && !m->is_off) {
		o = mcr_set_lock_member(m);
		m->is_gone = !o;
	}
	if (!o)
		return 0;
	/* A member that the kernel reports is reported with all that holds. */
	is_edge = mcr_set_is_edge(m, o, 0, &arrivals) || m->slot != MCR_SET_NO_SLOT;
	bits = is_edge ? mcr_set_bits(m, o, 0) : 0;
	m->seen = arrivals;
	m->is_pending = 0;
	mcr_object_unlock(o);
	return bits;
}

/* Adds what the rings have. It begins with the member that had no room in the last call. */
static void add_rings(struct round *r)
{
	struct mcr_set *set = r->set;
	uint32_t first = set->first;

	for (uint32_t i = 0; i < set->n; i++) {
		uint32_t at = first + i < set->n ? first + i : first + i - set->n;
		struct mcr_set_member *m = &set->members[at];
		uint32_t bits;

		if (m->slot == MCR_SET_NO_SLOT && r->n == r->max) {
			set->first = at;
			return;
		}
		bits = take_bits(m);
		if (bits && m->slot == MCR_SET_NO_SLOT) {
			m->slot = r->n;
			r->events[r->n++] = (struct epoll_event){.data.u64 = m->data};
			r->events[m->slot].events = 0;
		}
		if (bits)
			r->events[m->slot].events |= bits;
	}
}

/* ---- the kernel ---- */

/* Whether the kernel's event may be the member's. */
static int is_from(const struct mcr_set_member *m)
{
	static const struct timespec none = {0};
	struct mcr_object *o = m->object ? mcr_set_lock_member(m) : NULL;
	struct pollfd p = {.fd = m->fd, .events = (short)(m->events & ~MCR_SET_FLAGS)};
	int ret;

	if (m->object && !o)
		return 0;
	if (o)
		p.fd =
		    o->kind == MCR_OBJECT_SOCKET ? mcr_socket_of(o)->fd : ((struct mcr_set *)o)->fd;
	ret = mcr_real.ppoll(&p, 1, &none, NULL) > 0;
	if (o)
		mcr_object_unlock(o);
	return ret;
}

static int may_own(const struct mcr_set_member *m, const struct epoll_event *event)
{
	return m->data == event->data.u64 && !m->by_kernel && !m->is_off &&
	       (event->events & ~(m->events | EPOLLERR | EPOLLHUP)) == 0;
}

/* Returns the member that an event of the kernel's belongs to, or NULL. The event says it only by
 * the program's data, which others may have too. One that would be turned off has to be ready. */
static struct mcr_set_member *owner_of(struct mcr_set *set, const struct epoll_event *event)
{
	struct mcr_set_member *found = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < set->n; i++)
		if (may_own(&set->members[i], event)) {
			found = &set->members[i];
			count++;
		}
	if (count == 0 || (count == 1 && !(found->events & EPOLLONESHOT)))
		return found;
	/* The newest: before it there may be one whose descriptor was closed while a dup lives. */
	for (uint32_t i = set->n; i-- > 0;)
		if (may_own(&set->members[i], event) && is_from(&set->members[i]))
			return &set->members[i];
	return NULL;
}

/* Whether it is of a member that has been turned off, as far as the kernel lets us (turn_off). */
static int is_of_off(const struct mcr_set *set, const struct epoll_event *event)
{
	int is_error = (event->events & ~(uint32_t)(EPOLLERR | EPOLLHUP)) == 0;

	for (uint32_t i = 0; i < set->n; i++) {
		const struct mcr_set_member *m = &set->members[i];

		if (m->is_off && m->data == event->data.u64 && (is_error || m->is_armed))
			return 1;
	}
	return 0;
}

/* Takes an event of the kernel's over. */
static void merge(struct round *r, const struct epoll_event *event)
{
	struct mcr_set_member *m;
	uint32_t events = event->events;

	if (event->data.u64 == mcr_set_kick_data())
		return;
	m = owner_of(r->set, event);
	if (!m && is_of_off(r->set, event))
		return;
	if (m)
		m->by_kernel = 1;
	if (m && m->slot != MCR_SET_NO_SLOT) {
		r->events[m->slot].events |= events;
		return;
	}
	if (m) {
		m->slot = r->n;
		if (m->events & EPOLLET)
			events |= take_bits(m);
	}
	r->events[r->n].data.u64 = event->data.u64;
	r->events[r->n++].events = events;
}

static int add_kernels(struct round *r)
{
	uint32_t from = r->n;
	int n = mcr_real.epoll_wait(r->set->fd, r->events + from, (int)(r->max - from), 0);

	for (int i = 0; i < n; i++) {
		const struct epoll_event event = r->events[from + (uint32_t)i];

		merge(r, &event);
	}
	r->set->turn = 0;
	r->set->owes_edge = 0;
	return n < 0 ? -errno : 0;
}

/* ---- after it ---- */

/* EPOLLONESHOT: both sides are off until EPOLL_CTL_MOD. The kernel has no call for it; an event
 * that can only be an error comes near, and then it is off. A member whose descriptor was closed
 * while a dup of it lives cannot be changed at all. */
static void turn_off(struct mcr_set *set, struct mcr_set_member *m)
{
	struct epoll_event none = {.events = EPOLLONESHOT, .data.u64 = m->data};

	m->is_off = 1;
	m->is_armed =
	    !m->by_kernel && (mcr_table_find(m->fd) != m->object ||
			      mcr_real.epoll_ctl(set->fd, EPOLL_CTL_MOD, m->fd, &none) < 0);
}

static void end_round(struct mcr_set *set)
{
	int is_gone = 0;

	for (uint32_t i = 0; i < set->n; i++) {
		struct mcr_set_member *m = &set->members[i];

		if (m->slot != MCR_SET_NO_SLOT && (m->events & EPOLLONESHOT))
			turn_off(set, m);
		m->slot = MCR_SET_NO_SLOT;
		m->by_kernel = 0;
		is_gone |= m->is_gone;
	}
	if (is_gone)
		set->generation = 0; /* the next refresh removes it */
}

/* ---- the call ---- */

int mcr_set_collect(struct mcr_set *set, struct epoll_event *events, int max)
{
	struct round r = {.set = set, .events = events, .max = (uint32_t)max};
	int asks_kernel, ret = 0;

	mcr_set_refresh(set);
	set->turn++;
	asks_kernel =
	    set->wants_kernel || set->owes_edge || set->turn >= mcr_settings_get()->kernel_every;
	/* By turns, so that neither side takes all the room. */
	if (asks_kernel)
		set->kernel_first = !set->kernel_first;
	if (asks_kernel && set->kernel_first)
		ret = add_kernels(&r);
	add_rings(&r);
	if (r.n == 0 ? !asks_kernel || !set->kernel_first
		     : asks_kernel && !set->kernel_first && r.n < r.max)
		ret = add_kernels(&r);
	end_round(set);
	return r.n > 0 || ret == 0 ? (int)r.n : ret;
}

void mcr_set_complete(struct mcr_set *set, struct epoll_event *events, int n)
{
	if (!mcr_set_refresh(set) && set->n_oneshot == 0)
		return;
	for (int i = 0; i < n; i++) {
		struct mcr_set_member *m = owner_of(set, &events[i]);

		if (!m)
			continue;
		m->by_kernel = 1;
		m->slot = (uint32_t)i;
		events[i].events |= take_bits(m);
	}
	end_round(set);
}
