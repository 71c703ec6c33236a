/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps that set sockets up. */
#include <string.h>

#include "draft.h"
#include "options.h"

struct step *make_set(struct draft *d, unsigned slot, unsigned option, int value)
{
	struct step *s = add(d, STEP_SET);

	s->slot = (uint8_t)slot;
	s->a[0] = (int32_t)option;
	s->a[1] = value;
	return s;
}

/* IP_MULTICAST_ALL=0, IPV6_MULTICAST_ALL=0: nothing comes but what the socket itself joined. */
static void make_alone(struct draft *d, unsigned slot)
{
	for (unsigned i = 0; i < n_options; i++)
		if (options[i].kind == OPTION_ALL)
			make_set(d, slot, i, 0)->is_kept = 1;
}

void make_bind(struct draft *d, unsigned slot)
{
	static const enum place of4[] = {ANY4, ANY4, ANY4, GROUP0, GROUP0, GROUP1, OWN4},
				of6[] = {ANY6,     ANY6, ANY6,       GROUP6_0,
					 GROUP6_1, OWN6, MAPPED_ANY, MAPPED_GROUP0};
	struct step *s = add(d, STEP_BIND);

	s->slot = (uint8_t)slot;
	s->a[0] = is_ipv6(d, slot) ? PICK(d, of6) : PICK(d, of4);
	if (strange(d, 8))
		s->a[0] = (int32_t)roll(d, PLACES - 1);
	if (d->is_mixed && chance(d, 4))
		s->a[0] = OWN4_SECOND;
	s->a[1] = chance(d, 75) ? 0 : (int32_t)roll(d, PORTS);
	s->a[2] = strange(d, 5) ? (int32_t)roll(d, 5) : 0;
	if (d->slots[slot].port < 0) {
		d->slots[slot].bound = (uint8_t)s->a[0];
		d->slots[slot].port = (int8_t)s->a[1];
	}
}

/* Numbers of the worker's memberships: plain joins and those of a source, and what undoes or
 * changes them. */
static const uint8_t join4[] = {0, 2, 8}, source_join4[] = {4, 10}, join6[] = {14, 8},
		     source_join6[] = {10};
static const uint8_t leave4[] = {1, 3, 9}, leave6[] = {15, 9},
		     of_source4[] = {4, 10, 5, 5, 11, 11, 6, 12, 7, 13},
		     of_source6[] = {10, 11, 11, 12, 13};

/* Without FEATURE_OTHERS each socket joins a group before it is bound. */
void make_socket(struct draft *d, unsigned slot)
{
	struct step *s = add(d, STEP_SOCKET);
	int ipv6 = chance(d, 25) && has(d, FEATURE_IPV6);

	s->slot = (uint8_t)slot;
	s->a[0] = ipv6 ? 6 : 4;
	s->a[1] = chance(d, 20);
	s->a[2] = chance(d, 20);
	d->slots[slot] = (struct remembered){.content = ipv6 ? SOCKET6 : SOCKET4, .port = -1};
	if (d->is_mixed)
		make_alone(d, slot);
	if (has(d, FEATURE_OTHERS))
		return;
	s = add(d, STEP_MEMBER);
	s->slot = (uint8_t)slot;
	s->a[0] = ipv6 ? join6[0] : join4[0];
	s->a[1] = ipv6 ? GROUP6_0 : GROUP0 + (int32_t)roll(d, 2);
	s->a[2] = ENGINES;
	s->is_kept = 1;
	d->slots[slot].n_joins = 1;
	d->slots[slot].joins[0] =
	    (struct joined){.group = (uint8_t)s->a[1], .where = ENGINES, .kind = (uint8_t)s->a[0]};
}

static void make_join(struct draft *d, struct step *s, int ipv6)
{
	struct remembered *m = &d->slots[s->slot];
	int of_source = chance(d, 30) && has(d, FEATURE_SOURCES);

	if (of_source)
		s->a[0] = ipv6 ? PICK(d, source_join6) : PICK(d, source_join4);
	else
		s->a[0] = ipv6 ? PICK(d, join6) : PICK(d, join4);
	s->a[1] = a_group(d, ipv6);
	if (m->port >= 0 && is_group((enum place)m->bound) && (d->is_mixed || m->bound != GROUP3) &&
	    chance(d, 70))
		s->a[1] = m->bound;
	if (m->port >= 0 && m->bound == MAPPED_GROUP0)
		s->a[1] = GROUP0;
	s->a[2] = a_where(d);
	if (ipv6 && d->is_mixed) /* allowed.c: not one group on both interfaces */
		s->a[2] = s->a[1] == GROUP6_1 ? KERNELS : ENGINES;
	s->a[3] = strange(d, 4) ? (int32_t)a_sender(d, !ipv6) : (int32_t)a_sender(d, ipv6);
	if (m->n_joins < JOINS)
		m->joins[m->n_joins++] =
		    (struct joined){(uint8_t)s->a[1], (uint8_t)s->a[2],
				    of_source ? (uint8_t)s->a[3] : 0, (uint8_t)s->a[0]};
}

/* Leaves a group that was joined, or changes its sources. */
static void make_leave(struct draft *d, struct step *s, int ipv6)
{
	struct remembered *m = &d->slots[s->slot];
	unsigned which = roll(d, m->n_joins);
	struct joined j = m->joins[which];

	s->a[1] = j.group;
	s->a[2] = chance(d, 85) || (ipv6 && d->is_mixed) ? j.where : (int32_t)a_where(d);
	s->a[3] = j.source && chance(d, 50) ? j.source : (int32_t)a_sender(d, ipv6);
	if (chance(d, 60) && has(d, FEATURE_SOURCES)) {
		s->a[0] = ipv6 ? PICK(d, of_source6) : PICK(d, of_source4);
		return;
	}
	if (chance(d, 20)) {
		s->a[0] = j.kind; /* once more */
		return;
	}
	s->a[0] = ipv6 ? PICK(d, leave6) : PICK(d, leave4);
	m->joins[which] = m->joins[--m->n_joins];
}

void make_member(struct draft *d, unsigned slot)
{
	struct step *s = add(d, STEP_MEMBER);
	int ipv6 = is_ipv6(d, slot) && chance(d, 85);

	s->slot = (uint8_t)slot;
	if (d->slots[slot].n_joins && chance(d, 60))
		make_leave(d, s,
			   place_family((enum place)d->slots[slot].joins[0].group) == AF_INET6);
	else
		make_join(d, s, ipv6);
	s->a[4] = strange(d, 4) ? (int32_t)roll(d, 6) : 0;
	s->a[5] = strange(d, 2);
}

void make_sources(struct draft *d)
{
	unsigned slot = a_member(d);
	const struct remembered *m = &d->slots[slot];
	struct step *s = add(d, STEP_SOURCES);
	int ipv6 = is_ipv6(d, slot);

	s->slot = (uint8_t)slot;
	s->a[1] = a_group(d, ipv6);
	s->a[2] = a_where(d);
	if (m->n_joins && (chance(d, 85) || (ipv6 && d->is_mixed))) {
		s->a[1] = m->joins[0].group;
		s->a[2] = m->joins[0].where;
	}
	s->a[0] = (int32_t)roll(d, 4);
	if (place_family((enum place)s->a[1]) == AF_INET6)
		s->a[0] |= 1;
	s->a[3] = chance(d, 50) ? MCAST_INCLUDE : MCAST_EXCLUDE;
	if (strange(d, 4))
		s->a[3] = 7;
	s->a[4] = (int32_t)roll(d, 8);
	s->a[5] = s->a[0] & 2 ? (int32_t)roll(d, 4) : strange(d, 6);
}

void make_option(struct draft *d, int get)
{
	static const int numbers[] = {0, 1, 1, 1, 2, -1};
	unsigned total = 0, at, option = 0;
	struct step *s;

	for (unsigned i = 0; i < n_options; i++)
		total += options[i].weight;
	at = roll(d, total);
	while (at >= options[option].weight)
		at -= options[option++].weight;
	s = add(d, get ? STEP_GET : STEP_SET);
	s->slot = (uint8_t)a_socket(d);
	s->a[0] = (int32_t)option;
	if (get) {
		static const int rooms[] = {16, 16, 4, 4, 1, 0, 64, 2};

		s->a[1] = PICK(d, rooms);
		return;
	}
	switch (options[option].kind) {
	case OPTION_BUFFER:
		s->a[1] = 400000 << roll(d, 2);
		break;
	case OPTION_TIMEOUT:
		s->a[1] = (int32_t)roll(d, has(d, FEATURE_STRANGE) ? TIMEOUTS : TIMEOUTS - 1);
		break;
	case OPTION_DEVICE:
		s->a[1] = chance(d, 60) ? BY_ROUTE : (int32_t)a_where(d);
		break;
	case OPTION_STAMPING:
		s->a[1] = chance(d, 70) ? 0x18 : 0;
		break;
	case OPTION_ALL:
		s->a[1] = d->is_mixed ? 0 : PICK(d, numbers);
		break;
	default:
		s->a[1] = PICK(d, numbers);
	}
	s->a[2] = strange(d, 6) ? (int32_t)roll(d, 6) : 0;
}

void make_connect(struct draft *d)
{
	unsigned slot = a_socket(d);
	struct step *s = add(d, STEP_CONNECT);
	int ipv6 = is_ipv6(d, slot);

	s->slot = (uint8_t)slot;
	/* allowed.c: a connect of IPv6 cannot quite be undone. */
	s->a[0] = chance(d, 40) && d->slots[slot].content == SOCKET4 ? UNSPEC
								     : (int32_t)a_sender(d, ipv6);
	if (ipv6 && chance(d, 15))
		s->a[0] = MAPPED_SENDER0;
	if (strange(d, 5))
		s->a[0] = (int32_t)roll(d, UNSPEC);
	s->a[1] = (int32_t)roll(d, SENDER_PORTS);
	s->a[2] = strange(d, 4) ? (int32_t)roll(d, 5) : 0;
}
