/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/plan/tx_plan.h"

#define WORKERS 5
#define SETS    (1u << WORKERS)

static void each_sender_gets_a_queue_if_the_device_has_them(void **state)
{
	assert_int_equal(mcr_tx_plan_queues(0, 1), 1);
	assert_int_equal(mcr_tx_plan_queues(0, 64), 1);
	assert_int_equal(mcr_tx_plan_queues(1, 64), 2);
	assert_int_equal(mcr_tx_plan_queues(MCR_LCORES_MAX, 64), MCR_LCORES_MAX + 1);
	assert_int_equal(mcr_tx_plan_queues(4, 4), 4);
	assert_int_equal(mcr_tx_plan_queues(4, 1), 1);
	assert_int_equal(mcr_tx_plan_queues(4, 0), 1); /* a driver that does not say */
}

static int is_owner(const struct mcr_tx_plan *p, unsigned sender)
{
	return p->owner_of[p->queue_of[sender]] == sender;
}

static void check_senders(const struct mcr_tx_plan *p, uint32_t senders)
{
	unsigned shared = 0;

	for (unsigned w = 0; w < MCR_LCORES_MAX; w++) {
		if ((senders >> w & 1) == 0) {
			assert_int_equal(p->queue_of[w], UINT16_MAX);
			continue;
		}
		assert_in_range(p->queue_of[w], 0, p->n_queues - 1);
		shared += !is_owner(p, w);
	}
	assert_int_equal(p->queue_of[MCR_TX_CONTROL], 0);
	shared += !is_owner(p, MCR_TX_CONTROL);
	assert_int_equal(mcr_tx_plan_shared(p), shared);
	if (p->n_queues > __builtin_popcount(senders))
		assert_int_equal(shared, 0);
}

/* An owner sends by its queue, and by that alone. */
static void check_owners(const struct mcr_tx_plan *p, uint32_t senders)
{
	for (unsigned q = 0; q < p->n_queues; q++) {
		unsigned owner = p->owner_of[q];

		if (owner == MCR_TX_CONTROL)
			continue;
		assert_true(senders >> owner & 1);
		assert_int_equal(p->queue_of[owner], q);
	}
}

/* Others' frames leave by lcores that poll the port, and none of these has more of them to serve
 * than another by two. */
static void check_sharing(const struct mcr_tx_plan *p, uint32_t senders, uint32_t pollers)
{
	unsigned guests[MCR_LCORES_MAX + 1] = {0}, most = 0, least = UINT32_MAX;

	for (unsigned w = 0; w < MCR_LCORES_MAX; w++)
		if ((senders >> w & 1) && !is_owner(p, w))
			guests[p->queue_of[w]]++;
	for (unsigned q = 0; q < p->n_queues; q++) {
		unsigned owner = p->owner_of[q];
		int serves =
		    owner != MCR_TX_CONTROL && ((pollers & senders) == 0 || (pollers >> owner & 1));

		if (!serves) {
			assert_int_equal(guests[q], 0);
			continue;
		}
		most = guests[q] > most ? guests[q] : most;
		least = guests[q] < least ? guests[q] : least;
	}
	if (senders != 0)
		assert_true(most - least <= 1);
}

static void check(uint16_t n_queues, uint32_t senders, uint32_t pollers)
{
	struct mcr_tx_plan p;

	memset(&p, 0xee, sizeof(p));
	mcr_tx_plan_make(&p, n_queues, senders, pollers);
	assert_int_equal(p.n_queues, n_queues);
	check_senders(&p, senders);
	check_owners(&p, senders);
	check_sharing(&p, senders, pollers);
	/* Control has a queue for itself wherever there are two. */
	assert_int_equal(is_owner(&p, MCR_TX_CONTROL), n_queues > 1 || senders == 0);
}

static void whoever_sends_has_a_way_and_no_queue_has_two_owners(void **state)
{
	for (uint16_t n = 1; n <= WORKERS + 3; n++)
		for (uint32_t senders = 0; senders < SETS; senders++)
			for (uint32_t pollers = 0; pollers < SETS; pollers++)
				check(n, senders, pollers);
}

static void all_lcores_may_relay(void **state)
{
	for (uint16_t n = 1; n <= MCR_LCORES_MAX + 1; n++)
		check(n, UINT32_MAX, UINT32_C(0xff00ff));
}

/* net_af_xdp may have 64 pairs of queues. */
static void queues_that_nobody_can_need_are_left_out(void **state)
{
	struct mcr_tx_plan p;

	mcr_tx_plan_make(&p, 64, UINT32_MAX, UINT32_MAX);
	assert_int_equal(p.n_queues, MCR_LCORES_MAX + 1);
	assert_int_equal(mcr_tx_plan_shared(&p), 0);
}

static void with_one_queue_a_poller_sends_for_all(void **state)
{
	struct mcr_tx_plan p;

	mcr_tx_plan_make(&p, 1, 0x7, 0x4);
	assert_int_equal(p.owner_of[0], 2);
	for (unsigned w = 0; w < 3; w++)
		assert_int_equal(p.queue_of[w], 0);
	assert_int_equal(mcr_tx_plan_shared(&p), 3); /* two lcores, and control */
}

static void check_text(uint16_t n_queues, uint32_t senders, uint32_t pollers, const char *expected)
{
	static const struct mcr_placement placement = {.n = 4, .lcores = {2, 4, 6, 8}};
	struct mcr_tx_plan p;
	char text[200];

	mcr_tx_plan_make(&p, n_queues, senders, pollers);
	mcr_tx_plan_describe(&p, &placement, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void the_plan_says_who_sends_for_whom(void **state)
{
	check_text(1, 0x1, 0x1,
		   "1 Tx queue for control and 1 rx lcore: rx lcore 2 sends for control");
	check_text(1, 0xf, 0x4,
		   "1 Tx queue for control and 4 rx lcores: rx lcore 6 sends for control, 2, 4, 8");
	check_text(2, 0xf, 0x2,
		   "2 Tx queues for control and 4 rx lcores: rx lcore 4 sends for 2, 6, 8");
	check_text(3, 0xf, 0xc,
		   "3 Tx queues for control and 4 rx lcores: rx lcore 6 sends for 2; rx lcore 8 "
		   "sends for 4");
	check_text(5, 0xf, 0xf, "5 Tx queues for control and 4 rx lcores");
}

static void a_text_that_is_too_long_is_cut(void **state)
{
	static const struct mcr_placement placement = {.n = 4, .lcores = {2, 4, 6, 8}};
	struct mcr_tx_plan p;
	char text[32];

	mcr_tx_plan_make(&p, 3, 0xf, 0xc);
	for (size_t cap = 1; cap <= sizeof(text); cap++) {
		mcr_tx_plan_describe(&p, &placement, text, cap);
		assert_int_equal(strlen(text), cap - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_sender_gets_a_queue_if_the_device_has_them),
	    cmocka_unit_test(whoever_sends_has_a_way_and_no_queue_has_two_owners),
	    cmocka_unit_test(all_lcores_may_relay),
	    cmocka_unit_test(queues_that_nobody_can_need_are_left_out),
	    cmocka_unit_test(with_one_queue_a_poller_sends_for_all),
	    cmocka_unit_test(the_plan_says_who_sends_for_whom),
	    cmocka_unit_test(a_text_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
