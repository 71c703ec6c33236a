/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "socket/epoll_kick.h"
#include "socket/epoll_set.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/socket.h"

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define ARRIVING (READABLE | EPOLLPRI | EPOLLRDBAND) /* who waits for one of these is woken */

uint32_t mcr_set_generation = 1;

struct mcr_set *mcr_set_hold(int fd)
{
	return (struct mcr_set *)mcr_object_lock(fd, MCR_OBJECT_SET);
}

/* The kernel finds out before it looks for the member, another set: ENOENT for a set, EINVAL for
 * what is none. */
static int is_epoll(int fd, int other)
{
	struct epoll_event none = {0};

	return mcr_real.epoll_ctl(fd, EPOLL_CTL_MOD, other, &none) < 0 && errno == ENOENT;
}

int mcr_set_is_watched(int set, int fd)
{
	struct mcr_object *o = mcr_table_find(fd);
	int protocol;
	socklen_t len = sizeof(protocol);

	if (o && !mcr_table_is_protected(fd))
		return 1;
	if (mcr_real.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0)
		return protocol == IPPROTO_UDP;
	return errno == ENOTSOCK && is_epoll(fd, set);
}

/* ---- members ---- */

struct mcr_object *mcr_set_lock_member(const struct mcr_set_member *m)
{
	struct mcr_object *o = m->object;
	struct mcr_socket *s;

	/* If it is another set by now, that may hold the caller's: it must not be locked. */
	if (__atomic_load_n(&o->number, __ATOMIC_RELAXED) != m->number)
		return NULL;
	mcr_object_relock(o);
	if (o->kind == MCR_OBJECT_FREE || o->number != m->number) {
		mcr_object_unlock(o);
		return NULL;
	}
	s = o->kind == MCR_OBJECT_SOCKET ? mcr_socket_of(o) : NULL;
	if (s && s->life != mcr_link_life())
		mcr_socket_renew(s);
	return o;
}

/* Whether the kernel's set still has the member: its number may mean another file by now. */
static int is_in_kernel(const struct mcr_set *set, int fd)
{
	struct epoll_event event = {.events = EPOLLONESHOT, .data.u64 = mcr_set_kick_data()};

	if (mcr_real.epoll_ctl(set->fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return errno == EEXIST;
	mcr_real.epoll_ctl(set->fd, EPOLL_CTL_DEL, fd, NULL);
	return 0;
}

static uint64_t arrivals_of(struct mcr_object *o, int depth)
{
	return o->kind == MCR_OBJECT_SOCKET ? mcr_filter_scout(mcr_socket_of(o))
					    : mcr_set_arrivals((struct mcr_set *)o, depth + 1);
}

/* As the kernel does when a member is added or changed: what is there is reported. */
static void begin_member(struct mcr_set *set, struct mcr_set_member *m, struct mcr_object *o)
{
	int is_ready;

	m->object = o;
	m->number = o->number;
	if ((m->events & EPOLLET) == 0 && !set->is_counted)
		return;
	m->seen = m->counted = arrivals_of(o, 0);
	is_ready = (mcr_set_bits(m, o, 0) & READABLE) != 0;
	m->is_pending = is_ready && (m->events & EPOLLET);
	set->edges += (uint64_t)is_ready;
}

/* Looks whether the member's number means something that has rings. */
static void bind_member(struct mcr_set *set, struct mcr_set_member *m, int is_new)
{
	struct mcr_object *o = mcr_table_find(m->fd);

	if (!o || o == &set->object || mcr_table_is_protected(m->fd))
		return;
	if (!is_new && !is_in_kernel(set, m->fd)) {
		m->is_gone = 1;
		return;
	}
	o = (struct mcr_object *)mcr_socket_hold(m->fd);
	if (!o)
		o = (struct mcr_object *)mcr_set_hold(m->fd);
	if (!o)
		return;
	begin_member(set, m, o);
	mcr_object_unlock(o);
}

static struct mcr_set_member *find(struct mcr_set *set, int fd)
{
	struct mcr_object *o = mcr_table_find(fd);

	for (uint32_t i = 0; i < set->n; i++)
		if (set->members[i].fd == fd &&
		    (!set->members[i].object || set->members[i].object == o))
			return &set->members[i];
	return NULL;
}

static struct mcr_set_member *append(struct mcr_set *set)
{
	if (set->n == set->room) {
		uint32_t room = set->room ? 2 * set->room : 8;
		void *more = realloc(set->members, room * sizeof(*set->members));

		if (!more)
			return NULL;
		set->members = more;
		set->room = room;
	}
	return &set->members[set->n++];
}

/* ---- the list as a whole ---- */

static void remove_gone(struct mcr_set *set)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < set->n; i++)
		if (!set->members[i].is_gone)
			set->members[kept++] = set->members[i];
	set->n = kept;
	if (set->first >= kept)
		set->first = 0;
}

static int has_rings(const struct mcr_set_member *m)
{
	struct mcr_object *o = m->object ? mcr_set_lock_member(m) : NULL;
	int ret;

	if (!o)
		return 0;
	ret = o->kind == MCR_OBJECT_SOCKET || mcr_set_refresh((struct mcr_set *)o);
	mcr_object_unlock(o);
	return ret;
}

static void become_live(struct mcr_set *set)
{
	if (!set->is_live) /* sets that it is in have to know */
		__atomic_fetch_add(&mcr_set_generation, 1, __ATOMIC_SEQ_CST);
	set->is_live = 1;
}

/* Counts again what the members want. */
static void sum_up(struct mcr_set *set)
{
	set->wants_kernel = 0;
	set->n_oneshot = 0;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct mcr_set_member *m = &set->members[i];

		set->wants_kernel |= (m->events & WRITABLE) && (m->events & EPOLLET) == 0;
		set->owes_edge |= (m->events & EPOLLET) != 0;
		set->n_oneshot += (m->events & EPOLLONESHOT) != 0;
	}
}

/* Members have ended, or joined. */
static void look_again(struct mcr_set *set)
{
	int is_live = 0;

	remove_gone(set);
	for (uint32_t i = 0; i < set->n && !is_live; i++)
		is_live = has_rings(&set->members[i]);
	if (is_live)
		become_live(set);
	set->is_live = (uint8_t)is_live;
	sum_up(set);
}

int mcr_set_refresh(struct mcr_set *set)
{
	uint32_t generation = __atomic_load_n(&mcr_set_generation, __ATOMIC_SEQ_CST);

	if (__builtin_expect(set->generation == generation, 1))
		return set->is_live;
	set->generation = generation;
	for (uint32_t i = 0; i < set->n; i++)
		if (!set->members[i].object)
			bind_member(set, &set->members[i], 0);
	look_again(set);
	return set->is_live;
}

static int note_add(struct mcr_set *set, int fd, const struct epoll_event *event)
{
	struct mcr_set_member *m = append(set);

	if (!m)
		return -ENOMEM;
	*m = (struct mcr_set_member){
	    .fd = fd, .events = event->events, .data = event->data.u64, .slot = MCR_SET_NO_SLOT};
	bind_member(set, m, 1);
	if (has_rings(m))
		become_live(set);
	sum_up(set);
	return 0;
}

static void note_mod(struct mcr_set *set, struct mcr_set_member *m, const struct epoll_event *event)
{
	struct mcr_object *o = m->object ? mcr_set_lock_member(m) : NULL;

	m->events = event->events;
	m->data = event->data.u64;
	m->is_off = 0;
	if (!o)
		return;
	begin_member(set, m, o);
	mcr_object_unlock(o);
}

int mcr_set_note(struct mcr_set *set, int op, int fd, const struct epoll_event *event)
{
	struct mcr_set_member *m = find(set, fd);

	if (set->is_counted)
		mcr_set_arrivals(set, 0);
	if (m && op == EPOLL_CTL_MOD) {
		note_mod(set, m, event);
		sum_up(set);
	} else if (m) { /* with EPOLL_CTL_ADD: of a file that is gone */
		m->is_gone = 1;
		look_again(set);
	}
	return op == EPOLL_CTL_ADD && mcr_set_is_watched(set->fd, fd) ? note_add(set, fd, event)
								      : 0;
}

/* ---- readiness, of sets in sets too ---- */

uint64_t mcr_set_arrivals(struct mcr_set *set, int depth)
{
	int is_first = !set->is_counted;

	set->is_counted = 1;
	for (uint32_t i = 0; i < set->n && depth < MCR_SET_DEPTH; i++) {
		struct mcr_set_member *m = &set->members[i];
		struct mcr_object *o = m->object ? mcr_set_lock_member(m) : NULL;
		uint64_t arrivals;

		if (!o)
			continue;
		arrivals = arrivals_of(o, depth);
		if (!is_first && !m->is_off && (m->events & ARRIVING))
			set->edges += arrivals - m->counted;
		m->counted = arrivals;
		mcr_object_unlock(o);
	}
	return set->edges;
}

int mcr_set_is_edge(const struct mcr_set_member *m, struct mcr_object *o, int depth,
		    uint64_t *arrivals)
{
	if ((m->events & EPOLLET) == 0)
		return 1;
	*arrivals = o->kind == MCR_OBJECT_SOCKET ? mcr_filter_scout(mcr_socket_of(o))
						 : mcr_set_arrivals((struct mcr_set *)o, depth + 1);
	return (m->is_pending || *arrivals != m->seen) && (m->events & ARRIVING) != 0;
}

/* What an edge shows besides: all that holds at that moment. */
static uint32_t kernels_bits(const struct mcr_set_member *m, const struct mcr_socket *s)
{
	static const struct timespec none = {0};
	uint32_t rings = s->is_shut ? 0 : READABLE;
	struct pollfd p = {.fd = s->fd, .events = (short)(m->events & ~(MCR_SET_FLAGS | rings))};

	if (!p.events && !s->is_shut)
		return 0;
	return mcr_real.ppoll(&p, 1, &none, NULL) > 0 ? (uint32_t)p.revents : 0;
}

uint32_t mcr_set_bits(const struct mcr_set_member *m, struct mcr_object *o, int depth)
{
	uint32_t bits = m->events & READABLE;
	struct mcr_socket *s;

	if (o->kind != MCR_OBJECT_SOCKET)
		return bits && mcr_set_is_ready_below((struct mcr_set *)o, depth + 1) ? bits : 0;
	s = mcr_socket_of(o);
	if (bits && !mcr_socket_next(s))
		bits = 0;
	return m->events & EPOLLET || s->is_shut ? bits | kernels_bits(m, s) : bits;
}

int mcr_set_is_ready_below(struct mcr_set *set, int depth)
{
	int is_ready = 0;

	if (depth >= MCR_SET_DEPTH || !mcr_set_refresh(set))
		return 0;
	for (uint32_t i = 0; i < set->n && !is_ready; i++) {
		const struct mcr_set_member *m = &set->members[i];
		struct mcr_object *o = m->object && !m->is_off ? mcr_set_lock_member(m) : NULL;
		uint64_t arrivals;

		if (!o)
			continue;
		is_ready = mcr_set_is_edge(m, o, depth, &arrivals) && mcr_set_bits(m, o, depth);
		mcr_object_unlock(o);
	}
	return is_ready;
}

int mcr_set_is_ready(struct mcr_set *set)
{
	return mcr_set_is_ready_below(set, 0);
}
