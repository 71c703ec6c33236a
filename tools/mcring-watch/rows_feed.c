/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "../common/reply.h"
#include "rows.h"

#define LEAD_UNIT_NS 16

const char *watch_event_word(uint32_t kind)
{
	static const char *const words[] = {
	    [MCR_FEED_DATA] = "data",
	    [MCR_FEED_START] = "start",
	    [MCR_FEED_GAP] = "gap",
	    [MCR_FEED_GAP_HOST] = "gap-host",
	    [MCR_FEED_FILLED_LATE] = "filled-late",
	    [MCR_FEED_RESET] = "reset",
	    [MCR_FEED_LINE_DOWN] = "line-down",
	    [MCR_FEED_LINE_UP] = "line-up",
	    [MCR_FEED_LINE_SWITCH] = "line-switch",
	    [MCR_FEED_SILENCE] = "silence",
	    [MCR_FEED_SILENCE_END] = "silence-end",
	    [MCR_FEED_MISMATCH] = "mismatch",
	    [MCR_FEED_END_OF_SESSION] = "end-of-session",
	    [MCR_FEED_IMPLAUSIBLE] = "implausible",
	    [MCR_FEED_KEYS_FULL] = "keys-full",
	    [MCR_FEED_CHANGED] = "changed",
	    [MCR_FEED_CYCLE] = "cycle",
	};

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "other";
}

static const char *whose_word(uint32_t whose)
{
	switch (whose) {
	case MCR_FEED_WIRE:
		return "wire";
	case MCR_FEED_HOST_MAYBE:
		return "host";
	case MCR_FEED_RING:
		return "ring";
	default:
		return "unknown";
	}
}

static const char *down_word(uint32_t why)
{
	switch (why) {
	case MCR_FEED_DOWN_SILENT:
		return "silent";
	case MCR_FEED_DOWN_NEVER:
		return "never heard";
	case MCR_FEED_DOWN_ENGINE:
		return "engine gone";
	case MCR_FEED_DOWN_LINK:
		return "link down";
	default:
		return "unknown";
	}
}

/* ---- lead ---- */

static int64_t edge_ns(unsigned bucket)
{
	return (int64_t)LEAD_UNIT_NS << bucket;
}

int64_t watch_lead_median(const struct watch_lead *lead)
{
	uint64_t all = 0, sum = 0;

	for (unsigned i = 0; i < WATCH_LEADS; i++)
		all += lead->ahead[i] + lead->behind[i];
	for (unsigned i = WATCH_LEADS; i-- > 0;) {
		sum += lead->ahead[i];
		if (sum > 0 && sum >= (all + 1) / 2)
			return i == 0 ? 0 : -edge_ns(i - 1);
	}
	for (unsigned i = 0; i < WATCH_LEADS; i++) {
		sum += lead->behind[i];
		if (sum > 0 && sum >= (all + 1) / 2)
			return edge_ns(i);
	}
	return 0;
}

static uint64_t packets_of(const uint64_t buckets[WATCH_LEADS])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WATCH_LEADS; i++)
		sum += buckets[i];
	return sum;
}

/* Those that are not empty: [less than so many ns, packets]. */
static json_t *histogram(const uint64_t buckets[WATCH_LEADS])
{
	json_t *list = json_array();

	for (unsigned i = 0; i < WATCH_LEADS; i++)
		if (buckets[i] > 0)
			json_array_append_new(list,
					      json_pack("[IO]", (json_int_t)edge_ns(i),
							json_integer((json_int_t)buckets[i])));
	return list;
}

/* What a bucket says is no more than what the extremes say. */
static int64_t within(int64_t ns, int64_t min_ns, int64_t max_ns)
{
	return ns < min_ns ? min_ns : ns > max_ns ? max_ns : ns;
}

static json_t *lead_of(const struct watch_lead *lead)
{
	const int is_known = lead->packets > 0;
	const int64_t median_ns = within(watch_lead_median(lead), lead->min_ns, lead->max_ns);

	return json_pack("{so so so sb so so so so so so}", "packets", reply_number(lead->packets),
			 "ahead_packets", reply_number(packets_of(lead->ahead)), "behind_packets",
			 reply_number(packets_of(lead->behind)), "hw", lead->is_hw, "resolution_ns",
			 reply_number_or_null(lead->resolution_ns), "min_ns",
			 is_known ? json_integer(lead->min_ns) : json_null(), "median_ns",
			 is_known ? json_integer(median_ns) : json_null(), "max_ns",
			 is_known ? json_integer(lead->max_ns) : json_null(), "ahead",
			 histogram(lead->ahead), "behind", histogram(lead->behind));
}

/* ---- lines ---- */

#define OF(key, member) REPLY_COUNTER(key, struct mcr_feed_line, member)
static const struct reply_counter line_counters[] = {
    OF("packets", packets),
    OF("bytes", bytes),
    OF("heartbeats", heartbeats),
    OF("first", first),
    OF("duplicates", duplicates),
    OF("lost", lost),
    OF("filled", filled),
    OF("unsettled", unsettled),
    OF("ring_lost", ring_lost),
    OF("mismatches", mismatches),
    OF("late", late),
    OF("stale", stale),
    OF("out_of_order", out_of_order),
    OF("malformed", malformed),
    OF("before_start", before_start),
    OF("ended", ended),
    OF("implausible", implausible),
    OF("unsequenced", unsequenced),
    OF("not_tracked", not_tracked),
};
#undef OF

static json_t *line_of(const struct watch_line *l)
{
	json_t *row = json_pack(
	    "{so so so sb sb so so so so}", "name", reply_string(l->name), "engine",
	    reply_text_or_null(l->engine), "channel", reply_text_or_null(l->channel), "up",
	    l->down_since_ns == 0 && l->info.is_up, "heard", l->info.was_heard, "downs",
	    reply_number(l->downs), "down_since_ns", reply_number_or_null(l->down_since_ns),
	    "down_why", l->down_since_ns ? json_string(down_word(l->down_why)) : json_null(),
	    "last_ns", reply_number_or_null(l->info.last_ns));

	reply_counters(row, &l->info, line_counters,
		       sizeof(line_counters) / sizeof(line_counters[0]));
	json_object_set_new(row, "lead", lead_of(&l->lead));
	json_object_set_new(row, "bursts", watch_row_bursts(l->burst));
	return row;
}

/* ---- events ---- */

static void add_range(json_t *row, uint64_t first, uint64_t last)
{
	json_object_set_new(row, "first", reply_number(first));
	json_object_set_new(row, "last", reply_number(last));
}

static void add_what(json_t *row, const struct mcr_feed_msg *m)
{
	switch (m->kind) {
	case MCR_FEED_GAP:
	case MCR_FEED_GAP_HOST:
		add_range(row, m->gap.first, m->gap.last);
		json_object_set_new(row, "whose", json_string(whose_word(m->gap.whose)));
		json_object_set_new(row, "opened_ns", reply_number(m->gap.opened_ns));
		break;
	case MCR_FEED_FILLED_LATE:
		add_range(row, m->late.first, m->late.last);
		break;
	case MCR_FEED_RESET:
		json_object_set_new(row, "old_next", reply_number(m->reset.old_next));
		json_object_set_new(row, "new_next", reply_number(m->reset.new_next));
		break;
	case MCR_FEED_MISMATCH:
	case MCR_FEED_IMPLAUSIBLE:
		json_object_set_new(row, "seq", reply_number(m->mismatch.seq));
		break;
	default:
		break;
	}
}

static int has_line(uint32_t kind)
{
	return kind == MCR_FEED_LINE_DOWN || kind == MCR_FEED_LINE_UP ||
	       kind == MCR_FEED_LINE_SWITCH || kind == MCR_FEED_MISMATCH ||
	       kind == MCR_FEED_IMPLAUSIBLE;
}

static json_t *event_of(const struct watch_feed *f, const struct watch_event *e)
{
	json_t *row = json_pack("{so ss so so}", "time_ns", reply_number(e->ns), "kind",
				watch_event_word(e->kind), "stream", reply_text_or_null(e->stream),
				"text", reply_string(e->text));

	if (row && has_line(e->kind) && e->msg.line < f->n_lines)
		json_object_set_new(row, "line", reply_string(f->lines[e->msg.line].name));
	if (row)
		add_what(row, &e->msg);
	return row;
}

/* The latest first. */
static json_t *events_of(const struct watch_feed *f)
{
	const uint64_t n = f->n_events < WATCH_RECENT ? f->n_events : WATCH_RECENT;
	json_t *list = json_array();

	for (uint64_t i = 1; i <= n; i++)
		json_array_append_new(list,
				      event_of(f, &f->recent[(f->n_events - i) % WATCH_RECENT]));
	return list;
}

/* ---- the feed ---- */

#define OF(key, member) REPLY_COUNTER(key, struct watch_feed, member)
static const struct reply_counter feed_counters[] = {
    OF("packets", packets),
    OF("messages", messages),
    OF("wire_gaps", wire_gaps),
    OF("wire_messages", wire_messages),
    OF("host_gaps", host_gaps),
    OF("host_messages", host_messages),
    OF("ring_gaps", ring_gaps),
    OF("ring_messages", ring_messages),
    OF("gaps_opened", stats.gaps_opened),
    OF("gaps_filled", stats.gaps_filled),
    OF("gaps", stats.gaps),
    OF("gap_messages", stats.gap_messages),
    OF("late_messages", stats.late_messages),
    OF("resets", stats.resets),
    OF("resets_unannounced", resets_unannounced),
    OF("cycles", stats.cycles),
    OF("switches", stats.switches),
    OF("mismatches", stats.mismatches),
    OF("not_comparable", stats.not_comparable),
    OF("implausible", implausible),
    OF("silences", silences),
    OF("streams_refused_packets", stats.keys_refused),
    OF("events_seen", n_events),
};
#undef OF

json_t *watch_row_feed(const struct watch_feed *f)
{
	json_t *lines = json_array(), *row;

	for (unsigned i = 0; i < f->n_lines; i++)
		json_array_append_new(lines, line_of(&f->lines[i]));
	row =
	    json_pack("{so so sb so so sI so}", "name", reply_string(f->name), "engine",
		      f->engine ? reply_string(f->engine->name) : json_null(), "open", f->is_open,
		      "error", reply_text_or_null(f->is_open ? "" : f->error), "time_ns",
		      reply_number_or_null(f->stats.time_ns), "streams", (json_int_t)f->stats.keys,
		      "silent_since_ns", reply_number_or_null(f->silent_since_ns));
	reply_counters(row, f, feed_counters, sizeof(feed_counters) / sizeof(feed_counters[0]));
	json_object_set_new(row, "lines", lines);
	json_object_set_new(row, "events", events_of(f));
	return row;
}
