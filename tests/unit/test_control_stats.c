/* SPDX-License-Identifier: BSD-3-Clause */
/* What monitors cannot do: change anything, keep others waiting, take all places. */
#include "control_rig.h"
#include "engine/control/control_request.h"

/* The user that the next connection is of; UINT32_MAX = this one. */
static uint32_t next_user = UINT32_MAX;

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int ret = __real_getsockopt(fd, level, name, value, len);

	if (level == SOL_SOCKET && name == SO_PEERCRED && next_user != UINT32_MAX)
		((struct ucred *)value)->uid = next_user;
	return ret;
}

/* ---- what is taken ---- */

/* A new command stands here, too: does it change anything? */
static const struct {
	const char *request;
	int reads;
} all_commands[] = {
    [MCR_CONTROL_STATUS] = {"{\"command\":\"status\"}", 1},
    [MCR_CONTROL_GROUPS] = {"{\"command\":\"groups\"}", 1},
    [MCR_CONTROL_STATS] = {"{\"command\":\"stats\",\"groups\":1}", 1},
    [MCR_CONTROL_SOCKETS] = {"{\"command\":\"sockets\"}", 1},
    [MCR_CONTROL_FEEDS] = {"{\"command\":\"feeds\"}", 1},
    [MCR_CONTROL_MEMBERS] = {"{\"command\":\"members\"}", 1},
    [MCR_CONTROL_ROUTES] = {"{\"command\":\"routes\"}", 1},
    [MCR_CONTROL_JOIN] = {"{\"command\":\"join\",\"joins\":[\"239.1.1.1:5000\"]}", 0},
    [MCR_CONTROL_LEAVE] = {"{\"command\":\"leave\",\"joins\":[\"239.1.1.1:5000\"]}", 0},
    [MCR_CONTROL_RELOAD] = {"{\"command\":\"reload\"}", 0},
    [MCR_CONTROL_OPEN_FILTER] = {"{\"command\":\"open_filter\",\"seconds\":1}", 0},
    [MCR_CONTROL_WHY] = {"{\"command\":\"why\"}", 1},
};

#define ALL (sizeof(all_commands) / sizeof(all_commands[0]))

_Static_assert(ALL == MCR_CONTROL_COMMANDS, "each command is in all_commands");

static void commands_that_change_something_are_refused_here_and_taken_at_control(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ALL; i++) {
		json_t *reply;

		assert_non_null(all_commands[i].request);
		reply = ask(f, all_commands[i].request);
		if (ok(reply) != (all_commands[i].reads || !f->is_stats))
			fail_msg("%s: another answer", all_commands[i].request);
		if (!ok(reply)) {
			assert_non_null(strstr(error_of(reply), "this socket is read-only"));
			assert_non_null(strstr(error_of(reply), "/run/md/control"));
		}
		json_decref(reply);
	}
	assert_int_equal(f->engine.updates, f->is_stats ? 0 : 2);
	assert_int_equal(f->reloads, f->is_stats ? 0 : 1);
	assert_int_equal(f->engine.opened_s, f->is_stats ? 0 : 1);
}

static void an_unknown_command_gets_the_list_of_those_that_are_taken(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"stat\"}");
	const char *error = error_of(reply);

	for (size_t i = 0; i < ALL; i++) {
		char name[32];

		assert_int_equal(
		    sscanf(all_commands[i].request, "{\"command\":\"%31[a-z_]\"", name), 1);
		if (all_commands[i].reads || !f->is_stats)
			assert_non_null(strstr(error, name));
		else
			assert_null(strstr(error, name));
	}
	json_decref(reply);
}

/* ---- turns ---- */

static size_t received(int fd)
{
	static char sink[1 << 20];
	ssize_t n = recv(fd, sink, sizeof(sink), 0);

	return n > 0 ? (size_t)n : 0;
}

/* A piece has 32 groups of some 330 octets. */
static void a_poll_makes_one_piece_and_clients_take_turns(void **state)
{
	struct fixture *f = *state;
	unsigned pieces[4] = {0};
	int fds[4];

	f->engine.n_groups = 10000;
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = dial(f);
		say(fds[i], "{\"command\":\"groups\"}\n");
	}
	for (unsigned n = 0; n < 100; n++) {
		size_t all = 0;

		poll_server(f);
		for (unsigned i = 0; i < 4; i++) {
			size_t len = received(fds[i]);

			pieces[i] += len > 0;
			all += len;
		}
		assert_true(all < 32 * 500);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_in_range(pieces[i], 20, 26);
		close(fds[i]);
	}
}

/* ---- places ---- */

/* Connects as a user. */
static int come(struct fixture *f, uint32_t user)
{
	int fd = dial(f);

	next_user = user;
	poll_server(f);
	next_user = UINT32_MAX;
	return fd;
}

static int is_served(struct fixture *f, int fd)
{
	char byte;

	(void)f;
	return recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static unsigned count_served(struct fixture *f, const int *fds, unsigned n)
{
	unsigned served = 0;

	for (unsigned i = 0; i < n; i++)
		served += is_served(f, fds[i]) != 0;
	return served;
}

static void a_user_who_has_all_places_makes_room_for_others(void **state)
{
	struct fixture *f = *state;
	const unsigned n = places(f), half = n / 2;
	int fds[MCR_STATS_CLIENTS_MAX], others[MCR_STATS_CLIENTS_MAX];

	for (unsigned i = 0; i < n; i++)
		fds[i] = come(f, 1000);
	assert_int_equal(count_served(f, fds, n), n);
	/* The one that has made no progress for longest goes: not the first, which asks. */
	say(fds[0], "{\"command\":\"status\"}\n");
	json_decref(answer(f, fds[0]));
	others[0] = come(f, 1001);
	assert_true(is_served(f, others[0]));
	assert_true(is_served(f, fds[0]));
	assert_false(is_served(f, fds[1]));
	/* Up to as many as the first has then. */
	for (unsigned i = 1; i < n; i++)
		others[i] = come(f, 1001);
	assert_int_equal(count_served(f, others, n), half);
	assert_int_equal(count_served(f, fds, n), n - half);
	/* A third gets one of either. */
	others[n - 1] = come(f, 1002);
	assert_true(is_served(f, others[n - 1]));
	for (unsigned i = 0; i < n; i++) {
		close(fds[i]);
		close(others[i]);
	}
}

static void a_user_with_no_more_than_others_keeps_its_place(void **state)
{
	struct fixture *f = *state;
	const unsigned n = places(f);
	int fds[MCR_STATS_CLIENTS_MAX], late;
	json_t *reply;

	for (unsigned i = 0; i < n; i++)
		fds[i] = come(f, 1000 + i);
	late = come(f, 999);
	assert_int_equal(count_served(f, fds, n), n);
	reply = answer(f, late);
	assert_string_equal(error_of(reply), "too many connections");
	json_decref(reply);
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	close(late);
}

/* It may have to wait for minutes, and nobody else can carry its reload out. */
static void who_waits_for_a_reload_keeps_its_place(void **state)
{
	struct fixture *f = *state;
	int fds[MCR_CONTROL_CLIENTS_MAX], other;
	json_t *reply;

	f->later = 1;
	for (unsigned i = 0; i < places(f); i++)
		fds[i] = come(f, 1000);
	say(fds[0], "{\"command\":\"reload\"}\n");
	poll_server(f);
	for (unsigned i = 1; i < places(f); i++) { /* all others do make progress */
		say(fds[i], "{\"command\":\"status\"}\n");
		json_decref(answer(f, fds[i]));
	}
	other = come(f, 1001);
	assert_true(is_served(f, other));
	assert_false(is_served(f, fds[1]));
	mcr_control_server_reload_done(f->server, 0, &(struct mcr_error){"done"}, f->now_ns);
	reply = answer(f, fds[0]);
	assert_true(ok(reply));
	json_decref(reply);
	for (unsigned i = 0; i < places(f); i++)
		close(fds[i]);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATS_TEST(commands_that_change_something_are_refused_here_and_taken_at_control),
	    CONTROL_TEST(commands_that_change_something_are_refused_here_and_taken_at_control),
	    STATS_TEST(an_unknown_command_gets_the_list_of_those_that_are_taken),
	    CONTROL_TEST(an_unknown_command_gets_the_list_of_those_that_are_taken),
	    STATS_TEST(a_poll_makes_one_piece_and_clients_take_turns),
	    CONTROL_TEST(a_poll_makes_one_piece_and_clients_take_turns),
	    STATS_TEST(a_user_who_has_all_places_makes_room_for_others),
	    CONTROL_TEST(a_user_who_has_all_places_makes_room_for_others),
	    STATS_TEST(a_user_with_no_more_than_others_keeps_its_place),
	    CONTROL_TEST(who_waits_for_a_reload_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
