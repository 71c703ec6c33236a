/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the text of a feed, and puts one together piece by piece. */
#include "core/feed/feed_config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <mcring/join.h>

#include "core/error.h"
#include "core/feed/feed_keys.h"
#include "core/join_piece.h"
#include "core/nearest.h"

#define LINE_MAX 8192 /* octets of a line of the text */

/* ---- piece by piece ---- */

void mcr_feed_config_init(struct mcr_feed_config *c)
{
	memset(c, 0, sizeof(*c));
	c->gap_timeout_ns = 1000000;
	c->window = 4096;
	c->jump_max = 1000000;
	c->reset_back = 1000;
	c->reset_run = 3;
}

void mcr_feed_config_clear(struct mcr_feed_config *c)
{
	for (unsigned i = 0; i < MCR_FEED_LINES_MAX; i++)
		free(c->lines[i].flows);
	memset(c, 0, sizeof(*c));
}

static const char *quote(char buf[MCR_PIECE_QUOTED], const char *text)
{
	return mcr_piece_quote(buf, (struct mcr_piece){text, strlen(text)});
}

/* what: "a feed", ... A name may become a part of a path. */
static int take_name(char out[MCR_NAME_MAX], const char *what, const char *name,
		     struct mcr_error *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	const size_t len = strlen(name);
	char text[MCR_PIECE_QUOTED];

	if (len == 0 || len >= MCR_NAME_MAX || strspn(name, letters) < len || name[0] == '.' ||
	    name[0] == '-')
		return mcr_error_set(
		    err, -EINVAL,
		    "'%s' is not %s's name: expected 1 to %d of A-Z a-z 0-9 . _ -, "
		    "not . or - in front",
		    quote(text, name), what, MCR_NAME_MAX - 1);
	memcpy(out, name, len + 1);
	return 0;
}

int mcr_feed_config_name(struct mcr_feed_config *c, const char *name, struct mcr_error *err)
{
	return take_name(c->name, "a feed", name, err);
}

void mcr_feed_engine_name(char out[MCR_NAME_MAX], const char *run_dir)
{
	char part[MCR_NAME_MAX];
	size_t end = strlen(run_dir), begin;

	while (end > 0 && run_dir[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && run_dir[begin - 1] != '/';)
		begin--;
	snprintf(part, sizeof(part), "%.*s", (int)(end - begin), run_dir + begin);
	if (end - begin >= sizeof(part) || take_name(out, "an engine", part, NULL) < 0)
		out[0] = '\0';
}

int mcr_feed_config_set(struct mcr_feed_config *c, const char *key, const char *value,
			struct mcr_error *err)
{
	char text[MCR_PIECE_QUOTED], hint[MCR_NEAREST_HINT];
	struct mcr_nearest search = mcr_nearest_to(key);

	for (size_t i = 0; i < mcr_feed_keys_n; i++) {
		if (strcmp(mcr_feed_keys[i].name, key) == 0)
			return mcr_feed_key_parse(&mcr_feed_keys[i], c, value, err);
		mcr_nearest_try(&search, mcr_feed_keys[i].name);
	}
	mcr_nearest_try(&search, "feed");
	mcr_nearest_try(&search, "line");
	mcr_nearest_try(&search, "join");
	return mcr_error_set(err, -ENOENT, "unknown key '%s'%s: expected feed, line, join or %s",
			     quote(text, key), mcr_nearest_hint(hint, &search),
			     "a value of the feed, such as declaration or gap_timeout");
}

int mcr_feed_config_add_line(struct mcr_feed_config *c, const char *name, const char *engine,
			     const char *channel, struct mcr_error *err)
{
	struct mcr_feed_line_config line = {.n_flows = 0};
	int ret = take_name(line.name, "a line", name, err);

	if (ret == 0 && engine[0])
		ret = take_name(line.engine, "an engine", engine, err);
	if (ret == 0 && channel[0])
		ret = take_name(line.channel, "a channel", channel, err);
	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < c->n_lines; i++)
		if (strcmp(c->lines[i].name, line.name) == 0)
			return mcr_error_set(err, -EINVAL,
					     "line %s is there already: expected a name of its own",
					     line.name);
	if (c->n_lines == MCR_FEED_LINES_MAX)
		return mcr_error_set(err, -E2BIG, "line %s is one too many: expected at most %d",
				     line.name, MCR_FEED_LINES_MAX);
	c->lines[c->n_lines++] = line;
	return 0;
}

static size_t count_flows(const struct mcr_feed_config *c)
{
	size_t n = 0;

	for (unsigned i = 0; i < c->n_lines; i++)
		n += c->lines[i].n_flows;
	return n;
}

static int check_join(const struct mcr_join *join, struct mcr_error *err)
{
	char text[160];

	mcr_join_format(text, sizeof(text), join);
	if (join->n_sources > 0 && join->mode == MCR_FILTER_EXCLUDE)
		return mcr_error_set(err, -EINVAL,
				     "join \"%s\": expected the source that a line has, not one "
				     "to leave out",
				     text);
	if (join->n_sources > 1)
		return mcr_error_set(err, -EINVAL,
				     "join \"%s\": expected one source: the next one is a line, or "
				     "a join, of its own",
				     text);
	return 0;
}

static int make_room(struct mcr_feed_line_config *line, size_t n)
{
	const size_t twice = 2 * line->flows_cap, cap = n > twice ? n : twice;
	struct mcr_feed_flow *flows;

	if (n <= line->flows_cap)
		return 0;
	flows = realloc(line->flows, cap * sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	line->flows = flows;
	line->flows_cap = cap;
	return 0;
}

static void add_flow(struct mcr_feed_line_config *line, const struct mcr_join *join)
{
	struct mcr_feed_flow *flow = &line->flows[line->n_flows++];

	memset(flow, 0, sizeof(*flow));
	flow->group = join->group;
	if (join->n_sources > 0)
		flow->source = join->sources[0];
	flow->port = join->port;
	memcpy(flow->interface, join->interface, sizeof(flow->interface));
}

int mcr_feed_config_take_joins(struct mcr_feed_config *c, const struct mcr_join *joins, size_t n,
			       struct mcr_error *err)
{
	struct mcr_feed_line_config *line;
	int ret = 0;

	if (c->n_lines == 0)
		return mcr_error_set(err, -EINVAL, "a join without a line: expected a line first");
	line = &c->lines[c->n_lines - 1];
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = check_join(&joins[i], err);
	if (ret < 0)
		return ret;
	if (count_flows(c) + n > MCR_FEED_FLOWS_MAX)
		return mcr_error_set(err, -E2BIG, "too many groups and ports: expected at most %d",
				     MCR_FEED_FLOWS_MAX);
	if (make_room(line, line->n_flows + n) < 0)
		return mcr_error_set(err, -ENOMEM, "no memory for so many joins: expected some");
	for (size_t i = 0; i < n; i++)
		add_flow(line, &joins[i]);
	return 0;
}

int mcr_feed_config_add_joins(struct mcr_feed_config *c, const char *text, struct mcr_error *err)
{
	struct mcr_join_list list = {0};
	char part[MCR_PIECE_QUOTED];
	int ret = mcr_join_parse(&list, text, err);

	if (ret == 0 && (list.items[0].channel[0] || list.items[0].id))
		ret = mcr_error_set(err, -EINVAL, "join \"%s\": expected no channel and no id: %s",
				    quote(part, text), "a line has its channel");
	if (ret == 0)
		ret = mcr_feed_config_take_joins(c, list.items, list.n, err);
	mcr_join_list_clear(&list);
	return ret;
}

int mcr_feed_config_copy(struct mcr_feed_config *out, const struct mcr_feed_config *c)
{
	*out = *c;
	for (unsigned i = 0; i < MCR_FEED_LINES_MAX; i++) {
		out->lines[i].flows = NULL;
		out->lines[i].flows_cap = 0;
	}
	for (unsigned i = 0; i < c->n_lines; i++) {
		if (make_room(&out->lines[i], c->lines[i].n_flows) < 0) {
			mcr_feed_config_clear(out);
			return -ENOMEM;
		}
		memcpy(out->lines[i].flows, c->lines[i].flows,
		       c->lines[i].n_flows * sizeof(struct mcr_feed_flow));
	}
	return 0;
}

/* ---- the text ---- */

struct parser {
	const char *at, *end;
	const char *wanted; /* a name; NULL = any */
	unsigned line;
	unsigned n_feeds, n_found;
	unsigned seen; /* bits of the keys that the feed has */
	struct mcr_feed_config now;
	struct mcr_feed_config *out;
	struct mcr_error *err;
	char names[128];
};

/* Puts "line N: " before the error. */
static int at_line(const struct parser *p, int ret)
{
	struct mcr_error inner;

	if (ret >= 0 || !p->err)
		return ret;
	inner = *p->err;
	snprintf(p->err->text, sizeof(p->err->text), "line %u: %.*s", p->line,
		 (int)sizeof(inner.text) - 24, inner.text);
	return ret;
}

static char *skip_blanks(char *text)
{
	return text + strspn(text, " \t\r");
}

/* Copies the next line without blanks around it. Returns 1; 0: there is none. */
static int next_line(struct parser *p, char buf[LINE_MAX])
{
	const char *newline;
	size_t len;

	if (p->at == p->end)
		return 0;
	p->line++;
	newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
	len = (size_t)((newline ? newline : p->end) - p->at);
	if (len >= LINE_MAX)
		return mcr_error_set(p->err, -EINVAL, "the line is too long: expected at most %d",
				     LINE_MAX - 1);
	memcpy(buf, p->at, len);
	buf[len] = '\0';
	if (strlen(buf) < len)
		return mcr_error_set(p->err, -EINVAL, "there is a NUL: expected a text");
	while (len > 0 && strchr(" \t\r", buf[len - 1]))
		buf[--len] = '\0';
	p->at = newline ? newline + 1 : p->end;
	return 1;
}

/* The feed is complete. */
static int end_feed(struct parser *p)
{
	const size_t used = strlen(p->names);
	int ret;

	if (p->n_feeds == 0)
		return 0;
	ret = mcr_feed_config_check(&p->now, p->err);
	if (ret < 0)
		return ret;
	snprintf(p->names + used, sizeof(p->names) - used, "%s%s", used ? ", " : "", p->now.name);
	if (p->wanted && strcmp(p->wanted, p->now.name) != 0) {
		mcr_feed_config_clear(&p->now);
		return 0;
	}
	if (p->n_found++ > 0) {
		if (p->wanted)
			return mcr_error_set(p->err, -EINVAL,
					     "feed %s is there twice: expected it "
					     "once",
					     p->wanted);
		mcr_feed_config_clear(&p->now);
		return 0;
	}
	*p->out = p->now;
	memset(&p->now, 0, sizeof(p->now));
	return 0;
}

static int begin_feed(struct parser *p, const char *name)
{
	int ret = end_feed(p);

	if (ret < 0)
		return ret;
	p->n_feeds++;
	p->seen = 0;
	mcr_feed_config_init(&p->now);
	return mcr_feed_config_name(&p->now, name, p->err);
}

/* NAME [engine=NAME] [channel=NAME] */
static int read_line(struct parser *p, char *value)
{
	char *word, *rest = value, *name = strsep(&rest, " \t");
	const char *engine = "", *channel = "";
	char text[MCR_PIECE_QUOTED];

	while ((word = strsep(&rest, " \t"))) {
		if (!word[0])
			continue;
		if (!engine[0] && strncmp(word, "engine=", 7) == 0 && word[7])
			engine = word + 7;
		else if (!channel[0] && strncmp(word, "channel=", 8) == 0 && word[8])
			channel = word + 8;
		else
			return mcr_error_set(
			    p->err, -EINVAL,
			    "'%s': expected engine=NAME or channel=NAME, each once",
			    quote(text, word));
	}
	return mcr_feed_config_add_line(&p->now, name, engine, channel, p->err);
}

static int read_value(struct parser *p, const char *key, const char *value)
{
	for (unsigned i = 0; mcr_feed_config_key(i); i++) {
		if (strcmp(mcr_feed_config_key(i), key) != 0)
			continue;
		if (p->seen & 1u << i)
			return mcr_error_set(p->err, -EINVAL, "%s is there twice: expected it once",
					     key);
		p->seen |= 1u << i;
	}
	return mcr_feed_config_set(&p->now, key, value, p->err);
}

static int read_text(struct parser *p, char *text)
{
	char quoted[MCR_PIECE_QUOTED], *key;

	text = skip_blanks(text);
	if (!text[0] || text[0] == '#')
		return 0;
	key = strsep(&text, " \t");
	text = text ? skip_blanks(text) : NULL;
	if (!text)
		return mcr_error_set(p->err, -EINVAL, "'%s' has no value: expected one behind it",
				     quote(quoted, key));
	if (strcmp(key, "feed") == 0)
		return begin_feed(p, text);
	if (p->n_feeds == 0)
		return mcr_error_set(p->err, -EINVAL, "'%s': expected feed NAME first",
				     quote(quoted, key));
	if (strcmp(key, "line") == 0)
		return read_line(p, text);
	if (strcmp(key, "join") == 0)
		return mcr_feed_config_add_joins(&p->now, text, p->err);
	return read_value(p, key, text);
}

static int read_all(struct parser *p)
{
	char buf[LINE_MAX];
	int ret;

	if ((size_t)(p->end - p->at) > MCR_FEED_TEXT_MAX)
		return mcr_error_set(p->err, -EINVAL,
				     "the text of the feed is too long: expected at most %u octets",
				     MCR_FEED_TEXT_MAX);
	while ((ret = next_line(p, buf)) > 0) {
		ret = read_text(p, buf);
		if (ret < 0)
			return at_line(p, ret);
	}
	if (ret == 0)
		ret = end_feed(p);
	return at_line(p, ret);
}

/* Which feed it is, when all were read. */
static int choose(const struct parser *p)
{
	char text[MCR_PIECE_QUOTED];

	if (p->n_found == 1)
		return 0;
	if (p->n_feeds == 0)
		return mcr_error_set(p->err, -ENOENT, "no feed is declared: expected feed NAME");
	if (!p->wanted)
		return mcr_error_set(p->err, -ENOENT,
				     "there are several feeds: expected the name of one: %s",
				     p->names);
	return mcr_error_set(p->err, -ENOENT, "no feed '%s': expected one of: %s",
			     quote(text, p->wanted), p->names);
}

int mcr_feed_config_parse(struct mcr_feed_config *out, const char *text, size_t len,
			  const char *name, struct mcr_error *err)
{
	struct parser p = {.at = text, .end = text + len, .wanted = name, .out = out, .err = err};
	int ret;

	memset(out, 0, sizeof(*out));
	ret = read_all(&p);
	if (ret < 0 && ret != -ENOMEM)
		ret = -EBADMSG;
	if (ret == 0)
		ret = choose(&p);
	if (ret < 0)
		mcr_feed_config_clear(out);
	mcr_feed_config_clear(&p.now);
	return ret;
}
