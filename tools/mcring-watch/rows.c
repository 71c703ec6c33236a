/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include "../common/reply.h"
#include "core/address.h"

static const char *const windows[WATCH_WINDOWS] = {"10us", "100us", "1ms", "1s"};

json_t *watch_row_bursts(struct watch_burst *b)
{
	json_t *list = json_array();

	for (unsigned i = 0; b && i < WATCH_WINDOWS; i++) {
		const struct watch_peak peak = watch_burst_peak(b, i);

		json_array_append_new(
		    list, json_pack("{ss so so so so so}", "window", windows[i], "window_ns",
				    reply_number(watch_window_ns[i]), "packets",
				    reply_number(peak.packets), "packets_at_ns",
				    reply_number_or_null(peak.packets_ns), "bytes",
				    reply_number(peak.octets), "bytes_at_ns",
				    reply_number_or_null(peak.octets_ns)));
	}
	return list;
}

json_t *watch_row_alarm(const struct watch_alarm *a)
{
	return json_pack("{so ss sb so so so so so}", "time_ns", reply_number(a->ns), "kind",
			 watch_alarm_word(a->kind), "over", a->is_over, "engine",
			 reply_text_or_null(a->engine), "channel", reply_text_or_null(a->channel),
			 "feed", reply_text_or_null(a->feed), "line", reply_text_or_null(a->line),
			 "text", reply_string(a->text));
}

json_t *watch_row_engine(const struct watch_engine *e)
{
	return json_pack("{so so sb sI}", "name", reply_string(e->name), "run_dir",
			 reply_string(e->run_dir), "up", e->is_up, "channels",
			 (json_int_t)e->n_channels);
}

#define COUNT(counters) (sizeof(counters) / sizeof((counters)[0]))

json_t *watch_row_channel(const struct watch_channel *c)
{
	static const struct reply_counter counters[] = {
	    REPLY_COUNTER("packets", struct watch_channel, packets),
	    REPLY_COUNTER("bytes", struct watch_channel, octets),
	    REPLY_COUNTER("lost", struct watch_channel, lost),
	    REPLY_COUNTER("left_out", struct watch_channel, left_out),
	};
	json_t *row = json_pack(
	    "{so so sb so so so so}", "name", reply_string(c->name), "engine",
	    reply_string(c->engine->name), "attached", c->is_attached, "readers",
	    reply_string(c->readers), "blind_since_ns", reply_number_or_null(c->blind_since_ns),
	    "until_ns", reply_number_or_null(c->until_ns), "recording",
	    c->recorder ? reply_string(recorder_name(c->recorder)) : json_null());

	reply_counters(row, c, counters, COUNT(counters));
	json_object_set_new(row, "bursts", watch_row_bursts(c->burst));
	return row;
}

json_t *watch_row_group(const struct watch_channel *c, const struct watch_group *g)
{
	static const struct reply_counter counters[] = {
	    REPLY_COUNTER("packets", struct watch_group, packets),
	    REPLY_COUNTER("bytes", struct watch_group, octets),
	    REPLY_COUNTER("silences", struct watch_group, silences),
	};
	char address[MCR_ADDRESS_TEXT];
	json_t *row = json_pack(
	    "{so so so so sI so so so}", "channel", reply_string(c->name), "engine",
	    reply_string(c->engine->name), "interface",
	    reply_text_or_null(g->interface > 0 ? c->interfaces[g->interface - 1].name : ""),
	    "group", json_string(mcr_address_format(address, g->group)), "port",
	    (json_int_t)g->port, "first_ns", reply_number_or_null(g->first_ns), "last_ns",
	    reply_number_or_null(g->last_ns), "silent_since_ns",
	    reply_number_or_null(g->silent_since_ns));

	reply_counters(row, g, counters, COUNT(counters));
	json_object_set_new(row, "bursts", watch_row_bursts(g->burst));
	return row;
}
