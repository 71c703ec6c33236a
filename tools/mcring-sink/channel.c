/* SPDX-License-Identifier: BSD-3-Clause */
/* A channel: one consumer, which is attached and wakes the sink, and a cursor for each ring, which
 * reads it from the position on. What is missing is found by the numbers alone: a message above the
 * next one means that those between were lost, whatever the reason. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <mcring/consumer.h>

#include "../common/clock.h"
#include "channel_ring.h"
#include "core/error.h"
#include "hold.h"
#include "loss.h"
#include "pack.h"
#include "position.h"
#include "source.h"

#define RINGS_MAX   256                  /* that a position may name */
#define LOOK_NS     UINT64_C(1000000)    /* between two looks for the next engine */
#define MISTRUST_NS UINT64_C(1000000000) /* ... whose ring made no sense */
#define STALL_NS    UINT64_MAX           /* an engine that hangs is waited for */

enum channel_state {
	CHANNEL_AWAY,   /* no engine; of the last one all was taken */
	CHANNEL_BEGINS, /* an engine after another, whose rings have not begun */
	CHANNEL_READS,
	CHANNEL_ENDS, /* the engine has ended; of its rings not all was taken */
};

struct channel {
	struct mcr_consumer *base;
	enum channel_state state;
	int had_engine;  /* in this life of the sink */
	int is_sought;   /* CHANNEL_AWAY: base looks for the next one */
	int is_bad;      /* its rings made no sense */
	int is_stuck;    /* there was no memory for more */
	int is_watched;  /* base wakes the sink */
	uint64_t due_ns; /* CHANNEL_AWAY: of the next look, CLOCK_MONOTONIC */
	/* Between the engine before and this one, CLOCK_REALTIME; 0 = it is not known yet. */
	uint64_t since_ns, until_ns;
	struct channel_ring **rings; /* of all engines so far; the first n_rings are read */
	uint32_t n_rings, made;
	char subject[SUBJECT_MAX], lost_subject[SUBJECT_MAX];
};

static void close_channel(struct sink *s, struct sink_source *src)
{
	struct channel *c = src->state;

	if (!c)
		return;
	for (uint32_t i = 0; i < c->made; i++)
		channel_ring_destroy(c->rings[i]);
	free(c->rings);
	mcr_consumer_close(c->base);
	free(c);
	src->state = NULL;
}

static int open_channel(struct sink *s, struct sink_source *src, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct epoll_event event = {.events = EPOLLIN};
	struct channel *c = calloc(1, sizeof(*c));
	char *end;
	int ret;

	src->state = c;
	if (!c)
		return mcr_error_set(err, -ENOMEM, "no memory");
	end = stpcpy(stpcpy(c->subject, s->options->prefix), ".");
	end = subject_token(end, MCR_NAME_MAX, src->name);
	stpcpy(stpcpy(c->lost_subject, c->subject), ".lost");
	src->lost_subject = c->lost_subject;
	opts.run_dir = s->options->run_dir;
	opts.name = s->options->engine;
	opts.channel = src->name;
	opts.label = s->options->name;
	opts.stall_ns = STALL_NS;
	opts.no_wait = 1;
	ret = mcr_consumer_open(&c->base, &opts, err);
	if (ret < 0)
		return ret;
	c->is_watched = 1;
	event.data.fd = mcr_consumer_fd(c->base);
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
		return mcr_error_set(err, -errno, "epoll: %s", strerror(errno));
	return 0;
}

/* Makes the rings up to n. They stay: units that are under way name their lanes. */
static int make_rings(struct sink *s, struct sink_source *src, uint32_t n)
{
	struct channel *c = src->state;
	struct channel_ring **rings;

	if (n <= c->made)
		return 0;
	rings = realloc(c->rings, n * sizeof(*rings));
	if (!rings)
		return -ENOMEM;
	for (c->rings = rings; c->made < n; c->made++) {
		rings[c->made] = channel_ring_create(src, c->made, c->subject,
						     s->options->topics == SINK_TOPIC_CHANNEL);
		if (!rings[c->made])
			return -ENOMEM;
	}
	return 0;
}

/* ---- the position ---- */

static int load_ring(struct sink *s, struct sink_source *src, const json_t *position)
{
	struct channel *c = src->state;
	struct channel_ring *r;
	uint64_t ring, ns;
	struct sink_place at = {0};

	if (position_number_is(json_object_get(position, "ring"), &ring) < 0 || ring >= RINGS_MAX ||
	    make_rings(s, src, (uint32_t)ring + 1) < 0 ||
	    position_hex_is(json_object_get(position, "epoch"), &at.epoch[0]) < 0 ||
	    position_number_is(json_object_get(position, "next"), &at.next) < 0 || at.next == 0 ||
	    position_number_is(json_object_get(position, "ns"), &ns) < 0)
		return -EINVAL;
	r = c->rings[ring];
	if (r->at.next != 0) /* it is there twice */
		return -EINVAL;
	r->at = r->lane.sent = at;
	r->last_ns = r->lane.sent_ns = ns;
	return 0;
}

static int load(struct sink *s, struct sink_source *src, const json_t *position, uint64_t at_ns,
		struct mcr_error *err)
{
	const json_t *rings = json_object_get(position, "rings");
	const json_t *ring;
	size_t i;

	if (!json_is_array(rings))
		return mcr_error_set(err, -EINVAL, "channel '%s' lacks rings", src->name);
	json_array_foreach(rings, i, ring) if (load_ring(s, src, ring) < 0) return mcr_error_set(
	    err, -EINVAL, "ring %zu of channel '%s' makes no sense", i, src->name);
	return 0;
}

static json_t *position(const struct sink_source *src)
{
	const struct channel *c = src->state;
	json_t *rings = json_array();
	int ret = rings ? 0 : -1;

	for (uint32_t i = 0; ret == 0 && i < c->made; i++) {
		const struct sink_lane *lane = &c->rings[i]->lane;

		if (lane->sent.next == 0)
			continue;
		ret = json_array_append_new(
		    rings, json_pack("{s:i, s:o, s:I, s:I}", "ring", (int)i, "epoch",
				     position_hex(lane->sent.epoch[0]), "next",
				     (json_int_t)lane->sent.next, "ns", (json_int_t)lane->sent_ns));
	}
	if (ret == 0)
		return json_pack("{s:s, s:o}", "channel", src->name, "rings", rings);
	json_decref(rings);
	return NULL;
}

/* ---- the engine comes ---- */

/* The last arrival that the sink knows, of the ring where that is earliest; 0 = none. */
static uint64_t known_until(const struct channel *c)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < c->made; i++)
		if (c->rings[i]->last_ns != 0 && c->rings[i]->last_ns < least)
			least = c->rings[i]->last_ns;
	return least == UINT64_MAX ? 0 : least;
}

/* Begins to read a ring. is_new: by another engine than that of the position; then all that the
 * ring ever had is wanted. */
static int begin_ring(struct sink *s, struct channel *c, struct channel_ring *r, int is_new,
		      struct mcr_error *err)
{
	struct mcr_consumer_ring info = {.size = sizeof(info)};
	int ret = mcr_consumer_ring_info(c->base, r->index, &info, err);
	const int is_ahead = r->at.epoch[0] == info.epoch && r->at.next > info.head;
	struct sink_place at = {.epoch = {info.epoch}, .next = 1};

	if (ret < 0)
		return ret;
	if (is_ahead)
		line_log(&s->log,
			 "channel %s: the position has message %" PRIu64 " of ring %" PRIu32
			 " as the next, where the ring is at %" PRIu64 ": it begins as without one",
			 r->lane.source->name, r->at.next, r->index, info.head);
	if (!is_ahead && r->at.next != 0 && r->at.epoch[0] == info.epoch)
		return channel_ring_open(r, c->base, err);
	if (is_ahead || (!is_new && r->at.next == 0))
		at.next = s->options->start == MCR_START_NEWEST ? info.head : info.oldest;
	r->at = at;
	lane_end(s, &r->lane, &at, 0);
	return channel_ring_open(r, c->base, err);
}

static int begin_rings(struct sink *s, struct sink_source *src, int is_new, struct mcr_error *err)
{
	struct channel *c = src->state;
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < c->n_rings; i++)
		ret = begin_ring(s, c, c->rings[i], is_new, err);
	if (ret < 0) /* as if the engine had gone again */
		for (uint32_t i = 0; i < c->n_rings; i++)
			channel_ring_close(c->rings[i]);
	return ret;
}

/* Whether the position is of another epoch than the engine's. */
static int is_other_epoch(const struct channel *c, uint64_t epoch)
{
	int is_other = 0;

	for (uint32_t i = 0; i < c->made; i++) {
		if (c->rings[i]->at.next == 0)
			continue;
		if (c->rings[i]->at.epoch[0] == epoch)
			return 0;
		is_other = 1;
	}
	return is_other;
}

static int tell_restart(struct sink *s, struct channel *c, uint64_t epoch)
{
	const struct loss l = {.kind = LOSS_RESTART,
			       .lane = &c->rings[0]->lane,
			       .first = {.epoch = {epoch}, .next = 1},
			       .since_ns = c->since_ns,
			       .until_ns = c->until_ns};
	int ret = loss_tell(s, &l);

	if (ret == 0)
		c->rings[0]->at = l.first;
	return ret;
}

/* Keeps the error, and logs it when it is another one. Returns 0: nothing was taken. */
static unsigned stay_away(struct sink *s, struct sink_source *src, const char *why, uint64_t due_ns)
{
	struct channel *c = src->state;

	c->state = CHANNEL_AWAY;
	c->due_ns = due_ns;
	src->is_attached = 0;
	if (strncmp(src->error, why, sizeof(src->error) - 1) != 0)
		line_log(&s->log, "channel %s: %s", src->name, why);
	snprintf(src->error, sizeof(src->error), "%s", why);
	return 0;
}

/* What the consumer itself has to say. Returns mcr_consumer_poll's error, or 0. */
static int look(struct sink *s, struct sink_source *src)
{
	struct channel *c = src->state;
	struct mcr_msg m;
	int n;

	mcr_consumer_seek(c->base, MCR_START_NEWEST);
	n = mcr_consumer_poll(c->base, &m, 1);
	if (n <= 0)
		return n;
	if (m.kind == MCR_RESTART) {
		c->since_ns = m.since_ns;
		c->until_ns = m.rx_ns;
	} else if (m.kind == MCR_ENGINE_STALL) {
		line_log(&s->log, "channel %s: the engine %s", src->name,
			 m.flags & MCR_FLAG_STALL_OVER ? "goes on" : "shows no sign of life");
	}
	mcr_consumer_release(c->base);
	return 0;
}

static unsigned reattach(struct sink *s, struct sink_source *src, uint64_t now_ns)
{
	struct channel *c = src->state;
	struct pollfd p = {.fd = mcr_consumer_fd(c->base), .events = POLLIN};
	struct mcr_error err = {""};
	int ret;

	if (now_ns < c->due_ns || (c->is_sought && poll(&p, 1, 0) <= 0))
		return 0;
	c->due_ns = now_ns + LOOK_NS;
	c->is_sought = 1;
	ret = mcr_consumer_reattach(c->base, &err);
	if (ret == -EAGAIN)
		return 0;
	if (ret < 0)
		return stay_away(s, src, err.text, c->due_ns);
	c->is_sought = 0;
	c->since_ns = known_until(c);
	c->until_ns = c->had_engine ? 0 : realtime_ns(); /* else an MCR_RESTART says it */
	c->state = CHANNEL_BEGINS;
	return 1;
}

/* The engine is there. Returns 0 while its rings have not begun, or there is no memory. */
static unsigned begin(struct sink *s, struct sink_source *src, uint64_t now_ns)
{
	struct channel *c = src->state;
	struct mcr_consumer_ring info = {.size = sizeof(info)};
	struct mcr_error err = {""};
	int is_new, ret = look(s, src);

	if (ret == 0)
		ret = mcr_consumer_ring_info(c->base, 0, &info, &err);
	c->n_rings = mcr_consumer_rings(c->base);
	if (ret == 0)
		ret = make_rings(s, src, c->n_rings);
	if (ret < 0)
		return stay_away(s, src, err.text[0] ? err.text : strerror(-ret),
				 now_ns + MISTRUST_NS);
	is_new = is_other_epoch(c, info.epoch);
	if (is_new && (c->until_ns == 0 || tell_restart(s, c, info.epoch) < 0))
		return 0;
	ret = begin_rings(s, src, is_new, &err);
	if (ret < 0)
		return stay_away(s, src, err.text, now_ns + MISTRUST_NS);
	c->state = CHANNEL_READS;
	c->had_engine = 1;
	src->is_attached = 1;
	src->error[0] = '\0';
	line_log(&s->log, "channel %s: reads %" PRIu32 " rings%s", src->name, c->n_rings,
		 is_new ? " of another engine" : "");
	return 1;
}

/* ---- messages ---- */

/* Returns how many rings are over. */
static uint32_t read_rings(struct sink *s, struct channel *c, unsigned *took)
{
	uint32_t over = 0;

	c->is_stuck = 0;
	for (uint32_t i = 0; i < c->n_rings; i++) {
		int ret = c->rings[i]->is_over ? -EPIPE : channel_ring_read(s, c->rings[i], took);

		c->is_stuck |= ret == -ENOBUFS;
		c->is_bad |= ret == -EPROTO;
		over += c->rings[i]->is_over;
	}
	return over;
}

static void end(struct sink *s, struct sink_source *src, uint64_t now_ns)
{
	struct channel *c = src->state;

	for (uint32_t i = 0; i < c->n_rings; i++)
		channel_ring_close(c->rings[i]);
	stay_away(s, src, c->is_bad ? "the rings make no sense" : "the engine has ended",
		  now_ns + (c->is_bad ? MISTRUST_NS : 0));
	c->is_bad = 0;
}

static unsigned read_channel(struct sink *s, struct sink_source *src, uint64_t now_ns)
{
	struct channel *c = src->state;
	unsigned took = 0;

	if (c->state == CHANNEL_AWAY)
		return reattach(s, src, now_ns);
	if (c->state == CHANNEL_BEGINS)
		return begin(s, src, now_ns);
	if (c->state == CHANNEL_READS && look(s, src) < 0)
		c->state = CHANNEL_ENDS;
	if (read_rings(s, c, &took) == c->n_rings || c->is_bad)
		end(s, src, now_ns);
	return took;
}

/* ---- sleep ---- */

static int arm(struct sink *s, struct sink_source *src)
{
	struct channel *c = src->state;
	const int is_stuck = c->is_stuck || s->is_held; /* only the broker can make it go on */

	hold_watch(s, mcr_consumer_fd(c->base), &c->is_watched, !is_stuck);
	if (is_stuck || c->state == CHANNEL_AWAY || c->state == CHANNEL_BEGINS)
		return 0;
	mcr_consumer_seek(c->base, MCR_START_NEWEST);
	if (c->state == CHANNEL_ENDS || mcr_consumer_arm(c->base) != 0)
		return 1;
	for (uint32_t i = 0; i < c->n_rings; i++)
		if (channel_ring_has(c->rings[i]))
			return 1;
	return 0;
}

static void flush(struct sink *s, struct sink_source *src)
{
	struct channel *c = src->state;

	for (uint32_t i = 0; i < c->n_rings; i++)
		if (lane_has(&c->rings[i]->lane))
			channel_ring_end(s, c->rings[i]);
}

static uint64_t behind(const struct sink_source *src)
{
	const struct channel *c = src->state;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < c->n_rings; i++)
		sum += channel_ring_behind(c->rings[i]);
	return sum;
}

static uint64_t until_ns(const struct sink_source *src)
{
	return known_until(src->state);
}

const struct sink_source_calls channel_calls = {
    .open = open_channel,
    .load = load,
    .position = position,
    .read = read_channel,
    .arm = arm,
    .flush = flush,
    .behind = behind,
    .until_ns = until_ns,
    .where = channel_ring_where,
    .id = channel_ring_id,
    .more = channel_ring_more,
    .close = close_channel,
};
