/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/feed_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/feed/duration.h"
#include "core/feed/hours.h"
#include "core/join_piece.h"

#define US UINT64_C(1000)
#define MS (1000 * US)
#define S  (1000 * MS)

#define FIELD(field)                                       \
	.offset = offsetof(struct mcr_feed_config, field), \
	.size = sizeof(((struct mcr_feed_config *)0)->field)

const struct mcr_feed_value mcr_feed_keys[] = {
    {"declaration", FIELD(declaration), .kind = MCR_FEED_KEY_DECLARATION},
    {"gap_timeout", 1 * US, 60 * S, FIELD(gap_timeout_ns), .kind = MCR_FEED_KEY_TIME},
    {"silence", 1 * MS, 86400 * S, FIELD(silence_ns), .kind = MCR_FEED_KEY_TIME, .zero_too = 1},
    {"reorder", 0, UINT64_C(1) << 20, FIELD(reorder), .kind = MCR_FEED_KEY_NUMBER},
    {"window", 16, UINT64_C(1) << 20, FIELD(window), .kind = MCR_FEED_KEY_NUMBER},
    {"jump_max", 16, UINT64_C(1) << 62, FIELD(jump_max), .kind = MCR_FEED_KEY_NUMBER},
    {"reset_back", 1, UINT64_C(1) << 62, FIELD(reset_back), .kind = MCR_FEED_KEY_NUMBER},
    {"reset_run", 2, 1000, FIELD(reset_run), .kind = MCR_FEED_KEY_NUMBER},
    {"hours", FIELD(hours), .kind = MCR_FEED_KEY_HOURS},
    {"zone", FIELD(zone), .kind = MCR_FEED_KEY_TEXT},
};
const size_t mcr_feed_keys_n = sizeof(mcr_feed_keys) / sizeof(mcr_feed_keys[0]);
_Static_assert(sizeof(mcr_feed_keys) / sizeof(mcr_feed_keys[0]) <= MCR_FEED_KEYS_MAX, "room");

const char *mcr_feed_config_key(size_t i)
{
	return i < mcr_feed_keys_n ? mcr_feed_keys[i].name : NULL;
}

static void format_number(const struct mcr_feed_value *key, uint64_t value, char *out, size_t cap)
{
	if (key->kind == MCR_FEED_KEY_TIME)
		mcr_duration_format(value, out, cap);
	else
		snprintf(out, cap, "%" PRIu64, value);
}

/* Returns 0, or -1: it is no number, or too large for any. */
static int read_number(const struct mcr_feed_value *key, const char *text, uint64_t *out)
{
	const size_t len = strlen(text);

	if (key->kind == MCR_FEED_KEY_TIME)
		return mcr_duration_parse(text, len, out);
	if (len == 0 || len > 18 || strspn(text, "0123456789") < len)
		return -1;
	*out = strtoull(text, NULL, 10);
	return 0;
}

static int parse_number(const struct mcr_feed_value *key, struct mcr_feed_config *c,
			const char *text, struct mcr_error *err)
{
	char part[MCR_PIECE_QUOTED], min[32], max[32];
	uint32_t small;
	uint64_t value;

	if (read_number(key, text, &value) != 0 ||
	    ((value < key->min || value > key->max) && !(value == 0 && key->zero_too))) {
		format_number(key, key->min, min, sizeof(min));
		format_number(key, key->max, max, sizeof(max));
		return mcr_error_set(err, -EINVAL, "%s '%s': expected %s%s to %s", key->name,
				     mcr_piece_quote(part, (struct mcr_piece){text, strlen(text)}),
				     key->zero_too ? "0 or " : "", min, max);
	}
	small = (uint32_t)value;
	memcpy((char *)c + key->offset, key->size == sizeof(small) ? (void *)&small : &value,
	       key->size);
	return 0;
}

static int parse_text(const struct mcr_feed_value *key, struct mcr_feed_config *c, const char *text,
		      struct mcr_error *err)
{
	const size_t len = strlen(text);

	if (len >= key->size)
		return mcr_error_set(err, -EINVAL, "%s is too long: expected at most %u octets",
				     key->name, key->size - 1u);
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return mcr_error_set(err, -EINVAL, "%s: expected printable ASCII",
					     key->name);
	memcpy((char *)c + key->offset, text, len + 1);
	return 0;
}

int mcr_feed_key_parse(const struct mcr_feed_value *key, struct mcr_feed_config *c,
		       const char *value, struct mcr_error *err)
{
	struct mcr_feed_declaration numbering;
	struct mcr_hours hours;
	int ret;

	if (key->kind == MCR_FEED_KEY_TIME || key->kind == MCR_FEED_KEY_NUMBER)
		return parse_number(key, c, value, err);
	if (key->kind == MCR_FEED_KEY_TEXT)
		return parse_text(key, c, value, err);
	if (key->kind == MCR_FEED_KEY_HOURS) {
		ret = mcr_hours_parse(&hours, value, err);
		return ret == 0 ? parse_text(key, c, value, err) : ret;
	}
	ret = mcr_feed_declaration_parse(&numbering, value, err);
	if (ret == 0)
		ret = parse_text(key, c, value, err);
	if (ret == 0)
		c->numbering = numbering;
	return ret;
}

void mcr_feed_key_format(const struct mcr_feed_value *key, const struct mcr_feed_config *c,
			 char out[MCR_FEED_VALUE_MAX])
{
	const char *field = (const char *)c + key->offset;
	uint64_t value = 0;
	uint32_t small;

	out[0] = '\0';
	if (key->kind == MCR_FEED_KEY_DECLARATION) {
		mcr_feed_declaration_format(&c->numbering, out, MCR_FEED_VALUE_MAX);
	} else if (key->kind == MCR_FEED_KEY_TEXT || key->kind == MCR_FEED_KEY_HOURS) {
		snprintf(out, MCR_FEED_VALUE_MAX, "%s", field);
	} else if (key->size == sizeof(small)) {
		memcpy(&small, field, sizeof(small));
		format_number(key, small, out, MCR_FEED_VALUE_MAX);
	} else {
		memcpy(&value, field, sizeof(value));
		format_number(key, value, out, MCR_FEED_VALUE_MAX);
	}
}
