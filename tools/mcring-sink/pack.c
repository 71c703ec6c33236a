/* SPDX-License-Identifier: BSD-3-Clause */
#include "pack.h"

#include <errno.h>
#include <string.h>

#include "put.h"
#include "source.h"
#include "wire.h"

/* What is put behind an id and a header when the unit is closed: ".123", " n=123 pack". */
#define ID_END_MAX     (1 + PUT_NUMBER_MAX)
#define HEADER_END_MAX (3 + PUT_NUMBER_MAX + 5)
#define HEADER_MAX     (4 + SOURCE_WHERE_MAX + 2 * (4 + PUT_NUMBER_MAX) + 1 + SOURCE_MORE_MAX)
#define BODY_FIRST_MAX 4096 /* octets that a pack begins with */

static int is_packed(const struct sink *s)
{
	return s->options->pack > 1;
}

/* ---- units that live ---- */

static void live(struct unit *u)
{
	struct sink_source *src = u->lane->source;

	u->live_prev = src->newest;
	if (src->newest)
		src->newest->live_next = u;
	else
		src->oldest = u;
	src->newest = u;
}

void pack_settle(struct sink *s, struct unit *u)
{
	struct sink_source *src = u->lane->source;

	if (u->live_prev)
		u->live_prev->live_next = u->live_next;
	else
		src->oldest = u->live_next;
	if (u->live_next)
		u->live_next->live_prev = u->live_prev;
	else
		src->newest = u->live_prev;
	unit_free(&s->pool, u);
}

/* ---- a unit ---- */

static char *put_header(char *o, const struct pack_message *m)
{
	const struct sink_source_calls *calls = m->lane->source->calls;
	char *more;

	o = put_text(o, "v=1 ");
	o = calls->where(m->lane, &m->place, o);
	o = put_number(put_text(o, " rx="), m->rx_ns);
	if (m->hw_ns != 0)
		o = put_number(put_text(o, " hw="), m->hw_ns);
	*o = ' ';
	more = calls->more(m->lane, m, o + 1);
	if (more > o + 1)
		return more;
	*o = '\0';
	return o;
}

static struct unit *begin(struct sink *s, const struct pack_message *m)
{
	char id[SOURCE_ID_MAX], header[HEADER_MAX];
	const struct sink_source *src = m->lane->source;
	const size_t id_len = (size_t)(src->calls->id(m->lane, &m->place, id) - id);
	const size_t header_len = (size_t)(put_header(header, m) - header);
	const size_t subject_len = strlen(m->flow->subject), key_len = strlen(m->flow->key);
	const size_t texts =
	    id_len + ID_END_MAX + header_len + HEADER_END_MAX + subject_len + key_len + 4;
	uint32_t cap = m->len;
	struct unit *u;

	if (is_packed(s) && cap + MCR_SINK_HEAD_MAX < m->flow->usual)
		cap = m->flow->usual;
	else if (is_packed(s) && cap + MCR_SINK_HEAD_MAX < BODY_FIRST_MAX)
		cap = BODY_FIRST_MAX;
	else if (is_packed(s))
		cap += MCR_SINK_HEAD_MAX;
	u = unit_new(&s->pool, (uint32_t)texts, cap, 0);
	if (!u)
		return NULL;
	u->lane = m->lane;
	u->flow = m->flow;
	u->first = m->place;
	u->rx_ns = m->rx_ns;
	u->kind = UNIT_DATA;
	u->to_broker.subject = unit_text(u, m->flow->subject, subject_len, 0);
	u->to_broker.flow = unit_text(u, m->flow->key, key_len, 0);
	u->to_broker.id = unit_text(u, id, id_len, ID_END_MAX);
	u->id_end = (char *)u->to_broker.id + id_len;
	u->to_broker.header = unit_text(u, header, header_len, HEADER_END_MAX);
	u->header_end = (char *)u->to_broker.header + header_len;
	return u;
}

static void close_unit(const struct sink *s, struct unit *u)
{
	char *o = put_number(put_text(u->header_end, " n="), u->to_broker.messages);

	if (is_packed(s))
		put_text(o, " pack");
	if (is_packed(s) || u->lane->source->is_feed)
		put_number(put_text(u->id_end, "."), u->to_broker.messages);
	u->flow->usual = u->to_broker.len + MCR_SINK_HEAD_MAX;
	u->flow->open = NULL;
	u->flow = NULL;
}

void pack_close(struct sink *s, struct sink_flow *flow)
{
	if (flow->open)
		close_unit(s, flow->open);
}

/* ---- a message ---- */

static size_t put_record(uint8_t *out, const struct unit *u, const struct pack_message *m)
{
	struct mcr_sink_record r = {
	    .number = m->place.next,
	    .rx_ns = m->rx_ns,
	    .hw_ns = m->hw_ns,
	    .count = m->count,
	    .skip = m->skip,
	    .flags = m->flags,
	    .source_port = m->source_port,
	    .len = m->len,
	};

	if (m->source)
		memcpy(r.source, m->source, sizeof(r.source));
	return wire_record(out, &r, m->source && u->to_broker.messages > 0);
}

/* The flow's unit has no room for it by its content. */
static int is_full(const struct sink *s, const struct unit *u, const struct pack_message *m)
{
	return u->to_broker.messages >= s->options->pack ||
	       u->to_broker.len + MCR_SINK_HEAD_MAX + m->len > PACK_OCTETS_MAX;
}

int pack_reserve(struct sink *s, const struct pack_message *m, uint8_t **body)
{
	struct unit *u = m->flow->open;

	if (u && is_full(s, u, m)) {
		close_unit(s, u);
		u = NULL;
	}
	if (u && unit_grow(&s->pool, u, u->to_broker.len + MCR_SINK_HEAD_MAX + m->len) < 0)
		return -ENOBUFS;
	if (!u)
		u = begin(s, m);
	if (!u)
		return -ENOBUFS;
	m->flow->open = u;
	*body = u->body + u->to_broker.len;
	if (is_packed(s))
		*body += put_record(*body, u, m);
	s->payload = *body;
	return 0;
}

void pack_commit(struct sink *s, const struct pack_message *m)
{
	struct unit *u = m->flow->open;

	if (u->to_broker.messages == 0) {
		unit_list_add(&m->lane->cell, u);
		s->open++;
		live(u);
	}
	u->to_broker.len = (uint32_t)(s->payload - u->body) + m->len;
	u->to_broker.messages += m->count;
	u->last_ns = m->rx_ns;
	m->lane->cell_octets += m->len;
	m->lane->source->counts.read += m->count;
	m->lane->source->counts.octets += m->len;
	if (!is_packed(s))
		close_unit(s, u);
}

void pack_cancel(struct sink *s, const struct pack_message *m)
{
	struct unit *u = m->flow->open;

	if (u->to_broker.messages > 0)
		return;
	m->flow->open = NULL;
	unit_free(&s->pool, u);
}

struct unit *pack_notice(struct sink *s, struct sink_lane *lane, const char *id, const char *header,
			 int must)
{
	const struct sink_source *src = lane->source;
	const size_t id_len = strlen(id), header_len = strlen(header);
	const size_t subject_len = strlen(src->lost_subject), name_len = strlen(src->name);
	struct unit *u = unit_new(
	    &s->pool, (uint32_t)(id_len + header_len + subject_len + name_len + 4), 0, must);

	if (!u)
		return NULL;
	u->lane = lane;
	u->kind = UNIT_NOTICE;
	u->to_broker.subject = unit_text(u, src->lost_subject, subject_len, 0);
	u->to_broker.flow = unit_text(u, src->name, name_len, 0);
	u->to_broker.id = unit_text(u, id, id_len, 0);
	u->to_broker.header = unit_text(u, header, header_len, 0);
	live(u);
	return u;
}

/* ---- a cell ---- */

void lane_end(struct sink *s, struct sink_lane *lane, const struct sink_place *place,
	      uint64_t last_ns)
{
	for (struct unit *u = lane->cell.head; u; u = u->next) {
		if (u->flow)
			close_unit(s, u);
		s->open -= u->kind == UNIT_DATA;
	}
	if (lane->cell.head) {
		lane->last = lane->cell.last;
		lane->last->is_end = 1;
		unit_list_join(&s->ready, &lane->cell);
		lane->cell_octets = 0;
	}
	if (lane->last) {
		lane->last->end = *place;
		if (last_ns != 0)
			lane->last->end_ns = last_ns;
		lane->last->has_place = 1;
		return;
	}
	lane->sent = *place;
	lane->sent_ns = last_ns != 0 ? last_ns : lane->sent_ns;
	s->is_moved = 1;
}
