/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "engine/netdev/netdev_link.h"

#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

/* ---- what the kernel says ---- */

static void take_text(char *out, size_t cap, const struct rtattr *a)
{
	size_t len = strnlen(RTA_DATA(a), mcr_netlink_payload(a));

	if (len >= cap)
		len = cap - 1;
	memcpy(out, RTA_DATA(a), len);
	out[len] = '\0';
}

/* IFLA_LINKINFO and IFLA_XDP hold attributes of their own. */
static void take_nested(struct mcr_netdev_state *s, const struct rtattr *outer)
{
	const uint8_t *at = RTA_DATA(outer), *end = at + mcr_netlink_payload(outer);
	uint16_t type = outer->rta_type & NLA_TYPE_MASK;
	const struct rtattr *a;

	while ((a = mcr_netlink_next_attr(&at, end)))
		if (type == IFLA_LINKINFO && a->rta_type == IFLA_INFO_KIND)
			take_text(s->kind, sizeof(s->kind), a);
		else if (type == IFLA_XDP && a->rta_type == IFLA_XDP_ATTACHED)
			mcr_netlink_take(&s->xdp, sizeof(s->xdp), a);
}

/* What the attributes of one message say beyond the state. */
struct extra {
	uint8_t carrier;
	uint8_t has_moved;
	uint8_t has_downs;
	uint32_t changes;
};

static void take_attr(struct mcr_netdev_state *s, struct extra *x, const struct rtattr *a,
		      uint16_t arp_type)
{
	switch (a->rta_type & NLA_TYPE_MASK) {
	case IFLA_IFNAME:
		take_text(s->name, sizeof(s->name), a);
		break;
	case IFLA_MTU:
		mcr_netlink_take(&s->mtu, sizeof(s->mtu), a);
		break;
	case IFLA_ADDRESS:
		s->has_mac = arp_type == ARPHRD_ETHER && mcr_netlink_payload(a) == sizeof(s->mac);
		if (s->has_mac)
			memcpy(s->mac, RTA_DATA(a), sizeof(s->mac));
		break;
	case IFLA_CARRIER:
		mcr_netlink_take(&x->carrier, sizeof(x->carrier), a);
		break;
	case IFLA_CARRIER_DOWN_COUNT:
		x->has_downs =
		    (uint8_t)mcr_netlink_take(&s->carrier_downs, sizeof(s->carrier_downs), a);
		break;
	case IFLA_CARRIER_CHANGES:
		mcr_netlink_take(&x->changes, sizeof(x->changes), a);
		break;
	case IFLA_NEW_NETNSID:
	case IFLA_NEW_IFINDEX:
		x->has_moved = 1;
		break;
	case IFLA_LINKINFO:
	case IFLA_XDP:
		take_nested(s, a);
		break;
	default:
		break;
	}
}

/* Messages of another family do not count: a bridge reports its ports in RTM_NEWLINK, too. */
static void take_link(struct mcr_netdev_link *l, const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct mcr_netdev_state *s = &l->state;
	struct extra x = {0};
	const struct rtattr *a;
	const uint8_t *at, *end = (const uint8_t *)h + h->nlmsg_len;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_family != AF_UNSPEC ||
	    info->ifi_index != (int)l->index)
		return;
	x.carrier = (info->ifi_flags & IFF_RUNNING) != 0; /* a kernel without IFLA_CARRIER */
	at = mcr_netlink_first_attr(h, sizeof(*info));
	s->xdp = XDP_ATTACHED_NONE;
	while (at < end && (a = mcr_netlink_next_attr(&at, end)))
		take_attr(s, &x, a, info->ifi_type);
	if (!x.has_downs)
		s->carrier_downs = x.changes / 2;
	s->is_enabled = (info->ifi_flags & IFF_UP) != 0;
	s->is_up = s->is_enabled && x.carrier;
	s->presence = h->nlmsg_type == RTM_NEWLINK ? MCR_NETDEV_HERE
		      : x.has_moved                ? MCR_NETDEV_MOVED
						   : MCR_NETDEV_GONE;
	if (s->presence != MCR_NETDEV_HERE)
		s->is_up = 0;
}

/* There is no such interface. If it was here and we heard nothing of its end, it was deleted. */
static void take_error(struct mcr_netdev_link *l, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error != -ENODEV)
		return;
	if (l->state.presence == MCR_NETDEV_HERE)
		l->state.presence = MCR_NETDEV_GONE;
	l->state.is_up = 0;
}

int mcr_netdev_link_input(struct mcr_netdev_link *l, const void *msgs, size_t len)
{
	const uint8_t *at = msgs;
	const struct nlmsghdr *h;
	int is_answered = 0;

	while ((h = mcr_netlink_next_message(&at, &len))) {
		int is_answer = mcr_netlink_is_answer(&l->socket, h);

		if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
			take_link(l, h);
		else if (h->nlmsg_type == NLMSG_ERROR && is_answer)
			take_error(l, h);
		is_answered |= is_answer;
	}
	return is_answered;
}

/* ---- the socket ---- */

int mcr_netdev_link_open(struct mcr_netdev_link *l, uint32_t index)
{
	*l = (struct mcr_netdev_link){.index = index};
	return mcr_netlink_open(&l->socket, RTMGRP_LINK);
}

void mcr_netdev_link_close(struct mcr_netdev_link *l)
{
	mcr_netlink_close(&l->socket);
}

static int input(void *ctx, const void *msgs, size_t len)
{
	return mcr_netdev_link_input(ctx, msgs, len);
}

int mcr_netdev_link_look(struct mcr_netdev_link *l)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		struct rtattr attr;
		uint32_t mask;
	} question = {
	    .header = {.nlmsg_len = sizeof(question),
		       .nlmsg_type = RTM_GETLINK,
		       .nlmsg_flags = NLM_F_REQUEST},
	    .info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)l->index},
	    .attr = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK},
	    .mask = RTEXT_FILTER_SKIP_STATS,
	};

	mcr_netlink_hear(&l->socket, input, l); /* makes room for the answer */
	return mcr_netlink_ask(&l->socket, &question.header, input, l);
}
