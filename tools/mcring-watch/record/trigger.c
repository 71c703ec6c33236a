/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "../../common/clock.h"
#include "recorder_state.h"

#define SECOND   UINT64_C(1000000000)
#define GRACE_NS (2 * SECOND) /* by the host's clock, when the time of arrivals stands still */

/* ---- files ---- */

static void set_end(struct recorder *r)
{
	r->end_ns = r->elapsed_ns + r->config.after_ns;
	r->host_end_ns = monotonic_ns() + r->config.after_ns + GRACE_NS;
}

/* The most of what is in memory that a file may begin with. */
static uint64_t history(const struct recorder_config *c)
{
	uint64_t most = c->file_octets_max > 0 ? c->file_octets_max : UINT64_MAX;

	if (c->all_octets_max > 0 && c->all_octets_max < most)
		most = c->all_octets_max;
	return most / 4 * 3;
}

static void begin(struct recorder *r)
{
	r->writer.cause = r->next;
	r->writer.from = store_oldest(&r->store, history(&r->config));
	r->is_active = 1;
	r->is_waiting = 0;
	set_end(r);
	writer_begin(&r->writer);
}

/* What is written all the time goes on where it stopped, if that is still in memory. */
static void go_on(struct recorder *r)
{
	const uint64_t oldest = store_oldest(&r->store, UINT64_MAX);
	struct writer *w = &r->writer;
	uint64_t unwritten = 0;

	w->from = w->position > oldest ? w->position : oldest;
	if (w->from == oldest)
		unwritten = store_segment(&r->store, oldest)->before - w->packets;
	r->stats.unwritten += unwritten;
	w->cause = (struct output_cause){.word = "continuous"};
	snprintf(w->cause.text, sizeof(w->cause.text), "all that comes");
	if (unwritten > 0)
		snprintf(w->cause.text, sizeof(w->cause.text),
			 "all that comes; blind before: %" PRIu64 " messages were not written",
			 unwritten);
	writer_begin(w);
}

/* By the time of arrivals, or long after by the host's clock. */
static int is_due(const struct recorder *r)
{
	return r->elapsed_ns >= r->end_ns || monotonic_ns() >= r->host_end_ns;
}

static void settle_continuous(struct recorder *r)
{
	if (writer_state(&r->writer) == WRITER_IDLE && !recorder_is_stopped(r))
		go_on(r);
	else if (writer_state(&r->writer) == WRITER_IDLE && r->is_cut) {
		r->is_cut = 0;
		r->is_void = 1;
		r->stats.answered++;
	}
	if (r->is_cut && is_due(r) && writer_end(&r->writer, store_head(&r->store)))
		r->is_cut = r->is_void = 0;
}

/* Looks at what became of the file, and does what is due. */
static void settle(struct recorder *r)
{
	if (r->config.is_continuous) {
		settle_continuous(r);
		return;
	}
	if (r->is_active && !r->is_ending && is_due(r) &&
	    writer_end(&r->writer, store_head(&r->store))) {
		r->is_ending = 1;
		r->holdoff_ns = r->elapsed_ns + r->config.holdoff_ns;
	}
	if (r->is_active && writer_state(&r->writer) == WRITER_IDLE) {
		if (!r->is_ending) /* it ended by itself */
			r->holdoff_ns = r->elapsed_ns + r->config.holdoff_ns;
		r->is_active = r->is_ending = 0;
	}
	if (!r->is_active && r->is_waiting)
		begin(r);
}

void recorder_time(struct recorder *r, uint64_t ns)
{
	if (ns == 0) {
		settle(r);
		return;
	}
	if (r->time_ns > 0 && ns > r->time_ns)
		r->elapsed_ns += ns - r->time_ns;
	r->time_ns = ns;
	if (ns > r->stats.newest_ns)
		r->stats.newest_ns = ns;
	keep_until(r, ns);
	settle(r);
}

/* ---- triggers ---- */

static enum recorder_answer want_continuous(struct recorder *r, int is_operator)
{
	r->stats.joined++;
	if (is_operator && !r->is_cut) {
		r->is_cut = 1;
		r->stats.asked++;
		set_end(r);
	}
	return RECORDER_JOINED;
}

static enum recorder_answer want(struct recorder *r, const struct output_cause *cause,
				 int is_operator)
{
	const int can_join = r->is_active && !r->is_ending;

	if (can_join)
		set_end(r);
	if (can_join || r->is_waiting) {
		r->stats.joined++;
		return RECORDER_JOINED;
	}
	if (!is_operator && r->elapsed_ns < r->holdoff_ns) {
		r->stats.held_off++;
		return RECORDER_HELD_OFF;
	}
	r->stats.files++;
	r->stats.asked++;
	r->next = *cause;
	r->is_waiting = r->is_active;
	if (!r->is_active)
		begin(r);
	return RECORDER_BEGUN;
}

enum recorder_answer recorder_trigger(struct recorder *r, const struct recorder_cause *wanted)
{
	const int is_operator = wanted->bit == 0;
	struct output_cause cause = {.ns = wanted->ns};

	if (!is_operator && !(r->config.on & wanted->bit))
		return RECORDER_NOT_WANTED;
	if (cause.ns == 0) /* nothing may have arrived yet, and no time with it */
		cause.ns = r->time_ns > 0 ? r->time_ns : realtime_ns();
	snprintf(cause.word, sizeof(cause.word), "%s", wanted->word);
	snprintf(cause.text, sizeof(cause.text), "%.20s: %.280s", wanted->word, wanted->text);
	r->stats.triggers++;
	settle(r);
	keep_remark(r, &cause);
	if (recorder_is_stopped(r)) {
		r->stats.failed++;
		return RECORDER_FAILED;
	}
	return r->config.is_continuous ? want_continuous(r, is_operator)
				       : want(r, &cause, is_operator);
}
