/* SPDX-License-Identifier: BSD-3-Clause */
#include "draft.h"

#include <string.h>

unsigned roll(struct draft *d, unsigned n)
{
	uint64_t z = d->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned)((z ^ z >> 31) % n);
}

int chance(struct draft *d, unsigned percent)
{
	return roll(d, 100) < percent;
}

int has(const struct draft *d, unsigned feature)
{
	return (d->features & feature) != 0;
}

int strange(struct draft *d, unsigned percent)
{
	return chance(d, percent) && has(d, FEATURE_STRANGE);
}

struct step *add(struct draft *d, enum step_code code)
{
	static struct step beyond;
	struct step *s = d->n < SCRIPT_MAX ? &d->script->steps[d->n++] : &beyond;

	memset(s, 0, sizeof(*s));
	s->code = (uint8_t)code;
	if (d->sleeps)
		d->sleeps++;
	return s;
}

void wake(struct draft *d)
{
	if (!d->sleeps)
		return;
	add(d, STEP_KICK);
	d->sleeps = 0;
}

struct step *add_sleeping(struct draft *d, enum step_code code, int may_sleep)
{
	struct step *s;

	if (may_sleep)
		wake(d);
	s = add(d, code);
	s->may_sleep = (uint8_t)may_sleep;
	if (may_sleep)
		d->sleeps = 1;
	return s;
}

unsigned any_slot(struct draft *d)
{
	return roll(d, SLOTS);
}

int is_group(enum place place)
{
	return (place >= GROUP0 && place <= GROUP3) || place == GROUP6_0 || place == GROUP6_1;
}

int is_socket(const struct draft *d, unsigned slot)
{
	return d->slots[slot].content == SOCKET4 || d->slots[slot].content == SOCKET6;
}

unsigned a_socket(struct draft *d)
{
	if (strange(d, 2))
		return any_slot(d);
	for (int tries = 0; tries < 40; tries++) {
		unsigned slot = roll(d, SLOT_NONE);

		if (is_socket(d, slot))
			return slot;
	}
	return 0;
}

unsigned a_full_socket(struct draft *d)
{
	unsigned slot = a_socket(d);

	for (int tries = 0; tries < 8 && !d->slots[slot].queued; tries++)
		slot = a_socket(d);
	return slot;
}

unsigned a_member(struct draft *d)
{
	unsigned slot = a_socket(d);

	for (int tries = 0; tries < 8 && !d->slots[slot].n_joins; tries++)
		slot = a_socket(d);
	return slot;
}

unsigned a_set(struct draft *d)
{
	unsigned slot = SLOT_SETS + roll(d, 2);

	if (strange(d, 3))
		return any_slot(d);
	return d->slots[slot].content == SET ? slot : (unsigned)SLOT_SETS * 2 + 1 - slot;
}

int is_ipv6(struct draft *d, unsigned slot)
{
	int family6 = d->slots[slot].content == SOCKET6;

	return (strange(d, 3) ? !family6 : family6) && has(d, FEATURE_IPV6);
}

enum where a_where(struct draft *d)
{
	if (strange(d, 3))
		return NO_WHERE;
	if (d->is_mixed && chance(d, 20))
		return KERNELS;
	return chance(d, 50) ? BY_ROUTE : ENGINES;
}

enum place a_group(struct draft *d, int ipv6)
{
	if (strange(d, 2))
		return ipv6 ? ABSENT6 : ABSENT4;
	if (ipv6)
		return (enum place)(GROUP6_0 + roll(d, GROUPS6));
	if (d->is_mixed && chance(d, 15))
		return GROUP3;
	return chance(d, 50) ? GROUP0 : (enum place)(GROUP0 + roll(d, GROUPS4 - 1));
}

enum place a_sender(struct draft *d, int ipv6)
{
	return (enum place)(ipv6 ? SENDER6_0 + roll(d, 2) : SENDER0 + roll(d, 3));
}
