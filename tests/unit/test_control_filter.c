/* SPDX-License-Identifier: BSD-3-Clause */
/* The command open_filter. */
#include "control_rig.h"

static void expect_seconds(struct fixture *f, const char *request, unsigned seconds)
{
	json_t *reply = ask(f, request);

	assert_true(json_is_true(json_object_get(reply, "ok")));
	assert_int_equal(integer(reply, "schema"), 1);
	assert_int_equal(integer(reply, "seconds"), seconds);
	assert_int_equal(f->engine.opened_s, seconds);
	json_decref(reply);
}

static void expect_refusal(struct fixture *f, const char *request, const char *text)
{
	json_t *reply = ask(f, request);

	assert_true(json_is_false(json_object_get(reply, "ok")));
	if (!strstr(json_string_value(json_object_get(reply, "error")), text))
		fail_msg("%s: %s", request, json_string_value(json_object_get(reply, "error")));
	json_decref(reply);
}

static void a_filter_is_opened_for_seconds_of_one_interface_or_all(void **state)
{
	struct fixture *f = *state;

	expect_seconds(f, "{\"command\":\"open_filter\",\"seconds\":5}", 5);
	assert_string_equal(f->engine.opened, "");
	expect_seconds(f, "{\"command\":\"open_filter\",\"seconds\":60,\"interface\":\"feed\"}",
		       60);
	assert_string_equal(f->engine.opened, "feed");
}

static void what_the_engine_refuses_is_said(void **state)
{
	struct fixture *f = *state;

	f->engine.refusal = "it lets everything in as it is";
	expect_refusal(f, "{\"command\":\"open_filter\",\"seconds\":5}",
		       "it lets everything in as it is");
}

static void members_of_another_type_are_refused(void **state)
{
	static const char *const requests[][2] = {
	    {"{\"command\":\"open_filter\",\"seconds\":\"5\"}", "\"seconds\": expected a whole"},
	    {"{\"command\":\"open_filter\",\"seconds\":0}", "\"seconds\": expected 1 or more"},
	    {"{\"command\":\"open_filter\",\"seconds\":-1}", "\"seconds\": expected 1 or more"},
	    {"{\"command\":\"open_filter\",\"seconds\":4294967297}",
	     "\"seconds\": expected 1 or more"},
	    {"{\"command\":\"open_filter\",\"seconds\":1,\"interface\":1}",
	     "\"interface\": expected a string"},
	    {"{\"command\":\"open_filter\",\"seconds\":1,\"interface\":\"\"}",
	     "\"interface\": expected a name"},
	    {"{\"command\":\"open_filter\",\"seconds\":1,\"joins\":[]}",
	     "open_filter takes \"seconds\", \"interface\""},
	    {"{\"command\":\"stats\",\"seconds\":1}", "unknown member \"seconds\""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		expect_refusal(f, requests[i][0], requests[i][1]);
	assert_int_equal(f->engine.opened_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(a_filter_is_opened_for_seconds_of_one_interface_or_all),
	    CONTROL_TEST(what_the_engine_refuses_is_said),
	    CONTROL_TEST(members_of_another_type_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
