/* SPDX-License-Identifier: BSD-3-Clause */
/* Which feeds mcring-watch reads: found, opened, declared otherwise, gone. */
#include "watch_feeds_rig.h"

static void a_feed_that_is_declared_otherwise_is_opened_again(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	put(&r, 0, 5, 1);
	pass(&r, 10000000);
	assert_int_equal(f->wire_gaps, 1);
	rig_text(&r.feed, "gap_timeout 7ms\n");
	for (int i = 0; i < 2; i++)
		declare(&r, i, r.feed.text);
	await(&r,
	      f->feed && strstr(mcr_feed_config_text(f->feed), "7ms") && f->feed->n_readers == 2);
	assert_int_equal(f->wire_gaps, 0); /* counted anew */
	assert_int_equal(f->lines[0].info.packets, 0);
	assert_string_equal(last_event(f, 0)->text, "it is declared otherwise now");
	put(&r, 1, 100, 1);
	pass(&r, 10000000);
	refresh(&r);
	assert_int_equal(f->lines[1].info.packets, 1);
	destroy(&r);
}

static void an_engine_of_a_line_that_differs_leaves_its_line_down(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;
	char same[1024];
	uint64_t changes;

	create(&r, "");
	f = open_it(&r);
	changes = r.w.feed_changes;
	strcpy(same, r.feed.text);
	small_engine_kill(&r.feed.e[1]);
	await(&r, f->lines[1].down_since_ns != 0);
	assert_string_equal(only_alarm(WATCH_LINE_DOWN, 0)->text,
			    "line B is down: its engine does not run, hangs, or declares another "
			    "feed");
	rig_text(&r.feed, "gap_timeout 7ms\n");
	revive(&r, 1, r.feed.text);
	await(&r, f->n_events > 0 && last_event(f, 0)->kind == MCR_FEED_CHANGED);
	for (int i = 0; i < 100; i++) {
		step(&r);
		sleep_ms(1);
	}
	/* The engine that was asked says the same as before: it was not opened again. */
	assert_int_equal(r.w.feed_changes, changes);
	assert_int_equal(f->state->is_changed, 0);
	assert_int_equal(f->lines[0].down_since_ns, 0);
	declare(&r, 1, same);
	await(&r, f->feed->n_readers == 2);
	put(&r, 1, 1, 1);
	await(&r, f->lines[1].down_since_ns == 0);
	destroy(&r);
}

static void a_feed_of_several_engines_is_watched_once(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	for (int i = 0; i < 2; i++) { /* both before one is open */
		feeds_note(&r.w, &r.engines[i], "test", 0);
		feeds_noted(&r.w, &r.engines[i]);
	}
	assert_int_equal(r.w.n_feeds, 2);
	await(&r, r.w.n_feeds == 1);
	f = feed_of(&r);
	await(&r, f->feed && f->feed->n_readers == 2);
	for (int i = 0; i < 2; i++) {
		feeds_note(&r.w, &r.engines[i], "test", 0);
		feeds_noted(&r.w, &r.engines[i]);
	}
	assert_ptr_equal(feed_of(&r), f);
	/* The one that was asked names it no longer, the other one does. */
	feeds_noted(&r.w, f->engine);
	assert_int_equal(r.w.n_feeds, 0);
	feeds_note(&r.w, &r.engines[1], "test", 0);
	assert_int_equal(r.w.n_feeds, 1);
	await(&r, r.w.feeds[0]->feed != NULL);
	destroy(&r);
}

static void engines_that_differ_are_named_with_the_difference(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	declare(&r, 0, NULL);
	feeds_note(&r.w, &r.engines[0], "test", 0);
	f = feed_of(&r);
	await(&r, f->error[0] != '\0');
	assert_non_null(strstr(f->error, "unknown feed \"test\""));
	assert_int_equal(f->is_open, 0);
	declare(&r, 0, r.feed.text); /* tried again after a while */
	await(&r, f->feed && f->feed->n_readers == 2);
	assert_string_equal(f->error, "");
	destroy(&r);
}

static void an_engine_that_hangs_holds_nobody_up(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;
	uint64_t start, longest = 0;

	create(&r, "");
	for (int i = 0; i < 2; i++)
		pthread_mutex_lock(&r.feed.e[i].lock);
	feeds_note(&r.w, &r.engines[0], "test", 0);
	f = feed_of(&r);
	for (int i = 0; i < 50; i++) {
		start = monotonic_ns();
		step(&r);
		if (monotonic_ns() - start > longest)
			longest = monotonic_ns() - start;
		sleep_ms(2);
	}
	assert_null(f->feed);
	pthread_mutex_unlock(&r.feed.e[0].lock);
	await(&r, f->feed && f->feed->n_readers == 1);
	put(&r, 0, 1, 1);
	await(&r, f->n_events == 1);
	feeds_look(&r.w, monotonic_ns() + UINT64_C(6000000000)); /* it is open: no time is over */
	assert_non_null(f->feed);
	pthread_mutex_unlock(&r.feed.e[1].lock);
	await(&r, f->feed->n_readers == 2);
	assert_int_equal(n_alarms, 0);
	assert_true(longest < UINT64_C(2000000000)); /* not the 5 s that an engine has */
	destroy(&r);
}

static void an_engine_that_never_answers_is_asked_again(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;

	create(&r, "");
	pthread_mutex_lock(&r.feed.e[0].lock);
	feeds_note(&r.w, &r.engines[0], "test", 0);
	f = feed_of(&r);
	step(&r);
	feeds_look(&r.w, monotonic_ns() + UINT64_C(6000000000));
	assert_string_equal(f->error, "the engine does not answer");
	pthread_mutex_unlock(&r.feed.e[0].lock);
	await(&r, f->feed != NULL);
	destroy(&r);
}

/* What sleeps is woken by the descriptor that it gave the watch. */
static void a_sleeper_is_woken(void **state)
{
	struct epoll_event event;
	struct watch_rig r;
	struct watch_feed *f;
	unsigned armed = 0;

	create(&r, "");
	f = open_it(&r);
	put(&r, 0, 1, 1);
	pass(&r, 1000);
	for (int i = 0; i < 1000 && !armed; i++) {
		step(&r);
		armed = feeds_arm(&r.w) == 0;
	}
	assert_int_equal(armed, 1);
	assert_int_equal(epoll_wait(r.w.epoll_fd, &event, 1, 0), 0);
	put(&r, 0, 2, 1);
	assert_int_equal(epoll_wait(r.w.epoll_fd, &event, 1, 20000), 1);
	assert_true(feeds_read(&r.w) > 0);
	assert_int_equal(f->feed->time_ns > 0, 1);
	destroy(&r);
}

static void nothing_is_left_open(void **state)
{
	struct watch_rig r;
	size_t before;

	create(&r, "");
	before = fd_count();
	open_it(&r);
	feeds_destroy(&r.w);
	for (int k = 0; k < 10000 && fd_count() != before; k++) /* those of the engines, too */
		sleep_ms(1);
	assert_int_equal(fd_count(), before);
	destroy(&r);
}

/* Whatever became of the notice that it sent: the list has another digest. */
static void a_digest_that_differs_has_the_engine_asked_again(void **state)
{
	struct watch_rig r;
	struct watch_feed *f;
	uint64_t changes;

	create(&r, "");
	f = open_it(&r);
	changes = r.w.feed_changes;
	feeds_note(&r.w, &r.engines[0], "test", 0);
	assert_int_equal(f->state->is_changed, 0);
	feeds_note(&r.w, &r.engines[0], "test", 4711);
	assert_int_equal(f->state->is_changed, 1);
	await(&r, !f->state->is_changed);
	assert_int_equal(r.w.feed_changes, changes); /* it was the same */
	destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_that_is_declared_otherwise_is_opened_again),
	    cmocka_unit_test(an_engine_of_a_line_that_differs_leaves_its_line_down),
	    cmocka_unit_test(a_feed_of_several_engines_is_watched_once),
	    cmocka_unit_test(engines_that_differ_are_named_with_the_difference),
	    cmocka_unit_test(an_engine_that_hangs_holds_nobody_up),
	    cmocka_unit_test(an_engine_that_never_answers_is_asked_again),
	    cmocka_unit_test(a_sleeper_is_woken),
	    cmocka_unit_test(nothing_is_left_open),
	    cmocka_unit_test(a_digest_that_differs_has_the_engine_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
