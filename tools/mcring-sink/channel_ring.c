/* SPDX-License-Identifier: BSD-3-Clause */
#include "channel_ring.h"

#include <errno.h>
#include <stdlib.h>

#include "../common/clock.h"
#include "hold.h"
#include "loss.h"
#include "pack.h"
#include "put.h"
#include "wire.h"

#define BATCHES 4 /* in a row */
#define SLACK_NS \
	UINT64_C(10000000) /* for a message on its way, where the ring's time stands still */

struct channel_ring *channel_ring_create(struct sink_source *src, uint32_t index,
					 const char *subject, int is_one)
{
	struct channel_ring *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->lane.source = src;
	r->index = index;
	if (flows_create(&r->flows, subject, is_one) == 0)
		return r;
	channel_ring_destroy(r);
	return NULL;
}

void channel_ring_destroy(struct channel_ring *r)
{
	if (!r)
		return;
	channel_ring_close(r);
	flows_destroy(&r->flows);
	free(r);
}

/* ---- texts ---- */

static char *put_id_start(const struct channel_ring *r, uint64_t epoch, char *o)
{
	o = put_number(put_text(put_hex(o, epoch), "."), r->index);
	return put_text(o, ".");
}

static char *put_start(const struct channel_ring *r, uint64_t epoch, char *o)
{
	o = wire_value(put_text(o, "channel="), r->lane.source->name);
	return put_id_start(r, epoch, put_text(o, " pos="));
}

char *channel_ring_where(const struct sink_lane *lane, const struct sink_place *place, char *out)
{
	const struct channel_ring *r = (const struct channel_ring *)lane;

	out = r->text_epoch == place->epoch[0] ? put_text(out, r->text)
					       : put_start(r, place->epoch[0], out);
	return put_number(out, place->next);
}

char *channel_ring_id(const struct sink_lane *lane, const struct sink_place *place, char *out)
{
	const struct channel_ring *r = (const struct channel_ring *)lane;

	out = r->text_epoch == place->epoch[0] ? put_text(out, r->id_text)
					       : put_id_start(r, place->epoch[0], out);
	return put_number(out, place->next);
}

char *channel_ring_more(const struct sink_lane *lane, const struct pack_message *m, char *out)
{
	return put_text(out, ((const struct flow *)m->flow)->more);
}

/* ---- the cursor ---- */

int channel_ring_open(struct channel_ring *r, struct mcr_consumer *base, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	int ret;

	opts.ring = r->index;
	opts.start = MCR_START_SEQ;
	opts.seq = r->at.next;
	ret = mcr_consumer_cursor(&r->cursor, base, &opts, err);
	if (ret == -ERANGE) { /* the first message tells what is gone */
		opts.start = MCR_START_OLDEST;
		ret = mcr_consumer_cursor(&r->cursor, base, &opts, err);
	}
	if (ret < 0)
		return ret;
	r->is_over = 0;
	r->n = r->taken = 0;
	r->text_epoch = r->at.epoch[0];
	put_start(r, r->text_epoch, r->text);
	put_id_start(r, r->text_epoch, r->id_text);
	return 0;
}

void channel_ring_close(struct channel_ring *r)
{
	mcr_consumer_close(r->cursor);
	r->cursor = NULL;
	r->n = r->taken = 0;
}

static int poll_more(struct channel_ring *r)
{
	int n;

	if (r->taken < r->n)
		return 1;
	n = mcr_consumer_poll(r->cursor, r->batch, CHANNEL_BATCH);
	r->taken = 0;
	r->n = n > 0 ? n : 0;
	return n;
}

int channel_ring_has(struct channel_ring *r)
{
	return !r->is_over && poll_more(r) > 0;
}

uint64_t channel_ring_behind(const struct channel_ring *r)
{
	struct mcr_consumer_ring info = {.size = sizeof(info)};

	if (!r->cursor || mcr_consumer_ring_info(r->cursor, r->index, &info, NULL) < 0)
		return 0;
	return info.head > r->at.next ? info.head - r->at.next : 0;
}

/* ---- messages ---- */

void channel_ring_end(struct sink *s, struct channel_ring *r)
{
	lane_end(s, &r->lane, &r->at, r->last_ns);
	flows_trim(&r->flows);
}

/* The messages from the next one up to `to`, which is the first behind them. */
static int lose(struct sink *s, struct channel_ring *r, enum loss_kind kind, uint64_t to)
{
	const struct loss l = {.kind = kind,
			       .lane = &r->lane,
			       .first = r->at,
			       .count = to - r->at.next,
			       .last_ns = r->last_ns};
	int ret = loss_tell(s, &l);

	if (ret == 0)
		r->at.next = to;
	return ret;
}

static void begin_cell(struct sink *s, struct channel_ring *r, uint64_t rx_ns)
{
	const uint64_t linger_ns = s->options->linger_ns;
	const int is_new = rx_ns - r->cell_ns >= linger_ns; /* also when it is earlier */

	if (lane_has(&r->lane) && (is_new || lane_is_full(&r->lane)))
		channel_ring_end(s, r);
	if (is_new)
		r->cell_ns = rx_ns - rx_ns % linger_ns;
}

static int take_data(struct sink *s, struct channel_ring *r, const struct mcr_msg *m)
{
	struct flow *flow = flows_find(&r->flows, m);
	struct pack_message p = {
	    .lane = &r->lane,
	    .flow = &flow->flow,
	    /* r->at; it was just written in part, so reading it whole waits for that. */
	    .place = {.epoch = {r->at.epoch[0]}, .next = m->pos.seq},
	    .count = 1,
	    .len = m->len,
	    .rx_ns = m->rx_ns,
	    .hw_ns = m->flags & MCR_FLAG_HW_TIME ? m->hw_ns : 0,
	    .msg = m,
	};
	uint8_t *body;

	if (!flow || pack_reserve(s, &p, &body) < 0)
		return -ENOBUFS;
	if (mcr_consumer_read(r->cursor, m, body, m->len) != m->len) {
		pack_cancel(s, &p);
		return lose(s, r, LOSS_OVERWRITTEN, m->pos.seq + 1);
	}
	pack_commit(s, &p);
	r->at.next = m->pos.seq + 1;
	r->last_ns = m->rx_ns;
	return 0;
}

/* Returns 0 or -ENOBUFS, after which it is called again with the same message. */
static int take(struct sink *s, struct channel_ring *r, const struct mcr_msg *m)
{
	const uint64_t seq = m->kind == MCR_LOST ? m->pos.seq + m->lost : m->pos.seq;

	if (seq > r->at.next && lose(s, r, LOSS_LAPPED, seq) < 0)
		return -ENOBUFS;
	if (m->kind == MCR_LOST || m->pos.seq < r->at.next)
		return 0;
	if (m->kind != MCR_DATA) { /* an MCR_LINK has a number, too */
		r->at.next = m->pos.seq + 1;
		return 0;
	}
	begin_cell(s, r, m->rx_ns);
	return take_data(s, r, m);
}

/* No message of the open cell comes any more: the ring says so, or its time stands still, because
 * the engine hangs. This host's clock says nothing of that: a replay's times are of its capture. */
static int is_cell_over(const struct sink *s, struct channel_ring *r)
{
	const uint64_t linger_ns = s->options->linger_ns;
	const uint64_t until_ns = mcr_consumer_until(r->cursor, r->index), now_ns = monotonic_ns();

	if (until_ns != r->until_ns) {
		r->until_ns = until_ns;
		r->stands_ns = now_ns;
	}
	return until_ns >= r->cell_ns + linger_ns || now_ns - r->stands_ns > linger_ns + SLACK_NS;
}

/* There is no memory. When only open cells have it, nothing but their end gives it back. */
static int stop(struct sink *s, struct channel_ring *r)
{
	if (s->options->pack == 1 || (!s->ready.head && s->in_flight == 0))
		channel_ring_end(s, r);
	return -ENOBUFS;
}

int channel_ring_read(struct sink *s, struct channel_ring *r, unsigned *took)
{
	int n = 0;

	if (hold_ring(s, r->cursor, r->index))
		return 0;
	for (unsigned i = 0; i < BATCHES; i++) {
		n = poll_more(r);
		if (n <= 0)
			break;
		for (; r->taken < r->n; r->taken++) {
			if (take(s, r, &r->batch[r->taken]) < 0)
				return stop(s, r);
			++*took;
		}
		mcr_consumer_release(r->cursor);
		if (s->options->pack == 1)
			channel_ring_end(s, r);
	}
	if (n < 0)
		r->is_over = 1;
	if (lane_has(&r->lane) && (n < 0 || (n == 0 && is_cell_over(s, r))))
		channel_ring_end(s, r);
	return n < 0 ? n : 0;
}
