/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "engine/netdev/netdev_link.h"

#define BUFFER_BYTES 32768 /* one interface takes about 1.5 KiB */
#define ANSWER_MS    1000
#define ASKS_MAX     3
#define SOCKET_BYTES (1 << 20) /* for news of other links while the kernel keeps us waiting */

#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

/* ---- what the kernel says ---- */

/* Returns the next attribute of [*at, end), or NULL: there is none, or it does not end there. */
static const struct rtattr *next_attr(const uint8_t **at, const uint8_t *end)
{
	const struct rtattr *a = (const struct rtattr *)*at;
	size_t left = (size_t)(end - *at);

	if (left < sizeof(*a) || a->rta_len < sizeof(*a) || a->rta_len > left)
		return NULL;
	*at += RTA_ALIGN(a->rta_len) < left ? RTA_ALIGN(a->rta_len) : left;
	return a;
}

static size_t payload_of(const struct rtattr *a)
{
	return a->rta_len - RTA_LENGTH(0);
}

/* Returns 0, and leaves out as it is, when the attribute is too short. */
static int take_number(void *out, size_t size, const struct rtattr *a)
{
	if (payload_of(a) < size)
		return 0;
	memcpy(out, RTA_DATA(a), size);
	return 1;
}

static void take_text(char *out, size_t cap, const struct rtattr *a)
{
	size_t len = strnlen(RTA_DATA(a), payload_of(a));

	if (len >= cap)
		len = cap - 1;
	memcpy(out, RTA_DATA(a), len);
	out[len] = '\0';
}

/* IFLA_LINKINFO and IFLA_XDP hold attributes of their own. */
static void take_nested(struct mcr_netdev_state *s, const struct rtattr *outer)
{
	const uint8_t *at = RTA_DATA(outer), *end = at + payload_of(outer);
	uint16_t type = outer->rta_type & NLA_TYPE_MASK;
	const struct rtattr *a;

	while ((a = next_attr(&at, end)))
		if (type == IFLA_LINKINFO && a->rta_type == IFLA_INFO_KIND)
			take_text(s->kind, sizeof(s->kind), a);
		else if (type == IFLA_XDP && a->rta_type == IFLA_XDP_ATTACHED)
			take_number(&s->xdp, sizeof(s->xdp), a);
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
		take_number(&s->mtu, sizeof(s->mtu), a);
		break;
	case IFLA_ADDRESS:
		s->has_mac = arp_type == ARPHRD_ETHER && payload_of(a) == sizeof(s->mac);
		if (s->has_mac)
			memcpy(s->mac, RTA_DATA(a), sizeof(s->mac));
		break;
	case IFLA_CARRIER:
		take_number(&x->carrier, sizeof(x->carrier), a);
		break;
	case IFLA_CARRIER_DOWN_COUNT:
		x->has_downs = (uint8_t)take_number(&s->carrier_downs, sizeof(s->carrier_downs), a);
		break;
	case IFLA_CARRIER_CHANGES:
		take_number(&x->changes, sizeof(x->changes), a);
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
	at = (const uint8_t *)h + NLMSG_LENGTH(NLMSG_ALIGN(sizeof(*info)));
	s->xdp = XDP_ATTACHED_NONE;
	while (at < end && (a = next_attr(&at, end)))
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
	int is_answered = 0;

	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)at;
		size_t step = NLMSG_ALIGN((size_t)h->nlmsg_len);

		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > len)
			break;
		if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
			take_link(l, h);
		else if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == l->serial)
			take_error(l, h);
		is_answered |= h->nlmsg_seq == l->serial;
		if (step >= len)
			break;
		at += step;
		len -= step;
	}
	return is_answered;
}

/* ---- the socket ---- */

int mcr_netdev_link_open(struct mcr_netdev_link *l, uint32_t index)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	const int bytes = SOCKET_BYTES;
	int ret;

	*l = (struct mcr_netdev_link){
	    .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE),
	    .index = index,
	};
	if (l->fd < 0)
		return -errno;
	/* To exceed the system's limit takes CAP_NET_ADMIN; without it, the limit will do. */
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(l->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	ret = -errno;
	mcr_netdev_link_close(l);
	return ret;
}

void mcr_netdev_link_close(struct mcr_netdev_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static int ask(struct mcr_netdev_link *l)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		struct rtattr attr;
		uint32_t mask;
	} request = {
	    .header = {.nlmsg_len = sizeof(request),
		       .nlmsg_type = RTM_GETLINK,
		       .nlmsg_flags = NLM_F_REQUEST},
	    .info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)l->index},
	    .attr = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK},
	    .mask = RTEXT_FILTER_SKIP_STATS,
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (++l->serial == 0) /* which marks what the kernel says unasked */
		l->serial = 1;
	request.header.nlmsg_seq = l->serial;
	return sendto(l->fd, &request, sizeof(request), 0, (struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0
		   ? -errno
		   : 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Reads one datagram of the kernel's. Returns 1 if the answer is in it, 0 if not, -ENOBUFS: some
 * were lost, or another -errno. */
static int receive(struct mcr_netdev_link *l)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_BYTES];
	struct sockaddr_nl from = {0};
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(l->fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &len);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return from.nl_pid == 0 ? mcr_netdev_link_input(l, buffer, (size_t)n) : 0;
}

/* Asks, and reads until the answer comes. Returns 1, -ENOBUFS: the answer may be among what was
 * lost, or another -errno. */
static int ask_once(struct mcr_netdev_link *l)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
	int ret = ask(l), is_lost = 0;
	uint64_t end_ms = now_ms() + ANSWER_MS; /* asking waits for the kernel's lock, too */

	while (ret == 0) {
		if (now_ms() >= end_ms)
			return -ETIMEDOUT;
		ret = receive(l);
		if (ret == -ENOBUFS) {
			is_lost = 1;
			ret = 0;
		} else if (ret == -EAGAIN && is_lost) {
			return -ENOBUFS;
		} else if (ret == -EAGAIN) {
			poll(&p, 1, ANSWER_MS);
			ret = 0;
		}
	}
	return ret;
}

int mcr_netdev_link_look(struct mcr_netdev_link *l)
{
	int ret;

	/* Reads first what the kernel said unasked, to make room for the answer. */
	do
		ret = receive(l);
	while (ret == 0 || ret == -ENOBUFS);
	ret = -ENOBUFS;
	for (unsigned i = 0; i < ASKS_MAX && ret == -ENOBUFS; i++)
		ret = ask_once(l);
	return ret < 0 ? ret : 0;
}
