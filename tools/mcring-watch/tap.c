/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../common/endpoint.h"
#include "core/address_hash.h"

#define BATCH       64
#define BATCHES     16 /* in one tap_read */
#define FLOWS_FIRST 256
#define FLOWS_MAX   65536
#define PROBES      8
#define NO_GROUP    UINT32_MAX /* there is no room for it */

/* What a message's headers lead to: a cache line. */
struct flow {
	uint64_t group[2], source[2]; /* as in struct mcr_address */
	uint16_t port, interface;     /* interface: the engine's */
	uint8_t is_taken;
	uint32_t index; /* of its group, or NO_GROUP */
	uint64_t pad[2];
};

struct tap {
	struct flow *flows; /* n_flows, a power of two */
	uint32_t n_flows, used;
	struct flow *last;
	uint32_t *places; /* n_places, a power of two: index of a group + 1; 0 = none */
	uint32_t n_places;
	struct mcr_address_hash group_hash, source_hash;
	uint64_t port_multiplier;
	uint8_t
	    own[WATCH_INTERFACES_MAX]; /* the channel's interface + 1 of the engine's; 0 = none */
	int wants_interfaces;
	uint64_t last_ns; /* of the last message */
	uint64_t sure_ns; /* since when nothing was missed */
	uint64_t lost;    /* messages, since last_ns, that are not told yet */
	uint64_t epoch;   /* of the rings that were read */
	struct mcr_msg batch[BATCH];
};

/* ---- tables ---- */

static uint64_t hash_of(const struct tap *t, const uint64_t group[2], const uint64_t source[2],
			uint64_t port, uint64_t interface)
{
	return mcr_address_hash_words(&t->group_hash, group[0], group[1]) +
	       mcr_address_hash_words(&t->source_hash, source[0], source[1]) +
	       (port | interface << 16) * t->port_multiplier;
}

static uint32_t place_of(uint64_t hash, uint32_t n)
{
	return (uint32_t)(hash >> (64 - __builtin_ctz(n)));
}

int tap_create(struct watch_channel *c)
{
	struct tap *t = calloc(1, sizeof(*t));
	uint64_t seeds[3];

	if (!t)
		return -ENOMEM;
	c->tap = t;
	if (getrandom(seeds, sizeof(seeds), 0) != (ssize_t)sizeof(seeds))
		return -errno;
	mcr_address_hash_seed(&t->group_hash, seeds[0]);
	mcr_address_hash_seed(&t->source_hash, seeds[1]);
	t->port_multiplier = seeds[2] | 1;
	t->n_flows = t->n_places = FLOWS_FIRST;
	t->flows = aligned_alloc(64, t->n_flows * sizeof(*t->flows));
	t->places = calloc(t->n_places, sizeof(*t->places));
	if (!t->flows || !t->places)
		return -ENOMEM;
	memset(t->flows, 0, t->n_flows * sizeof(*t->flows));
	t->last = t->flows;
	return 0;
}

void tap_destroy(struct watch_channel *c)
{
	if (!c->tap)
		return;
	free(c->tap->flows);
	free(c->tap->places);
	free(c->tap);
	free(c->groups);
	c->tap = NULL;
	c->groups = NULL;
	c->n_groups = c->groups_cap = 0;
}

static void forget_flows(struct tap *t)
{
	memset(t->flows, 0, t->n_flows * sizeof(*t->flows));
	t->used = 0;
	t->last = t->flows;
}

/* More places for flows. Without memory for them it goes on, slower. */
static void grow_flows(struct tap *t)
{
	struct flow *flows;

	if (t->n_flows == FLOWS_MAX || t->used < t->n_flows / 2)
		return;
	flows = aligned_alloc(64, 2 * t->n_flows * sizeof(*flows));
	if (!flows)
		return;
	free(t->flows);
	t->flows = flows;
	t->n_flows *= 2;
	forget_flows(t);
}

/* ---- groups ---- */

static uint32_t *group_place(const struct watch_channel *c, struct mcr_address group, uint16_t port,
			     uint16_t interface)
{
	static const uint64_t none[2];
	const struct tap *t = c->tap;
	uint64_t words[2];
	uint32_t i;

	memcpy(words, &group, sizeof(words));
	i = place_of(hash_of(t, words, none, port, interface), t->n_places);
	for (; t->places[i] != 0; i = (i + 1) & (t->n_places - 1)) {
		const struct watch_group *g = &c->groups[t->places[i] - 1];

		if (g->port == port && g->interface == interface &&
		    mcr_address_is_equal(g->group, group))
			break;
	}
	return &t->places[i];
}

static int grow_groups(struct watch_channel *c)
{
	struct tap *t = c->tap;
	const uint32_t cap = c->groups_cap > 0 ? 2 * c->groups_cap : FLOWS_FIRST / 2;
	struct watch_group *groups = realloc(c->groups, cap * sizeof(*groups));
	uint32_t *places = calloc(2 * cap, sizeof(*places));

	if (groups)
		c->groups = groups;
	if (!groups || !places) {
		free(places);
		return -ENOMEM;
	}
	free(t->places);
	t->places = places;
	t->n_places = 2 * cap;
	c->groups_cap = cap;
	for (uint32_t i = 0; i < c->n_groups; i++)
		*group_place(c, groups[i].group, groups[i].port, groups[i].interface) = i + 1;
	return 0;
}

static uint32_t find_group(struct watch_channel *c, const struct mcr_msg *m)
{
	const uint16_t interface =
	    m->interface < WATCH_INTERFACES_MAX ? c->tap->own[m->interface] : 0;
	uint32_t *place = group_place(c, m->group, m->dst_port, interface);

	if (*place != 0)
		return *place - 1;
	if (c->n_groups == WATCH_CHANNEL_GROUPS)
		return NO_GROUP;
	if (c->n_groups == c->groups_cap) {
		if (grow_groups(c) < 0)
			return NO_GROUP;
		place = group_place(c, m->group, m->dst_port, interface);
	}
	c->groups[c->n_groups] = (struct watch_group){
	    .group = m->group,
	    .port = m->dst_port,
	    .interface = interface,
	    .first_ns = m->rx_ns,
	    .last_ns = m->rx_ns,
	};
	*place = ++c->n_groups;
	return *place - 1;
}

/* ---- flows ---- */

static int flow_is(const struct flow *f, const uint64_t group[2], const uint64_t source[2],
		   const struct mcr_msg *m)
{
	return ((f->group[0] ^ group[0]) | (f->group[1] ^ group[1]) | (f->source[0] ^ source[0]) |
		(f->source[1] ^ source[1]) | (uint64_t)(f->port ^ m->dst_port) |
		(uint64_t)(f->interface ^ m->interface)) == 0 &&
	       f->is_taken;
}

static __attribute__((noinline)) struct flow *learn(struct watch_channel *c, struct flow *f,
						    const uint64_t group[2],
						    const uint64_t source[2],
						    const struct mcr_msg *m)
{
	c->tap->used += !f->is_taken;
	c->tap->wants_interfaces |=
	    m->interface < WATCH_INTERFACES_MAX && c->tap->own[m->interface] == 0;
	*f = (struct flow){
	    .group = {group[0], group[1]},
	    .source = {source[0], source[1]},
	    .port = m->dst_port,
	    .interface = m->interface,
	    .is_taken = 1,
	    .index = find_group(c, m),
	};
	return f;
}

/* Where all places are taken, one makes room. */
static struct flow *find_flow(struct watch_channel *c, const struct mcr_msg *m)
{
	struct tap *t = c->tap;
	uint64_t group[2], source[2];
	struct flow *f;
	uint32_t home;

	memcpy(group, &m->group, sizeof(group));
	memcpy(source, &m->source, sizeof(source));
	if (flow_is(t->last, group, source, m))
		return t->last;
	home = place_of(hash_of(t, group, source, m->dst_port, m->interface), t->n_flows);
	for (uint32_t i = 0; i < PROBES; i++) {
		f = &t->flows[(home + i) & (t->n_flows - 1)];
		if (flow_is(f, group, source, m))
			return t->last = f;
		if (!f->is_taken)
			return t->last = learn(c, f, group, source, m);
	}
	f = &t->flows[(home + (uint32_t)(t->used++ % PROBES)) & (t->n_flows - 1)];
	return t->last = learn(c, f, group, source, m);
}

/* ---- silence ---- */

static struct watch_alarm alarm_of(const struct watch_channel *c, enum watch_alarm_kind kind,
				   uint64_t ns)
{
	struct watch_alarm a = {.kind = kind, .ns = ns};

	memcpy(a.engine, c->engine->name, sizeof(a.engine));
	memcpy(a.channel, c->name, sizeof(a.channel));
	return a;
}

static void raise_group(struct watch *w, const struct watch_channel *c, const struct watch_group *g,
			uint64_t ns, int is_over)
{
	struct watch_alarm a = alarm_of(c, WATCH_GROUP_SILENT, ns);
	char group[ENDPOINT_TEXT], since[WATCH_TIME_MAX];

	a.is_over = is_over;
	snprintf(a.text, sizeof(a.text), "%s%s%s: nothing came since %s",
		 endpoint_format(group, g->group, g->port), g->interface > 0 ? " on " : "",
		 g->interface > 0 ? c->interfaces[g->interface - 1].name : "",
		 watch_time_text(since, g->silent_since_ns));
	watch_raise(w, &a);
}

/* What the watch missed says nothing of a sender. */
static uint64_t heard_ns(const struct watch_channel *c, const struct watch_group *g)
{
	return g->last_ns > c->tap->sure_ns ? g->last_ns : c->tap->sure_ns;
}

static void fall_silent(struct watch *w, struct watch_channel *c, struct watch_group *g)
{
	g->silent_since_ns = g->last_ns;
	g->silences++;
	raise_group(w, c, g, heard_ns(c, g) + w->options->silence_ns, 0);
}

void tap_judge(struct watch *w, struct watch_channel *c)
{
	const uint64_t silence_ns = w->options->silence_ns;

	if (silence_ns == 0 || !c->is_attached)
		return;
	for (uint32_t i = 0; i < c->n_groups; i++) {
		struct watch_group *g = &c->groups[i];

		if (g->silent_since_ns == 0 && c->until_ns > heard_ns(c, g) &&
		    c->until_ns - heard_ns(c, g) > silence_ns)
			fall_silent(w, c, g);
	}
}

/* A message of a group that is silent, or was between two looks. */
static __attribute__((noinline)) void hear_again(struct watch *w, struct watch_channel *c,
						 struct watch_group *g, uint64_t ns)
{
	if (g->silent_since_ns == 0 && ns > heard_ns(c, g) &&
	    ns - heard_ns(c, g) > w->options->silence_ns)
		fall_silent(w, c, g);
	if (g->silent_since_ns != 0)
		raise_group(w, c, g, ns, 1);
	g->silent_since_ns = 0;
}

/* ---- blind ---- */

void tap_blind(struct watch *w, struct watch_channel *c, const char *why)
{
	struct watch_alarm a;

	if (c->blind_since_ns != 0 || c->first_ns == 0)
		return;
	c->blind_since_ns = c->until_ns != 0 ? c->until_ns : c->first_ns;
	c->blinds++;
	a = alarm_of(c, WATCH_BLIND, c->blind_since_ns);
	snprintf(a.text, sizeof(a.text), "%s: nothing is seen from now on", why);
	watch_raise(w, &a);
}

/* It missed something from one time to another, or sees again. messages: 0 = unknown. */
static void was_blind(struct watch *w, struct watch_channel *c, uint64_t from_ns, uint64_t to_ns,
		      uint64_t messages)
{
	struct watch_alarm a = alarm_of(c, WATCH_BLIND, to_ns);
	char from[WATCH_TIME_MAX], many[64] = "an unknown number of messages";
	const int is_over = c->blind_since_ns != 0;

	if (messages > 0)
		snprintf(many, sizeof(many), "%" PRIu64 " message%s", messages,
			 messages == 1 ? "" : "s");
	snprintf(a.text, sizeof(a.text), "the watch missed %s since %s", many,
		 watch_time_text(from, from_ns));
	a.is_over = is_over;
	a.is_brief = !is_over;
	c->blinds += !is_over;
	c->blind_ns += to_ns > from_ns ? to_ns - from_ns : 0;
	c->blind_since_ns = 0;
	c->tap->sure_ns = to_ns;
	watch_raise(w, &a);
}

void tap_gone(struct watch *w, struct watch_channel *c)
{
	struct watch_alarm a = alarm_of(c, WATCH_BLIND, c->blind_since_ns);

	for (uint32_t i = 0; i < c->n_groups; i++)
		if (c->groups[i].silent_since_ns != 0)
			raise_group(w, c, &c->groups[i], c->until_ns, 1);
	if (c->blind_since_ns == 0)
		return;
	a.is_over = 1;
	strcpy(a.text, "the engine has no such channel any more");
	watch_raise(w, &a);
}

/* The same engine goes on, and the watch with it: what it was lapped by comes as MCR_LOST. */
static void sees_again(struct watch *w, struct watch_channel *c)
{
	struct watch_alarm a = alarm_of(c, WATCH_BLIND, c->until_ns);

	if (c->blind_since_ns == 0)
		return;
	a.is_over = 1;
	strcpy(a.text, "the engine goes on");
	c->blind_since_ns = 0;
	watch_raise(w, &a);
}

/* ---- messages ---- */

/* A capture that is served again has the times of before. */
static void go_back(struct watch_channel *c, uint64_t ns)
{
	c->until_ns = 0;
	for (uint32_t i = 0; i < c->n_groups; i++)
		if (c->groups[i].last_ns > ns)
			c->groups[i].last_ns = ns;
}

static void take_event(struct watch *w, struct watch_channel *c, const struct mcr_msg *m)
{
	struct tap *t = c->tap;

	switch (m->kind) {
	case MCR_LOST:
		c->lost += m->lost;
		t->lost += m->lost;
		break;
	case MCR_RESTART:
		was_blind(w, c, m->since_ns != 0 ? m->since_ns : c->blind_since_ns, m->rx_ns, 0);
		go_back(c, m->rx_ns);
		break;
	case MCR_ENGINE_STALL:
		if (m->flags & MCR_FLAG_STALL_OVER)
			sees_again(w, c);
		else
			tap_blind(w, c, "the engine shows no sign of life");
		break;
	default:
		break;
	}
}

static void take_data(struct watch *w, struct watch_channel *c, const struct mcr_msg *m)
{
	struct tap *t = c->tap;
	const struct flow *f = find_flow(c, m);
	struct watch_group *g;

	if (__builtin_expect(t->lost > 0, 0)) {
		was_blind(w, c, t->last_ns != 0 ? t->last_ns : c->first_ns, m->rx_ns, t->lost);
		t->lost = 0;
	}
	t->last_ns = m->rx_ns;
	c->packets++;
	c->octets += m->len;
	if (__builtin_expect(f->index == NO_GROUP, 0)) {
		c->left_out++;
		return;
	}
	g = &c->groups[f->index];
	if (__builtin_expect(
		g->silent_since_ns != 0 || m->rx_ns - g->last_ns > w->options->silence_ns - 1, 0))
		hear_again(w, c, g, m->rx_ns);
	g->packets++;
	g->octets += m->len;
	g->last_ns = m->rx_ns > g->last_ns ? m->rx_ns : g->last_ns;
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

int tap_read(struct watch *w, struct watch_channel *c)
{
	struct tap *t = c->tap;
	int n = 0, sum = 0;

	for (unsigned i = 0; i < BATCHES; i++) {
		n = mcr_consumer_poll(c->consumer, t->batch, BATCH);
		if (n <= 0)
			break;
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
	grow_flows(t);
	return sum;
}

/* ---- interfaces ---- */

void tap_attached(struct watch *w, struct watch_channel *c)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};

	mcr_consumer_ring_info(c->consumer, 0, &ring, NULL);
	if (ring.epoch == c->tap->epoch) /* otherwise an MCR_RESTART comes */
		sees_again(w, c);
	c->tap->epoch = ring.epoch;
	tap_forget_interfaces(c);
}

void tap_forget_interfaces(struct watch_channel *c)
{
	memset(c->tap->own, 0, sizeof(c->tap->own));
	c->tap->wants_interfaces = 0;
	forget_flows(c->tap);
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
