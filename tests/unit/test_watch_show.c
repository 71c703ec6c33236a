/* SPDX-License-Identifier: BSD-3-Clause */
/* What people see: the line a minute, the table, and that nobody waits for who reads them. */
#include <fcntl.h>
#include <signal.h>

#include "watch_rig.h"

#include "mcring-watch/minute.h"
#include "mcring-watch/out.h"
#include "mcring-watch/table.h"

static int setup(void **state)
{
	*state = rig_create();
	return 0;
}

static int teardown(void **state)
{
	rig_destroy(*state);
	return 0;
}

/* ---- the line a minute ---- */

static void a_minute_is_what_was_lost_in_it_and_by_which_line(void **state)
{
	struct rig *r = *state;
	struct watch_minute m = {0};
	char text[512];

	r->channel.packets = 1000;
	r->feed.lines[0].info.lost = 7;
	r->feed.wire_messages = 2;
	rig_groups(r, 4);
	r->groups[1].silent_since_ns = 5;
	watch_burst_add(r->channel.burst, 5 * SECOND, 9, 90);
	assert_string_equal(watch_minute_text(&m, &r->w, text, sizeof(text)),
			    "a minute: 1000 packets of 4 groups (1 silent); 1 feed: 2 messages "
			    "missing (wire 2, host 0, watch 0); lost by line: itch/A 7; most "
			    "packets in 10 us 9 (md), 100 us 9 (md), 1 ms 9 (md), 1 s 9 (md)");
	r->channel.packets = 1500;
	r->channel.lost = 3;
	r->feed.lines[1].info.lost = 1;
	r->feed.lines[1].down_since_ns = 6;
	r->feed.silences = 2;
	assert_string_equal(watch_minute_text(&m, &r->w, text, sizeof(text)),
			    "a minute: 500 packets of 4 groups (1 silent), 3 lost by the watch "
			    "itself; 1 feed: 0 messages missing, silent 2 times; lost by line: "
			    "itch/B 1; down: itch/B");
	watch_minute_clear(&m);
}

static void counters_that_began_anew_are_no_loss(void **state)
{
	struct rig *r = *state;
	struct watch_minute m = {0};
	char text[512];

	r->channel.packets = 1000;
	r->feed.lines[0].info.lost = 7;
	watch_minute_text(&m, &r->w, text, sizeof(text));
	r->channel.packets = 10;
	r->feed.lines[0].info.lost = 0;
	assert_string_equal(watch_minute_text(&m, &r->w, text, sizeof(text)),
			    "a minute: 10 packets of 0 groups; 1 feed: 0 messages missing");
	watch_minute_clear(&m);
}

static void a_minute_without_room_ends_with_a_whole_word(void **state)
{
	struct rig *r = *state;
	struct watch_minute m = {0};
	char text[63];

	r->feed.lines[0].info.lost = 7;
	r->feed.lines[1].info.lost = 8;
	assert_string_equal(watch_minute_text(&m, &r->w, text, sizeof(text)),
			    "a minute: 0 packets of 0 groups; 1 feed: 0 messages missing");
	watch_minute_clear(&m);
}

/* ---- the table ---- */

static char *table(struct watch_table *t, const struct rig *r, uint64_t now_ns)
{
	size_t len;
	char *text = watch_table_text(t, &r->w, 200, now_ns, &len);

	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	return text;
}

/* The number of the line that has this, from 1. */
static unsigned line_of(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	unsigned n = 1;

	assert_non_null(at);
	for (; text < at; text++)
		n += *text == '\n';
	return n;
}

static void the_line_that_lost_most_stands_first(void **state)
{
	struct rig *r = *state;
	struct watch_table t = {0};
	char *text;

	r->feed.lines[0].info.lost = 5;
	r->feed.lines[1].info.lost = 70;
	r->channel.packets = 300;
	text = table(&t, r, SECOND);
	assert_true(line_of(text, "itch  B") < line_of(text, "itch  A"));
	assert_true(line_of(text, "feed  line") < line_of(text, "wire gaps"));
	assert_null(strstr(text, " 150 "));
	free(text);
	r->channel.packets = 600;
	text = table(&t, r, 3 * SECOND);
	assert_non_null(strstr(text, " 150 ")); /* packets/s */
	free(text);
	watch_table_clear(&t);
}

static void silent_groups_and_alarms_are_shown(void **state)
{
	struct rig *r = *state;
	struct watch_table t = {0};
	char *text;

	rig_groups(r, 40);
	for (uint32_t i = 0; i < 30; i++)
		r->groups[i].silent_since_ns = 7 * SECOND;
	r->w.alarms_now[WATCH_SILENCE] = 2;
	r->w.recent[0] = (struct watch_alarm){.kind = WATCH_GAP, .ns = SECOND};
	strcpy(r->w.recent[0].text, "gap 7-9");
	r->w.n_recent = 1;
	text = table(&t, r, 9 * SECOND);
	assert_non_null(strstr(text, "40 groups, 30 of them silent"));
	assert_non_null(strstr(text, "alarms now: silence 2\n"));
	assert_non_null(strstr(text, "239.0.0.9 "));
	assert_null(strstr(text, "239.0.0.10 "));
	assert_non_null(strstr(text, "2.0 s"));
	assert_non_null(strstr(text, "gap: gap 7-9\n"));
	free(text);
	watch_table_clear(&t);
}

static void a_screen_has_no_more_than_fits_and_nothing_moves_its_cursor(void **state)
{
	size_t len;
	char *screen = watch_table_screen(strdup("one\x1b[2Jtwo\nthree\nfour\n"), 3, 6, &len);

	(void)state;
	assert_string_equal(screen, "\033[Hone?[2\033[K\nthree\033[K\n\033[J");
	assert_int_equal(len, strlen(screen));
	free(screen);
}

/* ---- who reads ---- */

static void who_stops_reading_is_not_waited_for_and_gets_whole_texts(void **state)
{
	const size_t len = 1 << 20;
	char *text = malloc(len), *got = malloc(len + 1);
	struct watch_out out = {0};
	size_t n = 0;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0); /* its end stays one that blocks */
	out.fd = fds[1];
	memset(text, 'x', len);
	watch_out_put(&out, text, len);
	assert_int_equal(watch_out_go_on(&out), 1);
	watch_out_put(&out, strdup("left out"), 8);
	assert_int_equal(out.left_out, 1);
	while (n < len) {
		const ssize_t some = read(fds[0], got + n, len - n);

		assert_true(some > 0);
		n += (size_t)some;
		watch_out_go_on(&out);
	}
	assert_int_equal(watch_out_go_on(&out), 0);
	watch_out_put(&out, strdup("the next\n"), 9);
	assert_int_equal(read(fds[0], got, len), 9);
	assert_memory_equal(got, "the next\n", 9);
	free(got);
	close(fds[0]);
	close(fds[1]);
}

static void who_is_gone_is_an_error_once_and_for_all(void **state)
{
	struct watch_out out = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	out.fd = fds[1];
	close(fds[0]);
	watch_out_put(&out, strdup("x"), 1);
	assert_int_equal(out.error, EPIPE);
	watch_out_put(&out, strdup("y"), 1);
	assert_null(out.text);
	assert_int_equal(watch_out_go_on(&out), 0);
	close(fds[1]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_minute_is_what_was_lost_in_it_and_by_which_line),
	    TEST(counters_that_began_anew_are_no_loss),
	    TEST(a_minute_without_room_ends_with_a_whole_word),
	    TEST(the_line_that_lost_most_stands_first),
	    TEST(silent_groups_and_alarms_are_shown),
	    TEST(a_screen_has_no_more_than_fits_and_nothing_moves_its_cursor),
	    TEST(who_stops_reading_is_not_waited_for_and_gets_whole_texts),
	    TEST(who_is_gone_is_an_error_once_and_for_all),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
