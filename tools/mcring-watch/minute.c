/* SPDX-License-Identifier: BSD-3-Clause */
#include "minute.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line_out {
	char *text;
	size_t len, cap;
};

/* A word of it is there whole or not at all. */
__attribute__((format(printf, 2, 3))) static void add(struct line_out *out, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(out->text + out->len, out->cap - out->len, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < out->cap - out->len)
		out->len += (size_t)n;
	else
		out->text[out->len] = '\0';
}

/* A counter of something that came anew begins at 0. */
static uint64_t since(uint64_t *before, uint64_t now)
{
	const uint64_t n = now >= *before ? now - *before : now;

	*before = now;
	return n;
}

/* ---- lines ---- */

static uint64_t lost_before(const struct watch_minute *m, const char *feed, const char *line)
{
	for (unsigned i = 0; i < m->n_lines; i++)
		if (strcmp(m->lines[i].feed, feed) == 0 && strcmp(m->lines[i].line, line) == 0)
			return m->lines[i].lost;
	return 0;
}

static unsigned count_lines(const struct watch *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_feeds; i++)
		n += w->feeds[i]->n_lines;
	return n;
}

static void add_lines(struct watch_minute *m, const struct watch *w, struct line_out *out)
{
	struct watch_minute next = {.lines = calloc(count_lines(w) + 1, sizeof(*next.lines))};
	const char *between = "; lost by line: ";

	for (unsigned i = 0; next.lines && i < w->n_feeds; i++)
		for (unsigned k = 0; k < w->feeds[i]->n_lines; k++) {
			const struct watch_line *line = &w->feeds[i]->lines[k];
			struct watch_minute_line *one = &next.lines[next.n_lines++];
			uint64_t before = lost_before(m, w->feeds[i]->name, line->name), n;

			snprintf(one->feed, sizeof(one->feed), "%s", w->feeds[i]->name);
			snprintf(one->line, sizeof(one->line), "%s", line->name);
			one->lost = line->info.lost;
			n = since(&before, line->info.lost);
			if (n > 0) {
				add(out, "%s%s/%s %" PRIu64, between, one->feed, one->line, n);
				between = ", ";
			}
		}
	free(m->lines);
	m->lines = next.lines;
	m->n_lines = next.n_lines;
}

static void add_down(const struct watch *w, struct line_out *out)
{
	const char *between = "; down: ";

	for (unsigned i = 0; i < w->n_feeds; i++)
		for (unsigned k = 0; k < w->feeds[i]->n_lines; k++)
			if (w->feeds[i]->lines[k].down_since_ns) {
				add(out, "%s%s/%s", between, w->feeds[i]->name,
				    w->feeds[i]->lines[k].name);
				between = ", ";
			}
}

/* ---- all together ---- */

static void add_feeds(struct watch_minute *m, const struct watch *w, struct line_out *out)
{
	uint64_t wire = 0, host = 0, ring = 0, silences = 0;

	for (unsigned i = 0; i < w->n_feeds; i++) {
		wire += w->feeds[i]->wire_messages;
		host += w->feeds[i]->host_messages;
		ring += w->feeds[i]->ring_messages;
		silences += w->feeds[i]->silences;
	}
	wire = since(&m->wire, wire);
	host = since(&m->host, host);
	ring = since(&m->ring, ring);
	silences = since(&m->silences, silences);
	add(out, "; %u feed%s: %" PRIu64 " messages missing", w->n_feeds,
	    w->n_feeds == 1 ? "" : "s", wire + host + ring);
	if (wire + host + ring > 0)
		add(out, " (wire %" PRIu64 ", host %" PRIu64 ", watch %" PRIu64 ")", wire, host,
		    ring);
	if (silences > 0)
		add(out, ", silent %" PRIu64 " times", silences);
}

/* The largest burst of each window, and of which channel it was. */
static void add_bursts(const struct watch *w, struct line_out *out)
{
	static const char *const names[WATCH_WINDOWS] = {"10 us", "100 us", "1 ms", "1 s"};
	const char *between = "; most packets in ";

	for (unsigned i = 0; i < WATCH_WINDOWS; i++) {
		const struct watch_channel *of = NULL;
		uint64_t most = 0;

		for (unsigned e = 0; e < w->n_engines; e++)
			for (unsigned k = 0; k < w->engines[e]->n_channels; k++) {
				const struct watch_channel *c = w->engines[e]->channels[k];
				const struct watch_peak peak = c->burst
								   ? watch_burst_take(c->burst, i)
								   : (struct watch_peak){0};

				if (peak.packets > most) {
					most = peak.packets;
					of = c;
				}
			}
		if (of) {
			add(out, "%s%s %" PRIu64 " (%s)", between, names[i], most, of->name);
			between = ", ";
		}
	}
}

char *watch_minute_text(struct watch_minute *m, const struct watch *w, char *text, size_t cap)
{
	struct line_out out = {.text = text, .cap = cap};
	uint64_t packets = 0, lost = 0, n_groups = 0, n_silent = 0;

	text[0] = '\0';
	for (unsigned e = 0; e < w->n_engines; e++)
		for (unsigned i = 0; i < w->engines[e]->n_channels; i++) {
			const struct watch_channel *c = w->engines[e]->channels[i];

			packets += c->packets;
			lost += c->lost;
			n_groups += c->n_groups;
			for (uint32_t g = 0; g < c->n_groups; g++)
				n_silent += c->groups[g].silent_since_ns != 0;
		}
	add(&out, "a minute: %" PRIu64 " packets of %" PRIu64 " groups",
	    since(&m->packets, packets), n_groups);
	if (n_silent > 0)
		add(&out, " (%" PRIu64 " silent)", n_silent);
	lost = since(&m->lost, lost);
	if (lost > 0)
		add(&out, ", %" PRIu64 " lost by the watch itself", lost);
	if (w->n_feeds > 0)
		add_feeds(m, w, &out);
	add_lines(m, w, &out);
	add_down(w, &out);
	add_bursts(w, &out);
	return text;
}

void watch_minute_clear(struct watch_minute *m)
{
	free(m->lines);
	m->lines = NULL;
	m->n_lines = 0;
}
