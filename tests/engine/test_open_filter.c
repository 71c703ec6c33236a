/* SPDX-License-Identifier: BSD-3-Clause */
/* The filter of a port is opened for a look, and closed again. This program stands in front of some
 * functions of DPDK's, and plays a NIC with a multicast list. */
#include "rig.h"

#include <mcring/info.h>

#define SECOND_NS UINT64_C(1000000000)

static unsigned next_port;

/* The NIC, for each port. Writer: the device thread. */
static struct {
	int all, promiscuous, list_ret, all_ret, promiscuous_ret;
	unsigned opened, n_list;
} nics[RTE_MAX_ETHPORTS];

int rte_eth_dev_set_mc_addr_list(uint16_t port, struct rte_ether_addr *macs, uint32_t n)
{
	if (nics[port].list_ret == 0)
		__atomic_store_n(&nics[port].n_list, n, __ATOMIC_RELEASE);
	return nics[port].list_ret;
}

int rte_eth_allmulticast_get(uint16_t port)
{
	return __atomic_load_n(&nics[port].all, __ATOMIC_ACQUIRE);
}

int rte_eth_allmulticast_enable(uint16_t port)
{
	if (nics[port].all_ret == 0)
		__atomic_store_n(&nics[port].all, 1, __ATOMIC_RELEASE);
	__atomic_fetch_add(&nics[port].opened, 1, __ATOMIC_RELEASE);
	return nics[port].all_ret;
}

int rte_eth_allmulticast_disable(uint16_t port)
{
	__atomic_store_n(&nics[port].all, 0, __ATOMIC_RELEASE);
	return 0;
}

int rte_eth_promiscuous_get(uint16_t port)
{
	return nics[port].promiscuous;
}

int rte_eth_promiscuous_enable(uint16_t port)
{
	if (nics[port].promiscuous_ret == 0)
		nics[port].promiscuous = 1;
	return nics[port].promiscuous_ret;
}

int rte_eth_promiscuous_disable(uint16_t port)
{
	nics[port].promiscuous = 0;
	return 0;
}

/* ---- the engine ---- */

static int set_up(void **state)
{
	rig_eal_init_rings(8);
	return 0;
}

/* Of the next port, which becomes *port. list_ret, all_ret: what its driver answers. */
static struct mcr_engine *start_with(uint16_t *port, int list_ret, int all_ret)
{
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_engine *e;
	char name[16];

	snprintf(name, sizeof(name), "net_ring%u", next_port++);
	assert_int_equal(rte_eth_dev_get_port_by_name(name, port), 0);
	nics[*port].list_ret = list_ret;
	nics[*port].all_ret = all_ret;
	nics[*port].promiscuous_ret = all_ret;
	e = rig_start(name);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	return e;
}

static struct mcr_port_info info_of(const struct mcr_engine *e)
{
	struct mcr_port_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	return info;
}

/* Until the port is open, or is not. */
static struct mcr_port_info await_open(struct mcr_engine *e, int is_open)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_port_info info;

	while (((info = info_of(e)).open_until_ns != 0) != is_open) {
		assert_true(monotonic_ns() < end_ns);
		mcr_engine_poll(e, 1000000);
	}
	return info;
}

static void await_macs(struct mcr_engine *e, unsigned n)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (info_of(e).macs != n) {
		assert_true(monotonic_ns() < end_ns);
		mcr_engine_poll(e, 1000000);
	}
}

static void a_filter_opens_for_a_while_and_closes_again(void **state)
{
	uint64_t start_ns = realtime_ns();
	struct mcr_port_info info;
	struct mcr_engine *e;
	uint16_t port;

	e = start_with(&port, 0, 0);
	await_macs(e, 2);
	assert_string_equal(info_of(e).rung, "mac-list");
	assert_int_equal(mcr_engine_open_filter(e, "a", 1, NULL), 0);
	info = await_open(e, 1);
	assert_int_equal(rte_eth_allmulticast_get(port), 1);
	assert_string_equal(info.rung, "all-multicast");
	assert_non_null(strstr(info.rung_reason, "open for a look"));
	assert_true(info.open_until_ns >= start_ns + SECOND_NS &&
		    info.open_until_ns <= realtime_ns() + SECOND_NS);
	info = await_open(e, 0);
	assert_true(realtime_ns() >= start_ns + SECOND_NS);
	assert_int_equal(rte_eth_allmulticast_get(port), 0);
	assert_string_equal(info.rung, "mac-list");
	assert_string_equal(info.rung_reason, "");
	assert_int_equal(__atomic_load_n(&nics[port].n_list, __ATOMIC_ACQUIRE), 2);
	mcr_engine_destroy(e);
}

static void another_call_moves_the_end(void **state)
{
	struct mcr_engine *e;
	uint64_t first_ns;
	uint16_t port;

	e = start_with(&port, 0, 0);
	await_macs(e, 2);
	assert_int_equal(mcr_engine_open_filter(e, NULL, 60, NULL), 0);
	first_ns = await_open(e, 1).open_until_ns;
	assert_int_equal(mcr_engine_open_filter(e, NULL, 1, NULL), 0);
	assert_true(info_of(e).open_until_ns <= first_ns - 58 * SECOND_NS);
	await_open(e, 0);
	assert_true(realtime_ns() < first_ns);
	mcr_engine_destroy(e);
}

static void joins_meanwhile_are_what_it_filters_by_afterwards(void **state)
{
	struct mcr_join other = rig_join("239.1.1.2", 5000), first = rig_join("239.1.1.1", 5000);
	struct mcr_engine *e;
	uint16_t port;

	e = start_with(&port, 0, 0);
	await_macs(e, 2);
	assert_int_equal(mcr_engine_open_filter(e, NULL, 1, NULL), 0);
	await_open(e, 1);
	assert_int_equal(mcr_engine_join(e, &other, NULL), 0);
	await_macs(e, 3);
	assert_int_equal(rte_eth_allmulticast_get(port), 1);
	assert_int_not_equal(info_of(e).open_until_ns, 0);
	assert_int_equal(mcr_engine_leave(e, &first, NULL), 0);
	await_macs(e, 2);
	assert_int_equal(rte_eth_allmulticast_get(port), 1);
	await_open(e, 0);
	assert_int_equal(rte_eth_allmulticast_get(port), 0);
	assert_int_equal(__atomic_load_n(&nics[port].n_list, __ATOMIC_ACQUIRE), 2);
	mcr_engine_destroy(e);
}

static void a_stop_closes_it(void **state)
{
	struct mcr_engine *e;
	uint16_t port;

	e = start_with(&port, 0, 0);
	await_macs(e, 2);
	assert_int_equal(mcr_engine_open_filter(e, NULL, 60, NULL), 0);
	await_open(e, 1);
	mcr_engine_stop(e);
	assert_int_equal(rte_eth_allmulticast_get(port), 0);
	assert_int_equal(info_of(e).open_until_ns, 0);
	mcr_engine_destroy(e);
}

static void a_port_that_is_removed_is_not_open(void **state)
{
	struct mcr_error err = {""};
	struct mcr_engine *e;
	uint16_t port;
	char name[16];

	snprintf(name, sizeof(name), "net_ring%u", next_port);
	e = start_with(&port, 0, 0);
	await_macs(e, 2);
	assert_int_equal(mcr_engine_open_filter(e, NULL, 60, NULL), 0);
	await_open(e, 1);
	assert_int_equal(mcr_engine_port_remove(e, name, NULL), 0);
	mcr_engine_poll(e, 1000000);
	assert_int_equal(info_of(e).open_until_ns, 0);
	assert_int_equal(mcr_engine_open_filter(e, NULL, 5, &err), -ENODEV);
	assert_non_null(strstr(err.text, "it was removed"));
	mcr_engine_destroy(e);
}

static void where_nothing_is_hidden_nothing_is_opened(void **state)
{
	struct mcr_error err = {""};
	struct mcr_engine *e;
	uint16_t port;

	e = start_with(&port, -EIO, 0);
	await_macs(e, 2);
	assert_string_equal(info_of(e).rung, "all-multicast");
	assert_int_equal(mcr_engine_open_filter(e, NULL, 5, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "lets everything in as it is"));
	assert_int_equal(info_of(e).open_until_ns, 0);
	mcr_engine_destroy(e);
}

static void a_driver_that_cannot_filters_as_before(void **state)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_error err = {""};
	struct mcr_engine *e;
	unsigned before;
	uint16_t port;

	e = start_with(&port, 0, -ENOTSUP);
	await_macs(e, 2);
	assert_string_equal(info_of(e).rung, "mac-list");
	before = __atomic_load_n(&nics[port].opened, __ATOMIC_ACQUIRE);
	assert_int_equal(mcr_engine_open_filter(e, NULL, 5, &err), 0);
	while (mcr_engine_open_filter(e, NULL, 5, &err) == 0) {
		assert_true(monotonic_ns() < end_ns);
		mcr_engine_poll(e, 1000000);
	}
	assert_true(__atomic_load_n(&nics[port].opened, __ATOMIC_ACQUIRE) > before);
	assert_non_null(strstr(err.text, "takes neither all-multicast nor promiscuous"));
	while (info_of(e).rung_reason[0] != '\0') {
		assert_true(monotonic_ns() < end_ns);
		mcr_engine_poll(e, 1000000);
	}
	assert_string_equal(info_of(e).rung, "mac-list");
	assert_int_equal(info_of(e).open_until_ns, 0);
	mcr_engine_destroy(e);
}

static void what_cannot_be_asked_is_refused(void **state)
{
	struct mcr_error err = {""};
	struct mcr_engine *e;
	uint16_t port;

	e = start_with(&port, 0, 0);
	await_macs(e, 2);
	assert_int_equal(mcr_engine_open_filter(e, "a", 0, &err), -EINVAL);
	assert_int_equal(mcr_engine_open_filter(e, "a", 61, &err), -EINVAL);
	assert_string_equal(err.text, "seconds: expected 1 to 60, got 61");
	assert_int_equal(mcr_engine_open_filter(e, "b", 5, &err), -ENOENT);
	assert_string_equal(err.text, "no interface \"b\"");
	assert_int_equal(info_of(e).open_until_ns, 0);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_filter_opens_for_a_while_and_closes_again),
	    cmocka_unit_test(another_call_moves_the_end),
	    cmocka_unit_test(joins_meanwhile_are_what_it_filters_by_afterwards),
	    cmocka_unit_test(a_stop_closes_it),
	    cmocka_unit_test(a_port_that_is_removed_is_not_open),
	    cmocka_unit_test(where_nothing_is_hidden_nothing_is_opened),
	    cmocka_unit_test(a_driver_that_cannot_filters_as_before),
	    cmocka_unit_test(what_cannot_be_asked_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
