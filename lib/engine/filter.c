/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "engine/filter.h"

const char *mcr_rung_name(enum mcr_rung rung)
{
	static const char *const names[] = {
	    [MCR_RUNG_MAC_LIST] = "mac-list",
	    [MCR_RUNG_MAC_SLOTS] = "mac-slots",
	    [MCR_RUNG_ALL_MULTICAST] = "all-multicast",
	    [MCR_RUNG_PROMISCUOUS] = "promiscuous",
	    [MCR_RUNG_NONE] = "none",
	};

	return names[rung];
}

static int by_mac(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rte_ether_addr));
}

static struct rte_ether_addr mac_of(uint32_t group_be)
{
	const uint8_t *g = (const uint8_t *)&group_be;

	return (struct rte_ether_addr){{0x01, 0x00, 0x5e, g[1] & 0x7f, g[2], g[3]}};
}

size_t mcr_filter_macs(struct rte_ether_addr *macs, const uint32_t *groups_be, size_t n)
{
	size_t unique = 0;

	for (size_t i = 0; i < n; i++)
		macs[i] = mac_of(groups_be[i]);
	macs[n] = mac_of(RTE_BE32(0xe0000001));
	qsort(macs, n + 1, sizeof(*macs), by_mac);
	for (size_t i = 0; i < n + 1; i++)
		if (unique == 0 || by_mac(&macs[unique - 1], &macs[i]) != 0)
			macs[unique++] = macs[i];
	return unique;
}

void mcr_filter_port_init(struct mcr_filter_port *f, uint16_t port, const char *driver)
{
	*f = (struct mcr_filter_port){.port = port};
	/* Takes a list, answers 0 and does nothing with it (DPDK 22.11, tap_set_mc_addr_list). */
	if (strcmp(driver, "net_tap") == 0) {
		f->rung = MCR_RUNG_ALL_MULTICAST;
		snprintf(f->reason, sizeof(f->reason), "net_tap ignores its multicast list");
	}
}

void mcr_filter_port_fini(struct mcr_filter_port *f)
{
	free(f->macs);
	f->macs = NULL;
	f->n = 0;
}

static void step_down(struct mcr_filter_port *f, enum mcr_rung to, const char *what, int ret)
{
	snprintf(f->reason, sizeof(f->reason), "%s: %s", what, strerror(-ret));
	f->rung = to;
}

/* *opened: all multicast is let in since, which is the caller's to end where it fails. */
static int set_list(const struct mcr_filter_port *f, const struct rte_ether_addr *macs, size_t n,
		    int *opened)
{
	struct rte_ether_addr *list = NULL;
	int ret;

	if (n > 0) { /* the call wants a mutable list */
		list = malloc(n * sizeof(*list));
		if (list == NULL)
			return -ENOMEM;
		memcpy(list, macs, n * sizeof(*list));
	}
	/* Some drivers flush before they add: let all in meanwhile. */
	*opened =
	    rte_eth_allmulticast_get(f->port) == 0 && rte_eth_allmulticast_enable(f->port) == 0;
	ret = rte_eth_dev_set_mc_addr_list(f->port, list, (uint32_t)n);
	if (*opened && ret == 0)
		rte_eth_allmulticast_disable(f->port);
	free(list);
	return ret;
}

static int is_in(const struct rte_ether_addr *mac, const struct rte_ether_addr *macs, size_t n)
{
	for (size_t low = 0, high = n; low < high;) {
		size_t middle = (low + high) / 2;
		int order = memcmp(mac, &macs[middle], sizeof(*mac));

		if (order == 0)
			return 1;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

/* New ones go in before old ones come out. */
static int set_slots(const struct mcr_filter_port *f, const struct rte_ether_addr *macs, size_t n)
{
	struct rte_ether_addr mac;

	for (size_t i = 0; i < n; i++) {
		int ret = 0;

		mac = macs[i];
		if (!is_in(&mac, f->macs, f->n))
			ret = rte_eth_dev_mac_addr_add(f->port, &mac, 0);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < f->n; i++) {
		mac = f->macs[i];
		if (!is_in(&mac, macs, n))
			rte_eth_dev_mac_addr_remove(f->port, &mac);
	}
	return 0;
}

static void climb_down(struct mcr_filter_port *f, const struct rte_ether_addr *macs, size_t n)
{
	int opened = 0, ret;

	if (f->rung == MCR_RUNG_MAC_LIST) {
		ret = set_list(f, macs, n, &opened);
		if (ret == 0)
			return;
		step_down(f, MCR_RUNG_MAC_SLOTS, "no multicast list", ret);
		/* What a refused list left in the NIC is unknown: the slots hold all of it. */
		rte_eth_dev_set_mc_addr_list(f->port, NULL, 0);
		f->n = 0;
	}
	if (f->rung == MCR_RUNG_MAC_SLOTS) {
		ret = set_slots(f, macs, n);
		if (ret == 0 && opened)
			rte_eth_allmulticast_disable(f->port);
		if (ret == 0)
			return;
		step_down(f, MCR_RUNG_ALL_MULTICAST, "no MAC address slots left", ret);
	}
	if (f->rung == MCR_RUNG_ALL_MULTICAST) {
		ret = rte_eth_allmulticast_enable(f->port);
		if (ret == 0)
			return;
		step_down(f, MCR_RUNG_PROMISCUOUS, "no all-multicast mode", ret);
	}
	if (f->rung == MCR_RUNG_PROMISCUOUS) {
		ret = rte_eth_promiscuous_enable(f->port);
		if (ret != 0)
			step_down(f, MCR_RUNG_NONE, "the driver cannot filter", ret);
	}
}

void mcr_filter_port_set(struct mcr_filter_port *f, const struct rte_ether_addr *macs, size_t n)
{
	struct rte_ether_addr *copy = NULL;

	if (n == f->n && (n == 0 || memcmp(macs, f->macs, n * sizeof(*macs)) == 0))
		return;
	climb_down(f, macs, n);
	if (n > 0)
		copy = malloc(n * sizeof(*copy));
	if (copy != NULL)
		memcpy(copy, macs, n * sizeof(*copy));
	else
		n = 0; /* forgotten: the next change tells the driver all of it again */
	free(f->macs);
	f->macs = copy;
	f->n = n;
}
