/* SPDX-License-Identifier: BSD-3-Clause */
#include "loss.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pack.h"
#include "put.h"
#include "source.h"

#define ID_MAX     (SOURCE_ID_MAX + 16 + PUT_NUMBER_MAX)
#define HEADER_MAX (4 + SOURCE_WHERE_MAX + 24 + 2 * PUT_NUMBER_MAX)

static const char *word_of(enum loss_kind kind)
{
	return kind == LOSS_GAP ? "gap" : kind == LOSS_RESTART ? "restart" : "lost";
}

static void put_texts(const struct loss *l, char *id, char *header)
{
	const struct sink_source_calls *calls = l->lane->source->calls;
	const char *word = word_of(l->kind);
	char *o = calls->id(l->lane, &l->first, id);

	o = put_text(put_text(o, "."), word);
	if (l->kind != LOSS_RESTART)
		put_number(put_text(o, "."), l->count);
	o = calls->where(l->lane, &l->first, put_text(header, "v=1 "));
	o = put_text(put_text(o, " "), word);
	if (l->kind != LOSS_RESTART) {
		put_number(put_text(o, "="), l->count);
		return;
	}
	o = put_number(put_text(o, " since="), l->since_ns);
	put_number(put_text(o, " until="), l->until_ns);
}

static void count(const struct loss *l)
{
	struct sink_source *src = l->lane->source;
	struct sink_told *told = &src->told;
	char *at = l->kind == LOSS_GAP ? told->gap_at : told->lost_at;

	switch (l->kind) {
	case LOSS_GAP:
		src->counts.gaps++;
		src->counts.gap_lost += l->count;
		break;
	case LOSS_RESTART:
		src->counts.restarts++;
		return;
	case LOSS_REFUSED:
		src->counts.refused += l->count;
		at = told->refused_at;
		break;
	default:
		src->counts.losses++;
		src->counts.lost += l->count;
		told->is_overwritten = l->kind == LOSS_OVERWRITTEN;
	}
	src->calls->where(l->lane, &l->first, at);
}

int loss_tell(struct sink *s, const struct loss *l)
{
	char id[ID_MAX], header[HEADER_MAX];
	struct sink_place behind = l->first;
	struct unit *u;

	put_texts(l, id, header);
	u = pack_notice(s, l->lane, id, header, 0);
	if (!u)
		return -ENOBUFS;
	u->rx_ns = l->last_ns;
	lane_end(s, l->lane, &l->first, l->last_ns);
	unit_list_add(&l->lane->cell, u);
	behind.next += l->count;
	lane_end(s, l->lane, &behind, 0);
	count(l);
	return 0;
}

void loss_refused(struct sink *s, const struct unit *u, const char *why)
{
	const struct loss l = {
	    .kind = LOSS_REFUSED,
	    .lane = u->lane,
	    .first = u->first,
	    .count = u->to_broker.messages,
	};
	char id[ID_MAX], header[HEADER_MAX];
	struct unit *notice;

	snprintf(u->lane->source->told.why, SINK_WHY_MAX, "%s", why);
	if (u->kind == UNIT_NOTICE) {
		snprintf(u->lane->source->told.refused_at, SOURCE_WHERE_MAX, "%s",
			 u->to_broker.header);
		u->lane->source->told.notices++;
		return;
	}
	put_texts(&l, id, header);
	count(&l);
	notice = pack_notice(s, u->lane, id, header, 1);
	if (!notice)
		return;
	notice->is_end = 1;
	unit_list_add(&s->ready, notice);
}

/* ---- the log ---- */

static void log_lost(struct sink *s, const struct sink_source *src, const struct sink_told *last)
{
	const struct sink_told *now = &src->told;
	const uint64_t lost = src->counts.lost - last->lost;

	if (lost > 0)
		line_log(&s->log,
			 "lost %" PRIu64 " messages in %" PRIu64 " stretches, the last at %s: %s",
			 lost, src->counts.losses - last->losses, now->lost_at,
			 now->is_overwritten ? "overwritten while they were read"
					     : "the ring did not hold them any more");
}

static void log_source(struct sink *s, struct sink_source *src)
{
	struct sink_told *told = &src->told;
	const struct sink_counts *c = &src->counts;

	log_lost(s, src, told);
	if (c->refused > told->refused)
		line_log(&s->log, "lost %" PRIu64 " messages, the last at %s: refused: %s",
			 c->refused - told->refused, told->refused_at, told->why);
	if (told->notices > 0)
		line_log(&s->log, "%" PRIu64 " notices were refused, the last '%s': %s",
			 told->notices, told->refused_at, told->why);
	if (c->gap_lost > told->gap_lost)
		line_log(&s->log,
			 "%" PRIu64 " messages are missing in %" PRIu64 " gaps, the last at %s",
			 c->gap_lost - told->gap_lost, c->gaps - told->gaps, told->gap_at);
	told->lost = c->lost;
	told->losses = c->losses;
	told->refused = c->refused;
	told->gap_lost = c->gap_lost;
	told->gaps = c->gaps;
	told->notices = 0;
}

void loss_log(struct sink *s)
{
	for (unsigned i = 0; i < s->n_sources; i++)
		log_source(s, s->sources[i]);
}
