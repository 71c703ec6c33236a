/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of a recorder: what they have, when they begin and end. */
#include "recorder_rig.h"

static void a_file_has_what_came_before_its_trigger_and_for_a_while_after(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 500);
	assert_int_equal(trigger(&rig, GAP, "gap", "4 messages"), RECORDER_BEGUN);
	put(&rig, 0, 5000);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.packets[0].number, 1);
	assert_int_equal(s.n, 500 + 1000);
	assert_int_equal(check_order(&s), 0);
	assert_int_equal(s.packets[0].ns, START);
	assert_int_equal(s.packets[0].len, 100);
	assert_int_equal(s.packets[0].id, 1);
	assert_int_equal(s.n_interfaces, 2);
	assert_string_equal(s.names[1], "f/B");
	assert_int_equal(s.received[0], 1500);
	assert_int_equal(s.n_statistics, 2);
	assert_string_equal(s.end, "");
	forget(&s);
	rig_end(&rig);
}

static void a_file_says_why_it_is_there_and_what_it_covers(void **state)
{
	struct recorder_rig rig;
	struct shown s;
	struct stat st;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 10);
	trigger(&rig, GAP, "gap", "4 messages");
	put(&rig, 0, 2000);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_non_null(strstr(s.comments, "covers 2026-11-30T00:53:20.000000000Z to "
					   "2026-11-30T00:55:00.900000000Z, whole"));
	assert_non_null(strstr(s.comments, "recording md: gap: 4 messages\n"));
	assert_non_null(strstr(s.comments, "synthetic"));
	assert_string_equal(s.packets[9].comment, "");
	assert_string_equal(s.packets[10].comment,
			    "gap: 4 messages (at 2026-11-30T00:53:21.000000000Z)\n");
	assert_non_null(strstr(rig.stats.file, "/md-20261130T005321.000000000Z-gap.pcapng"));
	assert_int_equal(stat(rig.stats.file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(rig.stats.written, 1010);
	assert_int_equal(rig.stats.written_octets, st.st_size);
	assert_int_equal(rig.stats.dir_octets, st.st_size);
	forget(&s);
	rig_end(&rig);
}

static void its_group_may_read_it(void **state)
{
	struct recorder_rig rig;
	struct stat st;

	(void)state;
	rig_init(&rig);
	rig.config.gid = getegid();
	rig_begin(&rig);
	trigger(&rig, 0, "snap", "");
	pass(&rig, AFTER);
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	assert_int_equal(stat(rig.stats.answer, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_gid, getegid());
	rig_end(&rig);
}

static void a_trigger_during_a_file_joins_it_and_it_goes_on(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 1);
	assert_int_equal(trigger(&rig, GAP, "gap", "first"), RECORDER_BEGUN);
	put(&rig, 0, 500);
	assert_int_equal(trigger(&rig, GAP, "gap", "second"), RECORDER_JOINED);
	put(&rig, 0, 2000);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.n, 1501);
	assert_non_null(strstr(s.packets[501].comment, "gap: second (at "));
	assert_int_equal(rig.stats.triggers, 2);
	assert_int_equal(rig.stats.files, 1);
	assert_int_equal(rig.stats.joined, 1);
	forget(&s);
	rig_end(&rig);
}

static void a_holdoff_is_for_all_but_operators(void **state)
{
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	rig.config.holdoff_ns = 10 * AFTER;
	rig_begin(&rig);
	put(&rig, 0, 1);
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_BEGUN);
	put(&rig, 0, 1100);
	wait_answered(&rig, 1);
	pass(&rig, 9 * AFTER);
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_HELD_OFF);
	assert_int_equal(trigger(&rig, 0, "snap", "asked"), RECORDER_BEGUN);
	pass(&rig, AFTER);
	wait_answered(&rig, 2);
	pass(&rig, 10 * AFTER);
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_BEGUN);
	assert_int_equal(trigger(&rig, 4, "silence", ""), RECORDER_NOT_WANTED);
	recorder_stats(rig.r, &rig.stats);
	assert_int_equal(rig.stats.triggers, 4);
	assert_int_equal(rig.stats.files, 3);
	assert_int_equal(rig.stats.held_off, 1);
	rig_end(&rig);
}

static void a_trigger_while_a_file_is_closed_gets_the_next(void **state)
{
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	rig.config.after_ns = 0;
	rig_begin(&rig);
	for (unsigned i = 1; i <= 20; i++) {
		put(&rig, 0, 100);
		assert_int_not_equal(trigger(&rig, GAP, "gap", ""), RECORDER_HELD_OFF);
		recorder_time(rig.r, rig.ns);
		assert_int_not_equal(trigger(&rig, 0, "snap", ""), RECORDER_HELD_OFF);
		recorder_time(rig.r, rig.ns);
	}
	recorder_stats(rig.r, &rig.stats);
	wait_answered(&rig, rig.stats.asked);
	assert_int_equal(rig.stats.triggers, 40);
	assert_int_equal(rig.stats.files + rig.stats.joined, 40);
	assert_int_equal(rig.stats.whole, rig.stats.files);
	assert_int_equal(rig.stats.dir_files, rig.stats.files);
	rig_end(&rig);
}

static void memory_keeps_the_latest(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 60000);
	trigger(&rig, GAP, "gap", "");
	put(&rig, 0, 1100);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(check_order(&s), 0);
	assert_int_equal(s.packets[s.n - 1].number, 61000);
	/* 4 MiB, less an eighth, the recorder itself, and what does not fill a segment. */
	assert_in_range(s.n * 200, 2 * MIB, 4 * MIB);
	assert_int_equal(rig.stats.no_room, 0);
	assert_true(rig.stats.oldest_ns > START && rig.stats.oldest_ns < rig.stats.newest_ns);
	forget(&s);
	rig_end(&rig);
}

static void a_file_is_in_the_order_of_time(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	/* Each round reads one channel after the other; what one has later than `until` waits. */
	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < 12; i++)
			put_at(&rig, 0, rig.ns + i * 1000);
		for (unsigned i = 0; i < 10; i++)
			put_at(&rig, 1, rig.ns + i * 1000 + 500);
		recorder_time(rig.r, rig.ns + 9500);
		rig.ns += 10000;
		for (unsigned i = 0; i < 2;
		     i++) /* the next round begins earlier than the last ends */
			put_at(&rig, 1, rig.ns + i * 1000 + 100);
		rig.ns += 2000;
		if (round == 200)
			trigger(&rig, 0, "snap", "");
	}
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.n, 300 * 24);
	assert_int_equal(check_order(&s), 0);
	forget(&s);
	rig_end(&rig);
}

static void blind_stretches_are_told_and_are_no_gaps(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 10);
	recorder_blind(rig.r, 0, rig.ns, rig.ns + 5, 7);
	rig.numbers[0] += 7;
	rig.ns += 10;
	put(&rig, 0, 10);
	recorder_blind(rig.r, UINT32_MAX, rig.ns, rig.ns + 1, 0);
	rig.ns += 10;
	put(&rig, 1, 1);
	trigger(&rig, 0, "snap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.n, 21);
	assert_int_equal(check_order(&s), 7);
	assert_string_equal(s.packets[10].comment,
			    "blind on f/A from 2026-11-30T00:53:21.000000000Z to "
			    "2026-11-30T00:53:21.000000005Z: 7 messages\n");
	assert_non_null(strstr(s.packets[20].comment, "blind on any interface from "));
	assert_non_null(strstr(s.packets[20].comment, ": an unknown number of messages\n"));
	assert_int_equal(s.packets[20].drops, 0);
	assert_int_equal(s.not_read[0], 7);
	assert_int_equal(s.received[0], 27);
	assert_non_null(strstr(s.end, "blind stretches: 2, messages in them: 7\n"));
	assert_int_equal(rig.stats.blind, 2);
	assert_int_equal(rig.stats.blind_messages, 7);
	forget(&s);
	rig_end(&rig);
}

static void payloads_are_cut_to_the_snaplen(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig.config.snaplen = 60;
	rig_begin(&rig);
	put(&rig, 0, 10);
	rig.len = 40;
	put(&rig, 0, 10);
	rig.len = 65507;
	put(&rig, 0, 10);
	trigger(&rig, 0, "snap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.n, 30);
	assert_int_equal(s.packets[0].kept, 60);
	assert_int_equal(s.packets[0].len, 100);
	assert_int_equal(s.packets[10].kept, 40);
	assert_int_equal(s.packets[29].len, 65507);
	forget(&s);
	rig_end(&rig);
}

static void the_largest_payloads_are_whole(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig.len = 65507;
	rig_begin(&rig);
	put(&rig, 0, 300);
	trigger(&rig, 0, "snap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_true(s.n >= 20);
	assert_int_equal(check_order(&s), 0);
	assert_int_equal(s.packets[s.n - 1].number, 300);
	assert_int_equal(s.packets[0].kept, 65507);
	forget(&s);
	rig_end(&rig);
}

static void a_clock_that_goes_back_does_not_keep_a_file_open(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	trigger(&rig, GAP, "gap", "");
	put(&rig, 0, 100);
	rig.ns -= 3600 * SECOND;
	put(&rig, 0, 2000);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_in_range(s.n, 1100, 1102);
	forget(&s);
	rig_end(&rig);
}

static void when_no_time_passes_a_file_ends_by_the_hosts_clock(void **state)
{
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	rig.config.after_ns = 1;
	rig_begin(&rig);
	put(&rig, 0, 100);
	rig.ns -= rig.step_ns; /* the last that was told */
	trigger(&rig, GAP, "gap", "");
	wait_answered(&rig, 1);
	assert_int_equal(rig.stats.whole, 1);
	rig_end(&rig);
}

static void what_is_pending_is_written_at_the_end(void **state)
{
	struct recorder_rig rig;
	char names[SHOWN_MAX][256], path[600];
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	trigger(&rig, GAP, "gap", "");
	put(&rig, 0, 100);
	recorder_destroy(rig.r);
	assert_int_equal(list_dir(rig.config.dir, ".pcapng", names), 1);
	assert_int_equal(list_dir(rig.config.dir, "", names), 1); /* nothing else is left */
	snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[0]);
	show(&s, path);
	assert_int_equal(s.n, 200);
	forget(&s);
	rig_clear(&rig);
}

static void interfaces_may_be_made_while_a_file_is_written(void **state)
{
	struct recorder_rig rig;
	struct shown s;
	int i;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	trigger(&rig, GAP, "gap", "");
	put(&rig, 0, 400);
	usleep(300000); /* it has written that */
	i = recorder_interface(rig.r, &(struct recorder_interface){"f/C", ""});
	assert_int_equal(i, 2);
	assert_int_equal(recorder_interface(rig.r, &(struct recorder_interface){"f/B", ""}), 1);
	put(&rig, 2, 700);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.n_interfaces, 3);
	assert_string_equal(s.names[2], "f/C");
	assert_int_equal(s.packets[s.n - 1].interface, 2);
	forget(&s);
	rig_end(&rig);
}

static void there_is_an_end_of_interfaces(void **state)
{
	struct recorder_rig rig;
	struct recorder_interface it = {"", ""};

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	for (int i = 2; i < RECORDER_INTERFACES_MAX; i++) {
		snprintf(it.name, sizeof(it.name), "f/%d", i);
		assert_int_equal(recorder_interface(rig.r, &it), i);
	}
	strcpy(it.name, "f/more");
	assert_int_equal(recorder_interface(rig.r, &it), -28);
	put(&rig, 255, 1);
	trigger(&rig, 0, "snap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	assert_int_equal(rig.stats.whole, 1);
	rig_end(&rig);
}

/* A minute of two lines with 200 triggers at random, of which most are held off or join. */
static void two_hundred_triggers_in_a_minute_are_accounted_for(void **state)
{
	uint64_t written = 0, seed = 1;
	char names[SHOWN_MAX][256], path[600];
	struct recorder_rig rig;
	struct shown s;
	unsigned n;

	(void)state;
	rig_init(&rig);
	rig.config.after_ns = SECOND / 5;
	rig.config.holdoff_ns = SECOND / 2;
	rig.step_ns = 6 * SECOND / 1000;
	rig_begin(&rig);
	for (unsigned i = 0; i < 200; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		put(&rig, 0, 1 + (seed >> 32) % 50);
		put(&rig, 1, 1 + (seed >> 40) % 50);
		trigger(&rig, seed >> 63 ? GAP : 0, seed >> 63 ? "gap" : "snap", "");
		recorder_stats(rig.r, &rig.stats);
		assert_int_equal(rig.stats.triggers, i + 1);
		assert_int_equal(rig.stats.triggers, rig.stats.files + rig.stats.joined +
							 rig.stats.held_off + rig.stats.failed);
		if (i % 4 == 3) /* else it is over before the first file is */
			wait_answered(&rig, rig.stats.asked - (rig.stats.is_writing != 0));
	}
	pass(&rig, SECOND);
	wait_answered(&rig, rig.stats.asked);
	n = list_dir(rig.config.dir, ".pcapng", names);
	assert_int_equal(n, rig.stats.files);
	assert_int_equal(n, rig.stats.whole);
	assert_true(n >= 10 && rig.stats.joined > 0 && rig.stats.held_off > 0);
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[i]);
		show(&s, path);
		assert_int_equal(check_order(&s), 0);
		assert_non_null(strstr(s.comments, ", whole"));
		written += s.n;
		forget(&s);
	}
	assert_int_equal(rig.stats.written, written);
	assert_int_equal(rig.stats.put, rig.numbers[0] + rig.numbers[1]);
	assert_int_equal(rig.stats.no_room, 0);
	rig_end(&rig);
}

static void a_flood_of_triggers_is_counted_and_does_not_fill_the_memory(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	for (unsigned i = 0; i < 100000; i++)
		trigger(&rig, GAP, "gap", "again");
	put(&rig, 0, 3000);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(s.packets[0].number, 1);
	assert_int_equal(rig.stats.triggers, 100000);
	assert_int_equal(rig.stats.joined, 99999);
	assert_non_null(strstr(s.packets[100].comment, "(and 8 more remarks)"));
	forget(&s);
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_has_what_came_before_its_trigger_and_for_a_while_after),
	    cmocka_unit_test(a_file_says_why_it_is_there_and_what_it_covers),
	    cmocka_unit_test(its_group_may_read_it),
	    cmocka_unit_test(a_trigger_during_a_file_joins_it_and_it_goes_on),
	    cmocka_unit_test(a_holdoff_is_for_all_but_operators),
	    cmocka_unit_test(a_trigger_while_a_file_is_closed_gets_the_next),
	    cmocka_unit_test(memory_keeps_the_latest),
	    cmocka_unit_test(a_file_is_in_the_order_of_time),
	    cmocka_unit_test(blind_stretches_are_told_and_are_no_gaps),
	    cmocka_unit_test(payloads_are_cut_to_the_snaplen),
	    cmocka_unit_test(the_largest_payloads_are_whole),
	    cmocka_unit_test(a_clock_that_goes_back_does_not_keep_a_file_open),
	    cmocka_unit_test(when_no_time_passes_a_file_ends_by_the_hosts_clock),
	    cmocka_unit_test(what_is_pending_is_written_at_the_end),
	    cmocka_unit_test(interfaces_may_be_made_while_a_file_is_written),
	    cmocka_unit_test(there_is_an_end_of_interfaces),
	    cmocka_unit_test(two_hundred_triggers_in_a_minute_are_accounted_for),
	    cmocka_unit_test(a_flood_of_triggers_is_counted_and_does_not_fill_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
