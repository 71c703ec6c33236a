/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed_items.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/state.h"
#include "feed_resume.h"
#include "loss.h"

/* ---- cells ---- */

static void forget_cell(struct feed *f, struct feed_stream *st)
{
	f->n_open -= (unsigned)st->is_open;
	st->is_open = 0;
}

void feed_end_cell(struct feed *f, struct feed_stream *st)
{
	forget_cell(f, st);
	lane_end(f->s, &st->lane, &st->place, st->last_ns);
}

/* ---- what is missing ---- */

static int tell(struct feed *f, struct feed_stream *st, enum loss_kind kind, uint64_t count,
		uint64_t until_ns)
{
	const struct loss l = {.kind = kind,
			       .lane = &st->lane,
			       .first = st->place,
			       .count = count,
			       .since_ns = kind == LOSS_RESTART ? st->last_ns : 0,
			       .until_ns = until_ns,
			       .last_ns = st->last_ns};
	const int ret = loss_tell(f->s, &l);

	if (ret < 0)
		return ret;
	forget_cell(f, st);
	st->place.next += count;
	return 0;
}

/* Numbers began anew while nobody read. */
static int tell_anew(struct feed *f, struct feed_stream *st, const struct resume_seen *seen)
{
	const struct sink_place before = st->place;
	int ret;

	resume_anew(&st->place, seen);
	ret = tell(f, st, LOSS_RESTART, 0, seen->ns);
	if (ret < 0) {
		st->place = before;
		return ret;
	}
	st->is_older = 0;
	st->shift = 0;
	return 0;
}

/* What lies before this number is missing, if anything is. */
static int tell_up_to(struct feed *f, struct feed_stream *st, enum loss_kind kind, uint64_t number)
{
	return number > st->place.next ? tell(f, st, kind, number - st->place.next, 0) : 0;
}

/* ---- streams ---- */

static struct feed_stream *find(const struct feed *f, const char *scope)
{
	for (unsigned i = 0; i < f->n_streams; i++)
		if (strcmp(f->streams[i]->scope, scope) == 0)
			return f->streams[i];
	return NULL;
}

/* Makes room where there is none: for the one that was read last of those that have not come since
 * the sink started, so that no unit is of their lanes. */
static int make_room(struct feed *f)
{
	unsigned oldest = f->n_streams;

	if (f->n_streams < FEED_STREAMS_MAX)
		return 0;
	for (unsigned i = 0; i < f->n_streams; i++)
		if (!f->streams[i]->flow.subject &&
		    (oldest == f->n_streams ||
		     f->streams[i]->last_ns < f->streams[oldest]->last_ns))
			oldest = i;
	if (oldest == f->n_streams)
		return -ENOSPC;
	free(f->streams[oldest]);
	f->streams[oldest] = f->streams[--f->n_streams];
	return 0;
}

int feed_add(struct feed *f, struct feed_stream *st)
{
	struct feed_stream **streams;

	if (make_room(f) < 0)
		return -ENOSPC;
	streams = realloc(f->streams, (f->n_streams + 1) * sizeof(*streams));
	if (!streams)
		return -ENOMEM;
	f->streams = streams;
	f->streams[f->n_streams++] = st;
	return 0;
}

static int put_key(struct feed *f, uint32_t key, struct feed_stream *st)
{
	if (key >= f->n_keys) {
		struct feed_stream **by_key = realloc(f->by_key, (key + 1) * sizeof(*by_key));

		if (!by_key)
			return -ENOBUFS;
		for (; f->n_keys <= key; f->n_keys++)
			by_key[f->n_keys] = NULL;
		f->by_key = by_key;
	}
	f->by_key[key] = st;
	return 0;
}

/* ---- where numbers begin ---- */

/* The epoch that a stream has from an item on, which begins its numbers. What the feed says of it
 * is of later, if the batch has another reset of it behind: then the packets between say it.
 * Returns 1, or 0: nobody can say. */
static int take_epoch(const struct feed *f, const struct mcr_feed_msg *item,
		      const struct mcr_feed_key *key, uint64_t epoch[2])
{
	const struct mcr_feed_msg *data = NULL;
	struct mcr_feed_packet packet;

	for (int i = f->at + 1; i < f->n; i++) {
		const struct mcr_feed_msg *next = &f->items[i];

		if (next->key != item->key)
			continue;
		if (next->kind == MCR_FEED_DATA && !data)
			data = next;
		if (next->kind != MCR_FEED_RESET)
			continue;
		if (!data)
			return 0;
		mcr_feed_packet_read(&f->link.feed->config.numbering, data->msg->data,
				     data->msg->len, &packet);
		if (!mcr_feed_intact(f->link.feed, data))
			return 0;
		memcpy(epoch, packet.epoch, sizeof(packet.epoch));
		return 1;
	}
	memcpy(epoch, key->epoch, sizeof(key->epoch));
	return 1;
}

static struct resume_known known_of(const struct feed *f, const struct feed_stream *st)
{
	return (struct resume_known){st->place, st->last_ns, f->link.turn};
}

static struct resume_seen seen_of(const struct feed_stream *st, uint64_t number, uint64_t ns)
{
	return (struct resume_seen){{st->epoch[0], st->epoch[1]}, number, ns};
}

/* Takes a verdict on a stream whose old packets may come again. */
static int resume(struct feed *f, struct feed_stream *st, enum resume_verdict verdict,
		  const struct resume_seen *seen, uint64_t shift)
{
	int ret;

	if (verdict == RESUME_ANEW)
		return tell_anew(f, st, seen);
	if (verdict == RESUME_OLDER) {
		st->is_older = 1;
		return 0;
	}
	ret = tell_up_to(f, st, LOSS_LAPPED, seen->number + shift);
	if (ret < 0)
		return ret;
	st->is_older = 0;
	st->shift = shift;
	return 0;
}

/* A stream that nothing is known of. */
static struct feed_stream *begin(struct feed *f, const struct mcr_feed_msg *item,
				 const struct mcr_feed_key *key, const char *scope)
{
	struct feed_stream *st = feed_stream_new(f->src, scope);

	if (!st || feed_add(f, st) < 0) {
		free(st);
		return NULL;
	}
	feed_stream_name(f->s, st, key->text, f->link.n_epoch);
	if (!take_epoch(f, item, key, st->epoch))
		st->place.generation = item->ns;
	memcpy(st->place.epoch, st->epoch, sizeof(st->epoch));
	st->place.next = item->seq;
	feed_end_cell(f, st);
	return st;
}

static int take_start(struct feed *f, const struct mcr_feed_msg *item)
{
	struct mcr_feed_key key = {.size = sizeof(key)};
	char scope[MCR_SINK_SCOPE_MAX];
	struct feed_stream *st;
	uint64_t shift = 0;
	int ret = 0;

	mcr_feed_key_info(f->link.feed, item->key, &key);
	feed_stream_scope(scope, f->link.feed, &key);
	st = find(f, scope);
	if (!st) {
		st = begin(f, item, &key, scope);
		if (!st && !f->is_full) {
			f->is_full = 1;
			line_log(&f->s->log, "feed %s: no room for stream %s: it is passed over",
				 f->src->name, key.text);
		}
	} else {
		if (!take_epoch(f, item, &key, st->epoch))
			memcpy(st->epoch, st->place.epoch, sizeof(st->epoch));
		const struct resume_known known = known_of(f, st);
		const struct resume_seen seen = seen_of(st, item->seq, item->ns);

		feed_stream_name(f->s, st, key.text, f->link.n_epoch);
		ret = resume(f, st, resume_start(&known, &seen, &shift), &seen, shift);
		st->resumed_ns = known.last_ns;
	}
	return ret == 0 ? put_key(f, item->key, st) : ret;
}

/* Whether a reset may be one that was read before: all that came since the stream was resumed was.
 */
static int may_be_known(const struct feed_stream *st, const struct mcr_feed_msg *item)
{
	return st->is_older ||
	       (st->resumed_ns != 0 && st->place.generation != 0 && st->last_ns == st->resumed_ns &&
		item->reset.old_next + st->shift <= st->place.next);
}

static int take_reset(struct feed *f, const struct mcr_feed_msg *item, struct feed_stream *st)
{
	struct mcr_feed_key key = {.size = sizeof(key)};
	const struct resume_known known = known_of(f, st);
	struct resume_seen seen;
	uint64_t shift = 0;

	mcr_feed_key_info(f->link.feed, item->key, &key);
	take_epoch(f, item, &key, st->epoch);
	seen = seen_of(st, item->reset.new_next, item->ns);
	if (may_be_known(st, item)) {
		const enum resume_verdict verdict = resume_reset(&known, &seen, &shift);

		if (verdict != RESUME_ANEW || st->is_older)
			return resume(f, st, verdict, &seen, shift);
	}
	/* The units before are of what was; names and the place behind are of what is. */
	feed_end_cell(f, st);
	resume_anew(&st->place, &seen);
	st->shift = 0;
	feed_stream_name(f->s, st, key.text, f->link.n_epoch);
	feed_end_cell(f, st);
	return 0;
}

static int take_gap(struct feed *f, const struct mcr_feed_msg *item, struct feed_stream *st)
{
	const enum loss_kind kind = item->gap.whose == MCR_FEED_RING ? LOSS_LAPPED : LOSS_GAP;

	return st->is_older ? 0 : tell_up_to(f, st, kind, item->gap.last + st->shift + 1);
}

/* ---- messages ---- */

static struct pack_message message_of(const struct mcr_feed_msg *item, struct feed_stream *st)
{
	const struct mcr_msg *m = item->msg;

	return (struct pack_message){
	    .lane = &st->lane,
	    .flow = &st->flow,
	    .place = {{st->place.epoch[0], st->place.epoch[1]},
		      st->place.generation,
		      item->seq + st->shift},
	    .count = item->count,
	    .len = m->len,
	    .rx_ns = m->rx_ns,
	    .hw_ns = m->flags & MCR_FLAG_HW_TIME ? m->hw_ns : 0,
	    .skip = item->skip,
	    .flags = (item->flags & MCR_FEED_FLAG_LATE ? MCR_SINK_LATE : 0u) |
		     (item->flags & MCR_FEED_FLAG_AFTER_GAP ? MCR_SINK_AFTER_GAP : 0u),
	    .msg = item,
	};
}

/* Reads a message into its unit. late: it lies below the place. */
static int pack(struct feed *f, const struct mcr_feed_msg *item, struct feed_stream *st,
		struct pack_message *m, int late)
{
	const uint64_t end = m->place.next + m->count, rx_ns = m->rx_ns;
	uint8_t *body;

	if (st->is_open &&
	    (late || (rx_ns > st->cell_ns && rx_ns - st->cell_ns >= f->s->options->linger_ns)))
		feed_end_cell(f, st);
	if (memcmp(st->source, item->msg->source.octets, sizeof(st->source)) != 0 ||
	    st->source_port != item->msg->src_port) {
		m->source = item->msg->source.octets;
		m->source_port = item->msg->src_port;
	}
	if (pack_reserve(f->s, m, &body) < 0)
		return -ENOBUFS;
	if (mcr_feed_read(f->link.feed, item, body, m->len) < 0) {
		pack_cancel(f->s, m);
		return late ? 0 : tell(f, st, LOSS_OVERWRITTEN, m->count, 0);
	}
	pack_commit(f->s, m);
	memcpy(st->source, item->msg->source.octets, sizeof(st->source));
	st->source_port = item->msg->src_port;
	if (!st->is_open) {
		f->n_open++;
		st->is_open = 1;
		st->cell_ns = rx_ns;
		st->cell = m->place.next / f->s->options->pack;
	}
	if (!late)
		st->place.next = end;
	st->last_ns = rx_ns > st->last_ns ? rx_ns : st->last_ns;
	f->until_ns = rx_ns > f->until_ns ? rx_ns : f->until_ns;
	if (late || end / f->s->options->pack != st->cell || lane_is_full(&st->lane))
		feed_end_cell(f, st);
	return 0;
}

static int take_data(struct feed *f, const struct mcr_feed_msg *item, struct feed_stream *st)
{
	const int late = (item->flags & MCR_FEED_FLAG_LATE) != 0;
	struct pack_message m;
	int ret;

	if (st->is_older) {
		const struct resume_known known = known_of(f, st);
		const struct resume_seen seen = seen_of(st, item->seq, item->msg->rx_ns);
		uint64_t shift = 0;

		ret = resume(f, st, resume_data(&known, &seen, &shift), &seen, shift);
		if (ret < 0 || st->is_older)
			return ret;
	}
	m = message_of(item, st);
	if (late)
		return m.rx_ns > st->resumed_ns ? pack(f, item, st, &m, 1) : 0;
	if (m.place.next < st->place.next) {
		const uint64_t before = st->place.next - m.place.next;

		if (before >= m.count)
			return 0;
		m.place.next += before;
		m.count -= (uint32_t)before;
		m.skip += (uint32_t)before;
	}
	ret = tell_up_to(f, st, LOSS_LAPPED, m.place.next);
	return ret < 0 ? ret : pack(f, item, st, &m, 0);
}

int feed_take(struct feed *f)
{
	const struct mcr_feed_msg *item = &f->items[f->at];
	struct feed_stream *st;

	switch (item->kind) {
	case MCR_FEED_START:
		return take_start(f, item);
	case MCR_FEED_CHANGED:
		f->is_changed = 1;
		return 0;
	case MCR_FEED_KEYS_FULL:
		line_log(&f->s->log,
			 "feed %s: it has too many streams: those above %u are passed over",
			 f->src->name, f->n_keys);
		return 0;
	}
	st = item->key < f->n_keys ? f->by_key[item->key] : NULL;
	if (!st)
		return 0;
	switch (item->kind) {
	case MCR_FEED_DATA:
		return take_data(f, item, st);
	case MCR_FEED_GAP:
		return take_gap(f, item, st);
	case MCR_FEED_RESET:
	case MCR_FEED_CYCLE:
		return take_reset(f, item, st);
	}
	return 0;
}
