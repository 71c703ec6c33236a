/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the text of a feed, in one way only, and compares feeds by it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/join.h>

#include "core/feed/feed_config.h"
#include "core/feed/feed_keys.h"
#include "core/text_hash.h"

#define FLOW_MAX 256 /* octets of a join with one source */

struct text {
	char *at;
	size_t len, cap;
	int failed;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *t, const char *fmt, ...)
{
	char *grown;
	va_list ap;
	int n;

	if (t->failed)
		return;
	if (t->cap - t->len < MCR_FEED_VALUE_MAX + FLOW_MAX) { /* more than any one call writes */
		grown = realloc(t->at, 2 * t->cap + 4096);
		if (!grown) {
			t->failed = 1;
			return;
		}
		t->at = grown;
		t->cap = 2 * t->cap + 4096;
	}
	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

static const char *flow_text(const struct mcr_feed_flow *flow, char out[FLOW_MAX])
{
	const struct mcr_join join = mcr_feed_flow_join(flow);

	mcr_join_format(out, FLOW_MAX, &join);
	return out;
}

static void append_line(struct text *t, const struct mcr_feed_line_config *line)
{
	char flow[FLOW_MAX];

	append(t, "line %s", line->name);
	if (line->engine[0])
		append(t, " engine=%s", line->engine);
	append(t, " channel=%s\n", mcr_feed_config_channel(line));
	for (size_t i = 0; i < line->n_flows; i++)
		append(t, "join %s\n", flow_text(&line->flows[i], flow));
}

char *mcr_feed_config_format(const struct mcr_feed_config *c)
{
	char value[MCR_FEED_VALUE_MAX];
	struct text t = {.len = 0};

	append(&t, "feed %s\n", c->name);
	for (size_t i = 0; i < mcr_feed_keys_n; i++) {
		mcr_feed_key_format(&mcr_feed_keys[i], c, value);
		if (value[0])
			append(&t, "%s %s\n", mcr_feed_keys[i].name, value);
	}
	for (unsigned i = 0; i < c->n_lines; i++)
		append_line(&t, &c->lines[i]);
	if (t.failed) {
		free(t.at);
		return NULL;
	}
	return t.at;
}

uint64_t mcr_feed_config_digest(const char *canonical)
{
	return mcr_text_hash(canonical);
}

/* ---- the difference ---- */

/* Who the feeds are of, and where to write. */
struct difference {
	const char *who_a, *who_b;
	char *out;
	size_t cap;
};

/* Writes "WHAT is A on WHO, B on WHO" if they differ. Returns 1: they do. */
static int differ(const struct difference *d, const char *what, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return 0;
	snprintf(d->out, d->cap, "%s is %s on %s, %s on %s", what, a[0] ? a : "not there", d->who_a,
		 b[0] ? b : "not there", d->who_b);
	return 1;
}

static int differ_by_number(const struct difference *d, const char *what, size_t a, size_t b)
{
	char text_a[24], text_b[24];

	snprintf(text_a, sizeof(text_a), "%zu", a);
	snprintf(text_b, sizeof(text_b), "%zu", b);
	return differ(d, what, text_a, text_b);
}

static int lines_differ(const struct difference *d, unsigned index,
			const struct mcr_feed_line_config *a, const struct mcr_feed_line_config *b)
{
	char what[96], text_a[FLOW_MAX], text_b[FLOW_MAX];

	snprintf(what, sizeof(what), "the name of line %u", index + 1);
	if (differ(d, what, a->name, b->name))
		return 1;
	snprintf(what, sizeof(what), "the engine of line %s", a->name);
	if (differ(d, what, a->engine, b->engine))
		return 1;
	snprintf(what, sizeof(what), "the channel of line %s", a->name);
	if (differ(d, what, mcr_feed_config_channel(a), mcr_feed_config_channel(b)))
		return 1;
	snprintf(what, sizeof(what), "the number of joins of line %s", a->name);
	if (differ_by_number(d, what, a->n_flows, b->n_flows))
		return 1;
	for (size_t i = 0; i < a->n_flows; i++) {
		snprintf(what, sizeof(what), "join %zu of line %s", i + 1, a->name);
		if (differ(d, what, flow_text(&a->flows[i], text_a),
			   flow_text(&b->flows[i], text_b)))
			return 1;
	}
	return 0;
}

int mcr_feed_config_difference(const struct mcr_feed_config *a, const char *who_a,
			       const struct mcr_feed_config *b, const char *who_b, char *out,
			       size_t cap)
{
	const struct difference d = {who_a, who_b, out, cap};
	char value_a[MCR_FEED_VALUE_MAX], value_b[MCR_FEED_VALUE_MAX];

	if (differ(&d, "the feed's name", a->name, b->name))
		return 1;
	for (size_t i = 0; i < mcr_feed_keys_n; i++) {
		mcr_feed_key_format(&mcr_feed_keys[i], a, value_a);
		mcr_feed_key_format(&mcr_feed_keys[i], b, value_b);
		if (differ(&d, mcr_feed_keys[i].name, value_a, value_b))
			return 1;
	}
	if (differ_by_number(&d, "the number of lines", a->n_lines, b->n_lines))
		return 1;
	for (unsigned i = 0; i < a->n_lines; i++)
		if (lines_differ(&d, i, &a->lines[i], &b->lines[i]))
			return 1;
	return 0;
}
