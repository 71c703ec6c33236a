/* SPDX-License-Identifier: BSD-3-Clause */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/feed/declaration.h"

#define PUBLISHERS 1024 /* of a feed; more of them share one stream in numbers of packets */

/* ---- feeds ---- */

static void clear_feed(struct lines_feed *f)
{
	mcr_feed_publishers_destroy(&f->publishers);
	mcr_feed_config_clear(&f->config);
}

static int take_feed(struct lines_feed *out, struct watch_feed *feed)
{
	const char *text = mcr_feed_config_text(feed->feed);
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	uint64_t seed = 0;
	int ret;

	*out = (struct lines_feed){.feed = feed};
	mcr_feed_stats_info(feed->feed, &stats);
	out->digest = stats.digest;
	ret = mcr_feed_config_parse(&out->config, text, strlen(text), NULL, NULL);
	if (ret == 0 && getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		ret = -errno;
	if (ret == 0)
		ret = mcr_feed_publishers_create(&out->publishers, PUBLISHERS, seed);
	if (ret < 0)
		clear_feed(out);
	for (unsigned i = 0; ret == 0 && i < feed->n_lines; i++)
		if (!feed->lines[i].burst)
			feed->lines[i].burst = watch_burst_create(WATCH_BURST_FINE);
	return ret;
}

void lines_destroy(struct watch *w)
{
	for (unsigned i = 0; w->lines && i < w->lines->n; i++)
		clear_feed(&w->lines->feeds[i]);
	if (w->lines)
		free(w->lines->feeds);
	free(w->lines);
	w->lines = NULL;
}

int lines_update(struct watch *w)
{
	struct lines *l;

	if (w->lines && w->lines->made_of == w->feed_changes)
		return 0;
	lines_destroy(w);
	l = calloc(1, sizeof(*l));
	if (l)
		l->feeds = calloc(w->n_feeds + 1u, sizeof(*l->feeds));
	if (!l || !l->feeds) {
		free(l);
		return 1;
	}
	l->made_of = w->feed_changes;
	for (unsigned i = 0; i < w->n_feeds; i++)
		if (w->feeds[i]->is_open)
			l->n += take_feed(&l->feeds[l->n], w->feeds[i]) == 0;
	w->lines = l;
	return 1;
}

/* ---- channels ---- */

/* A line without an engine is of the one that the feed was asked of. */
static int is_of(const struct lines_feed *f, unsigned line, const struct watch_channel *c)
{
	const struct mcr_feed_line_config *config = &f->config.lines[line];
	const char *engine = config->engine[0] ? config->engine : f->feed->engine->name;

	return strcmp(engine, c->engine->name) == 0 &&
	       strcmp(mcr_feed_config_channel(config), c->name) == 0;
}

static int add_feed(struct lines_channel *l, struct lines_feed *f, const struct watch_channel *c)
{
	const uint16_t n_before = l->n_slots;
	uint32_t lines = 0;
	uint64_t seed;

	for (unsigned i = 0; i < f->config.n_lines; i++) {
		l->feeds[l->n].slots[i] = LINES_NONE;
		if (!is_of(f, i, c) || i >= f->feed->n_lines || l->n_slots == LINES_NONE)
			continue;
		lines |= 1u << i;
		l->feeds[l->n].slots[i] = l->n_slots;
		l->slots[l->n_slots++] = (struct lines_slot){&f->feed->lines[i], f, 0};
	}
	if (lines == 0)
		return 0;
	l->feeds[l->n].feed = f;
	if (getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed) &&
	    mcr_feed_flows_create(&l->feeds[l->n].flows, &f->config, lines, &f->publishers, seed) ==
		0)
		return 1;
	mcr_feed_flows_destroy(&l->feeds[l->n].flows);
	l->n_slots = n_before;
	return 0;
}

struct lines_channel *lines_of(struct watch *w, const struct watch_channel *c)
{
	/* A feed that was closed since may be freed: all channels are renewed then. */
	const unsigned n = w->lines && w->lines->made_of == w->feed_changes ? w->lines->n : 0;
	struct lines_channel *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->feeds = calloc(n + 1u, sizeof(*l->feeds));
	l->slots = calloc((size_t)n * MCR_FEED_LINES_MAX + 1, sizeof(*l->slots));
	for (unsigned i = 0; l->feeds && l->slots && i < n; i++)
		l->n += (unsigned)add_feed(l, &w->lines->feeds[i], c);
	return l;
}

void lines_free(struct lines_channel *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->n; i++)
		mcr_feed_flows_destroy(&l->feeds[i].flows);
	free(l->feeds);
	free(l->slots);
	free(l);
}

void lines_name(struct lines_channel *l, unsigned i, const char *name)
{
	for (unsigned k = 0; l && k < l->n; k++)
		mcr_feed_flows_name(&l->feeds[k].flows, i, name);
}

/* The first feed that wants it: a packet may be of several, but lies in one place. */
struct lines_hit lines_find(struct lines_channel *l, const struct mcr_msg *m)
{
	for (unsigned i = 0; l && i < l->n; i++) {
		const struct mcr_feed_seen *seen = mcr_feed_flows_find(&l->feeds[i].flows, m);

		if (seen->line < MCR_FEED_LINES_MAX)
			return (struct lines_hit){l->feeds[i].slots[seen->line], seen->scope};
	}
	return (struct lines_hit){LINES_NONE, 0};
}

uint64_t lines_id(const struct lines_slot *slot, uint64_t scope, const uint8_t *payload, size_t len)
{
	struct mcr_feed_packet packet;
	uint64_t words[7], id;

	mcr_feed_packet_read(&slot->feed->config.numbering, payload, len, &packet);
	if (packet.kind != MCR_FEED_PACKET_DATA)
		return 0;
	words[0] = slot->feed->digest;
	words[1] = packet.scope[0];
	words[2] = packet.scope[1] | scope;
	words[3] = packet.epoch[0];
	words[4] = packet.epoch[1];
	words[5] = packet.seq;
	words[6] = packet.count;
	id = mcr_feed_packet_hash((const uint8_t *)words, sizeof(words));
	return id != 0 ? id : 1;
}
