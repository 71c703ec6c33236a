/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed as a source of the sink: engines that come and go, declarations that change, positions
 * that nobody can trust. */
#include "sink_feed_rig.h"

/* ---- engines ---- */

static void an_engine_of_one_line_may_go(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 10; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 10));
	small_engine_kill(&r.feed.e[0]); /* which was asked */
	for (uint64_t i = 11; i <= 20; i++)
		send_on(&r, 1, i, 1);
	await(&r, has_read(&r, 20));
	assert_int_equal(r.src.is_attached, 1);
	revive(&r, 0, 1 << 20);
	for (uint64_t i = 21; i <= 30; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 30));
	expect_numbers(&r, 1, 30);
	assert_int_equal(count_losses(&r, LOSS_LAPPED) + count_losses(&r, LOSS_GAP), 0);
	rig_sink_destroy(&r);
}

static void all_engines_may_go_and_what_was_missed_is_told(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 10; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 10));
	small_engine_kill(&r.feed.e[0]);
	small_engine_kill(&r.feed.e[1]);
	await(&r, !r.src.is_attached && r.src.error[0]);
	assert_int_equal(feed_calls.behind(&r.src), 0);
	revive(&r, 0, 1 << 20);
	revive(&r, 1, 1 << 20);
	for (uint64_t i = 15; i <= 20; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 20));
	expect_numbers(&r, 1, 20);
	assert_int_equal(count_losses(&r, LOSS_LAPPED), 1);
	assert_string_equal(r.src.error, "");
	rig_sink_destroy(&r);
}

static void a_feed_that_is_declared_anew_is_opened_anew(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 10; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 10));
	rig_text(&r.feed, "gap_timeout 3ms\n");
	declare(&r, r.feed.text);
	silence(&r, UINT64_C(1000000000));
	await(&r, !r.src.is_attached);
	for (uint64_t i = 11; i <= 20; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 20));
	expect_numbers(&r, 1, 20);
	rig_sink_destroy(&r);
}

static void an_engine_without_the_feed_is_asked_again(void **state)
{
	struct sink_rig r;

	rig_sink(&r, 1 << 20, "");
	declare(&r, "feed other\ndeclaration moldudp64\nline A channel=md\njoin 239.1.1.1:5000\n");
	start(&r, NULL);
	await(&r, r.src.error[0]);
	assert_non_null(strstr(r.src.error, "test"));
	rig_text(&r.feed, "");
	declare(&r, r.feed.text);
	send_on(&r, -1, 1, 1);
	await(&r, has_read(&r, 1));
	assert_string_equal(r.src.error, "");
	rig_sink_destroy(&r);
}

/* ---- a broker that has enough ---- */

static void a_feed_is_left_as_it_is_while_the_broker_has_enough(void **state)
{
	struct sink_rig r;
	struct epoll_event event;
	unsigned cells;

	rig_sink(&r, 1 << 20, "");
	r.options.pack = 32;
	r.options.linger_ns = 1000000;
	start(&r, NULL);
	send_on(&r, -1, 1, 1);
	await(&r, has_read(&r, 1));
	r.s.is_held = 1;
	cells = r.cells;
	for (uint64_t i = 2; i <= 20; i++)
		send_on(&r, -1, i, 1);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(read_once(&r), 0);
		usleep(1000);
	}
	assert_int_equal(r.n, 1);
	assert_int_equal(r.cells, cells); /* it is old, but more of it may be there */
	assert_true(feed_calls.behind(&r.src) >= 19);
	assert_int_equal(feed_calls.arm(&r.s, &r.src), 0);
	assert_int_equal(epoll_wait(r.s.epoll_fd, &event, 1, 0), 0);
	r.s.is_held = 0;
	await(&r, has_read(&r, 20));
	expect_numbers(&r, 1, 20);
	rig_sink_destroy(&r);
}

/* ---- positions ---- */

static void a_position_that_makes_no_sense_is_refused(void **state)
{
	static const char *const bad[] = {
	    "{}",
	    "{\"streams\": 1}",
	    "{\"streams\": [1]}",
	    "{\"streams\": [{}]}",
	    "{\"streams\": [{\"scope\": \"0\", \"epoch\": \"00\", \"generation\": \"0\", "
	    "\"next\": \"1\", \"last_ns\": \"0\"}]}",
	    "{\"streams\": [{\"scope\": \"00\", \"epoch\": \"0g\", \"generation\": \"0\", "
	    "\"next\": \"1\", \"last_ns\": \"0\"}]}",
	    "{\"streams\": [{\"scope\": \"00\", \"epoch\": "
	    "\"0000000000000000000000000000000000\", \"generation\": \"0\", \"next\": \"1\", "
	    "\"last_ns\": \"0\"}]}",
	    "{\"streams\": [{\"scope\": \"00\", \"epoch\": \"00\", \"generation\": \"0\", "
	    "\"next\": \"18446744073709551616\", \"last_ns\": \"0\"}]}",
	    "{\"streams\": [{\"scope\": \"00\", \"epoch\": \"00\", \"generation\": \"0\", "
	    "\"next\": 7, \"last_ns\": \"0\"}]}",
	    "{\"streams\": [{\"scope\": \"00\", \"epoch\": \"00\", \"generation\": \"-1\", "
	    "\"next\": \"1\", \"last_ns\": \"0\"}]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct sink_options options = {.prefix = "mcring"};
		struct sink s = {.epoll_fd = -1, .options = &options};
		struct sink_source src = {.name = "test"};
		struct mcr_error err = {""};
		json_t *json = json_loads(bad[i], 0, NULL);

		assert_non_null(json);
		assert_int_equal(feed_calls.open(&s, &src, &err), 0);
		assert_int_equal(feed_calls.load(&s, &src, json, 1, &err), -EINVAL);
		assert_non_null(strstr(err.text, "test"));
		feed_calls.close(&s, &src);
		json_decref(json);
	}
}

/* A position with one octet that is another one. */
static void a_position_may_have_any_octet(void **state)
{
	static const char text[] =
	    "{\"streams\": [{\"scope\": \"0a0b\", \"epoch\": \"00\", \"generation\": \"0\", "
	    "\"next\": \"12\", \"last_ns\": \"9\"}]}";
	static const char octets[] = "\"\\ -.019afgz{}[]:,\x7f\xff";
	const struct sink_options options = {.prefix = "mcring"};

	for (size_t at = 0; at + 1 < sizeof(text); at++)
		for (size_t i = 0; i + 1 < sizeof(octets); i++) {
			struct sink s = {.epoll_fd = -1, .options = &options};
			struct sink_source src = {.name = "test"};
			struct mcr_error err = {""};
			char other[sizeof(text)];
			json_t *json;
			int ret;

			memcpy(other, text, sizeof(text));
			other[at] = octets[i];
			json = json_loads(other, 0, NULL);
			if (!json)
				continue;
			assert_int_equal(feed_calls.open(&s, &src, &err), 0);
			ret = feed_calls.load(&s, &src, json, 1, &err);
			assert_true(ret == 0 || (ret == -EINVAL && err.text[0]));
			feed_calls.close(&s, &src);
			json_decref(json);
		}
}

static void streams_that_are_gone_make_room_for_new_ones(void **state)
{
	json_t *streams = json_array(), *json;
	struct sink_rig r;

	for (int i = 0; i < 2048; i++)
		json_array_append_new(streams, json_pack("{s:o, s:s, s:s, s:s, s:o}", "scope",
							 json_sprintf("%08x", i + 1), "epoch", "00",
							 "generation", "0", "next", "7", "last_ns",
							 json_sprintf("%d", i + 10)));
	rig_sink(&r, 1 << 20, "");
	start(&r, json_pack("{s:s, s:o}", "feed", "test", "streams", streams));
	send_on(&r, -1, 1, 1);
	await(&r, has_read(&r, 1));
	json = position(&r);
	assert_int_equal(json_array_size(json_object_get(json, "streams")), 2048);
	for (size_t i = 0; i < 2048; i++) {
		const json_t *stream = json_array_get(json_object_get(json, "streams"), i);

		/* That is the one that was read last so long ago. */
		assert_string_not_equal(json_string_value(json_object_get(stream, "scope")),
					"00000001");
	}
	json_decref(json);
	rig_sink_destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_engine_of_one_line_may_go),
	    cmocka_unit_test(all_engines_may_go_and_what_was_missed_is_told),
	    cmocka_unit_test(a_feed_that_is_declared_anew_is_opened_anew),
	    cmocka_unit_test(an_engine_without_the_feed_is_asked_again),
	    cmocka_unit_test(a_feed_is_left_as_it_is_while_the_broker_has_enough),
	    cmocka_unit_test(a_position_that_makes_no_sense_is_refused),
	    cmocka_unit_test(a_position_may_have_any_octet),
	    cmocka_unit_test(streams_that_are_gone_make_room_for_new_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
