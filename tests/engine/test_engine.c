/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine as an application sees it, on DPDK's virtual devices: net_pcap feeds frames from
 * files, net_ring hands back what is sent to it. */
#include "rig.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_dev.h>
#include <rte_launch.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#define NUMBERED 64 /* frames of the endless file */

static char dir[64], mixed_args[160];

static void write_mixed(const char *path)
{
	FILE *f = rig_pcap_open(path);
	uint8_t buf[256];

	rig_pcap_add(f, buf, rig_udp(buf, "239.1.1.1", 5000, "first", 5));
	rig_pcap_add(f, buf, rig_udp(buf, "239.1.1.1", 5000, "", 0)); /* without padding */
	rig_pcap_add(f, buf, rig_udp(buf, "239.1.1.1", 5001, "port", 4));
	rig_pcap_add(f, buf, rig_udp(buf, "239.9.9.9", 5000, "group", 5));
	rig_pcap_add(f, buf, rig_arp(buf, "10.0.0.1"));
	rig_pcap_add(f, buf, 13);
	rig_pcap_add(f, buf, rig_udp(buf, "239.1.1.1", 5000, "last", 4));
	fclose(f);
}

static void write_numbered(const char *path)
{
	FILE *f = rig_pcap_open(path);
	uint8_t buf[256];

	for (uint32_t i = 0; i < NUMBERED; i++) {
		rig_pcap_add(f, buf, rig_udp(buf, "239.2.0.1", 5000, &i, sizeof(i)));
		rig_pcap_add(f, buf, rig_udp(buf, "239.2.0.2", 5000, &i, sizeof(i)));
	}
	fclose(f);
}

static int set_up(void **state)
{
	static char args[6][256];
	char *vdevs[6];

	snprintf(dir, sizeof(dir), "/tmp/mcring-engine-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(args[0], sizeof(args[0]), "%s/mixed", dir);
	write_mixed(args[0]);
	snprintf(args[0], sizeof(args[0]), "%s/numbered", dir);
	write_numbered(args[0]);
	snprintf(args[0], sizeof(args[0]), "--vdev=net_pcap0,rx_pcap=%s/mixed,tx_pcap=%s/sent", dir,
		 dir);
	snprintf(args[1], sizeof(args[1]),
		 "--vdev=net_pcap1,rx_pcap=%s/numbered,tx_pcap=%s/sent1,infinite_rx=1", dir, dir);
	snprintf(args[2], sizeof(args[2]), "--vdev=net_ring0");
	snprintf(args[3], sizeof(args[3]), "--vdev=net_ring1");
	snprintf(args[4], sizeof(args[4]), "--vdev=net_null0");
	snprintf(args[5], sizeof(args[5]), "--vdev=net_ring2");
	snprintf(mixed_args, sizeof(mixed_args), "rx_pcap=%s/mixed,tx_pcap=%s/sent", dir, dir);
	for (int i = 0; i < 6; i++)
		vdevs[i] = args[i];
	rig_eal_init(vdevs, 6);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = {"mixed", "numbered", "sent", "sent1", "run/lock"};
	char path[128];

	rte_eal_cleanup();
	for (size_t i = 0; i < RTE_DIM(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	return rmdir(dir);
}

/* ---- delivery ---- */

static void each_packet_ends_in_one_counter_and_an_empty_datagram_is_a_message(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_pcap0");
	struct mcr_engine *e = rig_engine(&interface, 1);
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_consumer *c = rig_consumer(e);
	struct mcr_msg msgs[8];
	struct mcr_account a;
	char buf[16];

	join.id = 7;
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	a = rig_receive(e, 7);
	assert_int_equal(a.received, 7);
	assert_int_equal(a.delivered, 3);
	assert_int_equal(a.punted, 1);
	assert_int_equal(a.drops[MCR_DROP_UNKNOWN_PORT], 1);
	assert_int_equal(a.drops[MCR_DROP_UNKNOWN_GROUP], 1);
	assert_int_equal(a.drops[MCR_DROP_TRUNCATED], 1);

	assert_int_equal(mcr_consumer_poll(c, msgs, 8), 3);
	assert_int_equal(mcr_consumer_read(c, &msgs[0], buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "first", 5);
	assert_int_equal(msgs[0].id, 7);
	assert_int_equal(mcr_consumer_read(c, &msgs[1], buf, sizeof(buf)), 0);
	assert_int_equal(mcr_consumer_read(c, &msgs[2], buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "last", 4);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

/* Reads what there is, but not for ever: this thread is the engine's control thread, too, and an rx
 * lcore may be faster. Checks that no number of the group `of` is missing. *next: UINT32_MAX = any.
 */
static void read_numbered(struct mcr_consumer *c, const char *of, uint32_t *next, uint64_t *n)
{
	uint32_t group_be = rig_ip(of), number;
	struct mcr_msg msgs[64];
	int got = 1;

	for (int polls = 0; polls < 1000 && got > 0; polls++) {
		got = mcr_consumer_poll(c, msgs, 64);
		for (int i = 0; i < got; i++) {
			if (msgs[i].kind == MCR_LOST) {
				*next = UINT32_MAX;
				continue;
			}
			if (mcr_address_ipv4_be(msgs[i].group) != group_be)
				continue;
			if (mcr_consumer_read(c, &msgs[i], &number, sizeof(number)) != 4) {
				*next = UINT32_MAX;
				continue;
			}
			if (*next != UINT32_MAX)
				assert_int_equal(number, *next);
			*next = (number + 1) % NUMBERED;
			++*n;
		}
		mcr_consumer_release(c);
	}
	assert_true(got >= 0);
}

static void a_group_that_stays_loses_nothing_while_others_come_and_go(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_pcap1");
	struct mcr_engine *e = rig_engine(&interface, 1);
	struct mcr_join stays = rig_join("239.2.0.1", 5000);
	struct mcr_join comes[2] = {rig_join("239.2.0.2", 5000), rig_join("239.3.0.1", 0)};
	struct mcr_consumer *c = rig_consumer(e);
	struct mcr_group_info info = {.size = sizeof(info)};
	uint32_t next = UINT32_MAX;
	uint64_t n = 0;

	assert_int_equal(mcr_engine_join(e, &stays, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	for (int round = 0; round < 200; round++) {
		struct mcr_error err = {""};
		int ret = round % 2 == 0 ? mcr_engine_update(e, NULL, 0, comes, 2, &err)
					 : mcr_engine_update(e, comes, 2, NULL, 0, &err);

		assert_int_equal(ret, 0);
		assert_string_equal(err.text, "");
		mcr_engine_poll(e, 0);
		read_numbered(c, "239.2.0.1", &next, &n);
		rig_account(e);
	}
	rig_receive(e, 1000);
	read_numbered(c, "239.2.0.1", &next, &n);
	assert_true(n > 0);
	assert_int_equal(mcr_engine_group_info(e, 0, &info), 0);
	assert_int_equal(mcr_address_ipv4_be(info.group), rig_ip("239.2.0.1"));
	assert_true(info.packets > 0);
	assert_int_equal(mcr_engine_group_info(e, 1, &info), -ENOENT);
	mcr_engine_stop(e);
	mcr_engine_account(e, &(struct mcr_account){0});
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

/* ---- the control thread ---- */

/* Sends a frame on a looping port, in an mbuf that says what `port` says. */
static void loop_frame(struct rte_mempool *pool, const char *device, const uint8_t *frame,
		       size_t len, uint16_t port)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint16_t id;

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	m->port = port;
	assert_int_equal(rte_eth_dev_get_port_by_name(device, &id), 0);
	assert_int_equal(rte_eth_tx_burst(id, 0, &m, 1), 1);
}

static uint64_t sent(const struct mcr_engine *e)
{
	struct mcr_interface_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_interface_info(e, 0, &info), 0);
	return info.tx_packets;
}

/* net_ring leaves in an mbuf whatever port its maker wrote there. */
static void a_request_in_an_mbuf_of_no_port_is_answered(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("asker", 1023, 0, 0, 2048, -1);
	struct mcr_interface_config interface = rig_interface("net_ring0");
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_engine *e;
	uint8_t buf[64];

	interface.igmp = MCR_IGMP_OFF;
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	loop_frame(pool, "net_ring0", buf, rig_arp(buf, "10.0.0.1"), RTE_MBUF_PORT_INVALID);
	loop_frame(pool, "net_ring0", buf, rig_arp(buf, "10.0.0.1"), 31);
	while (sent(e) < 2 && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(sent(e), 2);
	while (rte_mempool_avail_count(pool) < 1023 && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000); /* the answers come back, and are received, too */
	mcr_engine_destroy(e);
	assert_int_equal(rte_mempool_avail_count(pool), 1023);
	rte_mempool_free(pool);
}

static void an_interface_that_never_sends_is_silent(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("asker", 1023, 0, 0, 2048, -1);
	struct mcr_interface_config interface = rig_interface("net_ring1");
	struct mcr_join join = rig_join("239.1.1.1", 0);
	struct mcr_engine *e;
	uint8_t buf[64];

	interface.tx_never = 1;
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	loop_frame(pool, "net_ring1", buf, rig_arp(buf, "10.0.0.1"), 0);
	rig_receive(e, 1);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(sent(e), 0);
	assert_int_equal(rig_account(e).received, 1); /* else what it sent had come back */
	mcr_engine_destroy(e);
	rte_mempool_free(pool);
}

static int next_link(struct mcr_engine *e, struct mcr_consumer *c)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_msg msg;

	while (monotonic_ns() < end_ns) {
		if (mcr_consumer_poll(c, &msg, 1) == 1 && msg.kind == MCR_LINK)
			return (msg.flags & MCR_FLAG_LINK_UP) != 0;
		mcr_engine_poll(e, 1000000);
	}
	return -1;
}

static void consumers_are_told_of_each_change_of_the_link(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_ring2");
	struct mcr_engine *e = rig_engine(&interface, 1);
	struct mcr_consumer *c = rig_consumer(e);
	uint16_t id;

	assert_int_equal(rte_eth_dev_get_port_by_name("net_ring2", &id), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(rte_eth_dev_set_link_down(id), 0);
		assert_int_equal(next_link(e, c), 0);
		assert_int_equal(rte_eth_dev_set_link_up(id), 0);
		assert_int_equal(next_link(e, c), 1);
	}
	mcr_engine_stop(e);
	mcr_engine_poll(e, 0); /* harmless on a stopped engine */
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

static void wait_reports(struct mcr_engine *e, uint64_t reports)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_interface_info info = {.size = sizeof(info)};

	do {
		mcr_engine_poll(e, 1000000);
		assert_int_equal(mcr_engine_interface_info(e, 0, &info), 0);
	} while (info.igmp.reports < reports && monotonic_ns() < end_ns);
	assert_int_equal(info.igmp.reports, reports);
}

/* Each change of the group is told twice: robustness 2. */
static void another_mac_or_ip_address_tells_the_memberships_anew(void **state)
{
	struct rte_ether_addr mac = {{2, 0, 0, 0, 7, 7}};
	struct mcr_interface_config interface = rig_interface("net_null7");
	struct mcr_join join = rig_join("239.1.1.1", 0);
	struct mcr_interface_info info = {.size = sizeof(info)};
	struct mcr_engine *e;
	uint16_t id;

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null7", ""), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null7", &id), 0);
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	wait_reports(e, 2);
	assert_int_equal(rte_eth_dev_default_mac_addr_set(id, &mac), 0);
	wait_reports(e, 4);
	assert_int_equal(mcr_engine_interface_info(e, 0, &info), 0);
	assert_memory_equal(info.mac, &mac, sizeof(mac));
	assert_int_equal(
	    mcr_engine_interface_address(e, interface.name, rig_address("10.0.0.7"), 24, NULL), 0);
	wait_reports(e, 6);
	assert_int_equal(mcr_engine_interface_config(e, 0, &interface), 0);
	assert_int_equal(mcr_address_ipv4_be(interface.address), rig_ip("10.0.0.7"));
	assert_int_equal(
	    mcr_engine_interface_address(e, "nobody", rig_address("10.0.0.7"), 0, NULL), -ENOENT);
	assert_int_equal(
	    mcr_engine_interface_address(e, interface.name, rig_address("239.1.1.1"), 24, NULL),
	    -EINVAL);
	mcr_engine_destroy(e);
}

/* ---- life ---- */

static void an_engine_is_made_again_on_a_device_that_is_probed_again(void **state)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_join join = rig_join("239.1.1.1", 0);

	for (int round = 0; round < 3; round++) {
		struct mcr_engine *e = rig_engine(&interface, 1);

		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
		if (round > 0)
			assert_int_equal(mcr_engine_start(e, NULL), 0);
		mcr_engine_poll(e, 2000000);
		mcr_engine_destroy(e);
		assert_int_equal(rte_eal_hotplug_remove("vdev", "net_null0"), 0);
		assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", ""), 0);
	}
}

static void a_create_that_fails_leaves_nothing_behind(void **state)
{
	struct mcr_interface_config interfaces[2] = {rig_interface("net_null0"),
						     rig_interface("no such device")};
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err;
	char lock[160];

	strcpy(interfaces[1].name, "b");
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = 2;
	cfg.log = rig_silent;
	snprintf(cfg.run_dir, sizeof(cfg.run_dir), "%s/run", dir);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(mcr_engine_create(&e, &cfg, &err), -ENODEV);
		assert_non_null(strstr(err.text, "no such device"));
		assert_null(e);
		snprintf(lock, sizeof(lock), "%s/lock", cfg.run_dir);
		assert_int_equal(access(lock, F_OK), -1);
		assert_int_equal(rte_eal_hotplug_remove("vdev", "net_null0"), 0);
		assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", ""), 0);
	}
}

static int create_with_lcores(const unsigned *lcores, unsigned n, struct mcr_error *err)
{
	struct mcr_interface_config interface = rig_interface("net_null0");
	struct mcr_engine_config cfg;
	struct mcr_engine *e;

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = &interface;
	cfg.n_interfaces = 1;
	cfg.lcores = lcores;
	cfg.n_lcores = n;
	return mcr_engine_create(&e, &cfg, err);
}

static void an_lcore_serves_once(void **state)
{
	const unsigned twice[] = {1, 1}, main_lcore[] = {0};
	struct mcr_error err = {""};

	assert_int_equal(create_with_lcores(twice, 2, &err), -EINVAL);
	assert_non_null(strstr(err.text, "lcore 1"));
	assert_int_equal(create_with_lcores(main_lcore, 1, &err), -EINVAL);
}

static int occupied;

static int occupy(void *arg)
{
	while (__atomic_load_n(&occupied, __ATOMIC_ACQUIRE))
		usleep(1000);
	return 0;
}

static struct mcr_engine *on_both_lcores(const char *port)
{
	static const unsigned lcores[] = {1, 2};
	struct mcr_interface_config interface = rig_interface(port);
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = &interface;
	cfg.n_interfaces = 1;
	cfg.lcores = lcores;
	cfg.n_lcores = 2;
	cfg.log = rig_silent;
	cfg.idle = MCR_IDLE_ADAPTIVE;
	assert_int_equal(mcr_engine_create(&e, &cfg, NULL), 0);
	return e;
}

/* Would wait for ever if it waited for what the application runs there. */
static void an_engine_that_could_not_start_does_not_wait_for_an_lcore_of_others(void **state)
{
	struct mcr_engine *e = on_both_lcores("net_null0");
	struct mcr_error err = {""};

	occupied = 1;
	assert_int_equal(rte_eal_remote_launch(occupy, NULL, 2), 0);
	assert_int_equal(mcr_engine_start(e, &err), -EBUSY);
	assert_non_null(strstr(err.text, "lcore 2"));
	mcr_engine_destroy(e);
	assert_int_equal(rte_eal_get_lcore_state(2), RUNNING);
	__atomic_store_n(&occupied, 0, __ATOMIC_RELEASE);
	rte_eal_wait_lcore(2);
}

/* net_pcap has one queue here, so the second lcore has none. */
static void an_lcore_without_queues_does_no_harm(void **state)
{
	struct mcr_join join = rig_join("239.1.1.1", 0);
	struct mcr_lcore_info info = {.size = sizeof(info)};
	struct mcr_consumer *c;
	struct mcr_engine *e;
	struct mcr_error err;

	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", ""), 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_pcap9", mixed_args), 0);
	e = on_both_lcores("net_pcap9");
	assert_int_equal(create_with_lcores((const unsigned[]){2}, 1, &err), -EBUSY);
	c = rig_consumer(e);
	assert_int_equal(mcr_consumer_rings(c), 2);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	assert_int_equal(rig_receive(e, 7).delivered, 4);
	assert_int_equal(mcr_engine_lcore_info(e, 1, &info), 0);
	assert_int_equal(info.account.received, 0);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_packet_ends_in_one_counter_and_an_empty_datagram_is_a_message),
	    cmocka_unit_test(a_group_that_stays_loses_nothing_while_others_come_and_go),
	    cmocka_unit_test(a_request_in_an_mbuf_of_no_port_is_answered),
	    cmocka_unit_test(an_interface_that_never_sends_is_silent),
	    cmocka_unit_test(consumers_are_told_of_each_change_of_the_link),
	    cmocka_unit_test(another_mac_or_ip_address_tells_the_memberships_anew),
	    cmocka_unit_test(an_engine_is_made_again_on_a_device_that_is_probed_again),
	    cmocka_unit_test(a_create_that_fails_leaves_nothing_behind),
	    cmocka_unit_test(an_lcore_serves_once),
	    cmocka_unit_test(an_engine_that_could_not_start_does_not_wait_for_an_lcore_of_others),
	    cmocka_unit_test(an_lcore_without_queues_does_no_harm),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
