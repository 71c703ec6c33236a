/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver whose calls wait, as they do for the kernel's RTNL lock: control goes on. This program
 * stands in front of two functions of DPDK's, and passes on to them when the gate is open. */
#include "rig.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#define PORTS 5 /* an engine's end closes its port: each test has one of its own */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int is_open = 1, n_waiting, n_lists;
static pthread_t last_thread;

/* Not for ever: a control thread that stands here cannot open it. */
static void pass_gate(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 10;
	pthread_mutex_lock(&lock);
	last_thread = pthread_self();
	n_waiting++;
	while (!is_open && pthread_cond_timedwait(&opened, &lock, &end) == 0)
		;
	n_waiting--;
	pthread_mutex_unlock(&lock);
}

static void set_gate(int open)
{
	pthread_mutex_lock(&lock);
	is_open = open;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&lock);
}

static int read_locked(const int *value)
{
	int v;

	pthread_mutex_lock(&lock);
	v = *value;
	pthread_mutex_unlock(&lock);
	return v;
}

int rte_eth_dev_set_mc_addr_list(uint16_t port, struct rte_ether_addr *macs, uint32_t n)
{
	pass_gate();
	pthread_mutex_lock(&lock);
	n_lists++;
	pthread_mutex_unlock(&lock);
	return 0;
}

int rte_eth_link_get_nowait(uint16_t port, struct rte_eth_link *link)
{
	int (*next)(uint16_t, struct rte_eth_link *);

	*(void **)&next = dlsym(RTLD_NEXT, "rte_eth_link_get_nowait");
	pass_gate();
	return next(port, link);
}

static int set_up(void **state)
{
	rig_eal_init_rings(PORTS);
	return 0;
}

/* A test that failed leaves no other one waiting. */
static int open_gate(void **state)
{
	set_gate(1);
	return 0;
}

static uint64_t reports(const struct mcr_engine *e)
{
	struct mcr_interface_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_interface_info(e, 0, &info), 0);
	return info.igmp.reports;
}

static struct mcr_group_info group_of(const struct mcr_engine *e)
{
	struct mcr_group_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_group_info(e, 0, &info), 0);
	return info;
}

/* Closes the gate and waits until the device thread stands before it. */
static void close_gate(struct mcr_engine *e)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	set_gate(0);
	while (!read_locked(&n_waiting) && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(read_locked(&n_waiting), 1);
	assert_false(pthread_equal(last_thread, pthread_self()));
}

static void *open_later(void *arg)
{
	struct timespec ts = {.tv_nsec = 200000000};

	nanosleep(&ts, NULL);
	set_gate(1);
	return NULL;
}

/* ---- what is said of joins ---- */

static void reports_follow_the_filter_that_lets_their_data_in(void **state)
{
	struct mcr_engine *e = rig_start("net_ring0");
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS, start_ns, sent;
	struct mcr_join join = rig_join("239.1.1.1", 5000);

	close_gate(e);
	start_ns = monotonic_ns();
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	do {
		mcr_engine_poll(e, 1000000);
		sent = reports(e);
		if (monotonic_ns() < start_ns + 100000000) /* they wait as long */
			assert_int_equal(sent, 0);
	} while (monotonic_ns() < start_ns + 50000000);
	set_gate(1);
	while (reports(e) == 0 && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_true(reports(e) > 0);
	assert_string_not_equal(group_of(e).rung, "none");
	mcr_engine_destroy(e);
}

/* A consumer takes an engine for dead after a second without a heartbeat. */
static void a_driver_that_waits_holds_up_neither_heartbeat_nor_reports_nor_data(void **state)
{
	struct mcr_engine *e = rig_start("net_ring1");
	struct mcr_consumer *c = rig_consumer(e);
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	uint64_t start_ns, reported_ns = 0;
	struct mcr_control_info control = {.size = sizeof(control)};
	struct mcr_port_info port = {.size = sizeof(port)};
	struct mcr_msg msg;

	close_gate(e);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	start_ns = monotonic_ns();
	while (monotonic_ns() < start_ns + 1500000000) {
		mcr_engine_poll(e, 1000000);
		assert_true(mcr_consumer_poll(c, &msg, 1) >= 0);
		assert_int_equal(mcr_engine_port_info(e, 0, &port), 0);
		if (reported_ns == 0 && reports(e) > 0)
			reported_ns = monotonic_ns();
	}
	assert_int_not_equal(reported_ns, 0);
	assert_int_equal(port.link_up, 1);
	assert_string_equal(group_of(e).rung, "none");
	assert_string_equal(group_of(e).rung_reason, "the port's filter is not set yet");
	mcr_engine_control_info(e, &control);
	assert_true(control.longest_round_ns < 1000000000);

	set_gate(1);
	start_ns = monotonic_ns();
	while (strcmp(group_of(e).rung, "none") == 0 && monotonic_ns() < start_ns + RIG_DEADLINE_NS)
		mcr_engine_poll(e, 1000000);
	assert_string_not_equal(group_of(e).rung, "none");
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

static void changes_while_a_driver_waits_are_one(void **state)
{
	struct mcr_engine *e = rig_start("net_ring2");
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_port_info port = {.size = sizeof(port)};
	int lists;

	close_gate(e);
	lists = read_locked(&n_lists);
	for (int i = 0; i < 50; i++) {
		struct mcr_join join = rig_join("239.1.1.1", 5000);

		join.group.octets[15] = (uint8_t)(join.group.octets[15] + i);
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
		mcr_engine_poll(e, 1000000);
	}
	set_gate(1);
	while (port.macs < 51 && monotonic_ns() < end_ns) {
		mcr_engine_poll(e, 1000000);
		assert_int_equal(mcr_engine_port_info(e, 0, &port), 0);
	}
	assert_int_equal(port.macs, 51); /* with that of 224.0.0.1 */
	assert_true(read_locked(&n_lists) <= lists + 2);
	mcr_engine_destroy(e);
}

/* ---- the end ---- */

static void a_port_is_removed_behind_what_the_driver_does(void **state)
{
	struct mcr_engine *e = rig_start("net_ring3");
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_error err = {""};
	struct mcr_port_info port = {.size = sizeof(port)};
	pthread_t opener;

	close_gate(e);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_port_remove(e, "net_ring3", &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "its device takes long to close"));
	assert_int_equal(mcr_engine_port_remove(e, "net_ring3", &err), -ENOENT);
	assert_int_equal(pthread_create(&opener, NULL, open_later, NULL), 0);
	mcr_engine_stop(e); /* waits for it */
	assert_int_equal(pthread_join(opener, NULL), 0);
	assert_true(monotonic_ns() < end_ns);
	assert_int_equal(mcr_engine_port_info(e, 0, &port), 0);
	assert_int_equal(port.removed, 1);
	mcr_engine_destroy(e);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_ring3", &(uint16_t){0}), -ENODEV);
}

static void a_stop_waits_for_what_the_driver_does(void **state)
{
	struct mcr_engine *e = rig_start("net_ring4");
	pthread_t opener;

	close_gate(e);
	assert_int_equal(pthread_create(&opener, NULL, open_later, NULL), 0);
	mcr_engine_stop(e);
	assert_int_equal(read_locked(&n_waiting), 0);
	assert_int_equal(pthread_join(opener, NULL), 0);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(reports_follow_the_filter_that_lets_their_data_in, open_gate),
	    cmocka_unit_test_teardown(
		a_driver_that_waits_holds_up_neither_heartbeat_nor_reports_nor_data, open_gate),
	    cmocka_unit_test_teardown(changes_while_a_driver_waits_are_one, open_gate),
	    cmocka_unit_test_teardown(a_port_is_removed_behind_what_the_driver_does, open_gate),
	    cmocka_unit_test_teardown(a_stop_waits_for_what_the_driver_does, open_gate),
	};
	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
