/* SPDX-License-Identifier: BSD-3-Clause */
/* A port whose counters do not begin at 0: what it lost before the engine started is no news. */
#include "rig.h"

static struct rte_eth_stats counted = {.ipackets = 9, .imissed = 7, .ierrors = 5, .rx_nombuf = 3};

int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats);
int __wrap_rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats)
{
	*stats = counted;
	return 0;
}

static int set_up(void **state)
{
	rig_eal_init_rings(1);
	return 0;
}

static struct mcr_port_info info_of(const struct mcr_engine *e)
{
	struct mcr_port_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	return info;
}

static void losses_from_before_the_start_have_no_time(void **state)
{
	struct mcr_engine *e = rig_start("net_ring0");
	const uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	assert_int_equal(info_of(e).rx_missed, 7);
	assert_int_equal(info_of(e).missed_last_ns, 0);
	assert_int_equal(info_of(e).errors_last_ns, 0);
	assert_int_equal(info_of(e).nombuf_last_ns, 0);
	counted.imissed++;
	while (info_of(e).missed_last_ns == 0 && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_not_equal(info_of(e).missed_last_ns, 0);
	assert_int_equal(info_of(e).errors_last_ns, 0);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(losses_from_before_the_start_have_no_time),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
