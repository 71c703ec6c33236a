/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps with datagrams: they arrive, are waited for and received. */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "draft.h"
#include "frames.h"
#include "worker.h"

void make_receive(struct draft *d)
{
	static const int lengths[] = {0, 1, 4, 10, 100, 1472, 2000, 8192, 2000, 2000};
	static const int controls[] = {0, 0, 512, 512, 512, 8, 20, 32, 40, 64};
	static const int flags[] = {MSG_PEEK,    MSG_PEEK,       MSG_TRUNC,      MSG_TRUNC,
				    MSG_WAITALL, MSG_WAITFORONE, MSG_WAITFORONE, MSG_CMSG_CLOEXEC,
				    MSG_OOB,     MSG_ERRQUEUE,   MSG_NOSIGNAL};
	unsigned form = roll(d, 6), slot = a_full_socket(d);
	int bits = 0, dont_wait = !has(d, FEATURE_SLEEP) || chance(d, 75);
	struct step *s;

	if (!d->slots[slot].queued && chance(d, 40)) {
		make_arrive(d);
		return;
	}
	if (form >= 4 && (!has(d, FEATURE_SLEEP) || (!d->slots[slot].queued && chance(d, 70))))
		form = roll(d, 4);
	if (strange(d, 4))
		slot = any_slot(d);
	while (chance(d, 35))
		bits |= PICK(d, flags);
	if (dont_wait)
		bits |= MSG_DONTWAIT;
	s = add_sleeping(d, STEP_RECEIVE, !dont_wait || form >= 4);
	s->slot = (uint8_t)slot;
	if (d->slots[slot].queued && !(bits & MSG_PEEK))
		d->slots[slot].queued--;
	s->a[0] = (int32_t)form;
	s->a[1] = form >= 4 ? 0 : bits;
	s->a[2] = PICK(d, lengths);
	s->a[3] = chance(d, 60) ? 0 : (int32_t)roll(d, 5);
	s->a[4] = PICK(d, controls);
	s->a[5] = 1 + (int32_t)roll(d, form == 3 ? 4 : 8);
	s->a[6] = (int32_t)roll(d, 3);
	if (form == 3 && s->may_sleep && s->a[5] > 1) /* allowed.c: a signal may end it midway */
		s->a[1] |= MSG_WAITFORONE;
}

/* To a group that a socket has joined, or near it. */
static void aim(struct draft *d, struct step *s)
{
	const struct remembered *m = &d->slots[a_member(d)];
	int ipv6 = m->content == SOCKET6;

	s->a[0] = a_group(d, ipv6 && has(d, FEATURE_IPV6));
	s->a[1] = chance(d, 85) ? 0 : 1;
	s->a[6] = d->is_mixed && chance(d, 15) ? KERNELS : ENGINES;
	if (m->n_joins && chance(d, 85)) {
		const struct joined *j = &m->joins[roll(d, m->n_joins)];

		s->a[0] = j->group;
		s->a[6] = j->where == KERNELS && d->is_mixed ? KERNELS : ENGINES;
		if (m->port >= 0 && m->port < PORTS - 1)
			s->a[1] = m->port;
	}
	if (!is_group((enum place)s->a[0]))
		s->a[0] = ipv6 ? GROUP6_0 : GROUP0;
	ipv6 = place_family((enum place)s->a[0]) == AF_INET6;
	s->a[2] = a_sender(d, ipv6);
	if (chance(d, 7) && has(d, FEATURE_UNICAST))
		s->a[0] = ipv6 ? OWN6 : OWN4;
}

void make_arrive(struct draft *d)
{
	static const int lengths[] = {0, 1, 8, 8, 30, 100, 100, 1000, PAYLOAD_MAX6, PAYLOAD_MAX};
	static const int ttls[] = {1, 5, 64, 64, 255}, traffic[] = {0, 0, 0, 0x10, 0xb8, 0x03};
	struct step *s = add(d, STEP_ARRIVE);

	aim(d, s);
	s->a[3] = (int32_t)roll(d, SENDER_PORTS);
	s->a[4] = PICK(d, lengths);
	if (place_family((enum place)s->a[0]) == AF_INET6 && s->a[4] > PAYLOAD_MAX6)
		s->a[4] = PAYLOAD_MAX6;
	s->a[5] = chance(d, 50) ? 1 : 1 + (int32_t)roll(d, 5);
	s->a[7] = PICK(d, ttls);
	s->a[8] = PICK(d, traffic);
	for (unsigned i = 0; i < SLOT_NONE; i++)
		for (unsigned k = 0; k < d->slots[i].n_joins; k++)
			if (d->slots[i].joins[k].group == s->a[0] && d->slots[i].port == s->a[1])
				d->slots[i].queued += (unsigned)s->a[5];
}

static unsigned a_wait(struct draft *d)
{
	if (!has(d, FEATURE_SLEEP) || chance(d, 55))
		return WAIT_NOT;
	return roll(d, WAITS);
}

static int some_slots(struct draft *d)
{
	int mask = 1 << a_socket(d);

	while (chance(d, 50))
		mask |= 1 << (chance(d, 70) ? a_socket(d) : roll(d, SLOTS));
	return mask;
}

static int a_mask(struct draft *d)
{
	return has(d, FEATURE_SIGNALS) ? (int)roll(d, MASKS) : MASK_NONE;
}

void make_poll(struct draft *d)
{
	unsigned wait = a_wait(d);
	struct step *s;

	if (chance(d, 50)) {
		s = add_sleeping(d, STEP_POLL, wait != WAIT_NOT);
		s->a[0] = chance(d, 50);
		s->a[1] = some_slots(d);
		s->a[2] = (int32_t)roll(d, 1 << 30);
		if (chance(d, 40))
			s->a[2] = 0;
		s->a[3] = (int32_t)wait;
		s->a[4] = a_mask(d);
		return;
	}
	s = add_sleeping(d, STEP_SELECT, wait != WAIT_NOT);
	s->a[0] = chance(d, 50);
	s->a[1] = some_slots(d);
	s->a[2] = chance(d, 20) ? some_slots(d) : 0;
	s->a[3] = chance(d, 20) ? some_slots(d) : 0;
	s->a[4] = (int32_t)wait;
	s->a[5] = a_mask(d);
}

static void make_set_change(struct draft *d)
{
	static const unsigned events[] = {EPOLLIN,
					  EPOLLIN,
					  EPOLLIN | EPOLLOUT,
					  EPOLLIN | EPOLLET,
					  EPOLLIN | EPOLLET,
					  EPOLLIN | EPOLLOUT | EPOLLET,
					  EPOLLIN | EPOLLONESHOT,
					  EPOLLIN | EPOLLET | EPOLLONESHOT,
					  EPOLLOUT,
					  EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLPRI,
					  0};
	struct step *s = add(d, STEP_SET_CHANGE);

	s->slot = (uint8_t)a_set(d);
	s->slot2 = (uint8_t)(chance(d, 75) ? a_socket(d) : roll(d, SLOTS));
	s->a[0] = chance(d, 50) ? EPOLL_CTL_ADD : chance(d, 60) ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
	if (strange(d, 3))
		s->a[0] = 4;
	s->a[1] = (int32_t)PICK(d, events);
	d->has_out_edges |=
	    (s->a[1] & (int32_t)(EPOLLET | EPOLLOUT)) == (int32_t)(EPOLLET | EPOLLOUT);
	s->a[2] = s->a[0] == EPOLL_CTL_DEL ? chance(d, 50) : 0;
}

static void make_set_wait(struct draft *d)
{
	unsigned wait = a_wait(d);
	struct step *s = add_sleeping(d, STEP_SET_WAIT, wait != WAIT_NOT);

	s->slot = (uint8_t)a_set(d);
	s->a[0] = (int32_t)roll(d, 3);
	s->a[1] = chance(d, 15) && has(d, FEATURE_FEW) ? 1 : 16;
	if (strange(d, 3))
		s->a[1] = -(int32_t)roll(d, 2);
	s->a[2] = (int32_t)wait;
	s->a[3] = a_mask(d);
}

void make_epoll(struct draft *d)
{
	unsigned what = roll(d, 20), slot = SLOT_SETS + roll(d, 2);
	struct step *s;

	if (d->slots[slot].content != SET || what == 0) {
		s = add(d, STEP_SET_NEW);
		s->slot = (uint8_t)slot;
		s->a[0] = chance(d, 50);
		d->slots[slot].content = SET;
		what = 1;
	}
	if (what < 9)
		make_set_change(d);
	else
		make_set_wait(d);
}
