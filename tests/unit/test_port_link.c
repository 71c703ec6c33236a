/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look at a port finds, and when: against a device that is made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/port/port_link.h"
#include "engine/port/port_netdev.h"
#include "engine/port/port_removal.h"

static struct rte_eth_stats stats;
static uint64_t now_ns, lost;
static int link_is_up, is_gone, stats_ret, is_promiscuous;

int rte_eth_stats_get(uint16_t port, struct rte_eth_stats *out)
{
	*out = stats;
	return stats_ret;
}

int rte_eth_link_get_nowait(uint16_t port, struct rte_eth_link *link)
{
	link->link_status = link_is_up ? RTE_ETH_LINK_UP : RTE_ETH_LINK_DOWN;
	return 0;
}

int rte_eth_macaddr_get(uint16_t port, struct rte_ether_addr *mac)
{
	memset(mac, 0, sizeof(*mac));
	return 0;
}

int rte_eth_promiscuous_get(uint16_t port)
{
	return is_promiscuous;
}

/* Of the filter: somebody had switched the mode off. */
void mcr_filter_port_keep(struct mcr_filter_port *f)
{
	is_promiscuous = 1;
}

int rte_eth_allmulticast_get(uint16_t port)
{
	return 0;
}

uint64_t mcr_clock_now_realtime(void)
{
	return now_ns;
}

uint64_t mcr_socket_loss_read(struct mcr_socket_loss *loss)
{
	return lost;
}

int mcr_port_netdev_look(struct mcr_port *port)
{
	return 1;
}

int mcr_port_is_kernels(const struct mcr_port *port)
{
	return 0;
}

int mcr_port_is_gone(const struct mcr_port *port)
{
	return is_gone;
}

int mcr_port_clock_update(struct mcr_port *port)
{
	return 0;
}

static int begin(void **state)
{
	memset(&stats, 0, sizeof(stats));
	now_ns = lost = 0;
	is_promiscuous = 0;
	is_gone = stats_ret = 0;
	link_is_up = 1;
	return 0;
}

static unsigned look_at(struct mcr_port *port, uint64_t time_ns)
{
	now_ns = time_ns;
	mcr_port_look(port);
	return mcr_port_take(port);
}

static void a_counter_that_rose_has_the_time_of_the_look(void **state)
{
	struct mcr_port port = {.id = 0};
	const struct mcr_port_rises *rises = &port.seen.rises;

	look_at(&port, 100);
	assert_int_equal(rises->rx_ns | rises->missed_ns | rises->nombuf_ns | rises->errors_ns, 0);
	stats.ipackets = 1;
	look_at(&port, 200);
	assert_int_equal(rises->rx_ns, 200);
	assert_int_equal(rises->missed_ns | rises->nombuf_ns | rises->errors_ns, 0);
	stats.imissed = 1;
	look_at(&port, 300);
	stats.rx_nombuf = 1;
	look_at(&port, 400);
	stats.ierrors = 1;
	look_at(&port, 500);
	look_at(&port, 600);
	assert_int_equal(rises->rx_ns, 200);
	assert_int_equal(rises->missed_ns, 300);
	assert_int_equal(rises->nombuf_ns, 400);
	assert_int_equal(rises->errors_ns, 500);
}

/* Some drivers do not count it: socket_loss.h. */
static void what_sockets_lose_counts_as_missed(void **state)
{
	struct mcr_port port = {.id = 0};

	stats.imissed = 7;
	lost = 3;
	look_at(&port, 100);
	assert_int_equal(port.seen.rises.missed_ns, 100);
	look_at(&port, 200);
	assert_int_equal(port.seen.rises.missed_ns, 100);
	lost = 4;
	look_at(&port, 300);
	assert_int_equal(port.seen.rises.missed_ns, 300);
	assert_int_equal(port.seen.stats.imissed, 11);
}

static void a_counter_that_cannot_be_read_or_was_reset_has_not_risen(void **state)
{
	struct mcr_port port = {.id = 0};

	stats.ipackets = 5;
	look_at(&port, 100);
	stats.ipackets = 6;
	stats_ret = -EIO;
	look_at(&port, 200);
	assert_int_equal(port.seen.rises.rx_ns, 100);
	assert_int_equal(port.seen.stats.ipackets, 5);
	stats_ret = 0;
	stats.ipackets = 2;
	look_at(&port, 300);
	assert_int_equal(port.seen.rises.rx_ns, 100);
	stats.ipackets = 3;
	look_at(&port, 400);
	assert_int_equal(port.seen.rises.rx_ns, 400);
}

static void a_link_is_as_it_is_since_its_last_change(void **state)
{
	struct mcr_port port = {.link_up = 1};

	assert_int_equal(look_at(&port, 100) & MCR_PORT_LINK, 0);
	assert_int_equal(port.link_since_ns, 0);
	link_is_up = 0;
	assert_int_not_equal(look_at(&port, 200) & MCR_PORT_LINK, 0);
	assert_int_equal(port.link_since_ns, 200);
	look_at(&port, 300);
	assert_int_equal(port.link_since_ns, 200);
	link_is_up = 1;
	look_at(&port, 400);
	assert_int_equal(port.link_since_ns, 400);
	port.found.netdev.carrier_downs++; /* down and up again between two looks */
	assert_int_not_equal(look_at(&port, 500) & MCR_PORT_FLAP, 0);
	assert_int_equal(port.link_since_ns, 500);
}

static void a_device_that_is_gone_is_not_asked(void **state)
{
	struct mcr_port port = {.id = 0};

	look_at(&port, 100);
	stats.ipackets = 5;
	is_gone = 1;
	assert_int_equal(look_at(&port, 200), MCR_PORT_GONE);
	assert_int_equal(port.seen.rises.rx_ns, 0);
}

static void a_look_keeps_the_filters_mode_on_and_sees_it(void **state)
{
	struct mcr_port port = {.id = 0};

	look_at(&port, 100);
	assert_int_equal(port.seen.promiscuous, 1);
	is_promiscuous = 0;
	is_gone = 1;
	look_at(&port, 200);
	assert_int_equal(is_promiscuous, 0); /* nor is its mode set */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
	    TEST(a_counter_that_rose_has_the_time_of_the_look),
	    TEST(what_sockets_lose_counts_as_missed),
	    TEST(a_counter_that_cannot_be_read_or_was_reset_has_not_risen),
	    TEST(a_link_is_as_it_is_since_its_last_change),
	    TEST(a_device_that_is_gone_is_not_asked),
	    TEST(a_look_keeps_the_filters_mode_on_and_sees_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
