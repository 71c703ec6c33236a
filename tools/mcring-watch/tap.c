/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "blind.h"
#include "flow_table.h"
#include "groups.h"
#include "lines.h"
#include "recording.h"

#define BATCH   64
#define BATCHES 16 /* in one tap_read */

#define NOT_ASKED (RECORDING_NONE - 1)

#define MANY_GROUPS 128 /* more than the first caches have room for */

struct tap {
	struct flow_table flows;
	struct group_table groups;
	/* Of the engine's interfaces, which of the channel's each is, from 1; 0 = unknown. */
	uint8_t own[WATCH_INTERFACES_MAX];
	int wants_interfaces;
	/* Of the channel's interfaces, by number: in its recording; NOT_ASKED = it is not known
	 * yet. */
	unsigned recorded[WATCH_INTERFACES_MAX + 1];
	uint64_t last_ns; /* of the last message */
	uint64_t sure_ns; /* since when nothing was missed */
	uint64_t lost;    /* messages, since last_ns, that are not told yet */
	uint64_t epoch;   /* of the rings that were read */
	int is_back;      /* the same engine goes on, after it hung or was away */
	struct mcr_msg batch[BATCH];
	uint8_t payload[65536];
};

int tap_create(struct watch_channel *c)
{
	struct tap *t = calloc(1, sizeof(*t));
	uint64_t seeds[5];
	int ret;

	if (!t)
		return -ENOMEM;
	c->tap = t;
	if (getrandom(seeds, sizeof(seeds), 0) != (ssize_t)sizeof(seeds))
		return -errno;
	c->burst = watch_burst_create(WATCH_BURST_FINE);
	ret = c->burst ? flow_table_create(&t->flows, seeds) : -ENOMEM;
	return ret < 0 ? ret : groups_create(&t->groups, seeds + 3);
}

void tap_destroy(struct watch_channel *c)
{
	if (!c->tap)
		return;
	flow_table_destroy(&c->tap->flows);
	groups_destroy(&c->tap->groups, c);
	lines_free(c->lines);
	watch_burst_destroy(c->burst);
	free(c->tap);
	c->tap = NULL;
}

/* ---- flows ---- */

static uint16_t own_interface(const struct tap *t, unsigned engines)
{
	return engines < WATCH_INTERFACES_MAX ? t->own[engines] : 0;
}

/* A flood of flows makes this often. */
static unsigned recorded_of(struct watch_channel *c, uint16_t interface)
{
	unsigned *recorded = &c->tap->recorded[interface];

	if (*recorded == NOT_ASKED)
		*recorded = recording_interface(c, interface);
	return *recorded;
}

/* A flow is new. */
static __attribute__((noinline)) void learn(struct watch_channel *c, struct flow *f,
					    const struct mcr_msg *m)
{
	const uint16_t interface = own_interface(c->tap, m->interface);
	const struct lines_hit hit = lines_find(c->lines, m);

	c->tap->wants_interfaces |= interface == 0 && m->interface < WATCH_INTERFACES_MAX;
	f->index = groups_find(&c->tap->groups, c, m, interface);
	f->slot = hit.slot;
	f->scope = hit.scope;
	f->recorded =
	    hit.slot != LINES_NONE ? c->lines->slots[hit.slot].interface : recorded_of(c, interface);
}

void tap_renew(struct watch *w, struct watch_channel *c)
{
	flow_table_forget(&c->tap->flows);
	for (unsigned i = 0; i <= WATCH_INTERFACES_MAX; i++)
		c->tap->recorded[i] = NOT_ASKED;
	lines_free(c->lines);
	c->lines = lines_of(w, c);
	for (unsigned i = 0; i < WATCH_INTERFACES_MAX; i++)
		if (c->tap->own[i] != 0)
			lines_name(c->lines, i, c->interfaces[c->tap->own[i] - 1].name);
	for (unsigned i = 0; c->lines && i < c->lines->n_slots; i++) {
		struct lines_slot *s = &c->lines->slots[i];

		s->interface = recording_line(c, s->feed->feed, s->line);
	}
}

/* ---- messages ---- */

static void take_event(struct watch *w, struct watch_channel *c, const struct mcr_msg *m)
{
	struct tap *t = c->tap;

	switch (m->kind) {
	case MCR_LOST:
		c->lost += m->lost;
		t->lost += m->lost;
		break;
	case MCR_RESTART:
		blind_was(w, c, m->since_ns != 0 ? m->since_ns : c->blind_since_ns, m->rx_ns, 0);
		t->sure_ns = m->rx_ns;
		c->until_ns = 0;
		groups_go_back(c, m->rx_ns);
		break;
	case MCR_ENGINE_STALL:
		if (m->flags & MCR_FLAG_STALL_OVER)
			t->is_back = 1;
		else
			blind_begin(w, c, "the engine shows no sign of life");
		break;
	default:
		break;
	}
}

/* The ring lapped the watch between the last message and this one. */
static void tell_lost(struct watch *w, struct watch_channel *c, uint64_t ns)
{
	struct tap *t = c->tap;

	blind_was(w, c, t->last_ns != 0 ? t->last_ns : c->first_ns, ns, t->lost);
	t->sure_ns = ns;
	t->lost = 0;
}

static void record(struct watch_channel *c, const struct flow *f, const struct mcr_msg *m)
{
	struct tap *t = c->tap;
	uint64_t id = 0;

	if (mcr_consumer_read(c->consumer, m, t->payload, sizeof(t->payload)) < 0) {
		c->lost++;
		recorder_blind(c->recorder, f->recorded, m->rx_ns, m->rx_ns, 1);
		return;
	}
	if (f->slot != LINES_NONE)
		id = lines_id(&c->lines->slots[f->slot], f->scope, t->payload, m->len);
	recorder_put(c->recorder, m, t->payload, f->recorded, id);
}

/* The best time that there is. One that a switch gave none is as late as the one before: by the
 * host's clock, which is behind, it would drag those after it along. */
static uint64_t time_of(struct flow *f, const struct mcr_msg *m)
{
	if (m->flags & MCR_FLAG_HW_TIME) {
		f->has_hw = 1;
		f->ns = m->hw_ns;
	} else if (!f->has_hw) {
		f->ns = m->rx_ns;
	}
	return f->ns;
}

static void add_to_burst(struct watch_burst *b, uint64_t ns, uint32_t octets)
{
	if (b)
		watch_burst_add(b, ns, 1, octets);
}

static void take_data(struct watch *w, struct watch_channel *c, const struct mcr_msg *m)
{
	struct tap *t = c->tap;
	struct watch_group *g;
	int is_new;
	struct flow *f = flow_table_find(&t->flows, m, &is_new);
	const uint64_t ns = time_of(f, m);

	if (__builtin_expect(is_new, 0))
		learn(c, f, m);
	if (__builtin_expect(t->lost > 0, 0))
		tell_lost(w, c, m->rx_ns);
	t->last_ns = m->rx_ns;
	c->packets++;
	c->octets += m->len;
	if (f->recorded != RECORDING_NONE)
		record(c, f, m);
	add_to_burst(c->burst, ns, m->len);
	if (f->slot != LINES_NONE)
		add_to_burst(c->lines->slots[f->slot].line->burst, ns, m->len);
	if (__builtin_expect(f->index == GROUPS_NONE, 0)) {
		c->left_out++;
		return;
	}
	g = &c->groups[f->index];
	/* Without --silence the right side is the largest number. */
	if (__builtin_expect(
		g->silent_since_ns != 0 || m->rx_ns - g->last_ns > w->options->silence_ns - 1, 0))
		groups_hear(w, c, g, m->rx_ns, c->blind_since_ns != 0 ? m->rx_ns : t->sure_ns);
	g->packets++;
	g->octets += m->len;
	g->last_ns = m->rx_ns > g->last_ns ? m->rx_ns : g->last_ns;
	add_to_burst(g->burst, ns, m->len);
}

/* Of thousands of groups few are in the caches. They come there at the same time for all messages
 * of a batch, in the order in which one leads to the next. */
static void warm(const struct watch_channel *c, int n)
{
	const struct tap *t = c->tap;
	const struct flow *flows[BATCH];
	const struct watch_group *groups[BATCH];

	for (int k = 0; k < n; k++) {
		flows[k] = flow_table_peek(&t->flows, &t->batch[k]);
		__builtin_prefetch(flows[k], 1);
	}
	for (int k = 0; k < n; k++) {
		groups[k] = NULL;
		if (!flow_is(flows[k], &t->batch[k]) || flows[k]->index == GROUPS_NONE)
			continue;
		groups[k] = &c->groups[flows[k]->index];
		__builtin_prefetch(groups[k], 1);
		__builtin_prefetch((const char *)groups[k] + 64, 1);
	}
	for (int again = 0; again < 2; again++)
		for (int k = 0; k < n; k++)
			if (groups[k] && groups[k]->burst)
				watch_burst_warm(groups[k]->burst, again);
}

static void find_until(struct watch_channel *c)
{
	uint64_t until_ns = UINT64_MAX;

	for (uint32_t i = mcr_consumer_rings(c->consumer); i-- > 0;) {
		const uint64_t ns = mcr_consumer_until(c->consumer, i);

		until_ns = ns < until_ns ? ns : until_ns;
	}
	if (until_ns != UINT64_MAX && until_ns > c->until_ns)
		c->until_ns = until_ns;
}

/* What the engine did not receive meanwhile is nobody's silence. */
static void go_on(struct watch *w, struct watch_channel *c)
{
	struct tap *t = c->tap;

	t->is_back = 0;
	t->sure_ns = c->until_ns > t->sure_ns ? c->until_ns : t->sure_ns;
	blind_end(w, c, "the engine goes on");
}

int tap_read(struct watch *w, struct watch_channel *c)
{
	struct tap *t = c->tap;
	int n = 0, sum = 0;

	for (unsigned i = 0; i < BATCHES; i++) {
		n = mcr_consumer_poll(c->consumer, t->batch, BATCH);
		if (n <= 0)
			break;
		if (c->n_groups >= MANY_GROUPS)
			warm(c, n);
		for (int k = 0; k < n; k++) {
			if (t->batch[k].kind == MCR_DATA)
				take_data(w, c, &t->batch[k]);
			else
				take_event(w, c, &t->batch[k]);
		}
		mcr_consumer_release(c->consumer);
		sum += n;
	}
	find_until(c);
	if (n < 0)
		return n;
	if (t->is_back)
		go_on(w, c);
	flow_table_grow(&t->flows);
	return sum;
}

void tap_judge(struct watch *w, struct watch_channel *c)
{
	if (c->is_attached && c->blind_since_ns == 0)
		groups_judge(w, c, c->tap->sure_ns);
}

void tap_gone(struct watch *w, struct watch_channel *c)
{
	groups_end(w, c);
	blind_end(w, c, "the engine has no such channel any more");
}

/* ---- interfaces ---- */

void tap_attached(struct watch *w, struct watch_channel *c)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};

	mcr_consumer_ring_info(c->consumer, 0, &ring, NULL);
	c->tap->is_back = ring.epoch == c->tap->epoch; /* otherwise an MCR_RESTART comes */
	c->tap->epoch = ring.epoch;
	tap_forget_interfaces(c);
}

void tap_forget_interfaces(struct watch_channel *c)
{
	memset(c->tap->own, 0, sizeof(c->tap->own));
	c->tap->wants_interfaces = 0;
}

int tap_wants_interfaces(const struct watch_channel *c)
{
	return c->tap->wants_interfaces;
}

void tap_interface(struct watch_channel *c, const struct mcr_consumer_interface *it)
{
	unsigned i = 0;

	if (it->index >= WATCH_INTERFACES_MAX)
		return;
	while (i < c->n_interfaces && strcmp(c->interfaces[i].name, it->name) != 0)
		i++;
	if (i == WATCH_INTERFACES_MAX)
		return;
	c->n_interfaces += i == c->n_interfaces;
	memcpy(c->interfaces[i].name, it->name, MCR_NAME_MAX);
	snprintf(c->interfaces[i].device, sizeof(c->interfaces[i].device), "%s",
		 it->netdev[0] ? it->netdev : it->port);
	c->interfaces[i].vlan = it->vlan;
	c->tap->own[it->index] = (uint8_t)(i + 1);
}
