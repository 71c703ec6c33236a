/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed as a source: its messages once and in order, whatever line they come from. A lane is a
 * stream; a cell is one unit, which begins with a number that --pack divides, or behind what was
 * missing, and ends with its last number or when it is older than --linger. All of that but the
 * time is the sender's, so that another host makes the same units. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/clock.h"
#include "core/error.h"
#include "feed/state.h"
#include "feed_items.h"
#include "pack.h"
#include "put.h"
#include "source.h"
#include "subject.h"

#define BATCHES  8                   /* in one read */
#define GRACE_NS UINT64_C(10000000)  /* for what is still on its way to a ring */
#define PAUSE_NS UINT64_C(100000000) /* before the engine is asked again */

static int open_feed_source(struct sink *s, struct sink_source *src, struct mcr_error *err)
{
	struct feed *f = calloc(1, sizeof(*f));
	char *end;

	if (!f)
		return mcr_error_set(err, -ENOMEM, "feed \"%s\": no memory", src->name);
	f->s = s;
	f->src = src;
	f->link = (struct feed_link)FEED_LINK_NONE;
	end = put_text(put_text(f->lost_subject, s->options->prefix), ".");
	put_text(subject_token(end, MCR_NAME_MAX, src->name), ".lost");
	src->lost_subject = f->lost_subject;
	src->state = f;
	return 0;
}

static int load(struct sink *s, struct sink_source *src, const json_t *position, uint64_t at_ns,
		struct mcr_error *err)
{
	const json_t *streams = json_object_get(position, "streams"), *stream;
	struct feed *f = src->state;
	size_t i;

	if (!json_is_array(streams) || json_array_size(streams) > FEED_STREAMS_MAX)
		return mcr_error_set(err, -EINVAL, "feed \"%s\": no list of up to %d streams",
				     src->name, FEED_STREAMS_MAX);
	json_array_foreach(streams, i, stream)
	{
		struct feed_stream *st = feed_stream_load(src, stream, err);

		if (!st)
			return -EINVAL;
		if (feed_add(f, st) < 0) {
			free(st);
			return mcr_error_set(err, -EINVAL, "feed \"%s\": no memory", src->name);
		}
	}
	return 0;
}

static json_t *position(const struct sink_source *src)
{
	const struct feed *f = src->state;
	json_t *streams = json_array();

	for (unsigned i = 0; streams && i < f->n_streams; i++)
		if (json_array_append_new(streams, feed_stream_json(f->streams[i])) < 0) {
			json_decref(streams);
			streams = NULL;
		}
	return streams ? json_pack("{s:s, s:o}", "feed", src->name, "streams", streams) : NULL;
}

/* Closes the feed: what comes when it is opened again may have been read. */
static void leave(struct feed *f, uint64_t pause_ns)
{
	feed_link_close(f->s, &f->link, pause_ns);
	f->n_keys = 0;
	f->n = f->at = 0;
	f->is_changed = 0;
}

/* Takes the next items, when those before are taken. Returns how many there are. */
static int poll_feed(struct feed *f)
{
	if (f->at < f->n)
		return f->n - f->at;
	f->at = f->n = 0;
	mcr_feed_release(f->link.feed);
	if (f->is_changed) {
		line_log(&f->s->log, "feed %s: its engine declares it anew", f->src->name);
		leave(f, 0);
		return 0;
	}
	f->n = mcr_feed_poll(f->link.feed, f->items, FEED_BATCH);
	if (f->n >= 0)
		return f->n;
	f->n = 0;
	line_log(&f->s->log, "feed %s: no engine of its lines runs any more", f->src->name);
	leave(f, PAUSE_NS);
	return 0;
}

/* Ends the cells that are older than they may be. */
static void end_old_cells(struct feed *f)
{
	const uint64_t now_ns = f->n_open > 0 ? realtime_ns() : 0;

	for (unsigned i = 0; f->n_open > 0 && i < f->n_streams; i++) {
		struct feed_stream *st = f->streams[i];

		if (st->is_open && now_ns > st->cell_ns &&
		    now_ns - st->cell_ns >= f->s->options->linger_ns + GRACE_NS)
			feed_end_cell(f, st);
	}
}

static unsigned read_feed(struct sink *s, struct sink_source *src, uint64_t now_ns)
{
	struct feed *f = src->state;
	const int is_there = feed_link_step(s, src, &f->link, now_ns);
	unsigned taken = 0;
	int ret = 0;

	if (is_there && !src->is_attached)
		return (unsigned)(src->is_attached = 1);
	if (is_there && feed_link_waits(s, &f->link))
		return 0;
	for (int i = 0; is_there && i < BATCHES && ret == 0 && poll_feed(f) > 0; i++)
		while (f->at < f->n && ret == 0) {
			ret = feed_take(f);
			if (ret == 0) {
				f->at++;
				taken++;
			}
		}
	end_old_cells(f);
	src->is_attached = f->link.feed && f->link.is_read;
	return taken;
}

static int arm(struct sink *s, struct sink_source *src)
{
	struct feed *f = src->state;

	const int is_stuck = f->at < f->n || s->is_held; /* only the broker can make it go on */

	if (!src->is_attached)
		return 0;
	feed_link_watch(s, &f->link, !is_stuck);
	return !is_stuck && mcr_feed_arm(f->link.feed);
}

static void flush(struct sink *s, struct sink_source *src)
{
	struct feed *f = src->state;

	for (unsigned i = 0; i < f->n_streams; i++)
		if (f->streams[i]->is_open)
			feed_end_cell(f, f->streams[i]);
}

static uint64_t behind(const struct sink_source *src)
{
	const struct feed *f = src->state;

	return feed_link_behind(&f->link) + (uint64_t)(f->n - f->at);
}

static uint64_t until_ns(const struct sink_source *src)
{
	return ((const struct feed *)src->state)->until_ns;
}

static char *more(const struct sink_lane *lane, const struct pack_message *m, char *out)
{
	const struct feed *f = lane->source->state;

	return feed_stream_more((const char(*)[MCR_LABEL_MAX])f->link.lines, m, out);
}

static void close_feed_source(struct sink *s, struct sink_source *src)
{
	struct feed *f = src->state;

	if (!f)
		return;
	feed_link_close(s, &f->link, 0);
	for (unsigned i = 0; i < f->n_streams; i++)
		free(f->streams[i]);
	free(f->streams);
	free(f->by_key);
	free(f);
	src->state = NULL;
}

const struct sink_source_calls feed_calls = {
    .open = open_feed_source,
    .load = load,
    .position = position,
    .read = read_feed,
    .arm = arm,
    .flush = flush,
    .behind = behind,
    .until_ns = until_ns,
    .where = feed_stream_where,
    .id = feed_stream_id,
    .more = more,
    .close = close_feed_source,
};
