/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket of an engine that receives nothing, and a client of it. */
#ifndef CONTROL_RIG_H
#define CONTROL_RIG_H

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

#include "engine/control/control_server.h"
#include "fake_engine.h"

#define SECOND 1000000000ull

struct fixture {
	char dir[64], path[80];
	int is_stats; /* it is the socket of monitors */
	struct mcr_engine engine;
	struct mcr_control_server *server;
	uint64_t now_ns;
	int reloads, dry_runs;
	int later;   /* a reload's answer comes later */
	int at_once; /* a reload gives its later answer itself, before it returns */
};

static inline int on_reload(void *ctx, int dry_run, struct mcr_error *report)
{
	struct fixture *f = ctx;

	f->reloads++;
	f->dry_runs += dry_run;
	if (f->at_once) {
		strcpy(report->text, "at once");
		mcr_control_server_reload_done(f->server, 0, report, f->now_ns);
	}
	if (f->later || f->at_once)
		return MCR_RELOAD_LATER;
	if (f->reloads == 3) {
		strcpy(report->text, "m.yaml:3: id: 'x\xc3");
		return -EINVAL;
	}
	strcpy(report->text, "joins: +1 -0");
	return 0;
}

static inline unsigned places(const struct fixture *f)
{
	return f->is_stats ? MCR_STATS_CLIENTS_MAX : MCR_CONTROL_CLIENTS_MAX;
}

static inline uint32_t request_max(const struct fixture *f)
{
	return f->is_stats ? MCR_STATS_REQUEST_MAX : MCR_CONTROL_REQUEST_MAX;
}

static inline int create(struct fixture *f, struct mcr_control_server **out, struct mcr_error *err)
{
	struct mcr_control_server_config cfg = {
	    .path = f->path,
	    .what = f->is_stats ? "stats socket" : "control socket",
	    .name = "md",
	    .version = "1.2.3",
	    .started_ns = 7,
	    .mode = f->is_stats ? 0660 : 0600,
	    .gid = UINT32_MAX,
	    .clients_max = places(f),
	    .request_max = request_max(f),
	    .changes_at = f->is_stats ? "/run/md/control" : NULL,
	    .reload = on_reload,
	    .ctx = f};

	return mcr_control_server_create(out, &f->engine, &cfg, err);
}

static inline int setup_one(void **state, int is_stats)
{
	static const struct mcr_channel_config def = {.name = "default"};
	struct fixture *f = calloc(1, sizeof(*f));
	struct mcr_error err;

	*state = f;
	strcpy(f->dir, "/tmp/mcring-control-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->is_stats = is_stats;
	snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, is_stats ? "stats" : "control");
	f->now_ns = SECOND;
	f->engine.account = (struct mcr_account){
	    .received = 15, .delivered = 6, .punted = 1, .relayed_only = 5, .relayed = 7};
	f->engine.account.drops[MCR_DROP_UNKNOWN_GROUP] = 3;
	mcr_engine_channel_add(&f->engine, &def, NULL);
	return create(f, &f->server, &err);
}

static inline int setup(void **state)
{
	return setup_one(state, 0);
}

static inline int setup_stats(void **state)
{
	return setup_one(state, 1);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	mcr_control_server_destroy(f->server);
	fake_engine_clear(&f->engine);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static inline int dial(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void poll_server(struct fixture *f)
{
	f->now_ns += 1000000;
	mcr_control_server_poll(f->server, f->now_ns);
}

/* Reads one answer, polling the server in between. Returns NULL when the server hung up. */
static inline json_t *answer(struct fixture *f, int fd)
{
	size_t len = 0, cap = 1 << 20;
	char *text = malloc(cap);
	json_t *value = NULL;

	for (int i = 0; i < 100000; i++) {
		ssize_t n = recv(fd, text + len, cap - len, MSG_PEEK);
		const char *end = n > 0 ? memchr(text + len, '\n', (size_t)n) : NULL;

		/* only this answer: the next may stand behind it */
		if (n > 0)
			n = recv(fd, text + len, end ? (size_t)(end - text) + 1 - len : (size_t)n,
				 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n < 0) {
			poll_server(f);
			continue;
		}
		len += (size_t)n;
		if (text[len - 1] == '\n') {
			value = json_loadb(text, len, 0, NULL);
			assert_non_null(value);
			break;
		}
		if (len == cap)
			text = realloc(text, cap *= 2);
	}
	free(text);
	return value;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline json_t *ask(struct fixture *f, const char *request)
{
	int fd = dial(f);
	json_t *reply;

	say(fd, request);
	say(fd, "\n");
	reply = answer(f, fd);
	close(fd);
	assert_non_null(reply);
	return reply;
}

static inline int ok(const json_t *reply)
{
	return json_is_true(json_object_get(reply, "ok"));
}

static inline const char *error_of(const json_t *reply)
{
	assert_false(ok(reply));
	return json_string_value(json_object_get(reply, "error"));
}

static inline json_int_t integer(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

#define CONTROL_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define STATS_TEST(test)   cmocka_unit_test_setup_teardown(test, setup_stats, teardown)

static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

#endif
