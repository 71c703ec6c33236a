/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <string.h>

#include "../common/reply.h"

#define COUNT(counters) (sizeof(counters) / sizeof((counters)[0]))

static const char *kind_of(const struct sink *s)
{
	return s->options->is_kafka ? "kafka" : "nats";
}

json_t *sink_row_whole(const struct sink *s)
{
	static const struct reply_counter counters[] = {
	    REPLY_COUNTER("connects", struct sink_broker_info, connects),
	    REPLY_COUNTER("disconnects", struct sink_broker_info, disconnects),
	    REPLY_COUNTER("retried", struct sink_broker_info, retried),
	    REPLY_COUNTER("perhaps_twice", struct sink_broker_info, perhaps_twice),
	    REPLY_COUNTER("aborted", struct sink_broker_info, aborted),
	    REPLY_COUNTER("checkpoints", struct sink_broker_info, checkpoints),
	    REPLY_COUNTER("in_flight", struct sink_broker_info, in_flight),
	};
	struct sink_broker_info info = {0};
	json_t *row;

	s->calls->info(s->broker, &info);
	row = json_pack("{so so so sb so so so so so so so}", "name",
			reply_string(s->options->name), "broker", reply_string(kind_of(s)),
			"server", reply_text_or_null(info.server), "connected", info.is_connected,
			"error", reply_text_or_null(info.error[0] ? info.error : info.fatal),
			"prefix", reply_string(s->options->prefix), "position_ns",
			reply_number_or_null(s->position_ns), "checkpoint_ns",
			reply_number_or_null(info.checkpoint_ns), "once_ns",
			reply_number_or_null(info.once_ns), "memory_bytes",
			reply_number(s->pool.max), "memory_used_bytes", reply_number(s->pool.used));
	reply_counters(row, &info, counters, COUNT(counters));
	return row;
}

/* Messages that were read and are not settled. */
static uint64_t in_flight(const struct sink_counts *c)
{
	const uint64_t settled = c->stored + c->stored_before + c->refused;

	return c->read > settled ? c->read - settled : 0;
}

json_t *sink_row_source(const struct sink_source *src, const char *engine, uint64_t now_ns)
{
	static const struct reply_counter counters[] = {
	    REPLY_COUNTER("read", struct sink_counts, read),
	    REPLY_COUNTER("bytes", struct sink_counts, octets),
	    REPLY_COUNTER("stored", struct sink_counts, stored),
	    REPLY_COUNTER("stored_before", struct sink_counts, stored_before),
	    REPLY_COUNTER("units", struct sink_counts, units),
	    REPLY_COUNTER("refused", struct sink_counts, refused),
	    REPLY_COUNTER("lost", struct sink_counts, lost),
	    REPLY_COUNTER("losses", struct sink_counts, losses),
	    REPLY_COUNTER("restarts", struct sink_counts, restarts),
	    REPLY_COUNTER("gaps", struct sink_counts, gaps),
	    REPLY_COUNTER("gap_messages", struct sink_counts, gap_lost),
	};
	const uint64_t oldest_ns = sink_oldest_ns(src);
	json_t *row = json_pack(
	    "{ss so so sb so so so so}", "kind", src->is_feed ? "feed" : "channel", "name",
	    reply_string(src->name), "engine", reply_string(engine), "up", src->is_attached,
	    "error", reply_text_or_null(src->is_attached ? "" : src->error), "behind",
	    src->is_attached ? reply_number(sink_behind(src)) : json_null(), "in_flight",
	    reply_number(in_flight(&src->counts)), "lag_ns",
	    reply_number(oldest_ns && now_ns > oldest_ns ? now_ns - oldest_ns : 0));

	reply_counters(row, &src->counts, counters, COUNT(counters));
	return row;
}
