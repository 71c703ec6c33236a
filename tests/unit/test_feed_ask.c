/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed that the engine declares. */
#include "feed_rig.h"
#include "held_clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

#include "engine/attach/attach_feeds.h"
#include "engine/attach/declared_feeds.h"
#include "feed/open.h"
#include "feed/state.h"

static void declare(struct feed_rig *rig, int i, const char *text)
{
	struct small_engine *e = &rig->e[i];
	struct mcr_feeds *feeds = NULL;
	struct mcr_error err = {""};

	if (text && mcr_feeds_create(&feeds, &text, 1, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, strrchr(e->dir, '/') + 1);
	pthread_mutex_unlock(&e->lock);
}

/* The same, but what it hands out is of a version that is not known here. */
static void declare_news(struct feed_rig *rig, int i)
{
	static const char news[] = "feed test\ntelepathy on\n";
	struct small_engine *e = &rig->e[i];
	const char *text = rig->text;
	struct mcr_feeds *feeds = NULL;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(mcr_feeds_create(&feeds, &text, 1, NULL), 0);
	assert_int_equal(write(fd, news, strlen(news)), strlen(news));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
	close(feeds->feeds[0].fd);
	feeds->feeds[0].fd = fd;
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, strrchr(e->dir, '/') + 1);
	pthread_mutex_unlock(&e->lock);
}

/* Opens what the first engine declares. */
static int open_declared(struct feed_rig *rig, const char *name, struct mcr_error *err)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;

	opts.feed = name;
	opts.run_dir = rig->e[0].dir;
	return mcr_feed_open(&rig->f, &opts, err);
}

static void the_engine_hands_the_declaration_over(void **state)
{
	static const char *const names[] = {"test", NULL};

	for (int i = 0; i < 2; i++) {
		struct feed_rig rig;
		struct mcr_feed_stats stats = {.size = sizeof(stats)};
		struct mcr_error err = {""};

		rig_create(&rig, 65536);
		declare(&rig, 0, rig.text);
		declare(&rig, 1, rig.text);
		assert_int_equal(open_declared(&rig, names[i], &err), 0);
		assert_non_null(strstr(mcr_feed_config_text(rig.f), "feed test\n"));
		assert_int_equal(mcr_feed_stats_info(rig.f, &stats), 0);
		assert_int_equal(stats.digest, mcr_feed_config_digest(mcr_feed_config_text(rig.f)));
		for (uint64_t seq = 1; seq <= 10; seq++)
			rig_put(&rig, (int)(seq % 2), 1000 + seq, seq, 1);
		rig_poll(&rig);
		rig_expect_data(&rig, 1, 10);
		rig_destroy(&rig);
	}
}

static void engines_that_do_not_agree_are_refused_with_the_difference(void **state)
{
	struct feed_rig rig;
	struct mcr_error err = {""};
	char other[1024];

	rig_create(&rig, 65536);
	assert_int_equal(open_declared(&rig, "test", &err), -ENOENT);
	declare(&rig, 0, rig.text);
	assert_int_equal(open_declared(&rig, "tset", &err), -ENOENT);
	assert_non_null(strstr(err.text, "test"));
	assert_int_equal(open_declared(&rig, "test", &err), -ESTALE);
	assert_non_null(strstr(err.text, rig.e[1].dir));
	strcpy(other, rig.text);
	rig_text(&rig, "gap_timeout 2ms\n");
	declare(&rig, 1, rig.text);
	assert_int_equal(open_declared(&rig, "test", &err), -ESTALE);
	assert_non_null(strstr(err.text, "gap_timeout"));
	declare(&rig, 1, other);
	assert_int_equal(open_declared(&rig, "test", &err), 0);
	rig_destroy(&rig);
}

/* The text is not the program's, so it is not told that it is bad. */
static void what_an_engine_of_another_version_declares_is_no_bad_text(void **state)
{
	struct feed_rig rig;
	struct mcr_error err = {""};
	size_t before;

	rig_create(&rig, 65536);
	declare_news(&rig, 0);
	declare(&rig, 1, rig.text);
	before = fd_count();
	assert_int_equal(open_declared(&rig, "test", &err), -EPROTO);
	assert_non_null(strstr(err.text, "telepathy"));
	declare(&rig, 0, rig.text);
	declare_news(&rig, 1);
	assert_int_equal(open_declared(&rig, "test", &err), -EPROTO);
	assert_non_null(strstr(err.text, "telepathy"));
	for (int k = 0; k < 10000 && fd_count() != before; k++) /* those of the engines, too */
		sleep_ms(1);
	assert_int_equal(fd_count(), before);
	rig_destroy(&rig);
}

static void a_change_is_told_once_and_the_feed_goes_on(void **state)
{
	struct feed_rig rig;
	struct mcr_error err = {""};
	uint64_t start = monotonic_ns();

	rig_create(&rig, 65536);
	declare(&rig, 0, rig.text);
	declare(&rig, 1, rig.text);
	assert_int_equal(open_declared(&rig, "test", &err), 0);
	rig_put(&rig, 0, 1000, 1, 1);
	rig_poll(&rig);
	rig_text(&rig, "gap_timeout 2ms\n");
	declare(&rig, 0, rig.text);
	while (rig_count(&rig, MCR_FEED_CHANGED) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, UINT64_C(1000000000)) >= 0);
		rig_poll(&rig);
	}
	assert_null(strstr(mcr_feed_config_text(rig.f), "2ms"));
	rig_put(&rig, 1, 2000, 2, 1);
	assert_true(mcr_feed_wait(rig.f, 20000000) >= 0);
	rig_poll(&rig);
	assert_int_equal(rig_count(&rig, MCR_FEED_CHANGED), 1);
	rig_expect_data(&rig, 1, 2);
	rig_destroy(&rig);
}

/* It keeps nobody awake who does not want to know. */
static void a_change_that_nobody_wants_is_forgotten(void **state)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct feed_rig rig;
	uint64_t start = monotonic_ns();

	rig_create(&rig, 65536);
	declare(&rig, 0, rig.text);
	declare(&rig, 1, rig.text);
	opts.run_dir = rig.e[0].dir;
	opts.events = 1u << MCR_FEED_GAP;
	assert_int_equal(mcr_feed_open(&rig.f, &opts, NULL), 0);
	rig_text(&rig, "gap_timeout 2ms\n");
	declare(&rig, 0, rig.text);
	while (!rig.f->is_changed) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		mcr_feed_source_notices(&rig.f->sources[0]);
	}
	assert_int_equal(mcr_feed_arm(rig.f), 1);
	rig_poll(&rig);
	assert_int_equal(rig.n, 0);
	assert_int_equal(mcr_feed_arm(rig.f), 0);
	rig_destroy(&rig);
}

/* One that spins does not sleep, and sees it by the feed's time. */
static void a_program_that_never_sleeps_is_told_too(void **state)
{
	struct feed_rig rig;
	struct mcr_error err = {""};
	uint64_t start = monotonic_ns();

	rig_create(&rig, 65536);
	declare(&rig, 0, rig.text);
	declare(&rig, 1, rig.text);
	assert_int_equal(open_declared(&rig, "test", &err), 0);
	declare(&rig, 1, NULL);
	while (rig_count(&rig, MCR_FEED_CHANGED) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		for (int i = 0; i < 2; i++)
			rig_polled(&rig, i, rig_now_ns());
		rig_poll(&rig);
	}
	rig_destroy(&rig);
}

static void the_next_engine_must_agree_as_well(void **state)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 65536};
	struct feed_rig rig;
	struct mcr_error err = {""};
	uint64_t start = monotonic_ns();
	char same[1024];

	rig_create(&rig, 65536);
	strcpy(same, rig.text);
	declare(&rig, 0, same);
	declare(&rig, 1, same);
	assert_int_equal(open_declared(&rig, "test", &err), 0);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, 1000, 1, 1);
	rig_poll(&rig);
	small_engine_kill(&rig.e[1]);
	rig_text(&rig, "gap_timeout 2ms\n");
	small_engine_start(&rig.e[1], &attach, &channel, 1, 4712);
	declare(&rig, 1, rig.text);
	while (rig_count(&rig, MCR_FEED_CHANGED) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, 1000000) >= 0);
		rig_poll(&rig);
	}
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 1);
	for (int refused = 0; refused < 2;) { /* again and again, which is told once */
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		refused += mcr_feed_source_step(&rig.f->sources[1], &err) == -ESTALE;
	}
	rig_poll(&rig);
	declare(&rig, 1, same);
	while (rig_count(&rig, MCR_FEED_LINE_UP) == 0) { /* with the first that it brings */
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig.f, 1000000) >= 0);
		rig_put(&rig, 1, 2000, 2, 1);
		rig_poll(&rig);
	}
	rig_expect_data(&rig, 1, 2);
	assert_int_equal(rig_count(&rig, MCR_FEED_CHANGED), 1);
	rig_destroy(&rig);
}

/* Two engines that declare the feed, of which the second one has ended. Returns what it was. */
static struct mcr_feed_source *lose_the_second(struct feed_rig *rig)
{
	struct mcr_error err = {""};
	uint64_t start = monotonic_ns();

	rig_create(rig, 65536);
	declare(rig, 0, rig->text);
	declare(rig, 1, rig->text);
	assert_int_equal(open_declared(rig, "test", &err), 0);
	small_engine_kill(&rig->e[1]);
	while (mcr_feed_source_lives(&rig->f->sources[1])) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		rig_poll(rig);
	}
	return &rig->f->sources[1];
}

static void who_is_not_there_or_not_for_us_is_asked_now_and_then(void **state)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 65536};
	const uint64_t second = UINT64_C(1000000000);
	struct feed_rig rig;
	struct mcr_feed_source *s;
	struct mcr_error err = {""};
	uint64_t pause = second / 10;
	int ret;

	s = lose_the_second(&rig);
	hold_clock(NULL); /* no pause is over */
	assert_int_equal(mcr_feed_source_step(s, &err), -ENOENT);
	assert_int_equal(s->due_ns, monotonic_ns() + second);
	small_engine_start(&rig.e[1], &attach, &channel, 1, 4712);
	for (int refused = 0; refused < 10; pause = pause < 5 * second ? 2 * pause : 10 * second) {
		do {
			const enum mcr_feed_step step = s->step;

			ret = mcr_feed_source_step(s, &err);
			if (ret == -EAGAIN && step == MCR_FEED_SEEK && s->step != step)
				assert_int_equal(s->due_ns, monotonic_ns() + 5 * second);
		} while (ret != -ESTALE);
		refused++;
		assert_int_equal(s->pause_ns, pause);
		assert_int_equal(s->due_ns, monotonic_ns() + pause);
		s->look_ns = 0;
		assert_int_equal(mcr_feed_source_look(s, &err), -EAGAIN);
		assert_null(s->c);
	}
	declare(&rig, 1, rig.text);
	while (mcr_feed_source_step(s, &err) != 0)
		;
	assert_int_equal(s->pause_ns, 0);
	let_clock_go();
	rig_destroy(&rig);
}

/* A program that was stopped finds an answer that is there, however late it is. */
static void an_answer_that_came_while_the_program_was_away_is_taken(void **state)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 65536};
	struct feed_rig rig;
	struct mcr_feed_source *s;
	struct pollfd p = {.events = POLLIN};
	struct mcr_error err = {""};
	uint64_t start = monotonic_ns();
	int ret;

	s = lose_the_second(&rig);
	small_engine_start(&rig.e[1], &attach, &channel, 1, 4712);
	declare(&rig, 1, rig.text);
	while (s->step != MCR_FEED_INTERFACE) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		pthread_mutex_lock(&rig.e[1].lock); /* no answer comes before the step is over */
		ret = mcr_feed_source_step(s, &err);
		pthread_mutex_unlock(&rig.e[1].lock);
		assert_int_equal(ret, -EAGAIN);
	}
	p.fd = mcr_consumer_fd(s->c);
	assert_int_equal(poll(&p, 1, 20000), 1);
	s->due_ns = 1;
	assert_int_equal(mcr_feed_source_step(s, &err), 0);
	rig_destroy(&rig);
}

/* Opens what the first engine declares, and waits for its declaration alone. */
static void open_asked(struct feed_rig *rig)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_feed_ask ask;
	struct mcr_error err = {""};

	opts.run_dir = rig->e[0].dir;
	assert_int_equal(mcr_feed_ask_begin(&ask, opts.run_dir, "test", "me", 0, &err), 0);
	assert_int_equal(mcr_feed_ask_await(&ask, UINT64_C(20000000000), &err), 0);
	if (mcr_feed_open_asked(&rig->f, &opts, &ask, &err) != 0)
		fail_msg("%s", err.text);
	mcr_feed_ask_close(&ask);
}

/* Publishes on a line until the feed has heard it. */
static void put_until_heard(struct feed_rig *rig, int line)
{
	struct mcr_feed_line info = {.size = sizeof(info)};
	struct mcr_feed_msg msgs[32];
	uint64_t start = monotonic_ns();

	do {
		int got;

		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		rig_put(rig, line, rig_now_ns(), 1, 1);
		got = mcr_feed_poll(rig->f, msgs, 32);
		for (int i = 0; i < got; i++)
			rig->items[rig->n++].m = msgs[i];
		mcr_feed_release(rig->f);
		if (got <= 0)
			mcr_feed_wait(rig->f, 1000000);
		assert_int_equal(mcr_feed_line_info(rig->f, (uint32_t)line, &info), 0);
	} while (!info.was_heard);
}

static void a_feed_that_waits_for_nobody_reads_who_answers(void **state)
{
	struct mcr_feed_line info = {.size = sizeof(info)};
	struct feed_rig rig;

	rig_create(&rig, 65536);
	declare(&rig, 0, rig.text);
	declare(&rig, 1, rig.text);
	pthread_mutex_lock(&rig.e[1].lock); /* it hangs */
	open_asked(&rig);
	put_until_heard(&rig, 0);
	assert_int_equal(mcr_feed_line_info(rig.f, 1, &info), 0);
	assert_int_equal(info.was_heard, 0);
	pthread_mutex_unlock(&rig.e[1].lock);
	put_until_heard(&rig, 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
	assert_int_equal(rig_count(&rig, MCR_FEED_CHANGED), 0);
	rig_destroy(&rig);
}

static void a_line_without_an_engine_is_down_where_nobody_is_waited_for(void **state)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 65536};
	const struct mcr_feed_msg *m;
	struct feed_rig rig;
	size_t at = 0;

	rig_create(&rig, 65536);
	declare(&rig, 0, rig.text);
	small_engine_kill(&rig.e[1]);
	open_asked(&rig);
	put_until_heard(&rig, 0);
	m = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_non_null(m);
	assert_int_equal(m->line, 1);
	assert_int_equal(m->down.why, MCR_FEED_DOWN_ENGINE);
	small_engine_start(&rig.e[1], &attach, &channel, 1, 4712);
	declare(&rig, 1, rig.text);
	put_until_heard(&rig, 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_UP), 1);
	rig_destroy(&rig);
}

static void an_engine_that_turns_out_to_differ_keeps_its_line_down(void **state)
{
	const struct mcr_feed_msg *m;
	struct feed_rig rig;
	uint64_t start = monotonic_ns();
	size_t at = 0;

	rig_create(&rig, 65536);
	declare(&rig, 0, rig.text);
	open_asked(&rig);
	put_until_heard(&rig, 0);
	while (rig_count(&rig, MCR_FEED_LINE_DOWN) == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		mcr_feed_wait(rig.f, 1000000);
		rig_poll(&rig);
	}
	m = rig_next(&rig, &at, MCR_FEED_LINE_DOWN);
	assert_int_equal(m->line, 1);
	assert_int_equal(m->down.why, MCR_FEED_DOWN_ENGINE);
	assert_int_equal(rig_count(&rig, MCR_FEED_CHANGED), 1);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_engine_hands_the_declaration_over),
	    cmocka_unit_test(engines_that_do_not_agree_are_refused_with_the_difference),
	    cmocka_unit_test(what_an_engine_of_another_version_declares_is_no_bad_text),
	    cmocka_unit_test(a_change_that_nobody_wants_is_forgotten),
	    cmocka_unit_test(a_change_is_told_once_and_the_feed_goes_on),
	    cmocka_unit_test(a_program_that_never_sleeps_is_told_too),
	    cmocka_unit_test(the_next_engine_must_agree_as_well),
	    cmocka_unit_test(who_is_not_there_or_not_for_us_is_asked_now_and_then),
	    cmocka_unit_test(an_answer_that_came_while_the_program_was_away_is_taken),
	    cmocka_unit_test(a_feed_that_waits_for_nobody_reads_who_answers),
	    cmocka_unit_test(a_line_without_an_engine_is_down_where_nobody_is_waited_for),
	    cmocka_unit_test(an_engine_that_turns_out_to_differ_keeps_its_line_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
