/* SPDX-License-Identifier: BSD-3-Clause */
#include "reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int append(struct reply_text *t, const char *text, size_t len)
{
	size_t cap = t->cap ? t->cap : 4096;
	char *bigger;

	while (cap < t->len + len)
		cap *= 2;
	if (cap != t->cap) {
		bigger = realloc(t->text, cap);
		if (!bigger)
			return -ENOMEM;
		t->text = bigger;
		t->cap = cap;
	}
	memcpy(t->text + t->len, text, len);
	t->len += len;
	return 0;
}

int reply_add(struct reply_text *t, const char *text)
{
	return append(t, text, strlen(text));
}

int reply_json(struct reply_text *t, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	int ret = text ? reply_add(t, text) : -ENOMEM;

	free(text);
	json_decref(value);
	return ret;
}

int reply_refuse(struct reply_text *t, const char *why)
{
	int ret = reply_json(t, json_pack("{sb si so}", "ok", 0, "schema", REPLY_SCHEMA, "error",
					  reply_string(why)));

	return ret < 0 ? ret : reply_add(t, "\n");
}

json_t *reply_head(const char *name, const char *program, const char *version, uint64_t started_ns,
		   uint64_t now_ns)
{
	return json_pack("{sb si so ss ss so so}", "ok", 1, "schema", REPLY_SCHEMA, "name",
			 reply_string(name), "program", program, "version", version, "started_ns",
			 reply_number(started_ns), "now_ns", reply_number(now_ns));
}

void reply_clear(struct reply_text *t)
{
	free(t->text);
	*t = (struct reply_text){0};
}

json_t *reply_string(const char *text)
{
	json_t *value = json_string(text);
	char *ascii;

	if (value)
		return value;
	ascii = strdup(text);
	for (char *c = ascii; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	value = ascii ? json_string(ascii) : NULL;
	free(ascii);
	return value;
}

json_t *reply_text_or_null(const char *text)
{
	return text[0] ? reply_string(text) : json_null();
}

/* jansson's integers are signed; no counter gets that far in a century. */
json_t *reply_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *reply_number_or_null(uint64_t value)
{
	return value ? reply_number(value) : json_null();
}

void reply_counters(json_t *row, const void *base, const struct reply_counter *counters, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)base + counters[i].at, sizeof(value));
		json_object_set_new(row, counters[i].key, reply_number(value));
	}
}
