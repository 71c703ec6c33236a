/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed as a program reads it: two lines, two engines. */
#include "feed_rig.h"

static void messages_of_two_lines_come_once_and_in_order(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_line line = {.size = sizeof(line)};
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	struct mcr_feed_key key = {.size = sizeof(key)};
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (uint64_t i = 0; i < 100; i++) {
		rig_put(&rig, 0, 1000 + i * 10, 1 + 3 * i, 3);
		rig_put(&rig, 1, 1005 + i * 10, 1 + 3 * i, 3);
	}
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 300);
	assert_int_equal(rig_next(&rig, &at, MCR_FEED_START)->seq, 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_DATA), 100);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	assert_int_equal(mcr_feed_line_info(rig.f, 0, &line), 0);
	assert_string_equal(line.name, "A");
	assert_int_equal(line.packets, 100);
	assert_int_equal(line.first, 100);
	assert_int_equal(line.duplicates, 0);
	assert_int_equal(mcr_feed_line_info(rig.f, 1, &line), 0);
	assert_int_equal(line.duplicates, 100);
	assert_int_equal(line.line, 1);
	assert_int_equal(mcr_feed_line_info(rig.f, 2, &line), -ENOENT);
	assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
	assert_int_equal(stats.packets, 100);
	assert_int_equal(stats.messages, 300);
	assert_int_equal(stats.lines, 2);
	assert_int_equal(stats.keys, 1);
	assert_int_equal(mcr_feed_key_info(rig.f, 0, &key), 0);
	assert_int_equal(key.next, 301);
	assert_non_null(strstr(key.text, RIG_SESSION));
	assert_int_equal(mcr_feed_key_info(rig.f, 1, &key), -ENOENT);
	rig_destroy(&rig);
}

/* What a handler shows of a stream: the number that the library gave a publisher means nothing. */
static void a_streams_text_names_its_group_or_its_publisher(void **state)
{
	static const char *const scopes[] = {"group", "source", "group+source"};
	static const char *const texts[] = {
	    "session=0000012345 flow=0 group=239.1.1.1 port=5000",
	    "session=0000012345 source=10.0.0.1",
	    "session=0000012345 flow=0 source=10.0.0.1",
	};

	for (int i = 0; i < 3; i++) {
		struct mcr_feed_key key = {.size = sizeof(key)};
		struct feed_rig rig;

		rig_create(&rig, 65536);
		snprintf(rig.text, sizeof(rig.text),
			 "feed test\ndeclaration moldudp64,scope=%s\nline A engine=%s channel=md\n"
			 "join 239.1.1.1:5000\n",
			 scopes[i], strrchr(rig.e[0].dir, '/') + 1);
		rig_open(&rig);
		rig_put(&rig, 0, 1000, 1, 1);
		rig_poll(&rig);
		assert_int_equal(mcr_feed_key_info(rig.f, 0, &key), 0);
		assert_string_equal(key.text, texts[i]);
		rig_destroy(&rig);
	}
}

static void what_one_line_lost_comes_from_the_other(void **state)
{
	struct feed_rig rig;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (uint64_t i = 1; i <= 200; i++) {
		if (i % 7 != 0)
			rig_put(&rig, 0, 1000 + i * 10, i, 1);
		if (i % 5 != 0 || i % 7 == 0)
			rig_put(&rig, 1, 1003 + i * 10, i, 1);
	}
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 200);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	rig_destroy(&rig);
}

/* However many items a poll may give. */
static void a_poll_for_one_item_gives_all_of_them_in_turn(void **state)
{
	for (int n = 1; n <= 3; n++) {
		struct feed_rig rig;

		rig_create(&rig, 65536);
		rig_open(&rig);
		for (uint64_t i = 1; i <= 200; i++) {
			if (i % 3 != 0)
				rig_put(&rig, 0, 1000 + i * 10, i, 1);
			if (i % 3 == 0)
				rig_put(&rig, 1, 1025 + i * 10, i, 1);
		}
		assert_int_equal(rig_poll_by(&rig, n), 0);
		rig_expect_data(&rig, 1, 200);
		assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
		rig_destroy(&rig);
	}
}

static void a_gap_is_declared_when_all_rings_are_past_its_time(void **state)
{
	struct feed_rig rig;
	const struct mcr_feed_msg *gap;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	rig_put(&rig, 0, 1000000, 1, 1);
	rig_put(&rig, 1, 1000000, 1, 1);
	rig_put(&rig, 0, 1100000, 4, 1);
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 1);
	rig_polled(&rig, 0, 900000000); /* long after the timeout of 1 ms */
	rig_poll(&rig);
	rig_polled(&rig, 1, 2099999); /* not quite */
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	rig_polled(&rig, 1, 2100001);
	rig_poll(&rig);
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.first, 2);
	assert_int_equal(gap->gap.last, 3);
	assert_int_equal(gap->gap.why, MCR_FEED_GAP_TIMEOUT);
	assert_int_equal(gap->gap.whose, MCR_FEED_WIRE);
	assert_int_equal(gap->gap.opened_ns, 1100000);
	assert_int_equal(rig_next(&rig, &at, MCR_FEED_DATA)->seq, 4);
	rig_destroy(&rig);
}

/* The reader comes back after five seconds: all that one line brought first lies there, and what
 * fills its holes lies in the other ring. */
static void a_reader_that_was_away_invents_nothing(void **state)
{
	struct feed_rig rig;

	rig_create(&rig, 1 << 20);
	rig_text(&rig, "silence 100ms\ngap_timeout 100us\n");
	rig_open(&rig);
	for (uint64_t i = 1; i <= 5000; i++) {
		if (i % 100 != 0)
			rig_put(&rig, 0, i * 1000000, i, 1);
		if (i % 100 != 1 || i == 1)
			rig_put(&rig, 1, i * 1000000 + 50000, i, 1);
	}
	rig_polled(&rig, 0, UINT64_C(5000100000));
	rig_polled(&rig, 1, UINT64_C(5000100000));
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 5000);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
	rig_destroy(&rig);
}

/* And from then on silence is noticed, by the watermarks of rings that bring nothing. */
static void a_line_that_is_silent_is_down_by_the_rings_time(void **state)
{
	struct feed_rig rig;
	const struct mcr_feed_msg *down;
	size_t at = 0;

	rig_create(&rig, 65536);
	rig_text(&rig, "silence 100ms\n");
	rig_open(&rig);
	rig_put(&rig, 0, 1000000, 1, 1);
	rig_put(&rig, 1, 1000000, 1, 1);
	rig_poll(&rig);
	rig_polled(&rig, 1, 500000000);
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
	for (uint64_t i = 1; i <= 10; i++)
		rig_put(&rig, 0, i * 50000000, 1 + i, 1);
	rig_polled(&rig, 0, 500000001);
	rig_poll(&rig);
	down = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_non_null(down);
	assert_int_equal(down->line, 1);
	assert_int_equal(down->down.why, MCR_FEED_DOWN_SILENT);
	rig_put(&rig, 1, 510000000, 11, 1);
	rig_poll(&rig);
	assert_int_equal(rig_next(&rig, &at, MCR_FEED_LINE_UP)->line, 1);
	rig_destroy(&rig);
}

static void what_is_no_packet_of_the_feed_is_passed_over(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_line line = {.size = sizeof(line)};

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (uint64_t i = 1; i <= 50; i++) {
		rig_put_at(&rig.e[0], 0, 7, 1000 + i, i * 1000, 1); /* another group */
		rig_put(&rig, 0, 1000 + i, i, 1);
		/* Line B's group on line A's engine, and a port that nobody declared. */
		rig_put_at(&rig.e[0], 0, 1, 1000 + i, i + 7, 1);
	}
	small_engine_publish(&rig.e[0], 0, "short", 5); /* 239.1.1.1:5000 */
	rig_poll(&rig);
	rig_expect_data(&rig, 1, 50);
	assert_int_equal(mcr_feed_line_info(rig.f, 0, &line), 0);
	assert_int_equal(line.packets, 51);
	assert_int_equal(line.malformed, 1);
	assert_int_equal(mcr_feed_line_info(rig.f, 1, &line), 0);
	assert_int_equal(line.packets, 0);
	rig_destroy(&rig);
}

/* Two lines in one channel, each with a ring of its own, and both lines in one ring. */
static void lines_may_share_a_channel(void **state)
{
	for (unsigned n_rings = 1; n_rings <= 3; n_rings++) {
		struct feed_rig rig;
		struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;

		memset(&rig, 0, sizeof(rig));
		small_engine_create(&rig.e[0], n_rings, 65536);
		rig.items = calloc(RIG_ITEMS_MAX, sizeof(*rig.items));
		strcpy(rig.text, "feed test\ndeclaration moldudp64\n"
				 "line A channel=md\njoin 239.1.1.1:5000\n"
				 "line B channel=md\njoin 239.1.1.2:5000\n");
		rig_open_as(&rig, opts);
		assert_int_equal(small_engine_count(&rig.e[0]), 1);
		for (uint64_t i = 1; i <= 200; i++) {
			if (i % 7 != 0)
				rig_put_at(&rig.e[0], 0, 0, i * 10, i, 1);
			rig_put_at(&rig.e[0], n_rings - 1, 1, i * 10 + 3, i, 1);
		}
		rig_poll(&rig);
		rig_expect_data(&rig, 1, 200);
		assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
		mcr_feed_close(rig.f);
		small_engine_destroy(&rig.e[0]);
		free(rig.items);
	}
}

static void options_that_make_no_sense_are_refused_with_a_reason(void **state)
{
	struct feed_rig rig;
	struct mcr_error err;
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;

	rig_create(&rig, 65536);
	opts.size = 0;
	assert_int_equal(rig_try(&rig, opts, &err), -EINVAL);
	opts = (struct mcr_feed_opts)MCR_FEED_OPTS_INIT;
	opts.msg_size--;
	assert_int_equal(rig_try(&rig, opts, &err), -EINVAL);
	opts = (struct mcr_feed_opts)MCR_FEED_OPTS_INIT;
	opts.order = 2;
	assert_int_equal(rig_try(&rig, opts, &err), -EINVAL);
	opts = (struct mcr_feed_opts)MCR_FEED_OPTS_INIT;
	opts.start = MCR_START_SEQ;
	assert_int_equal(rig_try(&rig, opts, &err), -EINVAL);
	opts = (struct mcr_feed_opts)MCR_FEED_OPTS_INIT;
	opts.feed = "other";
	assert_int_equal(rig_try(&rig, opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, "test"));
	strcpy(rig.text, "feed test\ndeclaration moldudp65\n");
	opts.feed = NULL;
	assert_int_equal(rig_try(&rig, opts, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "2"));
	rig_text(&rig, "");
	strcpy(rig.e[0].dir + strlen(rig.e[0].dir) - 1, "-"); /* no engine is there */
	strcpy(strstr(rig.text, "line B"), "line B engine=none\njoin 239.1.1.2:5000\n");
	assert_int_equal(rig_try(&rig, opts, &err), 0);
	mcr_feed_close(rig.f);
	rig.f = NULL;
	strcpy(strstr(rig.text, "line A"), "line A engine=nobody\njoin 239.1.1.2:5000\n");
	assert_int_equal(rig_try(&rig, opts, &err), -ENOENT);
	assert_non_null(strstr(err.text, "nobody"));
	snprintf(rig.e[0].dir, sizeof(rig.e[0].dir), "%.*s",
		 (int)(strrchr(rig.e[0].path, '/') - rig.e[0].path), rig.e[0].path);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_of_two_lines_come_once_and_in_order),
	    cmocka_unit_test(a_streams_text_names_its_group_or_its_publisher),
	    cmocka_unit_test(what_one_line_lost_comes_from_the_other),
	    cmocka_unit_test(a_poll_for_one_item_gives_all_of_them_in_turn),
	    cmocka_unit_test(a_gap_is_declared_when_all_rings_are_past_its_time),
	    cmocka_unit_test(a_reader_that_was_away_invents_nothing),
	    cmocka_unit_test(a_line_that_is_silent_is_down_by_the_rings_time),
	    cmocka_unit_test(what_is_no_packet_of_the_feed_is_passed_over),
	    cmocka_unit_test(lines_may_share_a_channel),
	    cmocka_unit_test(options_that_make_no_sense_are_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
