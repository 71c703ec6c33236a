/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attach/attach_kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static int has_readers(const struct mcr_attach_server *s, const char *name, uint64_t digest)
{
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		const struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->state == MCR_SLOT_FEED && slot->feed_digest == digest &&
		    strcmp(slot->program, name) == 0)
			return 1;
	}
	return 0;
}

static int is_kept(const struct mcr_attach_server *s, const struct mcr_declared_feed *feed)
{
	const struct mcr_kept_feed *kept = s->kept;

	while (kept && (kept->digest != feed->digest || strcmp(kept->name, feed->config.name) != 0))
		kept = kept->next;
	return kept != NULL;
}

/* The joins of the lines that this engine receives. Flows become joins without a copy of sources:
 * those are the feed's. */
static int add_joins(const struct mcr_attach_server *s, const struct mcr_declared_feed *feed,
		     struct mcr_join_list *list)
{
	int ret = 0;

	for (unsigned i = 0; i < feed->config.n_lines; i++) {
		const struct mcr_feed_line_config *line = &feed->config.lines[i];

		if (!mcr_feed_config_is_of(line, s->feeds_engine))
			continue;
		for (size_t k = 0; ret == 0 && k < line->n_flows; k++) {
			struct mcr_join join = mcr_feed_flow_join(&line->flows[k]);

			strcpy(join.channel, mcr_feed_config_channel(line));
			ret = mcr_join_list_add(list, &join);
		}
	}
	return ret;
}

static int keep(struct mcr_attach_server *s, const struct mcr_declared_feed *feed,
		struct mcr_error *err)
{
	struct mcr_kept_feed *kept = calloc(1, sizeof(*kept));
	struct mcr_join_list list = {0};
	int ret = kept ? add_joins(s, feed, &list) : -ENOMEM;

	if (ret < 0)
		mcr_error_set(err, ret, "feed %s: no memory to keep it for its readers",
			      feed->config.name);
	else
		ret = s->joining->update(s->joining_ctx, ++s->last_id, NULL, 0, list.items, list.n,
					 err);
	mcr_join_list_clear(&list);
	if (ret < 0) {
		free(kept);
		return ret;
	}
	kept->id = s->last_id;
	kept->digest = feed->digest;
	memcpy(kept->name, feed->config.name, sizeof(kept->name));
	kept->next = s->kept;
	s->kept = kept;
	return 0;
}

int mcr_attach_server_keep_feeds(struct mcr_attach_server *s, const struct mcr_feeds *next,
				 struct mcr_error *err)
{
	int ret = 0;

	for (size_t i = 0; s->feeds && s->joining && ret == 0 && i < s->feeds->n; i++) {
		const struct mcr_declared_feed *feed = &s->feeds->feeds[i];
		const struct mcr_declared_feed *then = mcr_feeds_find(next, feed->config.name);

		if ((!then || then->digest != feed->digest) && !is_kept(s, feed) &&
		    has_readers(s, feed->config.name, feed->digest))
			ret = keep(s, feed, err);
	}
	return ret;
}

void mcr_attach_end_kept(struct mcr_attach_server *s)
{
	struct mcr_kept_feed **at = &s->kept;

	while (*at) {
		struct mcr_kept_feed *kept = *at;

		if (has_readers(s, kept->name, kept->digest)) {
			at = &kept->next;
			continue;
		}
		*at = kept->next;
		free(kept);
	}
}

size_t mcr_attach_kept_ids(const struct mcr_attach_server *s, uint64_t *ids)
{
	size_t n = 0;

	for (const struct mcr_kept_feed *kept = s->kept; kept; kept = kept->next)
		ids[n++] = kept->id;
	return n;
}
