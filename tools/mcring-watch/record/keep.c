/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recorder_state.h"
#include "utc.h"

#define SECOND         UINT64_C(1000000000)
#define REMARKS_SECOND 16u

/* Gives the place of a record, whose head it fills in, or NULL. */
static void *reserve(struct recorder *r, enum store_kind kind, unsigned interface, uint64_t ns,
		     uint64_t size)
{
	const uint64_t seq = r->store.seq, padded = (size + 7) / 8 * 8;
	struct store_record *record =
	    store_reserve(&r->store, padded, r->time_ns ? r->time_ns : ns);

	if (r->store.seq != seq && writer_state(&r->writer) != WRITER_IDLE)
		writer_wake(&r->writer);
	if (record)
		*record = (struct store_record){(uint32_t)padded, (uint16_t)kind,
						(uint16_t)interface, ns};
	return record;
}

static void miss(struct recorder *r, unsigned interface, uint64_t from_ns, uint64_t to_ns,
		 uint64_t messages)
{
	struct missed *m = &r->missed[interface];

	if (!m->is_there)
		*m = (struct missed){from_ns, to_ns, 0, 1};
	m->from_ns = from_ns < m->from_ns ? from_ns : m->from_ns;
	m->to_ns = to_ns > m->to_ns ? to_ns : m->to_ns;
	m->messages += messages;
	r->is_missing = 1;
}

/* Puts what was missed into the store, in front of all that follows. Returns 0 if there is still no
 * room. */
static int put_missed(struct recorder *r)
{
	struct store_blind *blind;

	if (!r->is_missing)
		return 1;
	for (unsigned i = 0; i <= RECORDER_ANY; i++) {
		struct missed *m = &r->missed[i];

		if (!m->is_there)
			continue;
		blind = reserve(r, STORE_BLIND, i, m->from_ns, sizeof(*blind));
		if (!blind)
			return 0;
		blind->to_ns = m->to_ns;
		blind->messages = m->messages;
		store_commit(&r->store, &blind->head);
		m->is_there = 0;
		r->is_marked = 0;
	}
	r->is_missing = 0;
	return 1;
}

void recorder_put(struct recorder *r, const struct mcr_msg *m, const uint8_t *payload,
		  unsigned interface, uint64_t id)
{
	const uint32_t most = r->config.snaplen > 0 && r->config.snaplen < PCAPNG_KEPT_MAX
				  ? r->config.snaplen
				  : PCAPNG_KEPT_MAX;
	const uint32_t kept = m->len < most ? m->len : most;
	struct store_packet *p = NULL;

	if (interface >= r->n_interfaces)
		return;
	r->stats.put++;
	r->stats.put_octets += m->len;
	if (m->rx_ns > r->stats.newest_ns)
		r->stats.newest_ns = m->rx_ns;
	if (put_missed(r))
		p = reserve(r, STORE_PACKET, interface, m->rx_ns, sizeof(*p) + kept);
	if (!p) {
		r->stats.no_room++;
		r->stats.blind_messages++;
		r->stats.blind += !r->missed[interface].is_there;
		miss(r, interface, m->rx_ns, m->rx_ns, 1);
		return;
	}
	p->id = id;
	p->stamp_ns = r->config.is_of_hw && m->hw_ns != 0 ? m->hw_ns : m->rx_ns;
	p->group = m->group;
	p->source = m->source;
	p->len = m->len;
	p->kept = kept;
	p->dst_port = m->dst_port;
	p->src_port = m->src_port;
	p->vlan = m->vlan;
	p->ttl = m->ttl;
	p->traffic_class = m->traffic_class;
	memcpy(p->payload, payload, kept);
	store_commit(&r->store, &p->head);
	r->is_marked = 0;
}

void recorder_blind(struct recorder *r, unsigned interface, uint64_t from_ns, uint64_t to_ns,
		    uint64_t messages)
{
	r->stats.blind++;
	r->stats.blind_messages += messages;
	miss(r, interface < r->n_interfaces ? interface : RECORDER_ANY, from_ns, to_ns, messages);
	put_missed(r);
}

void keep_remark(struct recorder *r, const struct output_cause *cause)
{
	char text[OUTPUT_TEXT], utc[UTC_TEXT], more[48] = "";
	struct store_remark *remark;

	if (r->elapsed_ns - r->remarks_ns >= SECOND) {
		r->remarks_ns = r->elapsed_ns;
		r->remarks = 0;
	}
	if (r->remarks_left_out > 0)
		snprintf(more, sizeof(more), " (and %" PRIu64 " others before)",
			 r->remarks_left_out);
	snprintf(text, sizeof(text), "%.200s (at %s)%s", cause->text, utc_text(utc, cause->ns),
		 more);
	remark = r->remarks < REMARKS_SECOND && put_missed(r)
		     ? reserve(r, STORE_REMARK, 0, cause->ns, sizeof(*remark) + strlen(text) + 1)
		     : NULL;
	if (!remark) {
		r->remarks_left_out++;
		return;
	}
	strcpy(remark->text, text);
	store_commit(&r->store, &remark->head);
	r->remarks++;
	r->remarks_left_out = 0;
	r->is_marked = 0;
}

void keep_until(struct recorder *r, uint64_t ns)
{
	struct store_record *until;

	if (r->is_marked || !put_missed(r))
		return;
	until = reserve(r, STORE_UNTIL, 0, ns, sizeof(*until));
	if (until)
		store_commit(&r->store, until);
	r->is_marked = until != NULL;
}
