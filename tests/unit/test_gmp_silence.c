/* SPDX-License-Identifier: BSD-3-Clause */
/* Queriers that fall silent, and come back. */
#include "gmp_rig.h"

#include "core/gmp/gmp_silence.h"

/* A machine that is looked at each tenth of a second, as control's round does. */
struct look {
	struct rig r;
	struct mcr_gmp_silence silence;
	int is_deaf;          /* the link is down */
	unsigned begun, over; /* events so far */
	uint64_t at_ns;       /* of the last one */
	uint64_t silent_ns;   /* that it told */
};

static void start(struct look *l)
{
	memset(l, 0, sizeof(*l));
	rig_default(&l->r);
}

static void look(struct look *l)
{
	struct mcr_gmp_brief brief;
	uint64_t silent_ns = 0;

	mcr_gmp_get_brief(l->r.igmp, &brief);
	switch (mcr_gmp_silence_look(&l->silence, &brief, !l->is_deaf, l->r.now_ns, &silent_ns)) {
	case MCR_GMP_SILENCE_BEGUN:
		l->begun++;
		break;
	case MCR_GMP_SILENCE_OVER:
		l->over++;
		break;
	default:
		return;
	}
	l->at_ns = l->r.now_ns;
	l->silent_ns = silent_ns;
}

static void pass(struct look *l, unsigned tenths)
{
	for (unsigned i = 0; i < tenths; i++) {
		run_for(&l->r, 0.1);
		look(l);
	}
}

static void has(const struct look *l, unsigned begun, unsigned over)
{
	assert_int_equal(l->begun, begun);
	assert_int_equal(l->over, over);
}

/* RFC 9776 §8.5: 2 * 125 s + 10 s / 2. */
static void without_any_querier_silence_begins_255_s_after_the_start(void **state)
{
	struct look l;

	start(&l);
	join(&l.r, "239.1.2.3");
	look(&l);
	pass(&l, 2549);
	has(&l, 0, 0);
	pass(&l, 1);
	has(&l, 1, 0);
	assert_int_equal(l.silent_ns, sec(255));
	pass(&l, 50000);
	has(&l, 1, 0); /* one line, however long it lasts */
	rig_stop(&l.r);
}

static void the_querier_s_own_interval_counts_once_it_was_heard(void **state)
{
	struct look l;
	uint64_t heard_ns;

	start(&l);
	join(&l.r, "239.1.2.3");
	pass(&l, 100);
	heard_ns = l.r.now_ns;
	assert_int_equal(FEED(&l.r, .code = 100, .qrv = 3, .qqic = 10), 0); /* 3 * 10 + 5 */
	pass(&l, 349);
	has(&l, 0, 0);
	pass(&l, 1);
	has(&l, 1, 0);
	assert_int_equal(l.at_ns, heard_ns + sec(35));
	assert_int_equal(l.silent_ns, sec(35));
	rig_stop(&l.r);
}

static void each_query_in_time_puts_it_off(void **state)
{
	struct look l;

	start(&l);
	join(&l.r, "239.1.2.3");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(FEED(&l.r, .code = 100, .qqic = 10), 0); /* 2 * 10 + 5 */
		pass(&l, 240);
	}
	has(&l, 0, 0);
	rig_stop(&l.r);
}

static void a_group_query_is_no_sign_of_life(void **state)
{
	struct look l;

	start(&l);
	join(&l.r, "239.1.2.3");
	assert_int_equal(FEED(&l.r, .code = 100, .qqic = 10), 0);
	pass(&l, 200);
	assert_int_equal(FEED(&l.r, .code = 10, .group = "239.1.2.3"), 0);
	pass(&l, 60);
	has(&l, 1, 0);
	rig_stop(&l.r);
}

static void a_query_ends_it_and_tells_how_long_it_was(void **state)
{
	struct look l;

	start(&l);
	join(&l.r, "239.1.2.3");
	assert_int_equal(FEED(&l.r, .code = 100, .qqic = 10), 0);
	pass(&l, 400);
	has(&l, 1, 0);
	assert_int_equal(FEED(&l.r, .code = 100, .qqic = 10), 0);
	look(&l);
	has(&l, 1, 1);
	assert_int_equal(l.silent_ns, sec(40));
	pass(&l, 249);
	has(&l, 1, 1);
	pass(&l, 1);
	has(&l, 2, 1); /* and it can begin again */
	rig_stop(&l.r);
}

static void a_host_that_reports_nothing_misses_nobody(void **state)
{
	struct look l;

	start(&l);
	pass(&l, 4000);
	has(&l, 0, 0);
	join(&l.r, "239.1.2.3");
	look(&l);
	has(&l, 1, 0); /* now it matters, and it is 400 s */
	assert_true(l.silent_ns >= sec(399) && l.silent_ns <= sec(400));
	rig_stop(&l.r);
}

static void what_passes_while_the_link_is_down_counts_for_nothing(void **state)
{
	struct look l;

	start(&l);
	join(&l.r, "239.1.2.3");
	assert_int_equal(FEED(&l.r, .code = 100, .qqic = 10), 0);
	pass(&l, 100);
	l.is_deaf = 1;
	pass(&l, 5000);
	has(&l, 0, 0);
	l.is_deaf = 0;
	pass(&l, 250); /* the first of them begins it */
	has(&l, 0, 0);
	pass(&l, 1);
	has(&l, 1, 0);
	assert_int_equal(l.silent_ns, sec(535.1)); /* since the last query */
	l.is_deaf = 1;
	pass(&l, 10);
	l.is_deaf = 0;
	pass(&l, 1000);
	has(&l, 1, 0); /* the same silence */
	rig_stop(&l.r);
}

/* A round handles packets that came while it ran. */
static void a_query_of_the_next_moment_is_no_silence(void **state)
{
	struct look l;

	start(&l);
	join(&l.r, "239.1.2.3");
	pass(&l, 10);
	l.r.now_ns += 1000;
	assert_int_equal(FEED(&l.r, .code = 100, .qqic = 10), 0);
	l.r.now_ns -= 1000;
	look(&l);
	has(&l, 0, 0);
	rig_stop(&l.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_any_querier_silence_begins_255_s_after_the_start),
	    cmocka_unit_test(the_querier_s_own_interval_counts_once_it_was_heard),
	    cmocka_unit_test(each_query_in_time_puts_it_off),
	    cmocka_unit_test(a_group_query_is_no_sign_of_life),
	    cmocka_unit_test(a_query_ends_it_and_tells_how_long_it_was),
	    cmocka_unit_test(a_host_that_reports_nothing_misses_nobody),
	    cmocka_unit_test(what_passes_while_the_link_is_down_counts_for_nothing),
	    cmocka_unit_test(a_query_of_the_next_moment_is_no_silence),
	};

	return RUN_BOTH(tests);
}
