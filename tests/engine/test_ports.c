/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: how many queues they get, who polls them, and what happens when one goes. net_null has as
 * many queues as one likes and delivers on each of them, always. */
#define ALLOW_EXPERIMENTAL_API /* rte_dev_event_callback_process */
#include "rig.h"

#include <errno.h>

#include <rte_dev.h>
#include <rte_mbuf.h>

#include "engine/port/dpdk_compat.h"

static int set_up(void **state)
{
	static char args[4][64];
	char *vdevs[4];

	for (int i = 0; i < 4; i++) {
		snprintf(args[i], sizeof(args[i]), "--vdev=net_null%d", i);
		vdevs[i] = args[i];
	}
	rig_eal_init(vdevs, 4);
	return 0;
}

static int tear_down(void **state)
{
	return rte_eal_cleanup();
}

/* A create closes the device that it does not keep: probed again, it can be used again. */
static void probe_again(const char *device)
{
	rte_eal_hotplug_remove("vdev", device);
	assert_int_equal(rte_eal_hotplug_add("vdev", device, ""), 0);
}

static int create(struct mcr_engine **e, const struct mcr_interface_config *interfaces, unsigned n,
		  struct mcr_error *err)
{
	struct mcr_engine_config cfg;

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = n;
	cfg.log = rig_silent;
	cfg.keep_memberships = 1;
	return mcr_engine_create(e, &cfg, err);
}

static uint64_t received_by(const struct mcr_engine *e, size_t i)
{
	struct mcr_lcore_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_lcore_info(e, i, &info), 0);
	return info.account.received;
}

static unsigned queues_of(const struct mcr_engine *e, size_t i)
{
	struct mcr_port_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_port_info(e, i, &info), 0);
	return info.n_queues;
}

static void a_port_with_rss_gets_a_queue_for_each_lcore_and_all_of_them_poll(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_engine *e;

	assert_int_equal(create(&e, &interface, 1, NULL), 0);
	assert_int_equal(queues_of(e, 0), 2);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	while ((received_by(e, 0) == 0 || received_by(e, 1) == 0) && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_true(received_by(e, 0) > 0);
	assert_true(received_by(e, 1) > 0);
	mcr_engine_destroy(e);
	probe_again("net_null0");
}

static void only_the_lcores_of_an_interface_poll_its_port(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_engine *e;

	interface.n_lcores = 1;
	interface.lcores[0] = 2;
	interface.n_queues = 3;
	assert_int_equal(create(&e, &interface, 1, NULL), 0);
	assert_int_equal(queues_of(e, 0), 3);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	rig_receive(e, 1000);
	assert_int_equal(received_by(e, 0), 0);
	assert_true(received_by(e, 1) >= 1000);
	mcr_engine_destroy(e);
	probe_again("net_null0");
}

/* The second port has no wish, and takes the lcore that the first one left free. */
static void ports_without_a_wish_take_what_is_free(void **state)
{
	struct mcr_interface_config interfaces[2] = {rig_interface("net_null0"),
						     rig_interface("net_null1")};
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_engine *e;

	strcpy(interfaces[1].name, "b");
	interfaces[0].n_queues = 1;
	interfaces[1].n_queues = 1;
	interfaces[1].n_lcores = 1;
	interfaces[1].lcores[0] = 1;
	assert_int_equal(create(&e, interfaces, 2, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	while ((received_by(e, 0) == 0 || received_by(e, 1) == 0) && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_true(received_by(e, 1) > 0);
	mcr_engine_destroy(e);
	probe_again("net_null0");
	probe_again("net_null1");
}

static void an_impossible_wish_is_refused_with_its_reason(void **state)
{
	struct mcr_interface_config interfaces[2] = {rig_interface("net_null0"),
						     rig_interface("net_null0")};
	struct mcr_error err = {""};
	struct mcr_engine *e;

	interfaces[0].n_lcores = 1;
	interfaces[0].lcores[0] = 0; /* the control thread's */
	assert_int_equal(create(&e, interfaces, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "interface \"a\": lcore 0"));
	assert_non_null(strstr(err.text, "rx lcores are 1, 2"));

	interfaces[0].lcores[0] = 1;
	strcpy(interfaces[1].name, "b");
	interfaces[1].vlan = 5;
	interfaces[1].n_lcores = 1;
	interfaces[1].lcores[0] = 2;
	assert_int_equal(create(&e, interfaces, 2, &err), -EINVAL);
	assert_non_null(strstr(err.text, "\"a\" and \"b\" share port net_null0"));

	interfaces[1].n_lcores = 0;
	interfaces[0].hw_time = MCR_HW_TIME_ON;
	interfaces[1].hw_time = MCR_HW_TIME_SYNCED;
	assert_int_equal(create(&e, interfaces, 2, &err), -EINVAL);
	assert_non_null(strstr(err.text, "name different queues, lcores, hw-time or pieces"));
	interfaces[0].hw_time = MCR_HW_TIME_EXABLAZE_HPT + 1;
	assert_int_equal(create(&e, interfaces, 1, &err), -EINVAL);
	assert_non_null(
	    strstr(err.text, "unknown igmp, mld, udp_checksum, hw_time or pieces mode"));

	interfaces[0] = interfaces[1];
	interfaces[0].pieces = MCR_PIECES_ON;
	interfaces[1].hw_time = MCR_HW_TIME_OFF;
	interfaces[1].pieces = MCR_PIECES_OFF;
	strcpy(interfaces[0].name, "a");
	assert_int_equal(create(&e, interfaces, 2, &err), -EINVAL);
	assert_non_null(strstr(err.text, "name different queues, lcores, hw-time or pieces"));
	interfaces[0].pieces = MCR_PIECES_OFF + 1;
	assert_int_equal(create(&e, interfaces, 1, &err), -EINVAL);
	assert_non_null(
	    strstr(err.text, "unknown igmp, mld, udp_checksum, hw_time or pieces mode"));

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_ring7", ""), 0);
	interfaces[0] = rig_interface("net_ring7");
	interfaces[0].n_queues = 64;
	assert_int_equal(create(&e, interfaces, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "64 receive queues are wanted"));
	probe_again("net_ring7");
	interfaces[0].n_queues = 65;
	assert_int_equal(create(&e, interfaces, 1, &err), -EINVAL);
}

/* ---- channels on one lcore ---- */

static char logged[2048];

static void keep_log(void *ctx, enum mcr_log_level level, const char *line)
{
	size_t len = strlen(logged);

	if (level <= MCR_LOG_WARNING)
		snprintf(logged + len, sizeof(logged) - len, "%s\n", line);
}

static int create_pinned(struct mcr_engine **e, const struct mcr_interface_config *interface,
			 uint16_t lcore, struct mcr_error *err)
{
	struct mcr_channel_config channel = {
	    .size = sizeof(channel), .name = "default", .has_lcore = 1, .lcore = lcore};
	struct mcr_engine_config cfg;

	logged[0] = '\0';
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interface;
	cfg.n_interfaces = 1;
	cfg.channels = &channel;
	cfg.n_channels = 1;
	cfg.log = keep_log;
	cfg.keep_memberships = 1;
	return mcr_engine_create(e, &cfg, err);
}

/* net_null stamps nothing. */
static void a_port_that_has_no_hw_time_says_so_once_if_it_is_wanted(void **state)
{
	for (unsigned wanted = 0; wanted <= MCR_HW_TIME_SYNCED; wanted++) {
		struct mcr_interface_config interface = rig_interface("net_null0");
		struct mcr_error err = {""};
		struct mcr_engine *e;
		const char *first;

		interface.hw_time = (uint8_t)wanted;
		assert_int_equal(create_pinned(&e, &interface, 1, &err), 0);
		assert_int_equal(mcr_engine_start(e, &err), 0);
		mcr_engine_poll(e, 300000000); /* the clocks' round comes by */
		first = strstr(logged, "hw-time is wanted, but its driver stamps no packets");
		assert_int_equal(first != NULL, wanted != MCR_HW_TIME_OFF);
		assert_true(!first || !strstr(first + 1, "hw-time"));
		mcr_engine_destroy(e);
		probe_again("net_null0");
	}
}

/* net_null cannot steer. */
static void a_channel_that_cannot_have_its_lcore_is_named_once(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_join join = rig_join("239.1.1.1", 0);
	struct mcr_engine *e;
	char *first;

	assert_int_equal(create_pinned(&e, &interface, 2, NULL), 0);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	first = strstr(logged, "channel default: port net_null0 (net_null) cannot bring its groups "
			       "to lcore 2");
	assert_non_null(first);
	assert_non_null(strstr(logged, "they come on 1, 2"));
	join.group = rig_address("239.1.1.2");
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_null(strstr(first + 1, "channel default"));
	mcr_engine_destroy(e);
	probe_again("net_null0");
}

static void a_port_of_the_lcore_alone_is_good_and_one_of_another_is_not(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_join join = rig_join("239.1.1.1", 0);
	struct mcr_engine *e;

	interface.n_lcores = 1;
	for (uint16_t lcore = 1; lcore <= 2; lcore++) {
		interface.lcores[0] = lcore;
		assert_int_equal(create_pinned(&e, &interface, 2, NULL), 0);
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
		assert_int_equal(mcr_engine_start(e, NULL), 0);
		if (lcore == 2)
			assert_string_equal(logged, "");
		else
			assert_non_null(
			    strstr(logged, "cannot bring its groups to lcore 2: they come on 1"));
		mcr_engine_destroy(e);
		probe_again("net_null0");
	}
}

static void a_channel_cannot_have_an_lcore_that_does_not_receive(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_error err = {""};
	struct mcr_engine *e;

	assert_int_equal(create_pinned(&e, &interface, 9, &err), -EINVAL);
	assert_non_null(strstr(err.text, "channel \"default\": lcore 9"));
	assert_non_null(strstr(err.text, "rx lcores are 1, 2"));
	probe_again("net_null0");
}

/* ---- ports that go ---- */

static uint16_t id_of(const char *device)
{
	uint16_t id;

	assert_int_equal(rte_eth_dev_get_port_by_name(device, &id), 0);
	return id;
}

static int is_removed(const struct mcr_engine *e, size_t i)
{
	struct mcr_port_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_port_info(e, i, &info), 0);
	return info.removed && !info.link_up;
}

/* The ports that the rings of a consumer say are gone, one digit for each message. */
/* The ports that are gone, as two rings say; within some time, for an lcore may be off its core. */
static void read_gone(struct mcr_consumer *c, char *gone, size_t cap)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_msg msgs[32];
	size_t len = strlen(gone);
	int n;

	while ((n = mcr_consumer_poll(c, msgs, 32)) > 0 || (len < 2 && monotonic_ns() < end_ns)) {
		for (int i = 0; i < n; i++)
			if (msgs[i].kind == MCR_LINK && (msgs[i].flags & MCR_FLAG_LINK_GONE))
				len += (size_t)snprintf(gone + len, cap - len, "%u", msgs[i].id);
		mcr_consumer_release(c);
	}
}

static struct mcr_engine *two_ports(struct mcr_consumer **c)
{
	struct mcr_interface_config interfaces[2] = {rig_interface("net_null0"),
						     rig_interface("net_null1")};
	struct mcr_join join = rig_join("239.1.1.1", 0);
	struct mcr_engine *e = NULL;

	strcpy(interfaces[1].name, "b");
	assert_int_equal(create(&e, interfaces, 2, NULL), 0);
	for (int i = 0; i < 2; i++) {
		strcpy(join.interface, interfaces[i].name);
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	}
	*c = rig_consumer(e);
	return e;
}

static void a_port_is_removed_and_the_others_go_on(void **state)
{
	struct mcr_group_info group = {.size = sizeof(group)};
	struct mcr_consumer *c;
	struct mcr_engine *e = two_ports(&c);
	char gone[16] = "", expected[16];
	uint16_t id = id_of("net_null0");

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	rig_receive(e, 1000);
	assert_int_equal(mcr_engine_ports_left(e), 2);
	assert_int_equal(mcr_engine_port_remove(e, "net_null0", NULL), 0);
	/* Nobody polls it: it can be pulled away under the engine. */
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_null0"), 0);
	assert_int_equal(mcr_engine_ports_left(e), 1);
	assert_true(is_removed(e, 0));
	assert_false(is_removed(e, 1));

	/* Both lcores polled it, so both rings say so, once. */
	read_gone(c, gone, sizeof(gone));
	snprintf(expected, sizeof(expected), "%u%u", id, id);
	assert_string_equal(gone, expected);
	assert_int_equal(mcr_engine_group_info(e, 0, &group), 0);
	assert_string_equal(group.rung, "removed");
	assert_int_equal(mcr_engine_group_info(e, 1, &group), 0);
	assert_string_not_equal(group.rung, "removed");

	rig_receive(e, rig_account(e).received + 1000);
	assert_int_equal(mcr_engine_port_remove(e, "net_null0", NULL), -ENOENT);
	/* Its number may be another device's now: not ours to use. */
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", ""), 0);
	assert_true(is_removed(e, 0));
	rig_receive(e, rig_account(e).received + 1000);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
	assert_int_equal(id_of("net_null0"), id);
	probe_again("net_null1");
}

/* What vfio calls when the kernel wants a device back, from a thread of EAL's. */
static void a_hot_unplug_is_heard_and_the_device_given_back(void **state)
{
	struct mcr_consumer *c;
	struct mcr_engine *e = two_ports(&c);
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	char gone[16] = "";
	uint16_t id;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	rig_receive(e, 1000);
	rte_dev_event_callback_process("net_null1", RTE_DEV_EVENT_ADD);
	rte_dev_event_callback_process("net_null1", RTE_DEV_EVENT_REMOVE);
	while (rte_eth_dev_get_port_by_name("net_null1", &id) == 0 && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null1", &id), -ENODEV);
	assert_true(is_removed(e, 1));
	assert_false(is_removed(e, 0));
	read_gone(c, gone, sizeof(gone));
	assert_int_equal(strlen(gone), 2);
	rig_receive(e, rig_account(e).received + 1000);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null1", ""), 0);
	probe_again("net_null0");
}

/* Readers that merge rings wait for it. */
static void expect_watermarks_to_move(struct mcr_engine *e, const struct mcr_consumer *c)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	uint64_t now_ns = realtime_ns(), end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	for (uint32_t r = 0; r < mcr_consumer_rings(c); r++) {
		do {
			mcr_engine_poll(e, 1000000);
			assert_int_equal(mcr_consumer_ring_info(c, r, &ring, NULL), 0);
		} while (ring.watermark_ns < now_ns && monotonic_ns() < end_ns);
		assert_true(ring.watermark_ns >= now_ns);
	}
}

static void an_engine_outlives_its_last_port(void **state)
{
	struct mcr_join join = rig_join("239.1.1.2", 0);
	struct mcr_consumer *c;
	struct mcr_engine *e = two_ports(&c);
	uint64_t received;

	assert_int_equal(mcr_engine_port_remove(e, "net_null1", NULL), 0); /* before the start */
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	rig_receive(e, 1000);
	assert_int_equal(mcr_engine_port_remove(e, "net_null0", NULL), 0);
	assert_int_equal(mcr_engine_ports_left(e), 0);
	received = rig_account(e).received;
	strcpy(join.interface, "a");
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
	for (int i = 0; i < 20; i++)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(rig_account(e).received, received);
	expect_watermarks_to_move(e, c);
	mcr_engine_stop(e);
	assert_true(is_removed(e, 0) && is_removed(e, 1));
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
	probe_again("net_null0");
	probe_again("net_null1");
}

#define BOND_OF_TWO "mode=1," MCR_BOND_MEMBER "=net_null2," MCR_BOND_MEMBER "=net_null3"

static void a_bond_is_a_port_and_its_members_are_not(void **state)
{
	struct mcr_interface_config interfaces[2] = {rig_interface("net_bonding0"),
						     rig_interface("net_null2")};
	struct mcr_error err = {""};
	struct mcr_engine *e;

	rte_eal_hotplug_remove("vdev", "net_null2");
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null2", ""), 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_bonding0", BOND_OF_TWO), 0);
	assert_int_equal(create(&e, interfaces, 1, &err), 0);
	assert_int_equal(mcr_engine_start(e, &err), 0);
	rig_receive(e, 1000);
	mcr_engine_destroy(e);

	rte_eal_hotplug_remove("vdev", "net_bonding0");
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_bonding0", BOND_OF_TWO), 0);
	strcpy(interfaces[1].name, "b");
	assert_int_equal(create(&e, interfaces, 2, &err), -EBUSY);
	assert_non_null(strstr(err.text, "port net_null2 is a member of a bond"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_port_with_rss_gets_a_queue_for_each_lcore_and_all_of_them_poll),
	    cmocka_unit_test(only_the_lcores_of_an_interface_poll_its_port),
	    cmocka_unit_test(ports_without_a_wish_take_what_is_free),
	    cmocka_unit_test(an_impossible_wish_is_refused_with_its_reason),
	    cmocka_unit_test(a_port_that_has_no_hw_time_says_so_once_if_it_is_wanted),
	    cmocka_unit_test(a_channel_that_cannot_have_its_lcore_is_named_once),
	    cmocka_unit_test(a_port_of_the_lcore_alone_is_good_and_one_of_another_is_not),
	    cmocka_unit_test(a_channel_cannot_have_an_lcore_that_does_not_receive),
	    cmocka_unit_test(a_port_is_removed_and_the_others_go_on),
	    cmocka_unit_test(a_hot_unplug_is_heard_and_the_device_given_back),
	    cmocka_unit_test(an_engine_outlives_its_last_port),
	    cmocka_unit_test(a_bond_is_a_port_and_its_members_are_not),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
