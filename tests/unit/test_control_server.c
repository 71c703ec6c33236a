/* SPDX-License-Identifier: BSD-3-Clause */
/* Each of the sockets itself: who may come, requests in pieces, clients that are slow or gone. */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "control_rig.h"

static void the_socket_has_its_mode(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, f->is_stats ? 0660 : 0600);
	assert_int_equal(st.st_gid, getegid());
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
	for (int i = 0; i < 1000 && sent < 2 * (size_t)request_max(f) + 65536; i++) {
		ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		poll_server(f);
	}
	assert_true(sent < 2 * (size_t)request_max(f) + 65536);
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

/* Those that were written go, or others come before them. */
static void groups_that_stay_come_once_whatever_comes_or_goes_meanwhile(void **state)
{
	struct fixture *f = *state;
	static char text[1 << 20];

	for (int is_coming = 0; is_coming <= 1; is_coming++) {
		int fd = dial(f);
		size_t len = 0;
		json_t *reply, *groups;
		char expected[32];
		unsigned polls = 0;

		f->engine.first_group = 500;
		f->engine.n_groups = 1000;
		say(fd, "{\"command\":\"groups\"}\n");
		for (; len == 0 || text[len - 1] != '\n'; polls++) {
			ssize_t n;

			poll_server(f);
			n = recv(fd, text + len, sizeof(text) - len, 0);
			if (n <= 0)
				continue;
			len += (size_t)n;
			f->engine.first_group += is_coming ? UINT32_MAX : 1;
			f->engine.n_groups += is_coming ? 1 : SIZE_MAX;
		}
		assert_in_range(polls, 20, 100);
		reply = json_loadb(text, len, 0, NULL);
		groups = json_object_get(reply, "groups");
		assert_int_equal(json_array_size(groups), 1000);
		for (unsigned i = 0; i < 1000; i++) {
			snprintf(expected, sizeof(expected), "239.0.%u.%u", (500 + i) >> 8,
				 (500 + i) & 0xff);
			assert_string_equal(text_of(json_array_get(groups, i), "group"), expected);
		}
		json_decref(reply);
		close(fd);
	}
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
	int fds[MCR_STATS_CLIENTS_MAX], fd;
	json_t *reply;

	for (unsigned i = 0; i < places(f); i++) {
		fds[i] = dial(f);
		poll_server(f);
	}
	fd = dial(f);
	reply = answer(f, fd);
	assert_string_equal(error_of(reply), "too many connections");
	json_decref(reply);
	close(fd);
	for (unsigned i = 0; i < places(f); i++)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(the_socket_has_its_mode),
	    CONTROL_TEST(a_socket_that_exists_is_not_taken),
	    CONTROL_TEST(another_engines_socket_is_not_removed),
	    CONTROL_TEST(garbage_gets_an_error_and_the_next_request_an_answer),
	    CONTROL_TEST(requests_may_come_in_pieces_and_several_at_once),
	    CONTROL_TEST(a_request_without_end_is_cut_off),
	    CONTROL_TEST(thousands_of_groups_come_whole),
	    CONTROL_TEST(groups_that_stay_come_once_whatever_comes_or_goes_meanwhile),
	    CONTROL_TEST(a_reader_that_does_not_read_holds_up_nobody_and_is_cut_off),
	    CONTROL_TEST(a_silent_client_is_cut_off),
	    CONTROL_TEST(clients_beyond_the_limit_are_told),
	    CONTROL_TEST(without_a_descriptor_left_the_asker_is_told),
	    CONTROL_TEST(a_client_that_vanishes_mid_answer_harms_nobody),
	    CONTROL_TEST(a_poll_carries_out_one_request_and_clients_take_turns),
	    STATS_TEST(the_socket_has_its_mode),
	    STATS_TEST(a_socket_that_exists_is_not_taken),
	    STATS_TEST(garbage_gets_an_error_and_the_next_request_an_answer),
	    STATS_TEST(a_request_without_end_is_cut_off),
	    STATS_TEST(thousands_of_groups_come_whole),
	    STATS_TEST(a_reader_that_does_not_read_holds_up_nobody_and_is_cut_off),
	    STATS_TEST(a_silent_client_is_cut_off),
	    STATS_TEST(clients_beyond_the_limit_are_told),
	    STATS_TEST(without_a_descriptor_left_the_asker_is_told),
	    STATS_TEST(a_client_that_vanishes_mid_answer_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
