/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_addr.h>

#include "core/address.h"
#include "engine/netdev/netdev_address.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* ---- what the kernel says ---- */

static void add(struct mcr_netdev_addresses *to, const struct mcr_nd_kernel_address *address)
{
	if (to->n == MCR_NETDEV_ADDRESSES && !mcr_address_is_link_local(address->address))
		return;
	if (to->n == MCR_NETDEV_ADDRESSES)
		to->n--;
	to->list[to->n++] = *address;
}

static void take_address(struct mcr_netdev_address *a, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *info = NLMSG_DATA(h);
	const uint8_t *at, *end = (const uint8_t *)h + h->nlmsg_len;
	struct mcr_nd_kernel_address found = {0};
	const struct rtattr *attr;
	int has_local = 0;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifa_family != AF_INET6 ||
	    info->ifa_index != a->index)
		return;
	if (!mcr_netlink_is_answer(&a->socket, h)) {
		a->is_due = 1;
		return;
	}
	found.is_tentative = (info->ifa_flags & IFA_F_TENTATIVE) != 0;
	found.is_duplicate = (info->ifa_flags & IFA_F_DADFAILED) != 0;
	at = mcr_netlink_first_attr(h, sizeof(*info));
	while (at < end && (attr = mcr_netlink_next_attr(&at, end)))
		/* Of an address with a peer, IFA_ADDRESS is the peer's. */
		if (attr->rta_type == IFA_LOCAL)
			has_local = mcr_netlink_take(&found.address, sizeof(found.address), attr);
		else if (attr->rta_type == IFA_ADDRESS && !has_local)
			mcr_netlink_take(&found.address, sizeof(found.address), attr);
	if (!mcr_address_is_none(found.address))
		add(&a->next, &found);
}

/* A message of the answer. Returns 1 when it is the last one. */
static int take_answer(struct mcr_netdev_address *a, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	int error = 0;

	if (h->nlmsg_type != NLMSG_DONE && h->nlmsg_type != NLMSG_ERROR)
		return 0;
	if (h->nlmsg_type == NLMSG_ERROR)
		error = h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? -EIO : e->error;
	if (a->is_cut)
		return -EINTR;
	if (error < 0 && error != -ENODEV)
		return error;
	a->found = a->next;
	return 1;
}

int mcr_netdev_address_input(struct mcr_netdev_address *a, const void *msgs, size_t len)
{
	const uint8_t *at = msgs;
	const struct nlmsghdr *h;
	int ret = 0;

	while (ret == 0 && (h = mcr_netlink_next_message(&at, &len))) {
		int is_answer = mcr_netlink_is_answer(&a->socket, h);

		if (is_answer && a->answered != h->nlmsg_seq) { /* it begins */
			a->answered = h->nlmsg_seq;
			a->next = (struct mcr_netdev_addresses){0};
			a->is_cut = 0;
		}
		a->is_cut |= is_answer && (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR)
			take_address(a, h);
		else if (is_answer)
			ret = take_answer(a, h);
	}
	return ret;
}

/* ---- the socket ---- */

int mcr_netdev_address_open(struct mcr_netdev_address *a, uint32_t index)
{
	const int on = 1;
	int ret;

	*a = (struct mcr_netdev_address){.index = index, .is_due = 1};
	ret = mcr_netlink_open(&a->socket, RTMGRP_IPV6_IFADDR);
	/* Then the kernel lists this interface's addresses only. Before Linux 4.20 it lists all. */
	if (ret == 0)
		setsockopt(a->socket.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return ret;
}

void mcr_netdev_address_close(struct mcr_netdev_address *a)
{
	mcr_netlink_close(&a->socket);
}

static int input(void *ctx, const void *msgs, size_t len)
{
	return mcr_netdev_address_input(ctx, msgs, len);
}

int mcr_netdev_address_look(struct mcr_netdev_address *a)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg info;
	} question = {
	    .header = {.nlmsg_len = sizeof(question),
		       .nlmsg_type = RTM_GETADDR,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .info = {.ifa_family = AF_INET6, .ifa_index = a->index},
	};
	int ret;

	if (mcr_netlink_hear(&a->socket, input, a) < 0)
		a->is_due = 1;
	if (!a->is_due)
		return 0;
	a->is_due = 0;
	ret = mcr_netlink_ask(&a->socket, &question.header, input, a);
	a->is_due |= ret < 0;
	return ret;
}
