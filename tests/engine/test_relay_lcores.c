/* SPDX-License-Identifier: BSD-3-Clause */
/* A relay one of whose lcores has stopped, or stands still: what is on the way to it, and what it
 * keeps. The library is linked into the program, so that one lcore can be taken hold of. */
#include "rig.h"

#include <rte_ring.h>

#include "engine/state/relay.h"
#include "engine/state/state.h"

#define N 10 /* datagrams */

static unsigned missing; /* buffers that were not back when a pool of the engine was freed */

void __real_rte_mempool_free(struct rte_mempool *pool);
void __wrap_rte_mempool_free(struct rte_mempool *pool);
void __wrap_rte_mempool_free(struct rte_mempool *pool)
{
	if (pool)
		missing += pool->size - rte_mempool_avail_count(pool);
	__real_rte_mempool_free(pool);
}

static int set_up(void **state)
{
	rig_eal_init(NULL, 0);
	return 0;
}

static struct mcr_interface_config interface_on(const char *name, const char *port, unsigned lcore,
						uint8_t role)
{
	struct mcr_interface_config i = rig_interface(port);

	strcpy(i.name, name);
	i.role = role;
	i.n_queues = 1;
	i.n_lcores = 1;
	i.lcores[0] = (uint8_t)lcore;
	return i;
}

/* Each port loops: what goes out comes in. */
static struct mcr_engine *start(void)
{
	struct mcr_interface_config interfaces[2] = {
	    interface_on("up", "net_ring0", 1, MCR_RELAY_UPSTREAM),
	    interface_on("lan", "net_ring1", 2, MCR_RELAY_DOWNSTREAM),
	};
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_ring0", ""), 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_ring1", ""), 0);
	interfaces[0].address = rig_address("10.0.1.1");
	interfaces[1].forward_when = MCR_FORWARD_ALWAYS;
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = 2;
	cfg.log = rig_silent;
	cfg.keep_memberships = 1;
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static void destroy(struct mcr_engine *e)
{
	mcr_engine_destroy(e);
	rte_eal_hotplug_remove("vdev", "net_ring0");
	rte_eal_hotplug_remove("vdev", "net_ring1");
	assert_int_equal(missing, 0);
}

static void stop_lcore(struct mcr_engine *e, unsigned worker)
{
	__atomic_store_n(&e->workers[worker]->stop, 1, __ATOMIC_RELAXED);
	rte_eal_wait_lcore(e->lcores[worker]);
}

static uint64_t views(const struct mcr_engine *e)
{
	struct mcr_control_info info = {.size = sizeof(info)};

	mcr_engine_control_info(e, &info);
	return info.views;
}

static void send_datagrams(struct rte_mempool *pool)
{
	struct rte_ring *lan = rte_ring_lookup("ETH_RXTX0_net_ring1");
	uint8_t frame[128];
	const size_t len = rig_udp(frame, "239.1.1.1", 5000, "x", 1);

	for (unsigned i = 0; i < N; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
		assert_int_equal(rte_ring_enqueue(lan, m), 0);
	}
}

static void await_relayed(struct mcr_engine *e)
{
	const uint64_t hz = rte_get_tsc_hz(), end = rte_rdtsc() + 10 * hz;
	struct mcr_account a;

	do {
		mcr_engine_poll(e, 1000000);
		mcr_engine_account(e, &a);
	} while (a.relayed < N && rte_rdtsc() < end);
	assert_int_equal(a.relayed, N);
}

static void frames_for_an_lcore_that_has_stopped_leave_before_the_port_stops(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("test", 255, 0, 0, 2048, SOCKET_ID_ANY);
	struct mcr_relay_info info = {.size = sizeof(info)};
	struct mcr_engine *e = start();

	stop_lcore(e, 0);
	send_datagrams(pool);
	await_relayed(e);
	mcr_engine_stop(e);
	assert_int_equal(mcr_engine_relay_info(e, 0, &info), 0);
	assert_string_equal(info.interface, "up");
	assert_int_equal(info.out.offered, N);
	assert_int_equal(info.out.tx, N);
	destroy(e);
}

/* An lcore that stands still keeps all views that came since: there are no more of them for routes
 * than so many. */
static void views_of_routes_wait_for_an_lcore_that_stands_still(void **state)
{
	struct mcr_engine *e = start();
	uint64_t before;

	stop_lcore(e, 0);
	rte_rcu_qsbr_thread_online(e->qsbr, 0); /* as if it still ran */
	before = views(e);
	for (unsigned i = 0; i < 100; i++) {
		e->relay->is_due = 1; /* as if routes had changed */
		mcr_engine_poll(e, 1000000);
	}
	assert_in_range(views(e) - before, 1, 20);
	rte_rcu_qsbr_thread_offline(e->qsbr, 0);
	for (unsigned i = 0; i < 100 && e->relay->is_due; i++)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(e->relay->is_due, 0);
	destroy(e);
}

/* Ports that are rings hand buffers on: a copy may come in by one, and wait for control. */
static void a_copy_that_waits_for_control_goes_before_its_pool(void **state)
{
	struct mcr_engine *e = start();
	struct rte_mbuf *m;

	mcr_engine_stop(e);
	m = rte_pktmbuf_alloc(e->relay->pool);
	assert_non_null(m);
	assert_int_equal(rte_ring_enqueue(e->workers[0]->punt, m), 0);
	destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_for_an_lcore_that_has_stopped_leave_before_the_port_stops),
	    cmocka_unit_test(views_of_routes_wait_for_an_lcore_that_stands_still),
	    cmocka_unit_test(a_copy_that_waits_for_control_goes_before_its_pool),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
