/* SPDX-License-Identifier: BSD-3-Clause */
/* What programs report of their sockets (core/attach_wire.h): `key=value` in lines. They may have
 * sent anything: what is not understood is left out. */
#include <string.h>

#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

static const struct {
	const char *name;
	int is_number;
} keys[] = {{"fd", 1},  {"bound", 0},    {"engine", 0}, {"kernel", 0},
	    {"why", 0}, {"received", 1}, {"lost", 1}};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* null: it is no number that an integer of jansson holds. */
static json_t *number_of(const char *text, size_t len)
{
	json_int_t value = 0;

	if (len == 0 || len > 18)
		return json_null();
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return json_null();
		value = value * 10 + (text[i] - '0');
	}
	return json_integer(value);
}

/* A word of a line: sets the member that it is for. */
static void take_word(json_t *socket, const char *word, size_t len)
{
	for (size_t k = 0; k < KEYS; k++) {
		size_t n = strlen(keys[k].name);

		if (len <= n + 1 || strncmp(word, keys[k].name, n) != 0 || word[n] != '=')
			continue;
		word += n + 1;
		len -= n + 1;
		json_object_set_new(socket, keys[k].name,
				    keys[k].is_number ? number_of(word, len)
						      : json_stringn(word, len));
		return;
	}
}

static json_t *socket_of(const char *line, size_t len)
{
	json_t *socket = json_object();
	const char *end = line + len;

	for (size_t k = 0; k < KEYS; k++)
		json_object_set_new(socket, keys[k].name, json_null());
	while (line < end) {
		const char *space = memchr(line, ' ', (size_t)(end - line));
		size_t n = (size_t)((space ? space : end) - line);

		take_word(socket, line, n);
		line += n + 1;
	}
	return socket;
}

static json_t *sockets_of(const char *text)
{
	json_t *sockets = json_array();

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n > 0)
			json_array_append_new(sockets, socket_of(text, n));
		text += n + (text[n] == '\n');
	}
	return sockets;
}

static MCR_CONTROL_ITEM(program)
{
	struct mcr_consumer_sockets report = {.size = sizeof(report)};
	struct mcr_consumer_info c = {.size = sizeof(c)};

	(void)snapshot;
	if (mcr_engine_consumer_info(src->engine, i, &c) < 0 ||
	    mcr_engine_consumer_sockets(src->engine, i, &report) < 0)
		return NULL;
	return json_pack("{so so so si sI so so}", "consumer", mcr_json_number(c.id), "channel",
			 mcr_json_string(c.channel), "label", mcr_json_string(c.label), "pid",
			 (int)c.pid, "uid", (json_int_t)c.uid, "reported_age_ns",
			 report.age_ns == UINT64_MAX ? json_null() : mcr_json_number(report.age_ns),
			 "sockets", sockets_of(report.text));
}

const struct mcr_control_section mcr_control_sockets[] = {
    {"programs", &mcr_control_by_index, program},
    {NULL, NULL, NULL},
};
