/* SPDX-License-Identifier: BSD-3-Clause */
/* A reload whose answer comes later. */
#include "control_rig.h"

#define RELOAD "{\"command\":\"reload\"}\n"

/* Nothing has come for this client, though the server has been polled. */
static int is_quiet(struct fixture *f, int fd)
{
	char byte;

	for (int i = 0; i < 20; i++)
		poll_server(f);
	return recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* A client that waits for the answer to its reload. */
static int ask_later(struct fixture *f)
{
	int fd = dial(f);

	f->later = 1;
	say(fd, RELOAD);
	assert_true(is_quiet(f, fd));
	return fd;
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

static void a_reload_may_give_its_later_answer_at_once(void **state)
{
	struct fixture *f = *state;
	json_t *reply;

	f->at_once = 1;
	for (int i = 0; i < 2; i++) { /* and then another one may come */
		reply = ask(f, "{\"command\":\"reload\"}");
		assert_string_equal(json_string_value(json_object_get(reply, "report")), "at once");
		json_decref(reply);
	}
	assert_int_equal(f->reloads, 2);
}

static void a_reload_that_fails_later_is_an_error(void **state)
{
	struct mcr_error report = {"m.yaml:3: no"};
	struct fixture *f = *state;
	int fd = ask_later(f);
	json_t *reply;

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
	int fd = ask_later(f);
	json_t *reply;

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

static void a_client_that_goes_away_gets_no_answer_and_nobody_else_does(void **state)
{
	struct mcr_error report = {"for nobody"};
	struct fixture *f = *state;
	int fd = ask_later(f), other;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(a_reloads_answer_may_come_later_and_all_else_goes_on),
	    CONTROL_TEST(a_reload_may_give_its_later_answer_at_once),
	    CONTROL_TEST(a_reload_that_fails_later_is_an_error),
	    CONTROL_TEST(one_reload_runs_at_a_time),
	    CONTROL_TEST(a_client_that_goes_away_gets_no_answer_and_nobody_else_does),
	    CONTROL_TEST(an_answer_to_no_request_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
