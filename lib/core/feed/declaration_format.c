/* SPDX-License-Identifier: BSD-3-Clause */
/* A declaration as text, all of it and in one way only; and a stream's key for a person. */
#include "core/feed/declaration.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/feed/duration.h"

/* A text that grows; what has no room is counted all the same. */
struct writer {
	char *out;
	size_t cap, len;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *fmt, ...)
{
	const size_t room = w->len < w->cap ? w->cap - w->len : 0;
	va_list args;

	va_start(args, fmt);
	w->len += (size_t)vsnprintf(room ? w->out + w->len : NULL, room, fmt, args);
	va_end(args);
}

static void put_field(struct writer *w, const struct mcr_feed_field *field)
{
	static const char *const forms[] = {":be", ":le", ":ascii", ":hex"};
	const uint64_t whole =
	    field->width < 8 ? (UINT64_C(1) << 8 * field->width) - 1 : UINT64_MAX;

	put(w, "%u:%u", field->offset, field->width);
	if (field->width > 1 || field->form >= MCR_FEED_FIELD_ASCII)
		put(w, "%s", forms[field->form]);
	if (field->mask != whole)
		put(w, "/0x%" PRIx64, field->mask);
}

static void put_keys(struct writer *w, const struct mcr_feed_declaration *d, unsigned which)
{
	put(w, " %s=%s", which ? "epoch" : "key", d->n_keys[which] ? "" : "none");
	for (unsigned i = 0; i < d->n_keys[which]; i++) {
		put(w, "%s%s:", i ? "+" : "", d->keys[which][i].name);
		put_field(w, &d->keys[which][i].field);
	}
}

static void put_rule(struct writer *w, const struct mcr_feed_rule *rule)
{
	static const char *const names[] = {
	    [MCR_FEED_PACKET_MALFORMED] = "require",
	    [MCR_FEED_PACKET_NOT_TRACKED] = "skip",
	    [MCR_FEED_PACKET_UNSEQUENCED] = "unsequenced",
	    [MCR_FEED_PACKET_RESET] = "reset",
	    [MCR_FEED_PACKET_END] = "end",
	    [MCR_FEED_PACKET_HEARTBEAT] = "heartbeat",
	};
	static const char *const numbers[] = {":next", ":last", ":data"};
	static const char *const of[] = {"", "count", "seq", "length"};

	put(w, " %s=", names[rule->kind]);
	for (unsigned i = 0; i < rule->n_tests; i++) {
		const struct mcr_feed_test *test = &rule->tests[i];

		put(w, "%s", i ? "+" : "");
		if (test->of == MCR_FEED_TEST_OF_OCTETS)
			put_field(w, &test->field);
		else
			put(w, "%s", of[test->of]);
		put(w, "=%" PRIu64, test->low);
		if (test->span)
			put(w, "..%" PRIu64, test->low + test->span);
	}
	if (rule->kind != MCR_FEED_PACKET_RESET && rule->kind != MCR_FEED_PACKET_END &&
	    rule->kind != MCR_FEED_PACKET_HEARTBEAT)
		return;
	put(w, "%s", numbers[rule->number]);
	if (rule->seq_field.width) {
		put(w, ":");
		put_field(w, &rule->seq_field);
	}
}

size_t mcr_feed_declaration_format(const struct mcr_feed_declaration *d, char *out, size_t cap)
{
	static const char *const wraps[] = {"0", "1", "none"};
	static const char *const scopes[] = {
	    [MCR_FEED_SCOPE_FEED] = "feed",
	    [MCR_FEED_SCOPE_GROUP] = "group",
	    [MCR_FEED_SCOPE_SOURCE] = "source",
	    [MCR_FEED_SCOPE_GROUP | MCR_FEED_SCOPE_SOURCE] = "group+source",
	};
	struct writer w = {out, cap, 0};
	char text[32];

	put(&w, "seq=");
	put_field(&w, &d->seq);
	if (d->high.width) {
		put(&w, " high=");
		put_field(&w, &d->high);
	}
	if (d->bits < 64 || d->wrap == MCR_FEED_WRAP_NONE)
		put(&w, " wrap=%s", wraps[d->wrap]);
	put(&w, " counts=%s", d->has_count ? "messages" : "packets");
	if (d->count.width) {
		put(&w, " count=%s", d->is_chain ? "chain:" : "");
		put_field(&w, &d->count);
	}
	put_keys(&w, d, 0);
	put_keys(&w, d, 1);
	put(&w, " scope=%s", scopes[d->scope]);
	if (d->is_loop)
		put(&w, " loop=yes");
	for (unsigned i = 0; i < d->n_rules; i++)
		put_rule(&w, &d->rules[i]);
	if (d->heartbeat_ns)
		put(&w, " heartbeat_interval=%s",
		    mcr_duration_format(d->heartbeat_ns, text, sizeof(text)));
	return w.len;
}

static void put_value(struct writer *w, const struct mcr_feed_field *field, const uint8_t *octets)
{
	uint64_t v = 0;
	unsigned len = field->width;

	switch (field->form) {
	case MCR_FEED_FIELD_ASCII: /* padding at the end says nothing */
		while (len > 0 && (octets[len - 1] == ' ' || octets[len - 1] == 0))
			len--;
		for (unsigned i = 0; i < len; i++)
			put(w, "%c", octets[i] > ' ' && octets[i] <= '~' ? octets[i] : '?');
		break;
	case MCR_FEED_FIELD_HEX:
		for (unsigned i = 0; i < len; i++)
			put(w, "%02x", octets[i]);
		break;
	default:
		for (unsigned i = 0; i < len; i++)
			v = v << 8 | octets[field->form == MCR_FEED_FIELD_LE ? len - 1 - i : i];
		put(w, "%" PRIu64, v >> __builtin_ctzll(field->mask));
	}
}

void mcr_feed_key_text(const struct mcr_feed_declaration *d, const uint64_t scope[2],
		       const uint64_t epoch[2], char *out, size_t cap)
{
	struct writer w = {out, cap, 0};
	uint8_t octets[2][16];
	uint32_t index;

	memcpy(octets[0], scope, 16);
	memcpy(octets[1], epoch, 16);
	if (cap > 0)
		out[0] = '\0';
	for (unsigned which = 2; which-- > 0;) {
		unsigned used = 0;

		for (unsigned i = 0; i < d->n_keys[which]; i++) {
			const struct mcr_feed_key_field *key = &d->keys[which][i];

			put(&w, "%s%s=", w.len ? " " : "", key->name);
			put_value(&w, &key->field, octets[which] + used);
			used += key->field.width;
		}
	}
	if (!d->scope_is_group && !d->scope_is_source)
		return;
	memcpy(&index, octets[0] + 12, sizeof(index));
	put(&w, "%s%s=%" PRIu32, w.len ? " " : "", d->scope_is_group ? "flow" : "source", index);
}
