/* SPDX-License-Identifier: BSD-3-Clause */
/* The entries of `feeds`. Each value is read by what reads it in a feed's text, so that the file
 * and a text of one's own mean the same. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/apply.h"
#include "feed/hours.h"
#include "settings/fail.h"
#include "settings/feeds.h"

#define PRESET "preset" /* the key of a declaration's mapping that names one */

/* The words of a declaration that is a mapping, or the text that it is. */
struct words {
	char text[MCR_FEED_DECLARATION_TEXT_MAX];
	size_t len;
};

static int add_word(struct words *words, const char *key, const char *value, struct mcr_error *err)
{
	const int is_preset = strcmp(key, PRESET) == 0;
	size_t left = sizeof(words->text) - words->len;
	int n = snprintf(words->text + words->len, left, "%s%s%s%s", words->len > 0 ? " " : "",
			 is_preset ? "" : key, is_preset ? "" : "=", value);

	if ((size_t)n >= left)
		return mcr_fail(err, -E2BIG, "longer than %zu octets", sizeof(words->text) - 1);
	words->len += (size_t)n;
	return 0;
}

/* One key of the mapping: a value, or a list of them. */
static int add_entry(const struct mcr_config_reader *f, struct words *words, const char *key,
		     int node)
{
	const char *value = mcr_config_doc_text(f->doc, node);
	int ret = 0, item;

	if (value)
		return mcr_config_located(f, node, key, add_word(words, key, value, f->err));
	for (size_t i = 0; ret == 0 && (item = mcr_config_doc_item(f->doc, node, i)); i++)
		ret = mcr_config_located(
		    f, item, key, add_word(words, key, mcr_config_doc_text(f->doc, item), f->err));
	return ret;
}

/* The preset comes first, whatever the order in the file. */
static int read_declaration(const struct mcr_config_reader *f, int node, struct words *words)
{
	const char *key, *text = mcr_config_doc_text(f->doc, node);
	int value, preset = mcr_config_doc_field(f->doc, node, PRESET), ret = 0;

	words->len = 0;
	words->text[0] = '\0';
	if (text)
		return snprintf(words->text, sizeof(words->text), "%s", text) <
			       (int)sizeof(words->text)
			   ? 0
			   : mcr_fail(f->err, -E2BIG, "longer than %zu octets",
				      sizeof(words->text) - 1);
	if (preset)
		ret = add_entry(f, words, PRESET, preset);
	for (size_t i = 0; ret == 0 && (value = mcr_config_doc_pair(f->doc, node, i, &key)); i++)
		if (value != preset)
			ret = add_entry(f, words, key, value);
	return ret;
}

static int apply_declaration(const struct mcr_config_reader *f, int node,
			     struct mcr_feed_config *config)
{
	int at = mcr_config_field(f, node, MCR_CONFIG_DECLARATION);
	struct words words;
	int ret = read_declaration(f, at, &words);

	if (ret < 0) /* located, unless the text itself is too long */
		return mcr_config_doc_text(f->doc, at)
			   ? mcr_config_located(f, at, MCR_CONFIG_DECLARATION, ret)
			   : ret;
	ret = mcr_feed_config_set(config, MCR_CONFIG_DECLARATION, words.text, f->err);
	return mcr_config_located(f, at, NULL, ret);
}

static int apply_values(const struct mcr_config_reader *f, int node, const struct mcr_feed_yaml *y,
			struct mcr_feed_config *config)
{
	const char *key;
	int ret = 0;

	for (size_t i = 0; ret == 0 && (key = mcr_feed_config_key(i)); i++)
		if (y->values[i])
			ret = mcr_config_located(
			    f, mcr_config_field(f, node, key), NULL,
			    mcr_feed_config_set(config, key, y->values[i], f->err));
	return ret;
}

/* Whether the host has the database of time zones. */
static int has_zones(void)
{
	struct mcr_feed_hours hours;

	if (mcr_feed_hours_init(&hours, "", "Etc/UTC", NULL) < 0)
		return 0;
	mcr_feed_hours_clear(&hours);
	return 1;
}

/* A host without it cannot say whether there is such a zone. Handlers need it, wherever they run.
 */
static int check_zone(const struct mcr_config_reader *f, int node,
		      const struct mcr_feed_config *config)
{
	struct mcr_feed_hours hours;
	int ret;

	if (!config->zone[0] || !config->hours[0])
		return 0;
	ret = mcr_feed_hours_init(&hours, config->hours, config->zone, f->err);
	if (ret == -ENOENT && !has_zones())
		return 0;
	if (ret == 0)
		mcr_feed_hours_clear(&hours);
	return mcr_config_located(f, mcr_config_field(f, node, "zone"), NULL, ret);
}

static int take_join(const struct mcr_config_reader *f, void *ctx, const char *text,
		     struct mcr_origin origin)
{
	struct mcr_feed_setting *feed = ctx;
	struct mcr_join_list *list = &feed->joins[feed->config.n_lines - 1];
	const size_t from = list->n;
	int ret = mcr_join_parse(list, text, f->err);

	if (ret < 0)
		return ret;
	return mcr_feed_config_take_joins(&feed->config, list->items + from, list->n - from,
					  f->err);
}

static int apply_line(const struct mcr_config_reader *f, int node,
		      const struct mcr_feed_line_yaml *y, struct mcr_feed_setting *feed)
{
	const char letter[] = {(char)('A' + feed->config.n_lines % 26), '\0'};
	int list = mcr_config_field(f, node, "joins");
	int ret = mcr_feed_config_add_line(&feed->config, y->name ? y->name : letter,
					   y->engine ? y->engine : "", y->channel ? y->channel : "",
					   f->err);

	if (ret < 0)
		return mcr_config_located(f, node, NULL, ret);
	feed->lines[feed->config.n_lines - 1] = mcr_config_origin(f, node);
	for (unsigned i = 0; ret == 0 && i < y->n_joins; i++)
		ret = mcr_config_apply_join(f, mcr_config_doc_item(f->doc, list, i), &y->joins[i],
					    take_join, feed);
	return ret;
}

static int read_feed(const struct mcr_config_reader *f, int node, const struct mcr_feed_yaml *y,
		     struct mcr_feed_setting *feed)
{
	int list = mcr_config_field(f, node, "lines");
	int ret = mcr_config_located(f, mcr_config_field(f, node, "name"), NULL,
				     mcr_feed_config_name(&feed->config, y->name, f->err));

	feed->origin = mcr_config_origin(f, node);
	if (ret == 0)
		ret = apply_declaration(f, node, &feed->config);
	if (ret == 0)
		ret = apply_values(f, node, y, &feed->config);
	if (ret == 0)
		ret = check_zone(f, node, &feed->config);
	for (unsigned i = 0; ret == 0 && i < y->n_lines; i++)
		ret = apply_line(f, mcr_config_doc_item(f->doc, list, i), &y->lines[i], feed);
	if (ret == 0)
		ret = mcr_config_located(f, node, NULL, mcr_settings_add_feed(f->s, feed, f->err));
	return ret;
}

int mcr_config_apply_feed(const struct mcr_config_reader *f, int node,
			  const struct mcr_feed_yaml *y)
{
	struct mcr_feed_setting feed = {.origin = {NULL, 0}};
	int ret;

	mcr_feed_config_init(&feed.config);
	ret = read_feed(f, node, y, &feed);
	if (ret < 0)
		mcr_feed_setting_clear(&feed);
	return ret;
}
