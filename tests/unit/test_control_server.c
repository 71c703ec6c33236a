/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/control/control_server.h"
#include "fake_engine.h"

#define SECOND 1000000000ull

struct fixture {
	char dir[64], path[80];
	struct mcr_engine engine;
	struct mcr_control_server *server;
	uint64_t now_ns;
	int reloads, dry_runs;
	int later; /* a reload's answer comes later */
};

static int on_reload(void *ctx, int dry_run, struct mcr_error *report)
{
	struct fixture *f = ctx;

	f->reloads++;
	f->dry_runs += dry_run;
	if (f->later)
		return MCR_RELOAD_LATER;
	if (f->reloads == 3) {
		strcpy(report->text, "m.yaml:3: id: 'x\xc3");
		return -EINVAL;
	}
	strcpy(report->text, "joins: +1 -0");
	return 0;
}

static int create(struct fixture *f, struct mcr_control_server **out, struct mcr_error *err)
{
	struct mcr_control_server_config cfg = {
	    .path = f->path, .name = "md", .started_ns = 7, .reload = on_reload, .ctx = f};

	return mcr_control_server_create(out, &f->engine, &cfg, err);
}

static int setup(void **state)
{
	static const struct mcr_channel_config def = {.name = "default"};
	struct fixture *f = calloc(1, sizeof(*f));
	struct mcr_error err;

	*state = f;
	strcpy(f->dir, "/tmp/mcring-control-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/control", f->dir);
	f->now_ns = SECOND;
	f->engine.account = (struct mcr_account){.received = 10, .delivered = 6, .punted = 1};
	f->engine.account.drops[MCR_DROP_UNKNOWN_GROUP] = 3;
	mcr_engine_channel_add(&f->engine, &def, NULL);
	return create(f, &f->server, &err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mcr_control_server_destroy(f->server);
	fake_engine_clear(&f->engine);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int dial(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void poll_server(struct fixture *f)
{
	f->now_ns += 1000000;
	mcr_control_server_poll(f->server, f->now_ns);
}

/* Reads one answer, polling the server in between. Returns NULL when the server hung up. */
static json_t *answer(struct fixture *f, int fd)
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

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static json_t *ask(struct fixture *f, const char *request)
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

static int ok(const json_t *reply)
{
	return json_is_true(json_object_get(reply, "ok"));
}

static const char *error_of(const json_t *reply)
{
	assert_false(ok(reply));
	return json_string_value(json_object_get(reply, "error"));
}

static json_int_t integer(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static void the_socket_is_for_its_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_socket_that_exists_is_not_taken(void **state)
{
	struct fixture *f = *state;
	struct mcr_control_server *second = NULL;
	struct mcr_error err = {""};
	json_t *reply;

	assert_int_equal(create(f, &second, &err), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(err.text, f->path));
	reply = ask(f, "{\"command\":\"status\"}");
	assert_true(ok(reply));
	json_decref(reply);
}

static void another_engines_socket_is_not_removed(void **state)
{
	struct fixture *f = *state;
	int fd;

	unlink(f->path);
	fd = open(f->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	mcr_control_server_destroy(f->server);
	f->server = NULL;
	assert_int_equal(access(f->path, F_OK), 0);
}

static void stats_have_the_account_first_and_every_table(void **state)
{
	static const char *const order[] = {
	    "ok",      "received",   "delivered", "punted", "drops",     "ports",       "lcores",
	    "control", "interfaces", "channels",  "groups", "consumers", "drop_samples"};
	struct fixture *f = *state;
	json_t *reply, *sample;
	void *iter;

	f->engine.n_groups = 3;
	reply = ask(f, "{\"command\":\"stats\"}");
	assert_true(ok(reply));
	iter = json_object_iter(reply);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_non_null(iter);
		assert_string_equal(json_object_iter_key(iter), order[i]);
		iter = json_object_iter_next(reply, iter);
	}
	assert_null(iter);
	assert_int_equal(integer(reply, "received"), 10);
	assert_int_equal(integer(json_object_get(reply, "drops"), "unknown_group"), 3);
	assert_int_equal(json_object_size(json_object_get(reply, "drops")), MCR_DROP_COUNT);
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), 3);
	assert_int_equal(json_array_size(json_object_get(reply, "lcores")), 1);
	assert_int_equal(integer(json_object_get(reply, "control"), "longest_round_ns"), 2500000);
	assert_int_equal(integer(json_array_get(json_object_get(reply, "ports"), 0), "rx_packets"),
			 INT64_MAX);
	sample = json_object_get(json_object_get(reply, "drop_samples"), "unknown_group");
	assert_string_equal(json_string_value(json_object_get(sample, "group")), "239.9.9.9");
	assert_int_equal(integer(sample, "len"), 142);
	assert_string_equal(json_string_value(json_object_get(sample, "interface")), "lan");
	assert_string_equal(json_string_value(json_object_get(sample, "destination_mac")),
			    "01:00:5e:09:09:09");
	assert_string_equal(json_string_value(json_object_get(sample, "source_mac")),
			    "02:00:00:00:00:07");
	json_decref(reply);
}

static void what_is_unknown_is_null(void **state)
{
	struct fixture *f = *state;
	json_t *reply, *lan, *group, *igmp;

	f->engine.n_groups = 1;
	reply = ask(f, "{\"command\":\"stats\"}");
	lan = json_array_get(json_object_get(reply, "interfaces"), 0);
	assert_true(json_is_null(json_object_get(lan, "querier_age_ns")));
	assert_true(json_is_null(json_object_get(lan, "querier")));
	igmp = json_object_get(lan, "igmp");
	assert_true(json_is_null(json_object_get(igmp, "v1_left_ns")));
	assert_int_equal(json_object_size(json_object_get(igmp, "rx")), MCR_IGMP_RX_KINDS);
	assert_string_equal(json_string_value(json_object_get(lan, "address")), "10.0.0.2");
	group = json_array_get(json_object_get(reply, "groups"), 0);
	assert_true(json_is_null(json_object_get(group, "first_ns")));
	assert_int_equal(integer(group, "joined_ns"), 1700000000000000000);
	json_decref(reply);
}

static void an_interface_beside_the_kernel_says_what_went_where(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"stats\"}");
	json_t *lan = json_array_get(json_object_get(reply, "interfaces"), 0);
	json_t *kernel = json_object_get(lan, "kernel");

	assert_string_equal(json_string_value(json_object_get(kernel, "device")), "md0");
	assert_true(json_is_true(json_object_get(kernel, "up")));
	assert_int_equal(integer(kernel, "rx"), 3);
	assert_int_equal(integer(kernel, "rx_dropped"), 0);
	assert_int_equal(integer(kernel, "tx"), 0);
	assert_int_equal(integer(kernel, "tx_dropped"), 4);
	json_decref(reply);
}

static void status_names_the_engine(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"status\"}");

	assert_string_equal(json_string_value(json_object_get(reply, "name")), "md");
	assert_int_equal(integer(reply, "started_ns"), 7);
	json_decref(reply);
}

static void a_join_takes_all_its_texts_as_one_change(void **state)
{
	struct fixture *f = *state;
	json_t *reply =
	    ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.0/30:5000\",\"239.2.1.1,id=4\"]}");

	assert_true(ok(reply));
	assert_int_equal(integer(reply, "joins"), 5);
	assert_int_equal(f->engine.updates, 1);
	assert_int_equal(f->engine.joins.n, 5);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"groups\"}");
	const json_t *last = json_array_get(json_object_get(reply, "joins"), 4);

	assert_string_equal(json_string_value(json_object_get(last, "join")), "239.2.1.1,id=4");
	assert_string_equal(json_string_value(json_object_get(last, "owner")), "operator");
	assert_true(json_is_null(json_object_get(last, "consumer")));
	json_decref(reply);
}

static void a_bad_join_changes_nothing(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.1\",\"10.1.1.1\"]}");

	assert_non_null(strstr(error_of(reply), "10.1.1.1"));
	assert_int_equal(f->engine.joins.n, 0);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.1,channel=no\"]}");
	assert_string_equal(error_of(reply), "no such channel");
	json_decref(reply);
	reply = ask(f, "{\"command\":\"join\",\"joins\":[7]}");
	assert_non_null(strstr(error_of(reply), "a list of join texts"));
	json_decref(reply);
	reply = ask(f, "{\"command\":\"join\",\"joins\":[]}");
	assert_non_null(strstr(error_of(reply), "a list of join texts"));
	json_decref(reply);
	assert_int_equal(f->engine.updates, 0);
}

static void a_leave_removes_what_was_joined(void **state)
{
	struct fixture *f = *state;

	json_decref(ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.0/31:5000\"]}"));
	json_decref(ask(f, "{\"command\":\"leave\",\"joins\":[\"239.1.1.1:5000\"]}"));
	assert_int_equal(f->engine.joins.n, 1);
	assert_int_equal(fake_engine_count(&f->engine, "239.1.1.0:5000"), 1);
}

static void reload_reports_and_a_dry_run_says_so(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"reload\"}");

	assert_string_equal(json_string_value(json_object_get(reply, "report")), "joins: +1 -0");
	assert_int_equal(f->dry_runs, 0);
	json_decref(reply);
	json_decref(ask(f, "{\"command\":\"reload\",\"dry_run\":true}"));
	assert_int_equal(f->dry_runs, 1);
	/* its text was cut in the middle of a character */
	reply = ask(f, "{\"command\":\"reload\"}");
	assert_string_equal(error_of(reply), "m.yaml:3: id: 'x?");
	json_decref(reply);
}

static void a_request_that_is_not_understood_whole_is_not_carried_out(void **state)
{
	static const struct {
		const char *request, *why;
	} bad[] = {
	    {"{\"command\":\"reload\",\"dry_run\":\"true\"}",
	     "\"dry_run\": expected true or false, got a string"},
	    {"{\"command\":\"reload\",\"dry_run\":1}", "expected true or false, got a number"},
	    {"{\"command\":\"reload\",\"dry_run\":null}", "expected true or false, got null"},
	    {"{\"command\":\"reload\",\"dryrun\":true}",
	     "unknown member \"dryrun\": reload takes \"dry_run\""},
	    {"{\"command\":\"reload\",\"joins\":[]}", "unknown member \"joins\""},
	    {"{\"command\":[\"reload\"]}", "\"command\": expected a string, got a list"},
	    {"{\"command\":\"join\",\"joins\":\"239.1.1.1\"}", "a list of join texts"},
	    {"{\"command\":\"join\",\"joins\":[\"239.1.1.1\",7]}", "got a number"},
	    {"{\"command\":\"join\",\"joins\":[\"239.1.1.1\"],\"dry_run\":true}",
	     "only a reload can be tried, join is carried out at once"},
	    {"{\"command\":\"join\",\"joins\":[\"239.1.1.1\"],\"channel\":\"md\"}",
	     "unknown member \"channel\": join takes \"joins\""},
	    {"{\"command\":\"status\",\"verbose\":true}", "status takes nothing but"},
	};
	struct fixture *f = *state;
	json_t *reply;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reply = ask(f, bad[i].request);
		assert_false(ok(reply));
		assert_non_null(strstr(error_of(reply), bad[i].why));
		json_decref(reply);
	}
	assert_int_equal(f->reloads, 0);
	assert_int_equal(f->engine.joins.n, 0);
	/* mcring-ctl of before says so with every command */
	reply = ask(f, "{\"command\":\"status\",\"dry_run\":false}");
	assert_true(ok(reply));
	json_decref(reply);
}

#define RELOAD "{\"command\":\"reload\"}\n"

/* Nothing has come for this client, though the server has been polled. */
static int is_quiet(struct fixture *f, int fd)
{
	char byte;

	for (int i = 0; i < 20; i++)
		poll_server(f);
	return recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static void a_reloads_answer_may_come_later_and_all_else_goes_on(void **state)
{
	struct mcr_error report = {"joins +3 -0"};
	struct fixture *f = *state;
	int fd = dial(f);
	json_t *reply;

	f->later = 1;
	say(fd, RELOAD "{\"command\":\"status\"}\n");
	assert_true(is_quiet(f, fd));
	json_decref(ask(f, "{\"command\":\"stats\"}"));
	json_decref(ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.1\"]}"));
	f->now_ns += 10 * MCR_CONTROL_PATIENCE_NS; /* who waits for us is not cut off */
	assert_true(is_quiet(f, fd));
	mcr_control_server_reload_done(f->server, 0, &report, f->now_ns);
	reply = answer(f, fd);
	assert_true(ok(reply));
	assert_string_equal(json_string_value(json_object_get(reply, "report")), "joins +3 -0");
	json_decref(reply);
	reply = answer(f, fd); /* what stood behind it */
	assert_string_equal(json_string_value(json_object_get(reply, "name")), "md");
	json_decref(reply);
	close(fd);
}

static void a_reload_that_fails_later_is_an_error(void **state)
{
	struct mcr_error report = {"m.yaml:3: no"};
	struct fixture *f = *state;
	int fd = dial(f);
	json_t *reply;

	f->later = 1;
	say(fd, RELOAD);
	assert_true(is_quiet(f, fd));
	mcr_control_server_reload_done(f->server, -EINVAL, &report, f->now_ns);
	reply = answer(f, fd);
	assert_string_equal(error_of(reply), "m.yaml:3: no");
	json_decref(reply);
	close(fd);
}

static void one_reload_runs_at_a_time(void **state)
{
	struct mcr_error report = {"first"};
	struct fixture *f = *state;
	int fd = dial(f);
	json_t *reply;

	f->later = 1;
	say(fd, RELOAD);
	assert_true(is_quiet(f, fd));
	reply = ask(f, "{\"command\":\"reload\"}");
	assert_string_equal(error_of(reply),
			    "another reload is under way: ask again when it has ended");
	json_decref(reply);
	assert_int_equal(f->reloads, 1);
	mcr_control_server_reload_done(f->server, 0, &report, f->now_ns);
	reply = answer(f, fd);
	assert_true(ok(reply));
	json_decref(reply);
	f->later = 0;
	reply = ask(f, "{\"command\":\"reload\"}");
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void who_goes_away_during_a_reload_gets_no_answer_and_nobody_else_does(void **state)
{
	struct mcr_error report = {"for nobody"};
	struct fixture *f = *state;
	int fd = dial(f), other;

	f->later = 1;
	say(fd, RELOAD);
	assert_true(is_quiet(f, fd));
	close(fd);
	other = dial(f); /* may get the place of the first */
	assert_true(is_quiet(f, other));
	mcr_control_server_reload_done(f->server, 0, &report, f->now_ns);
	assert_true(is_quiet(f, other));
	say(other, RELOAD);
	assert_true(is_quiet(f, other));
	assert_int_equal(f->reloads, 2);
	mcr_control_server_destroy(f->server); /* an engine may end during a reload */
	f->server = NULL;
	close(other);
}

static void an_answer_to_no_request_is_nothing(void **state)
{
	struct mcr_error report = {"by a signal"};
	struct fixture *f = *state;
	int fd = dial(f);

	poll_server(f);
	mcr_control_server_reload_done(f->server, 0, &report, f->now_ns);
	assert_true(is_quiet(f, fd));
	close(fd);
}

static void garbage_gets_an_error_and_the_next_request_an_answer(void **state)
{
	static const char *const garbage[] = {"",
					      "{",
					      "[]",
					      "7",
					      "\xff\xfe",
					      "{\"command\":3}",
					      "{\"command\":\"x\"}",
					      "null",
					      "{\"command\":\"status\",\"command\":\"status\"}"};
	struct fixture *f = *state;
	int fd = dial(f);
	json_t *reply;

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		say(fd, garbage[i]);
		say(fd, "\n");
		reply = answer(f, fd);
		assert_non_null(reply);
		assert_true(strlen(error_of(reply)) > 0);
		json_decref(reply);
	}
	say(fd, "{\"command\":\"status\"}\n");
	reply = answer(f, fd);
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void requests_may_come_in_pieces_and_several_at_once(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	json_t *reply;

	say(fd, "{\"command\":");
	for (int i = 0; i < 5; i++)
		poll_server(f);
	say(fd, "\"reload\"}\n{\"command\":\"reload\",\"dry_run\":true}\n");
	for (int i = 0; i < 20; i++)
		poll_server(f);
	assert_int_equal(f->reloads, 2);
	for (int i = 0; i < 2; i++) {
		reply = answer(f, fd);
		assert_true(ok(reply));
		json_decref(reply);
	}
	close(fd);
}

static void a_request_without_end_is_cut_off(void **state)
{
	struct fixture *f = *state;
	static char block[65536];
	int fd = dial(f);
	json_t *reply;
	size_t sent = 0;

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 1000 && sent < 2 * (size_t)MCR_CONTROL_REQUEST_MAX; i++) {
		ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		poll_server(f);
	}
	assert_true(sent < 2 * (size_t)MCR_CONTROL_REQUEST_MAX);
	reply = answer(f, fd);
	assert_string_equal(error_of(reply), "request too long");
	json_decref(reply);
	assert_null(answer(f, fd));
	close(fd);
}

static void thousands_of_groups_come_whole(void **state)
{
	struct fixture *f = *state;
	json_t *reply, *groups;

	f->engine.n_groups = 5000;
	reply = ask(f, "{\"command\":\"groups\"}");
	groups = json_object_get(reply, "groups");
	assert_int_equal(json_array_size(groups), 5000);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(groups, 4999), "group")),
	    "239.0.19.135");
	json_decref(reply);
}

static int hung_up(int fd)
{
	static char sink[1 << 20];
	ssize_t n;

	do
		n = recv(fd, sink, sizeof(sink), 0);
	while (n > 0);
	return n == 0 || errno == ECONNRESET;
}

static void a_reader_that_does_not_read_holds_up_nobody_and_is_cut_off(void **state)
{
	struct fixture *f = *state;
	int slow = dial(f);

	f->engine.n_groups = 50000;
	say(slow, "{\"command\":\"groups\"}\n");
	for (int i = 0; i < 3000; i++)
		poll_server(f);
	json_decref(ask(f, "{\"command\":\"status\"}"));
	f->now_ns += MCR_CONTROL_PATIENCE_NS;
	poll_server(f);
	assert_true(hung_up(slow));
	close(slow);
}

static void a_silent_client_is_cut_off(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);

	poll_server(f);
	assert_false(hung_up(fd));
	f->now_ns += MCR_CONTROL_PATIENCE_NS + SECOND;
	poll_server(f);
	assert_true(hung_up(fd));
	close(fd);
}

static void clients_beyond_the_limit_are_told(void **state)
{
	struct fixture *f = *state;
	int fds[MCR_CONTROL_CLIENTS_MAX], fd;
	json_t *reply;

	for (int i = 0; i < MCR_CONTROL_CLIENTS_MAX; i++) {
		fds[i] = dial(f);
		poll_server(f);
	}
	fd = dial(f);
	reply = answer(f, fd);
	assert_string_equal(error_of(reply), "too many control connections");
	json_decref(reply);
	close(fd);
	for (int i = 0; i < MCR_CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
	for (int i = 0; i < 3; i++)
		poll_server(f);
	json_decref(ask(f, "{\"command\":\"status\"}"));
}

static void without_a_descriptor_left_the_asker_is_told(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, low;
	struct pollfd p = {.fd = mcr_control_server_fd(f->server), .events = POLLIN};
	int fd = dial(f), next = dup(0);
	json_t *reply;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(next);
	low = (struct rlimit){(rlim_t)next, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	reply = answer(f, fd);
	assert_false(ok(reply));
	assert_non_null(strstr(error_of(reply), "no descriptor left"));
	json_decref(reply);
	close(fd);
	/* Without the spare one neither: it does not spin. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fd = dial(f);
	low.rlim_cur = 0;
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	poll_server(f);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	f->now_ns += SECOND;
	poll_server(f);
	say(fd, "{\"command\":\"status\"}\n");
	reply = answer(f, fd);
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void a_client_that_vanishes_mid_answer_harms_nobody(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);

	f->engine.n_groups = 50000;
	say(fd, "{\"command\":\"groups\"}\n");
	for (int i = 0; i < 3; i++)
		poll_server(f);
	close(fd);
	for (int i = 0; i < 3; i++)
		poll_server(f);
	f->engine.n_groups = 1;
	json_decref(ask(f, "{\"command\":\"groups\"}"));
}

/* A change of joins costs time that grows with all of them: consumers see a heartbeat in between.
 */
static void a_poll_carries_out_one_request_and_clients_take_turns(void **state)
{
	static const char join[] = "{\"command\":\"join\",\"joins\":[\"239.1.1.1:5000\"]}\n";
	struct fixture *f = *state;
	int fds[4];

	for (unsigned i = 0; i < 4; i++)
		fds[i] = dial(f);
	for (unsigned i = 0; i < 4; i++)
		poll_server(f);
	for (unsigned i = 0; i < 4; i++)
		say(fds[i], join);
	for (unsigned i = 1; i <= 2; i++) {
		poll_server(f);
		assert_true(f->engine.updates <= i);
	}
	for (unsigned i = 0; i < 4; i++) {
		json_decref(answer(f, fds[i]));
		close(fds[i]);
	}
	assert_int_equal(f->engine.updates, 4);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SERVER(the_socket_is_for_its_owner_only),
	    WITH_SERVER(a_socket_that_exists_is_not_taken),
	    WITH_SERVER(another_engines_socket_is_not_removed),
	    WITH_SERVER(stats_have_the_account_first_and_every_table),
	    WITH_SERVER(what_is_unknown_is_null),
	    WITH_SERVER(an_interface_beside_the_kernel_says_what_went_where),
	    WITH_SERVER(status_names_the_engine),
	    WITH_SERVER(a_join_takes_all_its_texts_as_one_change),
	    WITH_SERVER(a_bad_join_changes_nothing),
	    WITH_SERVER(a_leave_removes_what_was_joined),
	    WITH_SERVER(reload_reports_and_a_dry_run_says_so),
	    WITH_SERVER(a_request_that_is_not_understood_whole_is_not_carried_out),
	    WITH_SERVER(a_reloads_answer_may_come_later_and_all_else_goes_on),
	    WITH_SERVER(a_reload_that_fails_later_is_an_error),
	    WITH_SERVER(one_reload_runs_at_a_time),
	    WITH_SERVER(who_goes_away_during_a_reload_gets_no_answer_and_nobody_else_does),
	    WITH_SERVER(an_answer_to_no_request_is_nothing),
	    WITH_SERVER(garbage_gets_an_error_and_the_next_request_an_answer),
	    WITH_SERVER(requests_may_come_in_pieces_and_several_at_once),
	    WITH_SERVER(a_request_without_end_is_cut_off),
	    WITH_SERVER(thousands_of_groups_come_whole),
	    WITH_SERVER(a_reader_that_does_not_read_holds_up_nobody_and_is_cut_off),
	    WITH_SERVER(a_silent_client_is_cut_off),
	    WITH_SERVER(clients_beyond_the_limit_are_told),
	    WITH_SERVER(without_a_descriptor_left_the_asker_is_told),
	    WITH_SERVER(a_client_that_vanishes_mid_answer_harms_nobody),
	    WITH_SERVER(a_poll_carries_out_one_request_and_clients_take_turns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
