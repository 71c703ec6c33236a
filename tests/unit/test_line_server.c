/* SPDX-License-Identifier: BSD-3-Clause */
/* A server of lines, the socket stats of the watch: requests in pieces, clients that are slow, many
 * or hostile. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "watch_rig.h"

#include "mcring-watch/stats.h"

static int setup(void **state)
{
	struct rig *r = *state = rig_create();

	rig_listen(r, &watch_stats_calls);
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	rig_end(r);
	rig_destroy(r);
	return 0;
}

static void the_socket_has_its_mode(void **state)
{
	struct rig *r = *state;
	struct stat st;

	assert_int_equal(stat(r->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void garbage_gets_an_error_and_the_next_request_an_answer(void **state)
{
	static const char *const garbage[] = {"",
					      "{",
					      "[]",
					      "7",
					      "\xff\xfe",
					      "{\"command\":3}",
					      "{\"command\":\"\xc3\"}",
					      "null",
					      "{\"command\":\"stats\",\"command\":\"stats\"}",
					      "{\"command\":\"stats\",\"groups\":-1}",
					      "{\"command\":\"stats\",\"groups\":65537}",
					      "{\"command\":\"stats\",\"groups\":\"7\"}",
					      "{\"command\":\"stats\",\"n\":7}"};
	struct rig *r = *state;
	int fd = dial(r);
	json_t *reply;

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		say(fd, garbage[i]);
		say(fd, "\n");
		reply = answer(r, fd);
		assert_non_null(reply);
		assert_false(ok(reply));
		assert_true(strlen(rig_text(reply, "error")) > 0);
		json_decref(reply);
	}
	say(fd, "{\"command\":\"stats\"}\n");
	reply = answer(r, fd);
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void a_command_of_an_engine_is_told_that_this_is_none(void **state)
{
	json_t *reply = ask(*state, "{\"command\":\"why\"}");

	assert_false(ok(reply));
	assert_string_equal(rig_text(reply, "error"),
			    "'why': this is mcring-watch, which takes stats; ask an engine's "
			    "socket for the rest");
	json_decref(reply);
}

static void requests_may_come_in_pieces_and_several_at_once(void **state)
{
	struct rig *r = *state;
	int fd = dial(r);
	json_t *reply;

	say(fd, "{\"command\":");
	for (int i = 0; i < 5; i++)
		poll_server(r);
	say(fd, "\"stats\"}\n{\"command\":\"x\"}\n{\"command\":\"stats\",\"groups\":0}\n");
	for (int i = 0; i < 3; i++) {
		reply = answer(r, fd);
		assert_int_equal(ok(reply), i != 1);
		json_decref(reply);
	}
	close(fd);
}

static void a_request_without_end_is_cut_off(void **state)
{
	struct rig *r = *state;
	static char block[LINE_REQUEST_MAX + 1];
	int fd = dial(r);
	json_t *reply;

	memset(block, 'x', sizeof(block));
	assert_int_equal(send(fd, block, sizeof(block), MSG_NOSIGNAL), sizeof(block));
	reply = answer(r, fd);
	assert_string_equal(rig_text(reply, "error"), "request too long");
	json_decref(reply);
	assert_null(answer(r, fd));
	close(fd);
}

static void thousands_of_groups_come_whole(void **state)
{
	struct rig *r = *state;
	json_t *reply;

	rig_groups(r, GROUPS_MAX);
	reply = ask(r, "{\"command\":\"stats\"}");
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), GROUPS_MAX);
	json_decref(reply);
}

static void who_reads_nothing_is_cut_off_and_holds_up_nobody(void **state)
{
	struct rig *r = *state;
	int slow = dial(r), silent = dial(r);
	json_t *reply;

	rig_groups(r, GROUPS_MAX); /* more than a socket holds */
	say(slow, "{\"command\":\"stats\"}\n");
	for (int i = 0; i < 1000; i++)
		poll_server(r);
	reply = ask(r, "{\"command\":\"stats\",\"groups\":1}");
	assert_true(ok(reply));
	json_decref(reply);
	r->now_ns += LINE_PATIENCE_NS;
	poll_server(r);
	assert_true(hung_up(slow));
	assert_true(hung_up(silent));
	close(slow);
	close(silent);
}

static void who_is_gone_leaves_his_place(void **state)
{
	struct rig *r = *state;
	json_t *reply;

	rig_groups(r, GROUPS_MAX);
	for (int i = 0; i < 3 * LINE_CLIENTS_MAX; i++) {
		int fd = dial(r);

		say(fd, "{\"command\":\"stats\"}\n");
		for (int k = 0; k < i % 7; k++)
			poll_server(r);
		close(fd);
		poll_server(r);
	}
	for (int i = 0; i < 100; i++)
		poll_server(r);
	reply = ask(r, "{\"command\":\"stats\",\"groups\":1}");
	assert_true(ok(reply));
	json_decref(reply);
}

static void a_crowd_of_one_user_is_bounded(void **state)
{
	struct rig *r = *state;
	int fds[LINE_CLIENTS_MAX], one;
	json_t *reply;

	for (int i = 0; i < LINE_CLIENTS_MAX; i++) {
		fds[i] = dial(r);
		for (int k = 0; k < 3; k++)
			poll_server(r);
	}
	one = dial(r);
	reply = answer(r, one);
	assert_string_equal(rig_text(reply, "error"), "too many connections");
	json_decref(reply);
	close(one);
	for (int i = 0; i < LINE_CLIENTS_MAX; i++) {
		say(fds[i], "{\"command\":\"stats\"}\n");
		reply = answer(r, fds[i]);
		assert_true(ok(reply));
		json_decref(reply);
		close(fds[i]);
	}
}

static void without_a_descriptor_left_the_asker_is_told_by_whom(void **state)
{
	struct rig *r = *state;
	struct rlimit limit, low;
	int fd = dial(r), next = dup(0);
	json_t *reply;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(next);
	low = (struct rlimit){(rlim_t)next, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	reply = answer(r, fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_string_equal(rig_text(reply, "error"),
			    "mcring-watch has no descriptor left: raise its limit of open files");
	json_decref(reply);
	close(fd);
}

/* Another user asks, in a process of his own. Returns its exit status: 0 with an answer. */
static int ask_as(struct rig *r, uid_t uid)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		char octet = 0;
		int fd;

		if (setresuid(uid, uid, uid) < 0)
			_exit(9);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		strcpy(address.sun_path, r->path);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		    send(fd, "{\"command\":\"stats\"}\n", 20, MSG_NOSIGNAL) != 20)
			_exit(8);
		/* {"ok":true */
		for (int i = 0; i < 7; i++)
			if (recv(fd, &octet, 1, 0) != 1)
				_exit(7);
		_exit(octet == 't' ? 0 : 1);
	}
	assert_true(pid > 0);
	while (waitpid(pid, &status, WNOHANG) == 0) /* time stands still: nobody is cut off */
		line_server_poll(r->server, r->now_ns);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void another_user_gets_the_place_of_one_of_a_crowd(void **state)
{
	struct rig *r = *state;
	int fds[LINE_CLIENTS_MAX], n_gone = 0;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(r->dir, 0755), 0);
	assert_int_equal(chmod(r->path, 0666), 0);
	for (int i = 0; i < LINE_CLIENTS_MAX; i++) {
		fds[i] = dial(r);
		for (int k = 0; k < 3; k++)
			poll_server(r);
	}
	assert_int_equal(ask_as(r, 61991), 0);
	for (int i = 0; i < LINE_CLIENTS_MAX; i++) {
		n_gone += hung_up(fds[i]);
		assert_int_equal(hung_up(fds[i]), i == 0); /* who did nothing for longest */
		close(fds[i]);
	}
	assert_int_equal(n_gone, 1);
}

static void answers_that_are_being_made_end_with_the_server(void **state)
{
	struct rig *r = *state;
	int fd = dial(r);

	rig_groups(r, GROUPS_MAX);
	say(fd, "{\"command\":\"stats\"}\n");
	for (int i = 0; i < 5; i++)
		poll_server(r);
	line_server_destroy(r->server); /* a leak would be seen under ASan */
	r->server = NULL;
	assert_true(hung_up(fd));
	close(fd);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_socket_has_its_mode),
	    TEST(garbage_gets_an_error_and_the_next_request_an_answer),
	    TEST(a_command_of_an_engine_is_told_that_this_is_none),
	    TEST(requests_may_come_in_pieces_and_several_at_once),
	    TEST(a_request_without_end_is_cut_off),
	    TEST(thousands_of_groups_come_whole),
	    TEST(who_reads_nothing_is_cut_off_and_holds_up_nobody),
	    TEST(who_is_gone_leaves_his_place),
	    TEST(a_crowd_of_one_user_is_bounded),
	    TEST(without_a_descriptor_left_the_asker_is_told_by_whom),
	    TEST(another_user_gets_the_place_of_one_of_a_crowd),
	    TEST(answers_that_are_being_made_end_with_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
