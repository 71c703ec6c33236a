/* SPDX-License-Identifier: BSD-3-Clause */
/* A text that grows: an answer that is being made. */
#ifndef MCR_WATCH_TEXT_H
#define MCR_WATCH_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* What docs/control.md promises of the members of answers. */
#define WATCH_SCHEMA 1

struct watch_text {
	char *text;
	size_t len, cap;
};

/* watch_text_add and watch_text_json append; watch_text_json takes the reference of value, which
 * may be NULL when memory was short. Each returns 0 or -ENOMEM. */
int watch_text_add(struct watch_text *t, const char *text);
int watch_text_json(struct watch_text *t, json_t *value);

/* watch_text_refuse appends a whole answer, {"ok":false,...}, with its newline. */
int watch_text_refuse(struct watch_text *t, const char *why);

void watch_text_clear(struct watch_text *t);

/* Values: what is not UTF-8 becomes "?"; 0 is null where it means that there is none. */
json_t *watch_json_string(const char *text);
json_t *watch_json_text_or_null(const char *text);
json_t *watch_json_number(uint64_t value);
json_t *watch_json_number_or_null(uint64_t value);

/* A member of a struct, of type uint64_t, and its key. */
struct watch_json_counter {
	const char *key;
	size_t at;
};
#define WATCH_COUNTER(key, type, member)    \
	{                                   \
		key, offsetof(type, member) \
	}

/* watch_json_counters sets n members of row, which may be NULL, from the struct at base. */
void watch_json_counters(json_t *row, const void *base, const struct watch_json_counter *counters,
			 size_t n);

#endif
