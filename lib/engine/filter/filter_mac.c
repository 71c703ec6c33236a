/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "core/address.h"
#include "engine/filter/filter_mac.h"

void mcr_filter_mac_init(struct mcr_filter_mac *f, uint16_t port,
			 const struct mcr_filter_traits *traits)
{
	*f = (struct mcr_filter_mac){.port = port, .traits = traits};
	f->no_list = (traits->flags & (MCR_TRAIT_LIST_IGNORED | MCR_TRAIT_SLOTS_IGNORED)) != 0;
	f->no_slots = (traits->flags & MCR_TRAIT_SLOTS_IGNORED) != 0;
	if (f->no_list)
		snprintf(f->missing, sizeof(f->missing), "%s", traits->why);
}

void mcr_filter_mac_fini(struct mcr_filter_mac *f)
{
	free(f->wanted);
	free(f->held);
	f->wanted = f->held = NULL;
	f->n_wanted = f->n_held = 0;
}

struct rte_ether_addr mcr_filter_mac_of(struct mcr_address group)
{
	struct rte_ether_addr mac;

	mcr_group_mac(mac.addr_bytes, group);
	return mac;
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

int mcr_filter_mac_wants(const struct mcr_filter_mac *f, const struct rte_ether_addr *mac)
{
	return is_in(mac, f->wanted, f->n_wanted);
}

enum mcr_rung mcr_filter_mac_rung(const struct mcr_filter_mac *f, const struct rte_ether_addr *mac)
{
	if (f->rung != MCR_RUNG_NONE || !is_in(mac, f->held, f->n_held))
		return f->rung;
	return f->no_list ? MCR_RUNG_MAC_SLOTS : MCR_RUNG_MAC_LIST;
}

/* ---- the modes ---- */

static int open_all(struct mcr_filter_mac *f)
{
	int ret;

	if (rte_eth_allmulticast_get(f->port) == 1)
		return 0; /* by us, or by somebody else, who will switch it off */
	ret = rte_eth_allmulticast_enable(f->port);
	f->all_multi = ret == 0;
	return ret;
}

static int open_promiscuous(struct mcr_filter_mac *f)
{
	int ret;

	if (rte_eth_promiscuous_get(f->port) == 1)
		return 0;
	ret = rte_eth_promiscuous_enable(f->port);
	f->promiscuous = ret == 0;
	return ret;
}

void mcr_filter_mac_keep(struct mcr_filter_mac *f)
{
	if (f->rung == MCR_RUNG_ALL_MULTICAST)
		open_all(f);
	else if (f->rung == MCR_RUNG_PROMISCUOUS)
		open_promiscuous(f);
}

/* All wanted addresses are in list or slots: the rest need not be. */
static void close_modes(struct mcr_filter_mac *f)
{
	int ret = 0;

	if (f->promiscuous && rte_eth_promiscuous_disable(f->port) == 0)
		f->promiscuous = 0;
	if (f->all_multi)
		ret = rte_eth_allmulticast_disable(f->port);
	f->all_multi = ret != 0;
	if (ret == 0 && rte_eth_allmulticast_get(f->port) != 1)
		return;
	f->rung = MCR_RUNG_ALL_MULTICAST;
	if (ret == 0)
		snprintf(f->reason, sizeof(f->reason), "all-multicast was on before");
	else
		snprintf(f->reason, sizeof(f->reason), "all-multicast cannot be switched off: %s",
			 strerror(-ret));
}

/* ---- the list ---- */

/* held has room for n addresses. */
static int program_list(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n)
{
	int ret;

	if (f->traits->list_max != 0 && n > f->traits->list_max)
		return -ENOSPC;
	f->n_held = 0; /* a refused list may leave anything in the NIC */
	memcpy(f->held, macs, n * sizeof(*macs));
	ret = rte_eth_dev_set_mc_addr_list(f->port, f->held, (uint32_t)n);
	if (ret == 0)
		f->n_held = n;
	return ret;
}

/* Some drivers flush the list before they add to it, so all-multicast is on meanwhile. A driver
 * that refuses all-multicast keeps its list. */
static int set_list(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n)
{
	if (n == f->n_held && f->rung == MCR_RUNG_MAC_LIST &&
	    memcmp(macs, f->held, n * sizeof(*macs)) == 0)
		return 0;
	if ((f->traits->flags & MCR_TRAIT_RESTARTS) == 0)
		open_all(f);
	return program_list(f, macs, n);
}

/* ---- the slots ---- */

/* Adds what is missing, at the end of held, which the caller sorts. */
static int add_slots(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n,
		     const struct rte_ether_addr *before, size_t n_before)
{
	for (size_t i = 0; i < n; i++) {
		struct rte_ether_addr mac = macs[i];
		int ret;

		if (is_in(&mac, before, n_before))
			continue;
		ret = rte_eth_dev_mac_addr_add(f->port, &mac, 0);
		if (ret < 0)
			return ret;
		f->held[f->n_held++] = mac;
	}
	return 0;
}

static void remove_slots(struct mcr_filter_mac *f, const struct rte_ether_addr *keep, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_held; i++) {
		struct rte_ether_addr mac = f->held[i];

		if (is_in(&mac, keep, n) || rte_eth_dev_mac_addr_remove(f->port, &mac) < 0)
			f->held[kept++] = mac;
	}
	f->n_held = kept;
}

static int by_mac(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rte_ether_addr));
}

static void sort_held(struct mcr_filter_mac *f)
{
	if (f->n_held > 1)
		qsort(f->held, f->n_held, sizeof(*f->held), by_mac);
}

/* MCR_TRAIT_SLOTS_CUT: adds and removes an address of no group, so that the driver gives the device
 * its whole table. If no slot is free for it, none was before, and nothing was cut off. */
static void program_slots_again(const struct mcr_filter_mac *f)
{
	struct rte_ether_addr nobody = {{0x03, 0, 0, 0, 0, 0}};

	if (rte_eth_dev_mac_addr_add(f->port, &nobody, 0) == 0)
		rte_eth_dev_mac_addr_remove(f->port, &nobody);
}

/* New addresses go in before old ones come out. Where there is no room for both, all-multicast is
 * on for the moment. */
static int set_slots(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n)
{
	int cut = (f->traits->flags & MCR_TRAIT_SLOTS_CUT) != 0;
	int ret;

	if (cut)
		open_all(f);
	ret = add_slots(f, macs, n, f->held, f->n_held);
	sort_held(f);
	if (ret < 0 && ret != -ENOTSUP)
		open_all(f);
	remove_slots(f, macs, n);
	if (ret < 0 && ret != -ENOTSUP) {
		ret = add_slots(f, macs, n, f->held, f->n_held);
		sort_held(f);
	}
	if (cut && f->n_held > 0)
		program_slots_again(f);
	return ret;
}

/* ---- the ladder ---- */

static int is_missing(int ret)
{
	return ret == -ENOTSUP || ret == -ENOSYS;
}

static void note_missing(struct mcr_filter_mac *f, const char *what, int ret)
{
	size_t len = strlen(f->missing);

	snprintf(f->missing + len, sizeof(f->missing) - len, "%s%s: %s", len ? "; " : "", what,
		 strerror(-ret));
}

static void note_refusal(struct mcr_filter_mac *f, const char *what, size_t n, int ret)
{
	f->refused = n;
	if (ret == -ENOSPC && f->traits->list_max != 0 && !f->no_list)
		snprintf(f->refusal, sizeof(f->refusal), "%s", f->traits->why);
	else
		snprintf(f->refusal, sizeof(f->refusal), "%s refused %zu addresses: %s", what, n,
			 strerror(-ret));
}

/* Returns 0, or the -errno with which neither list nor slots took all of it. */
static int try_exact(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n)
{
	int ret = -ENOTSUP;

	f->refusal[0] = '\0';
	if (!f->no_list) {
		ret = set_list(f, macs, n);
		f->rung = MCR_RUNG_MAC_LIST;
		if (ret == 0)
			return 0;
		if (!is_missing(ret)) {
			note_refusal(f, "the multicast list", n, ret);
			return ret;
		}
		f->no_list = 1;
		note_missing(f, "no multicast list", ret);
	}
	if (!f->no_slots) {
		ret = set_slots(f, macs, n);
		f->rung = MCR_RUNG_MAC_SLOTS;
		f->no_slots = is_missing(ret);
		if (f->no_slots)
			note_missing(f, "no MAC address slots", ret);
		else if (ret < 0)
			note_refusal(f, "the MAC address slots", n, ret);
	}
	return ret;
}

/* Programs as much of the list as the driver takes, and first what was in it: prior. */
static void keep_what_fits(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n,
			   const struct rte_ether_addr *prior, size_t n_prior)
{
	struct rte_ether_addr *order = calloc(n, sizeof(*order));
	size_t k = 0;

	if (!order)
		return;
	for (size_t i = 0; i < n; i++)
		if (is_in(&macs[i], prior, n_prior))
			order[k++] = macs[i];
	for (size_t i = 0; i < n; i++)
		if (!is_in(&macs[i], prior, n_prior))
			order[k++] = macs[i];
	for (size_t fits = n; fits > 1;) {
		fits -= (fits + 3) / 4;
		if (program_list(f, order, fits) == 0)
			break;
	}
	sort_held(f);
	free(order);
}

static void explain(struct mcr_filter_mac *f, int all_ret, int promiscuous_ret)
{
	char *to = f->reason;
	size_t cap = sizeof(f->reason), len;

	if (f->why_all)
		len = (size_t)snprintf(to, cap, "%s", f->why_all);
	else
		len = (size_t)snprintf(to, cap, "%s%s%s", f->missing,
				       f->missing[0] && f->refusal[0] ? "; " : "", f->refusal);
	if (all_ret < 0 && len < cap)
		len += (size_t)snprintf(to + len, cap - len, "; no all-multicast: %s",
					strerror(-all_ret));
	if (promiscuous_ret < 0 && len < cap)
		snprintf(to + len, cap - len, "; not promiscuous: %s", strerror(-promiscuous_ret));
}

static void open_modes(struct mcr_filter_mac *f)
{
	int all_ret = open_all(f), promiscuous_ret = 0;

	f->rung = MCR_RUNG_ALL_MULTICAST;
	if (all_ret < 0) {
		promiscuous_ret = open_promiscuous(f);
		f->rung = promiscuous_ret < 0 ? MCR_RUNG_NONE : MCR_RUNG_PROMISCUOUS;
	}
	explain(f, all_ret, promiscuous_ret);
	if (f->rung != MCR_RUNG_NONE && f->no_list && !f->no_slots)
		remove_slots(f, NULL, 0); /* they have no use any more */
}

/* Neither list nor slots took all: lets in more than that or, if it cannot, as much as fits. */
static void fall(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n,
		 const struct rte_ether_addr *prior, size_t n_prior)
{
	open_modes(f);
	if (f->rung == MCR_RUNG_NONE && !f->no_list)
		keep_what_fits(f, macs, n, prior, n_prior);
}

/* After a refusal the filter steps up only with room to spare, so that it does not flap around the
 * limit. */
static int is_worth_a_try(const struct mcr_filter_mac *f, size_t n)
{
	if (f->no_list && f->no_slots)
		return f->rung == MCR_RUNG_FLOW; /* never set before */
	return f->refused == 0 || n <= f->refused - (f->refused + 3) / 4;
}

/* All multicast is to come in, and cannot: what the rung lets in is not all. */
static void admit_gap(struct mcr_filter_mac *f)
{
	size_t len = strlen(f->reason);

	if (f->why_all)
		snprintf(f->reason + len, sizeof(f->reason) - len,
			 "%sthe driver takes neither all-multicast nor promiscuous, but %s",
			 len > 0 ? "; " : "", f->why_all);
}

static void climb(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n,
		  const struct rte_ether_addr *prior, size_t n_prior)
{
	if (f->why_all) {
		open_modes(f);
		if (f->rung != MCR_RUNG_NONE)
			return;
	}
	if (is_worth_a_try(f, n)) {
		if (try_exact(f, macs, n) == 0) {
			f->refused = 0;
			snprintf(f->reason, sizeof(f->reason), "%s", f->missing);
			close_modes(f);
			admit_gap(f);
			return;
		}
	} else if (f->rung != MCR_RUNG_NONE) {
		return;
	} else if (f->no_list && !f->no_slots) {
		set_slots(f, macs, n);
	}
	fall(f, macs, n, prior, n_prior);
}

/* Makes room for all that may be held at a time: old addresses and new ones. */
static int make_room(struct mcr_filter_mac *f, size_t n)
{
	struct rte_ether_addr *held = realloc(f->held, (f->n_held + n + 1) * sizeof(*held));

	if (!held)
		return -ENOMEM;
	f->held = held;
	return 0;
}

int mcr_filter_mac_set(struct mcr_filter_mac *f, const struct rte_ether_addr *macs, size_t n,
		       const char *why_all)
{
	struct rte_ether_addr *copy, *prior;
	size_t n_prior = f->n_held;

	if (why_all == f->why_all && n == f->n_wanted &&
	    memcmp(macs, f->wanted, n * sizeof(*macs)) == 0)
		return 0;
	copy = calloc(n, sizeof(*copy));
	prior = calloc(n_prior + 1, sizeof(*prior));
	if (!copy || !prior || make_room(f, n) < 0) {
		free(copy);
		free(prior);
		return -ENOMEM;
	}
	memcpy(copy, macs, n * sizeof(*copy));
	if (n_prior > 0)
		memcpy(prior, f->held, n_prior * sizeof(*prior));
	free(f->wanted);
	f->wanted = copy;
	f->n_wanted = n;
	if (why_all != f->why_all) { /* as if it had never been set */
		f->why_all = why_all;
		f->rung = MCR_RUNG_FLOW;
		f->refused = 0;
	}
	climb(f, macs, n, prior, n_prior);
	free(prior);
	return 0;
}
