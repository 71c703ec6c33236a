/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of a server of lines (line_server.h): a text that grows, and values of JSON. */
#ifndef MCR_TOOLS_REPLY_H
#define MCR_TOOLS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* What docs/control.md promises of the members of answers. */
#define REPLY_SCHEMA 1

struct reply_text {
	char *text;
	size_t len, cap;
};

/* reply_add and reply_json append; reply_json takes the reference of value, which
 * may be NULL when memory was short. Each returns 0 or -ENOMEM. */
int reply_add(struct reply_text *t, const char *text);
int reply_json(struct reply_text *t, json_t *value);

/* reply_refuse appends a whole answer, {"ok":false,...}, with its newline. */
int reply_refuse(struct reply_text *t, const char *why);

void reply_clear(struct reply_text *t);

/* reply_head begins an answer: {"ok":true, ...}, with what all of them have. Times: CLOCK_REALTIME,
 * in ns. NULL when memory was short. */
json_t *reply_head(const char *name, const char *program, const char *version, uint64_t started_ns,
		   uint64_t now_ns);

/* Values: what is not UTF-8 becomes "?"; 0 is null where it means that there is none. */
json_t *reply_string(const char *text);
json_t *reply_text_or_null(const char *text);
json_t *reply_number(uint64_t value);
json_t *reply_number_or_null(uint64_t value);

/* A member of a struct, of type uint64_t, and its key. */
struct reply_counter {
	const char *key;
	size_t at;
};
#define REPLY_COUNTER(key, type, member)    \
	{                                   \
		key, offsetof(type, member) \
	}

/* reply_counters sets n members of row, which may be NULL, from the struct at base. */
void reply_counters(json_t *row, const void *base, const struct reply_counter *counters, size_t n);

#endif
