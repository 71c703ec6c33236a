/* SPDX-License-Identifier: BSD-3-Clause */
/* The answer of `why` as JSON, and that it takes no more than its share of the control thread. */
#include <time.h>

#include "control_rig.h"

/* The port is well. */
static void receive(struct fixture *f)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	f->engine.frame_ns = (uint64_t)now.tv_sec * SECOND;
}

static void the_answer_has_the_members_that_docs_control_md_names(void **state)
{
	static const char *const names[] = {"ok",    "schema",   "first",  "exit",       "verdict",
					    "query", "findings", "proven", "candidates", "hidden"};
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"why\",\"group\":\"239.1.1.1:5000@10.0.0.7\"}");
	const json_t *query = json_object_get(reply, "query"), *finding;
	void *at = json_object_iter(reply);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_non_null(at);
		assert_string_equal(json_object_iter_key(at), names[i]);
		at = json_object_iter_next(reply, at);
	}
	assert_null(at);
	assert_string_equal(text_of(query, "group"), "239.1.1.1");
	assert_int_equal(integer(query, "port"), 5000);
	assert_string_equal(text_of(query, "source"), "10.0.0.7");
	assert_true(json_is_null(json_object_get(query, "channel")));
	assert_string_equal(text_of(reply, "verdict"), "cause");
	assert_int_equal(integer(reply, "exit"), 1);
	assert_string_equal(text_of(reply, "first"),
			    "239.1.1.1:5000@10.0.0.7 on lan: no data: nobody has joined it");
	finding = json_array_get(json_object_get(reply, "findings"), 0);
	assert_string_equal(text_of(finding, "code"), "not_joined");
	assert_string_equal(text_of(finding, "severity"), "fault");
	assert_string_equal(text_of(finding, "interface"), "lan");
	assert_true(json_is_null(json_object_get(finding, "port")));
	assert_true(json_is_null(json_object_get(finding, "channel")));
	assert_string_equal(text_of(finding, "group"), "239.1.1.1");
	assert_int_equal(integer(finding, "groups"), 1);
	assert_string_equal(text_of(finding, "text"), "nobody has joined it");
	assert_true(json_is_array(json_object_get(finding, "evidence")));
	assert_non_null(
	    strstr(json_string_value(json_array_get(json_object_get(finding, "todo"), 0)),
		   "mcring-ctl join '239.1.1.1:5000@10.0.0.7,interface=lan'"));
	json_decref(reply);
}

static void a_group_that_stopped_has_candidates_with_a_command_and_a_place(void **state)
{
	struct fixture *f = *state;
	const json_t *candidates, *candidate;
	json_t *reply;
	size_t i;

	receive(f);
	f->engine.n_groups = 10;
	reply = ask(f, "{\"command\":\"why\",\"group\":\"239.0.0.3\"}");
	candidates = json_object_get(reply, "candidates");
	if (json_array_size(candidates) == 0)
		fail_msg("%s", text_of(reply, "first"));
	json_array_foreach(candidates, i, candidate)
	{
		assert_true(strlen(text_of(candidate, "code")) > 0);
		assert_true(strlen(text_of(candidate, "text")) > 0);
		assert_true(strlen(text_of(candidate, "command")) > 0);
		assert_true(strlen(text_of(candidate, "where")) > 0);
	}
	assert_true(json_array_size(json_object_get(reply, "proven")) > 0);
	json_decref(reply);
}

static void what_cannot_be_asked_is_refused(void **state)
{
	static const struct {
		const char *request, *error;
	} cases[] = {
	    {"{\"command\":\"why\",\"group\":\"10.0.0.1\"}", "'10.0.0.1' is not multicast"},
	    {"{\"command\":\"why\",\"group\":7}", "\"group\": expected a string, got a number"},
	    {"{\"command\":\"why\",\"group\":\"\"}", "is not an address"},
	    {"{\"command\":\"why\",\"channel\":\"nosuch\"}", "no channel is called 'nosuch'"},
	    {"{\"command\":\"why\",\"channel\":\"\"}", "\"channel\": expected a name of 1 to 31"},
	    {"{\"command\":\"why\",\"channel\":null}", "\"channel\": expected a string, got null"},
	    {"{\"command\":\"why\",\"source\":\"10.0.0.7\"}", "why takes \"group\", \"channel\""},
	    {"{\"command\":\"stats\",\"group\":\"239.1.1.1\"}", "unknown member \"group\""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *reply = ask(f, cases[i].request);

		if (!strstr(error_of(reply), cases[i].error))
			fail_msg("'%s' does not say '%s'", error_of(reply), cases[i].error);
		json_decref(reply);
	}
}

/* Steps until an answer begins that waits to be asked for. Returns how many. */
static void a_question_about_many_groups_is_looked_into_in_steps(void **state)
{
	struct fixture *f = *state;
	unsigned polls = 0;
	json_t *reply;
	int fd, other;
	char byte;

	receive(f);
	f->engine.n_groups = 10000;
	fd = dial(f);
	say(fd, "{\"command\":\"why\"}\n");
	while (recv(fd, &byte, 1, MSG_PEEK) < 0)
		poll_server(f);
	other = dial(f);
	say(other, "{\"command\":\"sockets\"}\n");
	reply = answer(f, other); /* long before the first one has its verdict */
	assert_true(ok(reply));
	json_decref(reply);
	for (size_t len = 0; len < 40; polls++) {
		char head[64];
		ssize_t n;

		poll_server(f);
		n = recv(fd, head, sizeof(head), MSG_PEEK);
		len = n > 0 ? (size_t)n : 0;
	}
	assert_in_range(polls, 10000 / 128 - 10, 200);
	reply = answer(f, fd);
	assert_true(ok(reply));
	assert_non_null(strstr(text_of(reply, "first"), "10000 groups on lan have no data"));
	json_decref(reply);
	close(fd);
	close(other);
}

/* Polls until one of two clients has the beginning of a verdict. Returns how often. */
static unsigned polls_for_one_of(struct fixture *f, int a, int b)
{
	char head[64];
	unsigned n = 0;

	while (recv(a, head, sizeof(head), MSG_PEEK) < 40 &&
	       recv(b, head, sizeof(head), MSG_PEEK) < 40) {
		poll_server(f);
		assert_true(++n < 1000);
	}
	return n;
}

/* What is collected for one would stand in memory for all. */
static void questions_are_looked_into_one_after_the_other(void **state)
{
	struct fixture *f = *state;
	const int a = dial(f), b = dial(f);
	json_t *reply;

	receive(f);
	f->engine.n_groups = 10000;
	say(a, "{\"command\":\"why\"}\n");
	say(b, "{\"command\":\"why\"}\n");
	assert_in_range(polls_for_one_of(f, a, b), 10000 / 128, 10000 / 128 * 3 / 2);
	for (unsigned i = 0; i < 2; i++) {
		reply = answer(f, i == 0 ? a : b);
		assert_true(ok(reply));
		json_decref(reply);
	}

	/* Who leaves makes room. */
	say(a, "{\"command\":\"why\"}\n");
	for (unsigned i = 0; i < 10; i++)
		poll_server(f);
	say(b, "{\"command\":\"why\"}\n");
	for (unsigned i = 0; i < 10; i++)
		poll_server(f);
	close(a);
	reply = answer(f, b);
	assert_true(ok(reply));
	json_decref(reply);
	close(b);
}

static void a_client_that_leaves_in_the_middle_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);

	f->engine.n_groups = 10000;
	say(fd, "{\"command\":\"why\"}\n");
	for (unsigned i = 0; i < 10; i++)
		poll_server(f);
	close(fd);
	for (unsigned i = 0; i < 300; i++)
		poll_server(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(the_answer_has_the_members_that_docs_control_md_names),
	    CONTROL_TEST(a_group_that_stopped_has_candidates_with_a_command_and_a_place),
	    CONTROL_TEST(what_cannot_be_asked_is_refused),
	    CONTROL_TEST(a_question_about_many_groups_is_looked_into_in_steps),
	    CONTROL_TEST(questions_are_looked_into_one_after_the_other),
	    CONTROL_TEST(a_client_that_leaves_in_the_middle_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
