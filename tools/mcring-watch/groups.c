/* SPDX-License-Identifier: BSD-3-Clause */
#include "groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/endpoint.h"
#include "blind.h"
#include "record/utc.h"

#define FIRST 128

/* ---- the table ---- */

int groups_create(struct group_table *t, const uint64_t seeds[2])
{
	*t = (struct group_table){.n = 2 * FIRST, .port_multiplier = seeds[1] | 1};
	mcr_address_hash_seed(&t->hash, seeds[0]);
	t->places = calloc(t->n, sizeof(*t->places));
	return t->places ? 0 : -ENOMEM;
}

void groups_destroy(struct group_table *t, struct watch_channel *c)
{
	free(t->places);
	t->places = NULL;
	for (uint32_t i = 0; i < c->n_groups; i++)
		watch_burst_destroy(c->groups[i].burst);
	free(c->groups);
	c->groups = NULL;
	c->n_groups = c->groups_cap = 0;
}

static uint32_t *place_of(const struct group_table *t, const struct watch_channel *c,
			  struct mcr_address group, uint16_t port, uint16_t interface)
{
	uint64_t words[2];
	uint32_t i;

	memcpy(words, &group, sizeof(words));
	i = (uint32_t)((mcr_address_hash_words(&t->hash, words[0], words[1]) +
			(port | (uint64_t)interface << 16) * t->port_multiplier) >>
		       (64 - __builtin_ctz(t->n)));
	for (; t->places[i] != 0; i = (i + 1) & (t->n - 1)) {
		const struct watch_group *g = &c->groups[t->places[i] - 1];

		if (g->port == port && g->interface == interface &&
		    mcr_address_is_equal(g->group, group))
			break;
	}
	return &t->places[i];
}

static int grow(struct group_table *t, struct watch_channel *c)
{
	const uint32_t cap = c->groups_cap > 0 ? 2 * c->groups_cap : FIRST;
	struct watch_group *groups = realloc(c->groups, cap * sizeof(*groups));
	uint32_t *places = calloc(2 * (size_t)cap, sizeof(*places));

	if (groups)
		c->groups = groups;
	if (!groups || !places) {
		free(places);
		return -ENOMEM;
	}
	free(t->places);
	t->places = places;
	t->n = 2 * cap;
	c->groups_cap = cap;
	for (uint32_t i = 0; i < c->n_groups; i++)
		*place_of(t, c, groups[i].group, groups[i].port, groups[i].interface) = i + 1;
	return 0;
}

uint32_t groups_find(struct group_table *t, struct watch_channel *c, const struct mcr_msg *m,
		     uint16_t interface)
{
	uint32_t *place = place_of(t, c, m->group, m->dst_port, interface);

	if (*place != 0)
		return *place - 1;
	if (c->n_groups == WATCH_CHANNEL_GROUPS)
		return GROUPS_NONE;
	if (c->n_groups == c->groups_cap) {
		if (grow(t, c) < 0)
			return GROUPS_NONE;
		place = place_of(t, c, m->group, m->dst_port, interface);
	}
	c->groups[c->n_groups] = (struct watch_group){
	    .group = m->group,
	    .port = m->dst_port,
	    .interface = interface,
	    .first_ns = m->rx_ns,
	    .last_ns = m->rx_ns,
	    .burst = watch_burst_create(WATCH_BURST_COARSE),
	};
	*place = ++c->n_groups;
	return *place - 1;
}

/* ---- silence ---- */

static void tell(struct watch *w, const struct watch_channel *c, const struct watch_group *g,
		 uint64_t ns, int is_over)
{
	struct watch_alarm a = channel_alarm(c, WATCH_GROUP_SILENT, ns);
	char group[ENDPOINT_TEXT], since[UTC_TEXT];

	a.is_over = is_over;
	snprintf(a.text, sizeof(a.text), "%s%s%s: nothing came since %s",
		 endpoint_format(group, g->group, g->port), g->interface > 0 ? " on " : "",
		 g->interface > 0 ? c->interfaces[g->interface - 1].name : "",
		 utc_text(since, g->silent_since_ns));
	watch_raise(w, &a);
}

/* What the watch missed says nothing of a sender. */
static uint64_t heard_ns(const struct watch_group *g, uint64_t sure_ns)
{
	return g->last_ns > sure_ns ? g->last_ns : sure_ns;
}

static void judge(struct watch *w, struct watch_channel *c, struct watch_group *g, uint64_t ns,
		  uint64_t sure_ns)
{
	const uint64_t heard = heard_ns(g, sure_ns);

	if (g->silent_since_ns != 0 || ns <= heard || ns - heard <= w->options->silence_ns)
		return;
	g->silent_since_ns = g->last_ns;
	g->silences++;
	tell(w, c, g, heard + w->options->silence_ns, 0);
}

void groups_judge(struct watch *w, struct watch_channel *c, uint64_t sure_ns)
{
	if (w->options->silence_ns == 0)
		return;
	for (uint32_t i = 0; i < c->n_groups; i++)
		judge(w, c, &c->groups[i], c->until_ns, sure_ns);
}

void groups_hear(struct watch *w, struct watch_channel *c, struct watch_group *g, uint64_t ns,
		 uint64_t sure_ns)
{
	judge(w, c, g, ns, sure_ns);
	if (g->silent_since_ns != 0)
		tell(w, c, g, ns, 1);
	g->silent_since_ns = 0;
}

void groups_go_back(struct watch_channel *c, uint64_t ns)
{
	for (uint32_t i = 0; i < c->n_groups; i++)
		if (c->groups[i].last_ns > ns)
			c->groups[i].last_ns = ns;
}

void groups_end(struct watch *w, struct watch_channel *c)
{
	for (uint32_t i = 0; i < c->n_groups; i++) {
		if (c->groups[i].silent_since_ns != 0)
			tell(w, c, &c->groups[i], c->until_ns, 1);
		c->groups[i].silent_since_ns = 0;
	}
}
