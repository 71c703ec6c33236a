/* SPDX-License-Identifier: BSD-3-Clause */
/* Tx queues: one for each rx lcore that relays and one for control, where the device has them. Two
 * lcores receive. net_null has RSS, and as many queues as one likes; net_ring has none, and pairs
 * of queues. */
#include "rig.h"

#include <rte_eth_ring.h>

#include "engine/port/dpdk_compat.h"

#define BOND "mode=1," MCR_BOND_MEMBER "=net_ring_one"

static char log_text[16384];

static int set_up(void **state)
{
	char null0[] = "--vdev=net_null0", null1[] = "--vdev=net_null1";
	char ring0[] = "--vdev=net_ring0", ring1[] = "--vdev=net_ring1";
	char *vdevs[] = {null0, null1, ring0, ring1};

	rig_eal_init(vdevs, 4);
	return 0;
}

static void keep_line(void *ctx, enum mcr_log_level level, const char *line)
{
	size_t len = strlen(log_text);

	snprintf(log_text + len, sizeof(log_text) - len, "%s\n", line);
}

static struct mcr_interface_config upstream(const char *port)
{
	struct mcr_interface_config i = rig_interface(port);

	i.role = MCR_RELAY_UPSTREAM;
	return i;
}

static struct mcr_interface_config downstream(const char *port)
{
	struct mcr_interface_config i = rig_interface(port);

	strcpy(i.name, "b");
	i.address = rig_address("10.0.1.1");
	i.role = MCR_RELAY_DOWNSTREAM;
	i.forward_when = MCR_FORWARD_ALWAYS;
	return i;
}

static struct mcr_engine *create(const struct mcr_interface_config *interfaces, unsigned n)
{
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	log_text[0] = '\0';
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = n;
	cfg.log = keep_line;
	cfg.keep_memberships = 1;
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	return e;
}

static struct mcr_engine *start(const struct mcr_interface_config *interfaces, unsigned n)
{
	struct mcr_engine *e = create(interfaces, n);

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static unsigned tx_queues_of(const char *port)
{
	struct rte_eth_dev_info info;
	uint16_t id;

	assert_int_equal(rte_eth_dev_get_port_by_name(port, &id), 0);
	assert_int_equal(rte_eth_dev_info_get(id, &info), 0);
	return info.nb_tx_queues;
}

static void stop(struct mcr_engine *e)
{
	static const char *const devices[] = {"net_null0", "net_null1", "net_ring0", "net_ring1"};

	mcr_engine_destroy(e);
	for (size_t d = 0; d < sizeof(devices) / sizeof(devices[0]); d++) {
		rte_eal_hotplug_remove("vdev", devices[d]);
		assert_int_equal(rte_eal_hotplug_add("vdev", devices[d], ""), 0);
	}
}

static void an_engine_that_does_not_relay_has_one(void **state)
{
	const struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_engine *e = start(&interface, 1);

	assert_int_equal(tx_queues_of("net_null0"), 1);
	assert_null(strstr(log_text, "Tx queue"));
	stop(e);
}

static void ports_without_a_role_have_one(void **state)
{
	struct mcr_interface_config interfaces[3] = {upstream("net_null0"), downstream("net_ring0"),
						     rig_interface("net_null1")};
	struct mcr_engine *e;

	strcpy(interfaces[2].name, "c");
	e = start(interfaces, 3);
	assert_int_equal(tx_queues_of("net_null0"), 3);
	assert_int_equal(tx_queues_of("net_null1"), 1);
	assert_null(strstr(log_text, "port net_null1 (net_null): 1 Tx"));
	stop(e);
}

static void each_lcore_that_relays_has_one(void **state)
{
	const struct mcr_interface_config interfaces[2] = {upstream("net_null0"),
							   downstream("net_null1")};
	struct mcr_engine *e = start(interfaces, 2);

	assert_int_equal(tx_queues_of("net_null0"), 3);
	assert_int_equal(tx_queues_of("net_null1"), 3);
	assert_non_null(strstr(
	    log_text, "port net_null1 (net_null): 3 Tx queues for control and 2 rx lcores\n"));
	stop(e);
}

/* One rx queue of each port: so no more than two lcores relay, and here only one. */
static void lcores_that_cannot_relay_have_none(void **state)
{
	struct mcr_interface_config interfaces[2] = {upstream("net_null0"),
						     downstream("net_null1")};
	struct mcr_engine *e;

	for (int i = 0; i < 2; i++) {
		interfaces[i].n_queues = 1;
		interfaces[i].n_lcores = 1;
		interfaces[i].lcores[0] = 2;
	}
	e = start(interfaces, 2);
	assert_int_equal(tx_queues_of("net_null0"), 2);
	assert_non_null(strstr(
	    log_text, "port net_null0 (net_null): 2 Tx queues for control and 1 rx lcore\n"));
	stop(e);
}

static void where_there_is_one_who_polls_the_port_sends_for_all(void **state)
{
	struct mcr_interface_config interfaces[2] = {upstream("net_null0"),
						     downstream("net_ring0")};
	struct mcr_engine *e;

	interfaces[1].n_queues = 1; /* of three pairs */
	e = start(interfaces, 2);
	assert_int_equal(tx_queues_of("net_null0"), 3);
	assert_int_equal(tx_queues_of("net_ring0"), 1);
	assert_non_null(strstr(log_text, "port net_ring0 (net_ring): 1 Tx queue for control and 2 "
					 "rx lcores: rx lcore 1 sends for control, 2\n"));
	stop(e);
}

/* A bond learns how many these have when it takes them. net_ring cannot be started there: it keeps
 * its MAC address. */
static void a_bond_has_as_many_as_its_members(void **state)
{
	struct mcr_interface_config interfaces[2] = {upstream("net_null0"),
						     downstream("net_bonding0")};
	struct rte_ring *ring = rte_ring_create("one", 256, SOCKET_ID_ANY, 0);
	struct mcr_engine *e;

	assert_true(rte_eth_from_ring(ring) >= 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_bonding0", BOND), 0);
	interfaces[1].n_queues = 1;
	e = create(interfaces, 2);
	assert_int_equal(tx_queues_of("net_null0"), 3);
	assert_int_equal(tx_queues_of("net_bonding0"), 1);
	mcr_engine_destroy(e);
	rte_eal_hotplug_remove("vdev", "net_bonding0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_engine_that_does_not_relay_has_one),
	    cmocka_unit_test(ports_without_a_role_have_one),
	    cmocka_unit_test(each_lcore_that_relays_has_one),
	    cmocka_unit_test(lcores_that_cannot_relay_have_none),
	    cmocka_unit_test(where_there_is_one_who_polls_the_port_sends_for_all),
	    cmocka_unit_test(a_bond_has_as_many_as_its_members),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
