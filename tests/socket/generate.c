/* SPDX-License-Identifier: BSD-3-Clause */
/* Random scripts. What is likely to make sense is more likely, so that datagrams arrive; each step
 * may be anything that it can be with slots of any content. */
#include <string.h>
#include <sys/socket.h>

#include "draft.h"
#include "options.h"

static void make_file(struct draft *d)
{
	struct step *s;
	unsigned what = roll(d, 10);

	if (what < 4) {
		s = add(d, STEP_IOCTL);
		s->slot = (uint8_t)a_socket(d);
		s->a[0] = (int32_t)(chance(d, 50) ? 0 : roll(d, 6));
		s->a[1] = chance(d, 30);
	} else if (what < 7) {
		s = add(d, STEP_FCNTL);
		s->slot = (uint8_t)a_socket(d);
		s->slot2 = (uint8_t)(SLOT_COPIES + roll(d, 3));
		s->a[0] = (int32_t)roll(d, has(d, FEATURE_DUP) ? 6 : 4);
		s->a[1] = s->a[0] >= 4 ? 100 : chance(d, 30);
		if (s->a[0] >= 4)
			d->slots[s->slot2] = d->slots[s->slot];
	} else if (what < 8) {
		s = add(d, STEP_PIPE);
		s->slot = SLOT_PIPE;
		s->slot2 = SLOT_PIPE + 1;
		s->a[0] = d->slots[SLOT_PIPE].content == OTHER && chance(d, 70);
		d->slots[SLOT_PIPE].content = d->slots[SLOT_PIPE + 1].content = OTHER;
	} else {
		s = add(d, STEP_TIMER);
		s->slot = SLOT_TIMER;
		s->a[0] = chance(d, 50);
	}
}

static void make_dup(struct draft *d)
{
	unsigned slot = strange(d, 5) ? any_slot(d) : chance(d, 20) ? a_set(d) : a_member(d);
	struct step *s = add(d, STEP_DUP);

	s->slot = (uint8_t)slot;
	s->slot2 = (uint8_t)(SLOT_COPIES + roll(d, 3));
	s->a[0] = 0;
	if (d->slots[s->slot2].content != EMPTY)
		s->a[0] = (int32_t)roll(d, 3);
	else if (chance(d, 20))
		s->slot2 = (uint8_t)a_socket(d), s->a[0] = 1 + (int32_t)roll(d, 2);
	if (s->slot2 >= SLOT_NONE)
		s->slot2 = SLOT_COPIES;
	s->a[1] = chance(d, 30);
	d->slots[s->slot2] = d->slots[slot];
}

static void make_close(struct draft *d)
{
	struct step *s = add(d, STEP_CLOSE);
	unsigned slot = chance(d, 90) ? a_socket(d) : any_slot(d);

	s->slot = (uint8_t)slot;
	if (slot < SLOT_NONE)
		memset(&d->slots[slot], 0, sizeof(d->slots[slot]));
}

static void make_signal(struct draft *d)
{
	struct step *s;
	unsigned what = roll(d, 6);

	if (d->sleeps || what == 0) {
		add(d, STEP_SIGNAL);
	} else if (what < 4) {
		s = add(d, STEP_ACTION);
		s->a[1] = chance(d, 20);
		s->a[0] = s->a[1] || chance(d, 50);
	} else if (what < 5) {
		s = add(d, STEP_MASK);
		s->a[0] = chance(d, 50);
	} else {
		add(d, STEP_RAISE);
	}
}

static void make_other(struct draft *d)
{
	struct step *s;
	unsigned what = roll(d, 12);

	if (what < 4) {
		s = add(d, STEP_NAME);
		s->slot = (uint8_t)a_socket(d);
		s->a[0] = chance(d, 40);
		s->a[1] = strange(d, 10) ? 4 : (int32_t)sizeof(struct sockaddr_storage);
	} else if (what < 6) {
		s = add(d, STEP_SHUTDOWN);
		s->slot = (uint8_t)a_socket(d);
		s->a[0] = (int32_t)roll(d, has(d, FEATURE_STRANGE) ? 4 : 3);
	} else if (what < 10 && !d->has_out_edges) {
		s = add(d, STEP_SEND_OUT);
		s->slot = (uint8_t)a_socket(d);
		s->a[0] = (int32_t)roll(d, 4);
		s->a[1] = a_sender(d, d->slots[s->slot].content == SOCKET6);
		s->a[2] = (int32_t)roll(d, 200);
	} else if (what == 10 && has(d, FEATURE_FORK) && !d->has_forked && d->is_mixed) {
		wake(d);
		s = add(d, STEP_FORK);
		s->a[0] = (int32_t)roll(d, 4);
		d->has_forked = 1;
		add(d, STEP_DRAIN)->is_kept = 1; /* allowed.c: the child receives first */
	} else {
		add(d, STEP_DRAIN);
	}
}

static void make_step(struct draft *d)
{
	unsigned what = roll(d, 100);

	if (d->sleeps > 2 + roll(d, 4))
		wake(d);
	if (d->sleeps && chance(d, 25) && has(d, FEATURE_SIGNALS))
		make_signal(d);
	else if (what < 22)
		make_arrive(d);
	else if (what < 44)
		make_receive(d);
	else if (what < 53)
		make_member(d, chance(d, 50) ? a_member(d) : a_socket(d));
	else if (what < 57 && has(d, FEATURE_SOURCES))
		make_sources(d);
	else if (what < 64)
		make_poll(d);
	else if (what < 76 && has(d, FEATURE_EPOLL))
		make_epoll(d);
	else if (what < 81)
		make_option(d, 0);
	else if (what < 84)
		make_option(d, 1);
	else if (what < 86 && has(d, FEATURE_CONNECT))
		make_connect(d);
	else if (what < 91)
		make_file(d);
	else if (what < 93 && has(d, FEATURE_DUP))
		make_dup(d);
	else if (what < 94)
		make_close(d);
	else if (what < 95)
		make_bind(d, a_socket(d));
	else if (what < 96)
		make_socket(d, roll(d, SLOT_SETS));
	else if (what < 98 && has(d, FEATURE_SIGNALS))
		make_signal(d);
	else
		make_other(d);
}

/* The socket asks for control messages. */
static void make_asking(struct draft *d, unsigned slot)
{
	unsigned option = roll(d, n_options);

	if (options[option].asks)
		make_set(d, slot, option, options[option].kind == OPTION_STAMPING ? 0x18 : 1);
}

/* Sockets as programs have them: bound, and members of a group. */
static void make_beginning(struct draft *d)
{
	unsigned n = 1 + roll(d, 3);

	for (unsigned slot = 0; slot < n; slot++) {
		int joins_first = chance(d, 30);

		make_socket(d, slot);
		if (chance(d, 85))
			make_set(d, slot, 0, 1); /* SO_REUSEADDR */
		if (joins_first)
			make_member(d, slot);
		while (chance(d, 40))
			make_asking(d, slot);
		if (chance(d, 90))
			make_bind(d, slot);
		if (!joins_first && (chance(d, 85) || !has(d, FEATURE_OTHERS)))
			make_member(d, slot);
	}
}

void script_make(struct script *s, uint64_t seed, unsigned n, unsigned features)
{
	struct draft d = {.script = s, .random = seed * 0x2545f4914f6cdd1d, .features = features};

	s->seed = seed;
	d.is_mixed = has(&d, FEATURE_SECOND) && chance(&d, 40);
	make_beginning(&d);
	while (d.n < n)
		make_step(&d);
	wake(&d);
	add(&d, STEP_DRAIN);
	s->n = d.n;
}
