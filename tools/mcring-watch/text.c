/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int append(struct watch_text *t, const char *text, size_t len)
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

int watch_text_add(struct watch_text *t, const char *text)
{
	return append(t, text, strlen(text));
}

int watch_text_json(struct watch_text *t, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	int ret = text ? watch_text_add(t, text) : -ENOMEM;

	free(text);
	json_decref(value);
	return ret;
}

int watch_text_refuse(struct watch_text *t, const char *why)
{
	int ret = watch_text_json(t, json_pack("{sb si so}", "ok", 0, "schema", WATCH_SCHEMA,
					       "error", watch_json_string(why)));

	return ret < 0 ? ret : watch_text_add(t, "\n");
}

void watch_text_clear(struct watch_text *t)
{
	free(t->text);
	*t = (struct watch_text){0};
}

json_t *watch_json_string(const char *text)
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

json_t *watch_json_text_or_null(const char *text)
{
	return text[0] ? watch_json_string(text) : json_null();
}

/* jansson's integers are signed; no counter gets that far in a century. */
json_t *watch_json_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *watch_json_number_or_null(uint64_t value)
{
	return value ? watch_json_number(value) : json_null();
}

void watch_json_counters(json_t *row, const void *base, const struct watch_json_counter *counters,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)base + counters[i].at, sizeof(value));
		json_object_set_new(row, counters[i].key, watch_json_number(value));
	}
}
