/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interface's address may be, and what consumers are told of interfaces. */
#include "rig.h"

#include <errno.h>
#include <pthread.h>

static int set_up(void **state)
{
	rig_eal_init_rings(4);
	return 0;
}

/* The engine has a thread of its own, because a consumer waits for its answers. */
static void *poll_engine(void *arg)
{
	struct mcr_engine **e = arg;

	for (struct mcr_engine *now; (now = __atomic_load_n(e, __ATOMIC_ACQUIRE)) != NULL;)
		mcr_engine_poll(now, 1000000);
	return NULL;
}

static void each_interface_is_told_as_it_is(void **state)
{
	struct mcr_interface_config interfaces[3] = {
	    rig_interface("net_ring0"), rig_interface("net_ring1"), rig_interface("net_ring1")};
	struct mcr_consumer_interface it = {.size = sizeof(it)};
	struct mcr_engine *e, *polled;
	struct mcr_consumer *c;
	struct mcr_error err = {""};
	char text[MCR_ADDRESS_TEXT];
	pthread_t thread;

	strcpy(interfaces[1].name, "b");
	strcpy(interfaces[2].name, "b12");
	interfaces[2].address = (struct mcr_address){{0}};
	interfaces[2].prefix_len = 0;
	interfaces[2].vlan = 12;
	e = polled = rig_engine(interfaces, 3);
	c = rig_consumer(e);
	assert_int_equal(pthread_create(&thread, NULL, poll_engine, &polled), 0);
	for (uint32_t i = 0; i < 3; i++) {
		uint16_t port = i > 0;

		if (mcr_consumer_interface_info(c, i, &it, &err) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(it.index, i);
		assert_string_equal(it.name, interfaces[i].name);
		assert_int_equal(it.vlan, interfaces[i].vlan);
		assert_int_equal(it.prefix_len, interfaces[i].prefix_len);
		assert_int_equal(it.dpdk_port, port);
		assert_string_equal(it.port, interfaces[i].port);
		assert_string_equal(it.netdev, "");
		assert_string_equal(it.kernel, "");
		assert_string_equal(mcr_address_format(text, it.address),
				    i < 2 ? "10.0.0.1" : "::");
	}
	assert_int_equal(mcr_consumer_interface_info(c, 3, &it, &err), -ENOENT);
	__atomic_store_n(&polled, NULL, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

static void an_ipv6_address_of_an_interface_stands_beside_its_ipv4_address(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null66"), now;
	const struct mcr_address address6 = rig_address("2001:db8::7");
	struct mcr_engine *e;

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null66", ""), 0);
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_interface_address(e, "a", address6, 64, NULL), 0);
	assert_int_equal(mcr_engine_interface_address(e, "a", rig_address("fe80::7"), 64, NULL),
			 -EINVAL);
	assert_int_equal(mcr_engine_interface_address(e, "a", rig_address("ff15::7"), 64, NULL),
			 -EINVAL);
	assert_int_equal(mcr_engine_interface_address(e, "a", address6, 129, NULL), -EINVAL);
	now.size = sizeof(now);
	assert_int_equal(mcr_engine_interface_config(e, 0, &now), 0);
	assert_true(mcr_address_is_equal(now.address6, address6));
	assert_int_equal(now.prefix6_len, 64);
	assert_true(mcr_address_is_equal(now.address, interface.address));
	mcr_engine_destroy(e);
}

static const char *state_of(const struct mcr_engine *e, struct mcr_group_info *info)
{
	*info = (struct mcr_group_info){.size = sizeof(*info)};
	assert_int_equal(mcr_engine_group_info(e, 0, info), 0);
	return info->igmp_state;
}

/* The host is a member of the solicited-node group of its address, and a join wants it as well. */
static void a_join_of_a_group_of_the_host_s_own_outlives_the_address(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null67");
	struct mcr_join join = rig_join("ff02::1:ff00:7", 0);
	struct mcr_group_info info;
	struct mcr_engine *e;

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null67", ""), 0);
	interface.address6 = rig_address("2001:db8::7");
	interface.prefix6_len = 64;
	interface.dad_off = 1;
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(e, 1000000);
	assert_string_not_equal(state_of(e, &info), "unreported");
	assert_int_equal(mcr_engine_interface_address(e, "a", rig_address("2001:db8::8"), 64, NULL),
			 0);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(e, 1000000);
	assert_string_not_equal(state_of(e, &info), "unreported");
	assert_string_not_equal(state_of(e, &info), "leaving");
	mcr_engine_destroy(e);
}

static void refuses(const struct mcr_interface_config *interfaces, unsigned n, const char *text)
{
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = n;
	cfg.log = rig_silent;
	assert_int_equal(mcr_engine_create(&e, &cfg, &err), -EINVAL);
	assert_null(e);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" has no \"%s\"", err.text, text);
}

/* No source may come to belong to two of the relay's interfaces. */
static void interfaces_of_the_relay_have_subnets_apart(void **state)
{
	struct mcr_interface_config i[2] = {rig_interface("net_ring2"), rig_interface("net_ring3")};
	struct mcr_error err = {""};
	struct mcr_engine *e;

	(void)state;
	strcpy(i[1].name, "b");
	i[0].role = MCR_RELAY_UPSTREAM;
	refuses(i, 2, "interface \"a\" is role=upstream, and none is downstream");
	i[1].role = MCR_RELAY_DOWNSTREAM;
	refuses(i, 2, "interface \"b\": role=downstream forwards while mcring is the querier");
	i[1].forward_when = MCR_FORWARD_ALWAYS;
	refuses(i, 2, "interface \"b\": 10.0.0.0/24 has sources in common with 10.0.0.0/24");
	i[1].address = rig_address("10.0.1.1");
	e = rig_engine(i, 2);
	assert_int_equal(mcr_engine_interface_address(e, "b", rig_address("10.0.1.2"), 16, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "interface \"b\": 10.0.0.0/16 has sources in common"));
	assert_int_equal(mcr_engine_interface_config(e, 1, &i[1]), 0);
	assert_true(mcr_address_is_equal(i[1].address, rig_address("10.0.1.1")));
	assert_int_equal(mcr_engine_interface_address(e, "b", rig_address("10.0.1.2"), 24, &err),
			 0);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_interface_is_told_as_it_is),
	    cmocka_unit_test(an_ipv6_address_of_an_interface_stands_beside_its_ipv4_address),
	    cmocka_unit_test(a_join_of_a_group_of_the_host_s_own_outlives_the_address),
	    cmocka_unit_test(interfaces_of_the_relay_have_subnets_apart),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
