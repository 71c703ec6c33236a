/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed whose channels have several rings: their cursors go where the next engine is, and follow
 * the number of its rings. */
#include "feed_rig.h"

#include <poll.h>
#include <sys/timerfd.h>

#include "feed/state.h"

static void create(struct feed_rig *rig, unsigned n_rings)
{
	rig_create(rig, 4096);
	for (int i = 0; i < 2; i++) {
		small_engine_destroy(&rig->e[i]);
		small_engine_create(&rig->e[i], n_rings, 4096);
	}
	rig_text(rig, "");
}

/* A number for each ring of each line in turn. */
static void put_each(struct feed_rig *rig, uint64_t *seq)
{
	for (int line = 0; line < 2; line++)
		for (unsigned ring = 0; ring < rig->e[line].n_rings; ring++)
			rig_put_at(&rig->e[line], ring, line, rig_now_ns(), ++*seq, 1);
}

static void a_feed_of_the_most_rings_misses_nothing(void **state)
{
	struct feed_rig rig;
	uint64_t seq = 0;

	create(&rig, SMALL_RINGS_MAX);
	rig_open(&rig);
	assert_int_equal(rig.f->n_readers, 2 * SMALL_RINGS_MAX);
	for (int i = 0; i < 3; i++) {
		put_each(&rig, &seq);
		rig_poll(&rig);
	}
	rig_expect_data(&rig, 1, seq);
	rig_destroy(&rig);
}

static void what_lies_in_the_rings_is_read_if_it_is_wanted(void **state)
{
	for (unsigned n_rings = 1; n_rings <= 2; n_rings++) {
		for (int is_oldest = 0; is_oldest < 2; is_oldest++) {
			struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
			struct feed_rig rig;
			uint64_t seq = 0;

			opts.start = is_oldest ? MCR_START_OLDEST : MCR_START_NEWEST;
			create(&rig, n_rings);
			put_each(&rig, &seq);
			rig_open_as(&rig, opts);
			put_each(&rig, &seq);
			rig_poll(&rig);
			rig_expect_data(&rig, is_oldest ? 1 : 2 * n_rings + 1, seq);
			rig_destroy(&rig);
		}
	}
}

/* The next engine has other rings, or as many. What came in them before they were found counts. */
static void the_next_engine_may_have_other_rings(void **state)
{
	static const unsigned n_rings[] = {1, 2, 2, 3, 1, 1};
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 4096};
	struct feed_rig rig;
	uint64_t seq = 0;

	create(&rig, n_rings[0]);
	rig_open(&rig);
	put_each(&rig, &seq);
	rig_poll(&rig);
	for (unsigned i = 1; i < 6; i++) {
		const uint64_t start = monotonic_ns();

		small_engine_kill(&rig.e[1]);
		while (rig_count(&rig, MCR_FEED_LINE_DOWN) < i) {
			assert_true(monotonic_ns() - start < UINT64_C(20000000000));
			rig_poll(&rig);
		}
		small_engine_start(&rig.e[1], &attach, &channel, n_rings[i], 4711 + i);
		for (unsigned k = 0; k < n_rings[i]; k++) {
			mcr_ring_set_started(&rig.e[1].writers[k], rig_now_ns());
			rig_put_at(&rig.e[1], k, 1, rig_now_ns(), ++seq, 1);
		}
		while (rig_count(&rig, MCR_FEED_LINE_UP) < i) {
			assert_true(monotonic_ns() - start < UINT64_C(20000000000));
			rig_poll(&rig);
		}
		assert_int_equal(rig.f->n_readers, 1 + n_rings[i]);
		for (int n = 0; n < 2; n++) {
			put_each(&rig, &seq);
			rig_poll(&rig);
		}
	}
	rig_expect_data(&rig, 1, seq);
	assert_int_equal(rig_count(&rig, MCR_FEED_GAP), 0);
	rig_destroy(&rig);
}

/* What comes for one that does not sleep wakes nobody. */
static void a_poll_withdraws_the_announcement(void **state)
{
	for (unsigned n_rings = 1; n_rings <= 2; n_rings++) {
		struct feed_rig rig;
		struct itimerspec at;
		struct pollfd p;
		uint64_t seq = 0;

		create(&rig, n_rings);
		rig_text(&rig, "gap_timeout 60s\n");
		rig_open(&rig);
		put_each(&rig, &seq);
		rig_put_at(&rig.e[0], 0, 0, rig_now_ns(), seq + 2, 1);
		rig_poll(&rig);
		assert_int_equal(mcr_feed_arm(rig.f), 0);
		assert_int_equal(timerfd_gettime(rig.f->timer_fd, &at), 0);
		assert_int_not_equal(at.it_value.tv_sec, 0);
		rig_poll(&rig);
		assert_int_equal(timerfd_gettime(rig.f->timer_fd, &at), 0);
		assert_true(at.it_value.tv_sec == 0 && at.it_value.tv_nsec == 0);
		rig_put_at(&rig.e[1], 0, 1, rig_now_ns(), seq + 3, 1);
		p = (struct pollfd){.fd = mcr_feed_fd(rig.f), .events = POLLIN};
		assert_int_equal(poll(&p, 1, 20), 0);
		rig_destroy(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_of_the_most_rings_misses_nothing),
	    cmocka_unit_test(what_lies_in_the_rings_is_read_if_it_is_wanted),
	    cmocka_unit_test(the_next_engine_may_have_other_rings),
	    cmocka_unit_test(a_poll_withdraws_the_announcement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
