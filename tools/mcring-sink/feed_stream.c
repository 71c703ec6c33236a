/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "feed/state.h"
#include "put.h"
#include "subject.h"
#include "wire.h"

/* ---- names ---- */

/* Octets as hexadecimal digits, without the zeros at the end, but for the first. */
static char *put_octets(char *to, const void *octets, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = octets;

	while (n > 1 && at[n - 1] == 0)
		n--;
	for (size_t i = 0; i < n; i++) {
		*to++ = digits[at[i] >> 4];
		*to++ = digits[at[i] & 15];
	}
	*to = '\0';
	return to;
}

/* The other way round. Returns 0, or -1: text is not what put_octets writes of n octets. */
static int take_hex(void *octets, size_t n, const char *text)
{
	const size_t len = strlen(text);
	uint8_t *to = octets;

	memset(to, 0, n);
	if (len < 2 || len % 2 != 0 || len / 2 > n || strspn(text, "0123456789abcdef") != len)
		return -1;
	for (size_t i = 0; i < len; i++)
		to[i / 2] = (uint8_t)(to[i / 2] << 4 | mcr_sink_hex_digit(text[i]));
	return 0;
}

void feed_stream_scope(char out[MCR_SINK_SCOPE_MAX], const struct mcr_feed *f,
		       const struct mcr_feed_key *key)
{
	const struct mcr_feed_declaration *d = &f->config.numbering;
	const uint32_t number = (uint32_t)(key->scope[1] >> 32);
	struct mcr_address source;
	uint8_t octets[32] = {0};
	uint32_t flow;

	memcpy(octets, key->scope, 16);
	if ((d->scope_is_group || d->scope_is_source) && number >= MCR_FEED_FLOWS_MAX &&
	    mcr_feed_publishers_at(&f->publishers, number - MCR_FEED_FLOWS_MAX, &source, &flow)) {
		memcpy(octets + 12, &flow, sizeof(flow));
		memcpy(octets + 16, &source, sizeof(source));
	}
	put_octets(out, octets, sizeof(octets));
}

struct feed_stream *feed_stream_new(struct sink_source *src, const char *scope)
{
	struct feed_stream *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->lane.source = src;
	snprintf(st->scope, sizeof(st->scope), "%s", scope);
	return st;
}

void feed_stream_name(const struct sink *s, struct feed_stream *st, const char *text,
		      unsigned n_epoch)
{
	const int is_whole = s->options->topics == SINK_TOPIC_CHANNEL;
	char *end;

	snprintf(st->key, sizeof(st->key), "%s", text);
	for (char *at = st->key; (at = strchr(at, ' '));)
		*at = ',';
	if (st->flow.subject)
		return;
	for (; n_epoch > 0 && *text; n_epoch--) {
		text += strcspn(text, " ");
		text += *text == ' ';
	}
	text = *text ? text : "all";
	end = put_text(put_text(st->subject, s->options->prefix), ".");
	end = subject_token(end, MCR_NAME_MAX, st->lane.source->name);
	if (!is_whole)
		subject_token(put_text(end, "."), MCR_SINK_KEY_MAX, text);
	subject_token(st->flow_key, sizeof(st->flow_key), text);
	st->flow.subject = st->subject;
	st->flow.key = st->flow_key;
}

char *feed_stream_where(const struct sink_lane *lane, const struct sink_place *place, char *out)
{
	const struct feed_stream *st = feed_stream_of(lane);

	out = wire_value(put_text(out, "feed="), lane->source->name);
	if (st->key[0])
		out = wire_value(put_text(out, " key="), st->key);
	out = put_text(put_text(out, " scope="), st->scope);
	out = put_octets(put_text(out, " epoch="), place->epoch, sizeof(place->epoch));
	if (place->generation != 0)
		out = put_number(put_text(out, " gen="), place->generation);
	return put_number(put_text(out, " number="), place->next);
}

char *feed_stream_id(const struct sink_lane *lane, const struct sink_place *place, char *out)
{
	out = put_text(put_text(out, lane->source->name), ".");
	out = put_text(put_text(out, feed_stream_of(lane)->scope), ".");
	out = put_octets(out, place->epoch, sizeof(place->epoch));
	*out++ = '.';
	if (place->generation != 0)
		out = put_text(put_number(out, place->generation), ".");
	return put_number(out, place->next);
}

char *feed_stream_more(const char (*lines)[MCR_LABEL_MAX], const struct pack_message *m, char *out)
{
	const struct mcr_feed_msg *item = m->msg;
	char address[MCR_ADDRESS_TEXT];

	out = put_text(out, "src=");
	out = put_text(out, mcr_address_format(address, item->msg->source));
	*out++ = ',';
	out = put_number(out, item->msg->src_port);
	if (item->line < MCR_FEED_LINES_MAX && lines[item->line][0])
		out = wire_value(put_text(out, " line="), lines[item->line]);
	if (m->skip != 0)
		out = put_number(put_text(out, " skip="), m->skip);
	if (m->flags != 0)
		out = put_text(out, " flags=");
	if (m->flags & MCR_SINK_LATE)
		out = put_text(out, m->flags & MCR_SINK_AFTER_GAP ? "late+" : "late");
	return m->flags & MCR_SINK_AFTER_GAP ? put_text(out, "after-gap") : out;
}

/* ---- positions ---- */

/* Numbers are text: those of JSON have 63 bits. */
static json_t *json_of(uint64_t v)
{
	char text[PUT_NUMBER_MAX + 1];

	put_number(text, v);
	return json_string(text);
}

json_t *feed_stream_json(const struct feed_stream *st)
{
	const struct sink_place *place = &st->lane.sent;
	char epoch[MCR_SINK_EPOCH_MAX];

	put_octets(epoch, place->epoch, sizeof(place->epoch));
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "scope", st->scope, "epoch", epoch,
			 "generation", json_of(place->generation), "next", json_of(place->next),
			 "last_ns", json_of(st->lane.sent_ns));
}

static int take_number(uint64_t *out, const char *text)
{
	return mcr_sink_take_number(out, text, strlen(text), UINT64_MAX);
}

struct feed_stream *feed_stream_load(struct sink_source *src, const json_t *json,
				     struct mcr_error *err)
{
	const char *scope, *epoch, *generation, *next, *last_ns;
	uint8_t octets[(MCR_SINK_SCOPE_MAX - 1) / 2];
	struct sink_place place;
	struct feed_stream *st;
	uint64_t ns;

	if (json_unpack((json_t *)(uintptr_t)json, "{s:s, s:s, s:s, s:s, s:s}", "scope", &scope,
			"epoch", &epoch, "generation", &generation, "next", &next, "last_ns",
			&last_ns) != 0 ||
	    take_hex(octets, sizeof(octets), scope) != 0 ||
	    take_hex(place.epoch, sizeof(place.epoch), epoch) != 0 ||
	    take_number(&place.generation, generation) != 0 ||
	    take_number(&place.next, next) != 0 || take_number(&ns, last_ns) != 0) {
		mcr_error_set(err, -EINVAL,
			      "feed \"%s\": a stream has no scope, epoch, generation, next and "
			      "last_ns that make sense",
			      src->name);
		return NULL;
	}
	st = feed_stream_new(src, scope);
	if (!st) {
		mcr_error_set(err, -ENOMEM, "feed \"%s\": no memory", src->name);
		return NULL;
	}
	st->place = st->lane.sent = place;
	st->last_ns = st->lane.sent_ns = ns;
	return st;
}
