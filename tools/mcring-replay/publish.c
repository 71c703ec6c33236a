/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../common/clock.h"
#include "core/error.h"
#include "core/ring.h"
#include "core/ring_packet.h"

#define BATCH       64
#define BATCH_BYTES (CAPTURE_FRAME_MAX + 65536) /* of frames: one of any length fits */
#define TICK_NS     UINT64_C(1000000)           /* readers see the time as often at least */
#define NAP_NS      50000                       /* until slow readers are looked at again */
#define LOOK_NS     10000000                    /* until readers are counted again */
#define JOINS_NS    UINT64_C(100000000)         /* from a reader's last join to the first frame */

/* A frame of a batch. */
struct due {
	uint32_t at, len; /* in the buffer */
	unsigned port;
	uint64_t time_ns, due_ns;
};

struct batch {
	unsigned n;
	uint32_t used;
	struct due frames[BATCH];
	uint8_t buffer[BATCH_BYTES];
};

/* The next frame of the captures, which is not in a batch yet. */
struct next {
	int is_there;
	int is_awaited; /* it is not there yet: standard input has nothing at the moment */
	struct capture_frame frame;
	uint64_t due_ns;
};

static void nap(uint64_t ns)
{
	const struct timespec ts = {.tv_nsec = (long)ns};

	nanosleep(&ts, NULL);
}

static int is_stopped(const struct replay *r)
{
	return *r->stopped != 0;
}

/* ---- time ---- */

/* Up to when all is published, in the time that rx_ns has. The capture knows of no time behind the
 * last frame that was read, so that stands still: else it would depend on readers whether a line
 * falls silent. */
static uint64_t time_now(const struct replay *r, const struct next *next, uint64_t now_ns)
{
	if (r->options->times == PACE_TIMES_NOW)
		return realtime_ns();
	return pace_clock(&r->pace, now_ns, next->is_there ? next->frame.time_ns : r->pace.last_ns);
}

static void show_time(struct replay *r, const struct next *next)
{
	const uint64_t time_ns = time_now(r, next, monotonic_ns());

	mcr_portless_begin(r->served.portless, time_ns);
	mcr_portless_publish(r->served.portless, time_ns);
}

/* Returns when the next frame is due, or a signal came. Sleeps in ticks, so that readers see how
 * late it is. */
static void await(struct replay *r, struct next *next)
{
	uint64_t now_ns;

	while (!is_stopped(r) && (now_ns = monotonic_ns()) < next->due_ns) {
		if (next->due_ns - now_ns > TICK_NS + PACE_SPIN_NS) {
			nap(TICK_NS);
			show_time(r, next);
		} else {
			pace_wait(next->due_ns);
		}
		next->due_ns = pace_due(&r->pace, next->frame.time_ns);
	}
}

/* ---- frames ---- */

/* Reads the next frame, if there is one. Returns 0, or -errno. The captures begin again as often as
 * the options say. */
static int read_frame(struct replay *r, struct next *next, struct mcr_error *err)
{
	struct capture_counts counts;
	int ret = capture_next(r->capture, &next->frame, err);

	if (ret == 0) {
		capture_counts(r->capture, &counts);
		if (counts.frames > 0 &&
		    (r->options->loops == 0 || counts.repetition + 1 < r->options->loops)) {
			ret = capture_repeat(r->capture, err);
			ret = ret == 0 ? capture_next(r->capture, &next->frame, err) : ret;
		}
	}
	next->is_there = ret > 0;
	next->is_awaited = ret == -EAGAIN;
	return ret < 0 && ret != -EAGAIN ? ret : 0;
}

static void note_due(struct replay *r, struct next *next)
{
	if (next->is_there)
		next->due_ns = pace_due(&r->pace, next->frame.time_ns);
}

/* Octets of its record at most, if it is one for a ring. */
static uint64_t record_of(const struct capture_frame *frame)
{
	return mcr_ring_span(frame->len + MCR_IPV6_EXTRAS);
}

static void add(struct replay *r, struct batch *batch, const struct next *next)
{
	struct due *d = &batch->frames[batch->n++];

	*d = (struct due){.at = batch->used,
			  .len = next->frame.len,
			  .port = replay_port(&r->served, r->capture, next->frame.interface),
			  .time_ns = next->frame.time_ns,
			  .due_ns = next->due_ns};
	memcpy(batch->buffer + d->at, next->frame.data, next->frame.len);
	batch->used += next->frame.len;
}

/* Takes the next frame and those that are due with it. Nothing is read while the engine's view is
 * held: a disk may take its time. */
static int fill(struct replay *r, struct batch *batch, struct next *next, uint64_t room,
		struct mcr_error *err)
{
	const uint64_t now_ns = monotonic_ns();
	uint64_t left = room;
	int ret = 0;

	batch->n = batch->used = 0;
	do {
		add(r, batch, next);
		left -= left < record_of(&next->frame) ? left : record_of(&next->frame);
		ret = read_frame(r, next, err);
		note_due(r, next);
	} while (ret == 0 && next->is_there && next->due_ns <= now_ns && batch->n < BATCH &&
		 batch->used + next->frame.len + CAPTURE_PADDING <= BATCH_BYTES &&
		 record_of(&next->frame) <= left);
	return ret;
}

static void send(struct replay *r, const struct batch *batch, const struct next *next)
{
	struct mcr_portless *portless = r->served.portless;
	const uint64_t now_ns = monotonic_ns(), real_ns = realtime_ns();
	const int is_capture = r->options->times == PACE_TIMES_CAPTURE;

	mcr_portless_begin(portless, is_capture ? batch->frames[0].time_ns : real_ns);
	for (unsigned i = 0; i < batch->n; i++) {
		const struct due *d = &batch->frames[i];

		mcr_portless_put(portless, d->port, batch->buffer + d->at, d->len,
				 is_capture ? d->time_ns : real_ns, d->time_ns);
	}
	mcr_portless_publish(portless, is_capture ? time_now(r, next, now_ns) : real_ns);
	for (unsigned i = 0; i < batch->n; i++)
		pace_sent(&r->pace, batch->frames[i].due_ns, now_ns);
}

/* ---- readers ---- */

/* Who attaches may join then, group by group. */
static void await_readers(const struct replay *r)
{
	uint64_t joined_ns;

	while (!is_stopped(r) && r->options->wait_readers > 0 &&
	       (mcr_portless_readers(r->served.portless, &joined_ns) < r->options->wait_readers ||
		monotonic_ns() - joined_ns < JOINS_NS))
		nap(LOOK_NS);
}

/* Returns how much may be sent: the slowest reader has room for it. */
static uint64_t await_room(const struct replay *r)
{
	uint64_t room = UINT64_MAX;

	if (!r->options->pace_readers)
		return room;
	while ((room = mcr_portless_room(r->served.portless)) == 0 && !is_stopped(r))
		nap(NAP_NS);
	return room;
}

/* Until all that have come have read all: nobody may have come yet. */
static void linger(struct replay *r, const struct next *next)
{
	const uint64_t begin_ns = monotonic_ns();

	while (!is_stopped(r) && monotonic_ns() - begin_ns < r->options->linger_ns) {
		if (mcr_portless_had_readers(r->served.portless) &&
		    mcr_portless_is_read(r->served.portless))
			return;
		nap(TICK_NS);
		show_time(r, next);
	}
}

static int send_all(struct replay *r, struct batch *batch, struct next *next, struct mcr_error *err)
{
	int ret = read_frame(r, next, err);

	await_readers(r);
	r->began_ns = monotonic_ns();
	note_due(r, next); /* the anchor is now */
	while (ret == 0 && !is_stopped(r) && (next->is_there || next->is_awaited)) {
		uint64_t room;

		if (next->is_awaited) {
			nap(NAP_NS);
			show_time(r, next);
			ret = read_frame(r, next, err);
			note_due(r, next);
			continue;
		}
		await(r, next);
		room = await_room(r);
		if (is_stopped(r))
			break;
		ret = fill(r, batch, next, room, err);
		send(r, batch, next);
	}
	r->ended_ns = monotonic_ns();
	return ret;
}

int replay_publish(struct replay *r, struct mcr_error *err)
{
	struct batch *batch = malloc(sizeof(*batch));
	struct next next = {0};
	int ret;

	if (!batch)
		return mcr_error_set(err, -ENOMEM, "no memory for frames");
	ret = send_all(r, batch, &next, err);
	if (ret == 0)
		linger(r, &next);
	mcr_portless_stop(r->served.portless);
	free(batch);
	return ret;
}
