/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed takes of the process, and one that has no descriptor left. The engines are in this
 * process: their part of an attachment needs descriptors, too. */
#include "feed_rig.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "feed/state.h"

static void restart(struct small_engine *e, uint64_t epoch)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 65536};

	small_engine_start(e, &attach, &channel, 1, epoch);
	mcr_ring_set_started(&e->writers[0], rig_now_ns());
}

static void poll_until(struct feed_rig *rig, enum mcr_feed_kind kind, size_t n)
{
	const uint64_t start = monotonic_ns();

	while (rig_count(rig, kind) < n) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		rig_poll_by(rig, 32);
	}
}

/* Descriptors from `first` on cannot be had. Returns what the limit was. */
static struct rlimit limit(rlim_t first)
{
	struct rlimit old, low;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = first;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	return old;
}

static void nothing_is_left_of_feeds_that_were_closed(void **state)
{
	struct feed_rig rig;
	size_t before;

	rig_create(&rig, 65536);
	rig_open(&rig);
	mcr_feed_close(rig.f);
	small_engine_await(&rig.e[0], 0);
	small_engine_await(&rig.e[1], 0);
	before = fd_count();
	for (int i = 0; i < 50; i++) {
		rig_open(&rig);
		mcr_feed_close(rig.f);
	}
	rig.f = NULL;
	small_engine_await(&rig.e[0], 0);
	small_engine_await(&rig.e[1], 0);
	assert_int_equal(fd_count(), before);
	rig_destroy(&rig);
}

static void without_a_descriptor_open_says_so(void **state)
{
	struct feed_rig rig;
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct rlimit old, low;
	struct mcr_error err = {""};
	size_t before;

	rig_create(&rig, 65536);
	before = fd_count();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(rig_try(&rig, opts, &err), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_non_null(strstr(err.text, "open files"));
	assert_int_equal(fd_count(), before);
	rig_open(&rig);
	rig_destroy(&rig);
}

/* What a child closes is its own copy. */
static void a_forked_child_may_close_the_feed(void **state)
{
	struct feed_rig rig;
	uint64_t seq = 1;
	int status;
	pid_t pid;

	rig_create(&rig, 65536);
	rig_open(&rig);
	rig_put(&rig, 0, rig_now_ns(), seq, 1);
	rig_poll(&rig);
	pid = fork();
	if (pid == 0) {
		mcr_feed_close(rig.f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (seq = 2; seq <= 10; seq++) {
		assert_int_equal(mcr_feed_arm(rig.f), 0);
		rig_put(&rig, (int)(seq % 2), rig_now_ns(), seq, 1);
		assert_int_equal(mcr_feed_wait(rig.f, UINT64_C(10000000000)), 1);
		rig_poll(&rig);
		rig_expect_data(&rig, 1, seq);
	}
	rig_destroy(&rig);
}

/* Which step lacks its descriptor differs with the limit. */
static void a_line_comes_back_when_there_are_descriptors_again(void **state)
{
	const uint64_t start = monotonic_ns();
	struct feed_rig rig;
	struct mcr_feed_source *s;
	struct mcr_error err;
	uint64_t seq = 0;
	size_t before;
	int first, lacks = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	s = &rig.f->sources[1];
	before = fd_count();
	small_engine_kill(&rig.e[1]);
	poll_until(&rig, MCR_FEED_LINE_DOWN, 1);
	restart(&rig.e[1], 4712);
	first = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(first);
	for (int n = 0; n < 12 && !mcr_feed_source_lives(s); n++) {
		struct rlimit old = limit((rlim_t)(first + n));

		for (int i = 0; i < 20 && !mcr_feed_source_lives(s); i++) {
			int ret;

			err.text[0] = '\0';
			ret = mcr_feed_source_step(s, &err);
			assert_true(ret == 0 || err.text[0] != '\0');
			lacks += ret == -EMFILE;
			rig_put(&rig, 0, rig_now_ns(), ++seq, 1);
			rig_poll(&rig);
			sleep_ms(1);
		}
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	}
	assert_true(lacks > 0);
	while (mcr_feed_source_step(s, &err) != 0) /* whatever it paused for */
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
	rig_put(&rig, 1, rig_now_ns(), ++seq, 1);
	poll_until(&rig, MCR_FEED_LINE_UP, 1);
	rig_expect_data(&rig, 1, seq);
	for (int i = 0; i < 10000 && fd_count() != before; i++)
		sleep_ms(1);
	assert_int_equal(fd_count(), before); /* nothing is left of what was tried */
	rig_destroy(&rig);
}

static void a_program_without_descriptors_is_told_so_and_can_sleep(void **state)
{
	const uint64_t start = monotonic_ns();
	struct feed_rig rig;
	struct mcr_error err = {""};
	struct rlimit old;
	int first, told = 0, sleeps = 0;

	rig_create(&rig, 65536);
	rig_open(&rig);
	for (int i = 0; i < 2; i++) {
		rig_put(&rig, i, rig_now_ns(), 1, 1);
		small_engine_kill(&rig.e[i]);
	}
	poll_until(&rig, MCR_FEED_LINE_DOWN, 2);
	for (int i = 0; i < 2; i++)
		restart(&rig.e[i], 4712);
	first = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(first);
	old = limit((rlim_t)first); /* not 0: that poll would mind */
	while (told == 0 || sleeps == 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_int_equal(mcr_feed_reattach(rig.f, &err), -EAGAIN);
		told += strstr(err.text, "open files") != NULL;
		sleeps += mcr_feed_wait(rig.f, UINT64_C(10000000)) == 0;
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, rig_now_ns(), 2, 1);
	poll_until(&rig, MCR_FEED_LINE_UP, 2);
	rig_expect_data(&rig, 1, 2);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_left_of_feeds_that_were_closed),
	    cmocka_unit_test(without_a_descriptor_open_says_so),
	    cmocka_unit_test(a_forked_child_may_close_the_feed),
	    cmocka_unit_test(a_line_comes_back_when_there_are_descriptors_again),
	    cmocka_unit_test(a_program_without_descriptors_is_told_so_and_can_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
