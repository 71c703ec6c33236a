/* SPDX-License-Identifier: BSD-3-Clause */
/* A port whose counters do not begin at 0: what it lost before the engine started is no news. And
 * what readers of its rings see of them. */
#include "rig.h"

#include <mcring/consumer.h>

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
	*state = rig_start("net_ring0");
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
	struct mcr_engine *e = *state;
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
}

/* Polls the engine until a look later than after_ns shows in the ring. */
static struct mcr_consumer_ring await_look(struct mcr_engine *e, const struct mcr_consumer *c,
					   uint64_t after_ns)
{
	const uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};

	do {
		mcr_engine_poll(e, 1000000);
		assert_int_equal(mcr_consumer_ring_info(c, 0, &ring, NULL), 0);
	} while (ring.host_looked_ns <= after_ns && monotonic_ns() < end_ns);
	assert_true(ring.host_looked_ns > after_ns);
	assert_true(ring.host_looked_ns <= realtime_ns());
	return ring;
}

static void readers_of_a_ring_see_what_its_ports_lost(void **state)
{
	struct mcr_engine *e = *state;
	struct mcr_consumer *c = rig_consumer(e);
	uint64_t now_ns = realtime_ns();

	counted = (struct rte_eth_stats){.ipackets = 9, .imissed = 7, .ierrors = 5, .rx_nombuf = 3};
	assert_int_equal(await_look(e, c, now_ns).host_lost, 10); /* what is damaged is not lost */
	counted.imissed += 100;
	counted.rx_nombuf += 1000;
	counted.ipackets += 10;
	now_ns = realtime_ns();
	assert_int_equal(await_look(e, c, now_ns).host_lost, 1110);
	mcr_consumer_close(c);
}

static int tear_down(void **state)
{
	mcr_engine_destroy(*state);
	return rig_eal_cleanup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(losses_from_before_the_start_have_no_time),
	    cmocka_unit_test(readers_of_a_ring_see_what_its_ports_lost),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
