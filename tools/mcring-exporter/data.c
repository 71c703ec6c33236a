/* SPDX-License-Identifier: BSD-3-Clause */
#include "data.h"

#include <string.h>

#include "../common/clock.h"

static json_t *string_or_null(const char *text)
{
	json_t *value = text[0] ? json_string(text) : json_null();

	return value ? value : json_string("?"); /* a path that is not UTF-8 */
}

static json_t *object_or_null(json_t *object)
{
	return object ? json_incref(object) : json_null();
}

static json_t *age_or_null(const struct source *s, uint64_t now_ns)
{
	return s->stats ? json_integer((json_int_t)(now_ns - s->answered_ns)) : json_null();
}

static json_t *of_source(const struct source *s, uint64_t now_ns)
{
	return json_pack("{so so sb so so so so}", "name", string_or_null(s->name), "socket",
			 string_or_null(s->path), "up", s->is_up, "error", string_or_null(s->error),
			 "age_ns", age_or_null(s, now_ns), "stats", object_or_null(s->stats), "why",
			 object_or_null(s->why));
}

char *data_write(const struct sources *sources, uint64_t now_ns, size_t *len)
{
	json_t *engines = json_array(), *all;
	char *text;

	for (size_t i = 0; i < sources->n; i++)
		json_array_append_new(engines, of_source(sources->list[i], now_ns));
	all = json_pack("{si sI so}", "schema", 1, "now_ns", (json_int_t)realtime_ns(), "engines",
			engines);
	text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	*len = text ? strlen(text) : 0;
	return text;
}
