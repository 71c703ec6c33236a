/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-exporter: how series are written, what readers are called, which answers are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/mcring-exporter/answer.h"
#include "../../tools/mcring-exporter/readers.h"
#include "../../tools/mcring-exporter/series.h"
#include "../../tools/mcring-exporter/text.h"

/* ---- texts ---- */

static void copies(const char *text, size_t cap, const char *expected)
{
	char out[64];

	assert_int_equal(text_copy(out, cap, text), strlen(expected));
	assert_string_equal(out, expected);
}

static void what_is_no_utf8_becomes_question_marks(void **state)
{
	copies("a\xff"
	       "b",
	       64, "a?b");
	copies("\xc3", 64, "?"); /* the end of the text */
	copies("\xc3"
	       "a",
	       64, "?a");
	copies("\xc0\xaf", 64, "??"); /* too long forms */
	copies("\xe0\x9f\xbf", 64, "???");
	copies("\xf0\x8f\xbf\xbf", 64, "????");
	copies("\xed\xa0\x80", 64, "???");      /* a surrogate */
	copies("\xf4\x90\x80\x80", 64, "????"); /* beyond the last character */
	copies("\xf5\x80\x80\x80", 64, "????");
	copies("\xf0\x9f\x98\x80", 64, "\xf0\x9f\x98\x80");
	copies("\xed\x9f\xbf\xee\x80\x80", 64, "\xed\x9f\xbf\xee\x80\x80");
}

static void a_text_is_cut_between_characters_and_has_no_control_characters(void **state)
{
	copies("abc", 64, "abc");
	copies("abcd", 4, "abc");
	copies("a\n\x7f\tb", 64, "a   b");
	copies("ab\xc3\xa9", 4, "ab"); /* e acute takes two octets */
	copies("ab\xc3\xa9", 5, "ab\xc3\xa9");
	copies("\xe2\x82\xac\xe2\x82\xac", 6, "\xe2\x82\xac"); /* two euro signs of three */
	copies("\xe2\x82\xac", 3, "");
}

/* ---- series ---- */

static void series_are_written_with_labels_that_are_escaped(void **state)
{
	const struct label labels[] = {{"a", "x"}, {"b", "\"q\" \\ \n"}};
	struct series s;

	assert_int_equal(series_init(&s, 10), 0);
	series_family(&s, "m", "gauge", "Help.");
	series_add(&s, labels, 2, 18446744073709551615u);
	series_add_ns(&s, NULL, 0, 1500000001);
	s.text[s.len] = '\0'; /* there is room */
	assert_string_equal(s.text, "# HELP m Help.\n# TYPE m gauge\n"
				    "m{a=\"x\",b=\"\\\"q\\\" \\\\  \"} 18446744073709551615\n"
				    "m 1.500000001\n");
	assert_int_equal(s.n, 2);
	series_clear(&s);
}

static void a_series_that_comes_twice_or_is_one_too_many_is_left_out(void **state)
{
	struct label label = {"a", "1"};
	struct series s;
	char value[8];

	assert_int_equal(series_init(&s, 3), 0);
	series_family(&s, "m", "counter", "Help.");
	series_add(&s, &label, 1, 1);
	series_add(&s, &label, 1, 2);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.left_out, 1);
	series_family(&s, "n", "counter", "Help."); /* of another name it is another */
	series_add(&s, &label, 1, 1);
	for (int i = 2; i < 5; i++) {
		snprintf(value, sizeof(value), "%d", i);
		label.value = value;
		series_add(&s, &label, 1, 1);
	}
	assert_int_equal(s.n, 3);
	assert_int_equal(s.left_out, 3);
	series_clear(&s);
}

/* ---- readers ---- */

static json_t *consumers(int first, int last)
{
	json_t *list = json_array();

	for (int id = first; id <= last; id++)
		json_array_append_new(
		    list, json_pack("{si ss ss}", "id", id, "channel", "c", "label", "feed"));
	return list;
}

static void update(struct readers *r, int first, int last)
{
	json_t *list = consumers(first, last);

	readers_update(r, list);
	json_decref(list);
}

static void a_reader_keeps_its_number_and_a_later_one_takes_a_free_one(void **state)
{
	struct readers r = {.n = 0};

	update(&r, 1, 3);
	assert_int_equal(readers_find(&r, 3)->number, 3);
	update(&r, 2, 3);
	assert_null(readers_find(&r, 1));
	assert_int_equal(readers_find(&r, 2)->number, 2);
	update(&r, 2, 5);
	assert_int_equal(readers_find(&r, 3)->number, 3);
	assert_int_equal(readers_find(&r, 4)->number, 1);
	assert_int_equal(readers_find(&r, 5)->number, 4);
}

static void there_are_names_for_so_many_readers_and_no_more(void **state)
{
	struct readers r = {.n = 0};

	update(&r, 1, 3 * READERS_MAX);
	assert_int_equal(r.n, READERS_MAX);
	assert_int_equal(readers_find(&r, READERS_MAX)->number, READERS_MAX);
	update(&r, 1000, 1000);
	assert_int_equal(readers_find(&r, 1000)->number, 1);
}

static void readers_of_a_programs_channel_stand_under_the_channels_name(void **state)
{
	struct readers r = {.n = 0};
	json_t *list = json_pack("[{si ss ss} {si ss ss}]", "id", 1, "channel", "sockets/41",
				 "label", "a", "id", 2, "channel", "sockets/42", "label", "a");

	readers_update(&r, list);
	json_decref(list);
	assert_string_equal(readers_find(&r, 2)->channel, "sockets");
	assert_int_equal(readers_find(&r, 2)->number, 2);
}

/* ---- answers ---- */

static void is_refused(const char *text, size_t values_max, const char *why)
{
	char error[ANSWER_ERROR];

	assert_null(answer_parse(text, strlen(text), values_max, error));
	assert_non_null(strstr(error, why));
}

static void an_answer_is_taken_if_it_is_small_ok_and_of_a_known_schema(void **state)
{
	const char *text = "{\"ok\":true,\"schema\":1,\"x\":\"[[[[,,,,{{{{\\\"\"}";
	char error[ANSWER_ERROR];
	json_t *answer = answer_parse(text, strlen(text), 4, error);

	assert_non_null(answer);
	assert_null(json_object_get(answer, "ok"));
	json_decref(answer);
	is_refused(text, 3, "too many values");
	is_refused("{\"ok\":true,\"schema\":1,\"x\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}", 100,
		   "too many");
	is_refused("{\"ok\":true,\"schema\":1", 100, "not a JSON object");
	is_refused("[1]", 100, "not a JSON object");
	is_refused("", 100, "not a JSON object");
	is_refused("{\"ok\":true,\"schema\":2}", 100, "schema");
	is_refused("{\"ok\":true}", 100, "schema");
	is_refused("{\"ok\":false,\"schema\":1,\"error\":\"because\"}", 100, "because");
	is_refused("{\"ok\":1,\"schema\":1}", 100, "without a reason");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_utf8_becomes_question_marks),
	    cmocka_unit_test(a_text_is_cut_between_characters_and_has_no_control_characters),
	    cmocka_unit_test(series_are_written_with_labels_that_are_escaped),
	    cmocka_unit_test(a_series_that_comes_twice_or_is_one_too_many_is_left_out),
	    cmocka_unit_test(a_reader_keeps_its_number_and_a_later_one_takes_a_free_one),
	    cmocka_unit_test(there_are_names_for_so_many_readers_and_no_more),
	    cmocka_unit_test(readers_of_a_programs_channel_stand_under_the_channels_name),
	    cmocka_unit_test(an_answer_is_taken_if_it_is_small_ok_and_of_a_known_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
