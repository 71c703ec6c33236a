/* SPDX-License-Identifier: BSD-3-Clause */
/* What a watch would know, made by hand: an engine with a channel and its groups, a feed of two
 * lines. */
#ifndef WATCH_RIG_H
#define WATCH_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/line_server.h"
#include "core/address.h"
#include "mcring-watch/state_json.h"
#include "mcring-watch/watch.h"

#define SECOND     1000000000ull
#define GROUPS_MAX 5000

struct rig {
	struct watch w;
	struct watch_engine engine, *engines[1];
	struct watch_channel channel, *channels[1];
	struct watch_group groups[GROUPS_MAX];
	struct watch_feed feed, *feeds[1];
	char dir[64], path[80];
	struct line_server *server;
	uint64_t now_ns;
};

static inline struct rig *rig_create(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->w.started_ns = 7;
	r->w.engines = r->engines;
	r->w.n_engines = 1;
	r->engines[0] = &r->engine;
	strcpy(r->engine.name, "md1");
	strcpy(r->engine.run_dir, "/run/mcring/md1");
	r->engine.is_up = 1;
	r->engine.channels = r->channels;
	r->engine.n_channels = 1;
	r->channels[0] = &r->channel;
	r->channel.engine = &r->engine;
	r->channel.is_attached = 1;
	strcpy(r->channel.name, "md");
	r->channel.groups = r->groups;
	r->channel.burst = watch_burst_create(8);
	strcpy(r->channel.interfaces[0].name, "feed");
	r->channel.n_interfaces = 1;
	r->w.feeds = r->feeds;
	r->w.n_feeds = 1;
	r->feeds[0] = &r->feed;
	strcpy(r->feed.name, "itch");
	r->feed.engine = &r->engine;
	r->feed.is_open = 1;
	r->feed.n_lines = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct watch_line *line = &r->feed.lines[i];

		snprintf(line->name, sizeof(line->name), "%c", 'A' + (int)i);
		strcpy(line->engine, "md1");
		strcpy(line->channel, "md");
		line->info.is_up = line->info.was_heard = 1;
	}
	return r;
}

static inline void rig_destroy(struct rig *r)
{
	watch_burst_destroy(r->channel.burst);
	free(r);
}

/* Group i is 239.0.0.0 + i, with i packets. */
static inline void rig_groups(struct rig *r, uint32_t n)
{
	char text[32];

	for (uint32_t i = 0; i < n; i++) {
		struct watch_group *g = &r->groups[i];

		snprintf(text, sizeof(text), "239.0.%u.%u", i >> 8, i & 255);
		assert_int_equal(mcr_address_parse(&g->group, text, strlen(text)), 0);
		g->port = 5000;
		g->interface = 1;
		g->packets = i;
	}
	r->channel.n_groups = n;
}

/* The whole state, at once. */
static inline json_t *rig_state(const struct rig *r, size_t groups)
{
	struct watch_state_json state;
	struct reply_text text = {0};
	json_t *value;
	int ret;

	assert_int_equal(watch_state_begin(&state, &text, &r->w, groups, 9), 0);
	while ((ret = watch_state_more(&state, &text)) == 1)
		;
	assert_int_equal(ret, 0);
	watch_state_clear(&state);
	assert_int_equal(text.text[text.len - 1], '\n');
	value = json_loadb(text.text, text.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(value);
	reply_clear(&text);
	return value;
}

/* rig_at walks down: "feeds", 0, "lines", 1 as rig_at(rig_at(v, "feeds", 0), "lines", 1). */
static inline const json_t *rig_at(const json_t *value, const char *list, size_t i)
{
	const json_t *found = json_array_get(json_object_get(value, list), i);

	assert_non_null(found);
	return found;
}

static inline json_int_t rig_number(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static inline const char *rig_text(const json_t *object, const char *key)
{
	assert_true(json_is_string(json_object_get(object, key)));
	return json_string_value(json_object_get(object, key));
}

/* ---- the socket ---- */

static inline void rig_listen(struct rig *r, const struct line_server_calls *calls)
{
	struct mcr_error err = {""};
	struct line_server_config config = {.program = "mcring-watch",
					    .path = r->path,
					    .what = "socket",
					    .mode = 0640,
					    .gid = UINT32_MAX,
					    .calls = calls,
					    .ctx = &r->w};

	strcpy(r->dir, "/tmp/mcring-watch-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/socket", r->dir);
	r->now_ns = SECOND;
	assert_int_equal(line_server_create(&r->server, &config, &err), 0);
}

static inline void rig_end(struct rig *r)
{
	line_server_destroy(r->server);
	assert_int_equal(rmdir(r->dir), 0); /* the socket is gone */
}

static inline int dial(const struct rig *r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, r->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void poll_server(struct rig *r)
{
	r->now_ns += 1000000;
	line_server_poll(r->server, r->now_ns);
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads one answer, polling the server in between. Returns NULL when the server hung up. */
static inline json_t *answer(struct rig *r, int fd)
{
	const size_t cap = 8 << 20;
	char *text = malloc(cap);
	json_t *value = NULL;
	size_t len = 0;

	for (int i = 0; i < 100000 && !value; i++) {
		ssize_t n = recv(fd, text + len, cap - len, MSG_PEEK);
		const char *end = n > 0 ? memchr(text + len, '\n', (size_t)n) : NULL;

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n < 0)
			poll_server(r);
		else /* only this answer: the next may stand behind it */
			len += (size_t)recv(fd, text + len,
					    end ? (size_t)(end + 1 - (text + len)) : (size_t)n, 0);
		if (end)
			value = json_loadb(text, len, 0, NULL);
	}
	free(text);
	return value;
}

static inline json_t *ask(struct rig *r, const char *request)
{
	int fd = dial(r);
	json_t *reply;

	say(fd, request);
	say(fd, "\n");
	reply = answer(r, fd);
	close(fd);
	assert_non_null(reply);
	return reply;
}

static inline int ok(const json_t *reply)
{
	return json_is_true(json_object_get(reply, "ok"));
}

static inline int hung_up(int fd)
{
	static char sink[1 << 20];
	ssize_t n;

	do
		n = recv(fd, sink, sizeof(sink), 0);
	while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

#endif
