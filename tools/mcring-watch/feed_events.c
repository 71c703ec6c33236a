/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed_events.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../common/clock.h"
#include "feed_state.h"

#define SPAN_NS  UINT64_C(100000000) /* in which ... */
#define SPAN_MAX 64                  /* ... so many of a kind are remembered and raised */

/* ---- words ---- */

__attribute__((format(printf, 2, 3))) static void say(struct watch_event *e, const char *format,
						      ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e->text, sizeof(e->text), format, ap);
	va_end(ap);
}

static const char *line_name(const struct watch_feed *f, unsigned line)
{
	return line < f->n_lines ? f->lines[line].name : "?";
}

static const char *why_down(uint32_t why)
{
	switch (why) {
	case MCR_FEED_DOWN_SILENT:
		return "nothing comes on it";
	case MCR_FEED_DOWN_NEVER:
		return "it was never heard";
	case MCR_FEED_DOWN_ENGINE:
		return "its engine does not run, hangs, or declares another feed";
	case MCR_FEED_DOWN_LINK:
		return "the link of its port is down";
	default:
		return "for an unknown reason";
	}
}

static void say_gap(struct watch_event *e, const struct mcr_feed_gap *gap, uint64_t messages)
{
	const char *const s = messages == 1 ? "" : "s";

	if (gap->whose == MCR_FEED_RING)
		say(e,
		    "the watch missed %" PRIu64 "-%" PRIu64 "%s%s: %" PRIu64
		    " message%s, or what shows whose loss they are",
		    gap->first, gap->last, e->stream[0] ? " of " : "", e->stream, messages, s);
	else if (gap->whose == MCR_FEED_HOST_MAYBE)
		say(e,
		    "gap %" PRIu64 "-%" PRIu64 "%s%s: %" PRIu64
		    " message%s, lost perhaps by this host, whose port lost %" PRIu64 " packets",
		    gap->first, gap->last, e->stream[0] ? " of " : "", e->stream, messages, s,
		    gap->host_lost);
	else
		say(e, "gap %" PRIu64 "-%" PRIu64 "%s%s: %" PRIu64 " message%s, lost by the wire",
		    gap->first, gap->last, e->stream[0] ? " of " : "", e->stream, messages, s);
}

static void say_reset(const struct watch_feed *f, struct watch_event *e)
{
	static const char *const why[] = {
	    [MCR_FEED_RESET_EXPLICIT] = "as was announced",
	    [MCR_FEED_RESET_SESSION] = "with another session",
	    [MCR_FEED_RESET_IMPLICIT] = "which nothing announced",
	    [MCR_FEED_RESET_RESUME] = "as was asked for",
	};
	const uint32_t i = e->msg.reset.why;

	say(e, "numbers%s%s begin anew at %" PRIu64 ", %s; next was %" PRIu64,
	    e->stream[0] ? " of " : "", e->stream, e->msg.reset.new_next,
	    i < sizeof(why) / sizeof(why[0]) && why[i] ? why[i] : "", e->msg.reset.old_next);
}

static void say_number(const struct watch_feed *f, struct watch_event *e)
{
	const struct mcr_feed_mismatch *m = &e->msg.mismatch;

	if (e->kind == MCR_FEED_MISMATCH)
		say(e, "line %s has other octets than line %s under number %" PRIu64 "%s%s",
		    line_name(f, e->msg.line), line_name(f, m->first_line), m->seq,
		    e->stream[0] ? " of " : "", e->stream);
	else
		say(e, "number %" PRIu64 "%s%s on line %s is too far ahead to be believed", m->seq,
		    e->stream[0] ? " of " : "", e->stream, line_name(f, e->msg.line));
}

static void say_state(const struct watch_feed *f, struct watch_event *e)
{
	switch (e->kind) {
	case MCR_FEED_LINE_DOWN:
		say(e, "line %s is down: %s", line_name(f, e->msg.line), why_down(e->msg.down.why));
		break;
	case MCR_FEED_LINE_UP:
		say(e, "line %s is up", line_name(f, e->msg.line));
		break;
	case MCR_FEED_SILENCE:
		say(e, f->n_lines > 1 ? "all %u lines are down" : "its only line is down",
		    f->n_lines);
		break;
	case MCR_FEED_SILENCE_END:
		say(e, "line %s is heard again", line_name(f, e->msg.line));
		break;
	case MCR_FEED_KEYS_FULL:
		say(e, "it has more streams than can be watched: the others are only counted");
		break;
	case MCR_FEED_CHANGED:
		say(e, "it is declared otherwise now");
		break;
	default:
		break;
	}
}

static void say_stream(struct watch_event *e)
{
	const char *const of = e->stream[0] ? e->stream : "the stream";

	switch (e->kind) {
	case MCR_FEED_START:
		say(e, "%s begins at %" PRIu64, of, e->msg.seq);
		break;
	case MCR_FEED_END_OF_SESSION:
		say(e, "%s ends before %" PRIu64, of, e->msg.seq);
		break;
	case MCR_FEED_CYCLE:
		say(e, "%s begins again", of);
		break;
	case MCR_FEED_FILLED_LATE:
		say(e, "%" PRIu64 "-%" PRIu64 " of %s came after they were given up",
		    e->msg.late.first, e->msg.late.last, of);
		break;
	default:
		break;
	}
}

/* ---- what is remembered ---- */

static int is_of_stream(uint32_t kind)
{
	return kind != MCR_FEED_LINE_DOWN && kind != MCR_FEED_LINE_UP && kind != MCR_FEED_SILENCE &&
	       kind != MCR_FEED_SILENCE_END && kind != MCR_FEED_KEYS_FULL &&
	       kind != MCR_FEED_CHANGED;
}

/* Numbers as packets write them. */
static void name_numbers(const struct mcr_feed *feed, struct mcr_feed_msg *m)
{
	m->seq = mcr_feed_wire(feed, m->seq);
	switch (m->kind) {
	case MCR_FEED_GAP:
	case MCR_FEED_GAP_HOST:
		m->gap.first = mcr_feed_wire(feed, m->gap.first);
		m->gap.last = mcr_feed_wire(feed, m->gap.last);
		break;
	case MCR_FEED_FILLED_LATE:
		m->late.first = mcr_feed_wire(feed, m->late.first);
		m->late.last = mcr_feed_wire(feed, m->late.last);
		break;
	case MCR_FEED_RESET:
		m->reset.old_next = mcr_feed_wire(feed, m->reset.old_next);
		m->reset.new_next = mcr_feed_wire(feed, m->reset.new_next);
		break;
	case MCR_FEED_MISMATCH:
	case MCR_FEED_IMPLAUSIBLE:
		m->mismatch.seq = mcr_feed_wire(feed, m->mismatch.seq);
		break;
	default:
		break;
	}
}

static struct watch_event *remember(struct watch_feed *f, const struct mcr_feed_msg *m)
{
	struct watch_event *e = &f->recent[f->n_events++ % WATCH_RECENT];
	struct mcr_feed_key key = {.size = sizeof(key)};

	*e = (struct watch_event){.ns = m->ns != 0 ? m->ns : realtime_ns(), .kind = m->kind};
	e->msg = *m;
	name_numbers(f->feed, &e->msg);
	if (is_of_stream(m->kind) && mcr_feed_key_info(f->feed, m->key, &key) == 0)
		memcpy(e->stream, key.text, sizeof(e->stream));
	switch (m->kind) {
	case MCR_FEED_GAP:
	case MCR_FEED_GAP_HOST:
		say_gap(e, &e->msg.gap, m->gap.last - m->gap.first + 1);
		break;
	case MCR_FEED_RESET:
		say_reset(f, e);
		break;
	case MCR_FEED_MISMATCH:
	case MCR_FEED_IMPLAUSIBLE:
		say_number(f, e);
		break;
	case MCR_FEED_START:
	case MCR_FEED_END_OF_SESSION:
	case MCR_FEED_CYCLE:
	case MCR_FEED_FILLED_LATE:
		say_stream(e);
		break;
	default:
		say_state(f, e);
		break;
	}
	return e;
}

/* ---- counters ---- */

static void count_gap(struct watch_feed *f, const struct mcr_feed_msg *m)
{
	const uint64_t messages = m->gap.last - m->gap.first + 1;

	if (m->kind == MCR_FEED_GAP_HOST) {
		f->wire_gaps--;
		f->wire_messages -= messages;
	}
	switch (m->gap.whose) {
	case MCR_FEED_RING:
		f->ring_gaps++;
		f->ring_messages += messages;
		break;
	case MCR_FEED_HOST_MAYBE:
		f->host_gaps++;
		f->host_messages += messages;
		break;
	default:
		f->wire_gaps++;
		f->wire_messages += messages;
		break;
	}
}

static void count_line(struct watch_feed *f, const struct mcr_feed_msg *m, uint64_t ns)
{
	struct watch_line *l = &f->lines[m->line];

	if (m->line >= f->n_lines)
		return;
	l->downs += m->kind == MCR_FEED_LINE_DOWN;
	l->down_since_ns = m->kind == MCR_FEED_LINE_DOWN ? ns : 0;
	l->down_why = m->kind == MCR_FEED_LINE_DOWN ? m->down.why : 0;
}

/* No engine of a line runs, so nobody knows what was sent. */
static int is_blind(const struct watch_feed *f)
{
	for (unsigned i = 0; i < f->n_lines; i++)
		if (f->lines[i].down_why != MCR_FEED_DOWN_ENGINE)
			return 0;
	return 1;
}

static void count(struct watch_feed *f, const struct mcr_feed_msg *m)
{
	const uint64_t ns = m->ns != 0 ? m->ns : realtime_ns();

	switch (m->kind) {
	case MCR_FEED_GAP:
	case MCR_FEED_GAP_HOST:
		count_gap(f, m);
		break;
	case MCR_FEED_LINE_DOWN:
	case MCR_FEED_LINE_UP:
		count_line(f, m, ns);
		break;
	case MCR_FEED_SILENCE:
		if (!is_blind(f)) {
			f->silences++;
			f->silent_since_ns = ns;
		}
		break;
	case MCR_FEED_SILENCE_END:
		f->silent_since_ns = 0;
		break;
	case MCR_FEED_RESET:
		f->resets_unannounced += m->reset.why == MCR_FEED_RESET_IMPLICIT;
		break;
	case MCR_FEED_IMPLAUSIBLE:
		f->implausible++;
		break;
	default:
		break;
	}
}

/* ---- alarms ---- */

/* Returns WATCH_ALARM_KINDS for what is none. */
static enum watch_alarm_kind kind_of(const struct mcr_feed_msg *m)
{
	switch (m->kind) {
	case MCR_FEED_GAP:
		return m->gap.whose == MCR_FEED_RING ? WATCH_BLIND : WATCH_GAP;
	case MCR_FEED_RESET:
		return m->reset.why == MCR_FEED_RESET_IMPLICIT ? WATCH_RESET : WATCH_ALARM_KINDS;
	case MCR_FEED_MISMATCH:
		return WATCH_MISMATCH;
	case MCR_FEED_IMPLAUSIBLE:
		return WATCH_IMPLAUSIBLE;
	case MCR_FEED_LINE_DOWN:
	case MCR_FEED_LINE_UP:
		return WATCH_LINE_DOWN;
	case MCR_FEED_SILENCE:
	case MCR_FEED_SILENCE_END:
		return WATCH_SILENCE;
	default:
		return WATCH_ALARM_KINDS;
	}
}

static void raise_alarm(struct watch *w, const struct watch_feed *f, struct watch_alarm a,
			unsigned line, const char *text)
{
	snprintf(a.feed, sizeof(a.feed), "%s", f->name);
	snprintf(a.engine, sizeof(a.engine), "%s", f->engine->name);
	if (line < f->n_lines) {
		snprintf(a.line, sizeof(a.line), "%s", f->lines[line].name);
		snprintf(a.engine, sizeof(a.engine), "%s", f->lines[line].engine);
		snprintf(a.channel, sizeof(a.channel), "%s", f->lines[line].channel);
	}
	snprintf(a.text, sizeof(a.text), "%s", text);
	watch_raise(w, &a);
}

static int has_line(uint32_t kind)
{
	return kind == MCR_FEED_LINE_DOWN || kind == MCR_FEED_LINE_UP ||
	       kind == MCR_FEED_MISMATCH || kind == MCR_FEED_IMPLAUSIBLE;
}

/* States are few, and each has an end. */
static int keeps_up(struct feed_state *s, const struct mcr_feed_msg *m)
{
	if (m->ns >= s->span_ns + SPAN_NS || m->ns < s->span_ns) {
		s->span_ns = m->ns;
		memset(s->span, 0, sizeof(s->span));
	}
	return !is_of_stream(m->kind) || m->kind >= FEED_KINDS || s->span[m->kind]++ < SPAN_MAX;
}

void feed_event(struct watch *w, struct watch_feed *f, const struct mcr_feed_msg *m)
{
	const enum watch_alarm_kind kind = kind_of(m);
	const int was_silent = f->silent_since_ns != 0;
	const struct watch_event *e;

	count(f, m);
	f->state->is_changed |= m->kind == MCR_FEED_CHANGED;
	if (!keeps_up(f->state, m))
		return;
	e = remember(f, m);
	if (kind == WATCH_ALARM_KINDS ||
	    (kind == WATCH_SILENCE && was_silent == (f->silent_since_ns != 0)))
		return;
	raise_alarm(w, f,
		    (struct watch_alarm){.kind = kind,
					 .is_over = m->kind == MCR_FEED_LINE_UP ||
						    m->kind == MCR_FEED_SILENCE_END,
					 .is_brief = kind == WATCH_BLIND,
					 .ns = e->ns},
		    has_line(m->kind) ? m->line : MCR_FEED_LINES_MAX, e->text);
}

void feed_events_end(struct watch *w, struct watch_feed *f)
{
	static const char text[] = "it is not watched any more";
	struct watch_alarm a = {.is_over = 1, .ns = realtime_ns()};

	a.kind = WATCH_LINE_DOWN;
	for (unsigned i = 0; i < f->n_lines; i++)
		if (f->lines[i].down_since_ns != 0)
			raise_alarm(w, f, a, i, text);
	a.kind = WATCH_SILENCE;
	if (f->silent_since_ns != 0)
		raise_alarm(w, f, a, MCR_FEED_LINES_MAX, text);
}
