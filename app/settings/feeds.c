/* SPDX-License-Identifier: BSD-3-Clause */
#include "settings/feeds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/join_order.h"
#include "settings/fail.h"

void mcr_feed_setting_clear(struct mcr_feed_setting *feed)
{
	mcr_feed_config_clear(&feed->config);
	for (unsigned i = 0; i < MCR_FEED_LINES_MAX; i++)
		mcr_join_list_clear(&feed->joins[i]);
}

int mcr_settings_add_feed(struct mcr_settings *s, const struct mcr_feed_setting *feed,
			  struct mcr_error *err)
{
	struct mcr_feed_setting *bigger;
	int ret = mcr_feed_config_check(&feed->config, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < s->n_feeds; i++)
		if (strcmp(s->feeds[i].config.name, feed->config.name) == 0)
			return mcr_settings_name_taken("feed", feed->config.name,
						       s->feeds[i].origin, err);
	if (s->n_feeds == MCR_FEEDS_MAX)
		return mcr_fail(err, -ENOSPC, "more than %d feeds", MCR_FEEDS_MAX);
	bigger = reallocarray(s->feeds, s->n_feeds + 1, sizeof(*bigger));
	if (!bigger)
		return mcr_fail_memory(err);
	s->feeds = bigger;
	s->feeds[s->n_feeds++] = *feed;
	return 0;
}

int mcr_feed_setting_copy(struct mcr_feed_setting *to, const struct mcr_feed_setting *from)
{
	int ret;

	memset(to, 0, sizeof(*to));
	to->origin = from->origin;
	memcpy(to->lines, from->lines, sizeof(to->lines));
	ret = mcr_feed_config_copy(&to->config, &from->config);
	for (unsigned i = 0; ret == 0 && i < from->config.n_lines; i++)
		for (size_t k = 0; ret == 0 && k < from->joins[i].n; k++)
			ret = mcr_join_list_add(&to->joins[i], &from->joins[i].items[k]);
	if (ret < 0)
		mcr_feed_setting_clear(to);
	return ret;
}

static int take_flows(struct mcr_feed_setting *feed)
{
	int ret = 0;

	for (unsigned i = 0; i < feed->config.n_lines; i++) {
		const struct mcr_feed_line_config *line = &feed->config.lines[i];

		for (size_t k = 0; ret == 0 && k < line->n_flows; k++) {
			const struct mcr_join join = mcr_feed_flow_join(&line->flows[k]);

			ret = mcr_join_list_add(&feed->joins[i], &join);
		}
	}
	return ret;
}

int mcr_settings_add_feed_text(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	struct mcr_feed_setting feed = {.origin = {NULL, 0}};
	char *lines = strdup(text);
	int ret;

	if (!lines)
		return mcr_fail_memory(err);
	for (char *at = lines; (at = strchr(at, ';'));)
		*at = '\n';
	ret = mcr_feed_config_parse(&feed.config, lines, strlen(lines), NULL, err);
	free(lines);
	if (ret == 0 && take_flows(&feed) < 0)
		ret = mcr_fail_memory(err);
	if (ret == 0)
		ret = mcr_settings_add_feed(s, &feed, err);
	if (ret < 0)
		mcr_feed_setting_clear(&feed);
	return ret;
}

/* ---- joins ---- */

static int collect_line(struct mcr_line_joins *lines, const struct mcr_feed_setting *feed,
			unsigned i)
{
	const struct mcr_join_list *joins = &feed->joins[i];
	struct mcr_origin *bigger;
	int ret = 0;

	bigger = reallocarray(lines->origins, lines->list.n + joins->n, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	lines->origins = bigger;
	for (size_t k = 0; ret == 0 && k < joins->n; k++) {
		struct mcr_join join = joins->items[k];

		strcpy(join.channel, mcr_feed_config_channel(&feed->config.lines[i]));
		lines->origins[lines->list.n] = feed->lines[i];
		ret = mcr_join_list_add(&lines->list, &join);
	}
	return ret;
}

static int collect(struct mcr_line_joins *lines, const struct mcr_settings *s)
{
	char engine[MCR_NAME_MAX];
	int ret = 0;

	mcr_feed_engine_name(engine, s->engine.run_dir);
	for (size_t i = 0; ret == 0 && i < s->n_feeds; i++) {
		const struct mcr_feed_setting *feed = &s->feeds[i];

		for (unsigned k = 0; ret == 0 && k < feed->config.n_lines; k++)
			if (mcr_feed_config_is_of(&feed->config.lines[k], engine))
				ret = collect_line(lines, feed, k);
	}
	return ret;
}

static int by_join(const void *a, const void *b)
{
	const struct mcr_join *x = *(const struct mcr_join *const *)a,
			      *y = *(const struct mcr_join *const *)b;
	int order = mcr_join_compare(x, y);

	return order ? order : (x > y) - (x < y); /* the one that was written first */
}

/* Lines that several feeds share are received once. */
static int keep_each_once(struct mcr_line_joins *lines)
{
	const size_t n = lines->list.n;
	const struct mcr_join **sorted = calloc(n + 1, sizeof(struct mcr_join *));
	uint8_t *again = calloc(n + 1, 1);
	size_t kept = 0;

	for (size_t i = 0; sorted && i < n; i++)
		sorted[i] = &lines->list.items[i];
	if (sorted && again)
		qsort(sorted, n, sizeof(struct mcr_join *), by_join);
	for (size_t i = 1; sorted && again && i < n; i++)
		if (mcr_join_compare(sorted[i - 1], sorted[i]) == 0)
			again[sorted[i] - lines->list.items] = 1;
	for (size_t i = 0; sorted && again && i < n; i++) {
		if (again[i])
			continue;
		lines->list.items[kept] = lines->list.items[i];
		lines->origins[kept++] = lines->origins[i];
	}
	lines->list.n = kept;
	kept = sorted && again;
	free(again);
	free(sorted);
	return kept ? 0 : -ENOMEM;
}

int mcr_settings_line_joins(const struct mcr_settings *s, struct mcr_line_joins *out)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = collect(out, s);
	if (ret == 0)
		ret = keep_each_once(out);
	if (ret < 0)
		mcr_line_joins_clear(out);
	return ret;
}

void mcr_line_joins_clear(struct mcr_line_joins *joins)
{
	free(joins->origins);
	mcr_join_list_clear(&joins->list);
	memset(joins, 0, sizeof(*joins));
}

/* ---- what is made of them ---- */

int mcr_settings_feed_doubt(const struct mcr_settings *s, size_t i, struct mcr_error *warning)
{
	const struct mcr_feed_setting *feed = &s->feeds[i];
	const char *doubt = mcr_feed_declaration_doubt(feed->config.declaration);

	if (!doubt)
		return 0;
	mcr_fail(warning, 0, "feed %s: declaration '%.32s': %s", feed->config.name,
		 feed->config.declaration, doubt);
	mcr_settings_locate(feed->origin, warning, 0);
	return 1;
}

int mcr_settings_feeds(const struct mcr_settings *s, struct mcr_feeds **out, struct mcr_error *err)
{
	char *texts[MCR_FEEDS_MAX];
	size_t n = 0;
	int ret = 0;

	for (; ret == 0 && n < s->n_feeds; n++) {
		texts[n] = mcr_feed_config_format(&s->feeds[n].config);
		if (!texts[n])
			ret = mcr_fail_memory(err);
	}
	if (ret == 0)
		ret = mcr_feeds_create(out, (const char *const *)texts, n, err);
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	return ret;
}
