/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sink says of itself: a made-up sink, asked through its socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/clock.h"
#include "mcring-sink/stats.h"

/* ---- of the core ---- */

static struct sink_broker_info said;

static void info(const struct sink_broker *b, struct sink_broker_info *out)
{
	(void)b;
	*out = said;
}

static const struct sink_broker_calls broker = {.info = info};

uint64_t sink_behind(const struct sink_source *src)
{
	return src->is_feed ? 9 : 40;
}

static uint64_t oldest_ns;

uint64_t sink_oldest_ns(const struct sink_source *src)
{
	return src->is_feed ? 0 : oldest_ns;
}

/* ---- the rig ---- */

struct rig {
	struct sink_options options;
	struct sink sink;
	struct sink_source channel, feed;
	struct line_server *server;
	char dir[64];
};

static int setup(void **state)
{
	struct rig *r = *state = calloc(1, sizeof(*r));
	struct mcr_error err = {""};

	assert_non_null(r);
	said = (struct sink_broker_info){.is_connected = 1, .server = "10.1.0.1:4222"};
	oldest_ns = 0;
	r->options = (struct sink_options){.name = "md",
					   .to = "nats://u:secret@10.1.0.1",
					   .prefix = "mcring",
					   .run_dir = "/run/elsewhere/md1/",
					   .stats_mode = 0640,
					   .stats_gid = UINT32_MAX};
	r->sink.options = &r->options;
	r->sink.calls = &broker;
	r->sink.started_ns = 7;
	r->sink.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->sink.sources[0] = &r->channel;
	r->sink.sources[1] = &r->feed;
	r->sink.n_sources = 2;
	strcpy(r->channel.name, "md");
	r->channel.is_attached = 1;
	strcpy(r->feed.name, "itch");
	r->feed.is_feed = 1;
	strcpy(r->dir, "/tmp/mcring-sink-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	assert_int_equal(sink_stats_listen(&r->server, &r->sink, r->dir, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	line_server_destroy(r->server);
	close(r->sink.epoll_fd);
	assert_int_equal(rmdir(r->dir), 0); /* the socket is gone */
	free(r);
	return 0;
}

/* Asks through the socket, as a round of the sink does: when the sink's epoll says so. */
static json_t *ask(struct rig *r, const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event event = {0};
	static char text[1 << 16];
	size_t len = 0;
	ssize_t n;
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	json_t *reply;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/stats", r->dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	while (len == 0 || text[len - 1] != '\n') {
		assert_int_equal(epoll_wait(r->sink.epoll_fd, &event, 1, 10000), 1);
		assert_int_equal(event.data.fd, line_server_fd(r->server));
		line_server_poll(r->server, monotonic_ns());
		while ((n = recv(fd, text + len, sizeof(text) - len, MSG_DONTWAIT)) > 0)
			len += (size_t)n;
		assert_true(n < 0 && errno == EAGAIN);
	}
	close(fd);
	reply = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(reply);
	return reply;
}

static json_t *state_of(struct rig *r)
{
	json_t *reply = ask(r, "{\"command\":\"stats\"}\n");

	assert_true(json_is_true(json_object_get(reply, "ok")));
	return reply;
}

static json_int_t number(const json_t *row, const char *key)
{
	if (!json_is_integer(json_object_get(row, key)))
		fail_msg("%s: no number", key);
	return json_integer_value(json_object_get(row, key));
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	assert_non_null(text);
	return text;
}

static json_t *source(const json_t *reply, size_t i)
{
	json_t *row = json_array_get(json_object_get(reply, "sources"), i);

	assert_non_null(row);
	return row;
}

static json_t *whole(const json_t *reply)
{
	return json_object_get(reply, "sink");
}

/* ---- tests ---- */

static void it_says_who_it_is(void **state)
{
	json_t *reply = state_of(*state);

	assert_int_equal(number(reply, "schema"), 1);
	assert_string_equal(text_of(reply, "program"), "mcring-sink");
	assert_string_equal(text_of(reply, "name"), "sink-md");
	assert_int_equal(number(reply, "started_ns"), 7);
	assert_true(number(reply, "now_ns") > 1700000000000000000);
	json_decref(reply);
}

static void the_socket_has_the_mode_of_the_options(void **state)
{
	struct rig *r = *state;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/stats", r->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void a_broker_is_shown_with_its_counters_and_without_passwords(void **state)
{
	struct rig *r = *state;
	json_t *reply;
	char *text;

	said.connects = 3;
	said.disconnects = 2;
	said.retried = 9;
	said.perhaps_twice = 4;
	said.aborted = 5;
	said.checkpoints = 6;
	said.checkpoint_ns = 1234567890;
	said.once_ns = 120000000000;
	said.in_flight = 8;
	r->sink.pool.max = 1000;
	r->sink.pool.used = 10;
	r->sink.position_ns = 99;
	reply = state_of(r);
	assert_string_equal(text_of(whole(reply), "name"), "md");
	assert_string_equal(text_of(whole(reply), "broker"), "nats");
	assert_string_equal(text_of(whole(reply), "server"), "10.1.0.1:4222");
	assert_string_equal(text_of(whole(reply), "prefix"), "mcring");
	assert_true(json_is_true(json_object_get(whole(reply), "connected")));
	assert_true(json_is_null(json_object_get(whole(reply), "error")));
	assert_int_equal(number(whole(reply), "connects"), 3);
	assert_int_equal(number(whole(reply), "disconnects"), 2);
	assert_int_equal(number(whole(reply), "retried"), 9);
	assert_int_equal(number(whole(reply), "perhaps_twice"), 4);
	assert_int_equal(number(whole(reply), "aborted"), 5);
	assert_int_equal(number(whole(reply), "checkpoints"), 6);
	assert_int_equal(number(whole(reply), "checkpoint_ns"), 1234567890);
	assert_int_equal(number(whole(reply), "position_ns"), 99);
	assert_int_equal(number(whole(reply), "once_ns"), 120000000000);
	assert_int_equal(number(whole(reply), "in_flight"), 8);
	assert_int_equal(number(whole(reply), "memory_bytes"), 1000);
	assert_int_equal(number(whole(reply), "memory_used_bytes"), 10);
	text = json_dumps(reply, 0);
	assert_null(strstr(text, "secret"));
	free(text);
	json_decref(reply);
}

static void what_is_unknown_is_null(void **state)
{
	static const char *const keys[] = {"server", "checkpoint_ns", "position_ns", "once_ns"};
	json_t *reply;

	said = (struct sink_broker_info){.error = "connection refused"};
	reply = state_of(*state);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(json_is_null(json_object_get(whole(reply), keys[i])));
	assert_true(json_is_false(json_object_get(whole(reply), "connected")));
	assert_string_equal(text_of(whole(reply), "error"), "connection refused");
	json_decref(reply);
}

static void a_source_has_its_counters_and_what_is_not_settled(void **state)
{
	struct rig *r = *state;
	json_t *reply, *row;

	r->channel.counts = (struct sink_counts){.read = 100,
						 .octets = 6400,
						 .stored = 80,
						 .stored_before = 3,
						 .units = 21,
						 .refused = 1,
						 .lost = 12,
						 .losses = 2,
						 .restarts = 4,
						 .gaps = 5,
						 .gap_lost = 50};
	oldest_ns = realtime_ns() - 1500000000;
	reply = state_of(r);
	row = source(reply, 0);
	assert_string_equal(text_of(row, "kind"), "channel");
	assert_string_equal(text_of(row, "name"), "md");
	assert_string_equal(text_of(row, "engine"), "md1");
	assert_true(json_is_true(json_object_get(row, "up")));
	assert_int_equal(number(row, "read"), 100);
	assert_int_equal(number(row, "bytes"), 6400);
	assert_int_equal(number(row, "stored"), 80);
	assert_int_equal(number(row, "stored_before"), 3);
	assert_int_equal(number(row, "units"), 21);
	assert_int_equal(number(row, "refused"), 1);
	assert_int_equal(number(row, "lost"), 12);
	assert_int_equal(number(row, "losses"), 2);
	assert_int_equal(number(row, "restarts"), 4);
	assert_int_equal(number(row, "gaps"), 5);
	assert_int_equal(number(row, "gap_messages"), 50);
	assert_int_equal(number(row, "behind"), 40);
	assert_int_equal(number(row, "in_flight"), 16);
	assert_true(number(row, "lag_ns") >= 1500000000);
	json_decref(reply);
}

static void a_source_that_is_not_read_says_why_and_is_behind_nobody_knows_how_much(void **state)
{
	struct rig *r = *state;
	json_t *reply, *row;

	strcpy(r->feed.error, "no such feed");
	strcpy(r->channel.error, "of the last time");
	reply = state_of(r);
	row = source(reply, 1);
	assert_string_equal(text_of(row, "kind"), "feed");
	assert_true(json_is_false(json_object_get(row, "up")));
	assert_string_equal(text_of(row, "error"), "no such feed");
	assert_true(json_is_null(json_object_get(row, "behind")));
	assert_int_equal(number(row, "lag_ns"), 0);
	assert_true(json_is_null(json_object_get(source(reply, 0), "error")));
	json_decref(reply);
}

static void the_engine_is_called_by_its_run_directory(void **state)
{
	struct rig *r = *state;
	json_t *reply;

	r->options.run_dir = NULL;
	r->options.engine = "lab";
	reply = state_of(r);
	assert_string_equal(text_of(source(reply, 0), "engine"), "lab");
	json_decref(reply);
}

static void other_requests_are_refused(void **state)
{
	static const char *const requests[] = {"{\"command\":\"why\"}\n", "{\n", "[]\n",
					       "{\"command\":\"stats\",\"n\":7}\n"};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		json_t *reply = ask(*state, requests[i]);

		assert_true(json_is_false(json_object_get(reply, "ok")));
		assert_true(strlen(text_of(reply, "error")) > 0);
		json_decref(reply);
	}
}

static void an_exporter_may_ask_as_it_asks_engines(void **state)
{
	json_t *reply = ask(*state, "{\"command\":\"stats\",\"groups\":100}\n");

	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
}

static void a_directory_that_is_too_long_is_refused(void **state)
{
	struct rig *r = *state;
	struct line_server *server = NULL;
	struct mcr_error err = {""};
	char dir[200];

	memset(dir, 'x', sizeof(dir) - 1);
	dir[0] = '/';
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(sink_stats_listen(&server, &r->sink, dir, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "too long"));
	assert_null(server);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_says_who_it_is),
	    TEST(the_socket_has_the_mode_of_the_options),
	    TEST(a_broker_is_shown_with_its_counters_and_without_passwords),
	    TEST(what_is_unknown_is_null),
	    TEST(a_source_has_its_counters_and_what_is_not_settled),
	    TEST(a_source_that_is_not_read_says_why_and_is_behind_nobody_knows_how_much),
	    TEST(the_engine_is_called_by_its_run_directory),
	    TEST(other_requests_are_refused),
	    TEST(an_exporter_may_ask_as_it_asks_engines),
	    TEST(a_directory_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
