/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/device.h"

#include <ifaddrs.h>
#include <linux/if_vlan.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "socket/real.h"

/* ---- routes ---- */

#define ANSWER_OCTETS 4096

struct route_question {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attribute;
	uint8_t address[16];
};

/* Takes the device out of the kernel's answer. */
static uint32_t device_in(struct nlmsghdr *head, size_t len, int type)
{
	struct rtmsg *route = NLMSG_DATA(head);
	struct rtattr *a;
	int left;
	uint32_t ifindex;

	if (!NLMSG_OK(head, len) || head->nlmsg_type != RTM_NEWROUTE ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
		return 0;
	if (type != RTN_UNSPEC && route->rtm_type != type)
		return 0;
	left = (int)RTM_PAYLOAD(head);
	for (a = RTM_RTA(route); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type != RTA_OIF || RTA_PAYLOAD(a) < sizeof(ifindex))
			continue;
		memcpy(&ifindex, RTA_DATA(a), sizeof(ifindex));
		return ifindex;
	}
	return 0;
}

/* type: only a route of this type counts; RTN_UNSPEC: any. */
static uint32_t ask_route(struct mcr_address address, unsigned flags, int type)
{
	int is_ipv4 = mcr_address_is_ipv4(address);
	size_t octets = is_ipv4 ? 4 : 16;
	struct route_question q = {
	    .head = {.nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
	    .route = {.rtm_family = is_ipv4 ? AF_INET : AF_INET6,
		      .rtm_dst_len = (uint8_t)(octets * 8),
		      .rtm_flags = flags},
	    .attribute = {.rta_len = (uint16_t)RTA_LENGTH(octets), .rta_type = RTA_DST},
	};
	union {
		struct nlmsghdr head;
		char octets[ANSWER_OCTETS];
	} answer;
	ssize_t n = -1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return 0;
	memcpy(q.address, address.octets + 16 - octets, octets);
	q.head.nlmsg_len = (uint32_t)(offsetof(struct route_question, address) + octets);
	if (mcr_real.send(fd, &q, q.head.nlmsg_len, 0) == (ssize_t)q.head.nlmsg_len)
		n = mcr_real.recv(fd, &answer, sizeof(answer), 0);
	mcr_real.close(fd);
	return n > 0 ? device_in(&answer.head, (size_t)n, type) : 0;
}

uint32_t mcr_device_of_route(struct mcr_address group)
{
	return ask_route(group, 0, RTN_UNSPEC);
}

/* ---- addresses ---- */

static struct mcr_address address_of(const struct ifaddrs *i)
{
	struct mcr_address address = {{0}};

	if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
		address = mcr_address_from_ipv4(
		    ((const struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr);
	else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
		memcpy(address.octets, &((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr,
		       sizeof(address));
	return address;
}

/* The name of an address's device: an alias (eth1:1) is a name of the address only. */
static void device_of(char name[IF_NAMESIZE], const struct ifaddrs *i)
{
	snprintf(name, IF_NAMESIZE, "%.*s", (int)strcspn(i->ifa_name, ":"), i->ifa_name);
}

uint32_t mcr_device_of_address(uint32_t address_be)
{
	struct mcr_address address = mcr_address_from_ipv4(address_be);
	char name[IF_NAMESIZE] = "";
	struct ifaddrs *all, *i;

	if (getifaddrs(&all) < 0)
		return 0;
	for (i = all; i; i = i->ifa_next)
		if (mcr_address_is_equal(address_of(i), address))
			break;
	if (i)
		device_of(name, i);
	freeifaddrs(all);
	/* Not an address by itself, but one that is local: as 127.0.0.2. */
	return name[0] ? if_nametoindex(name) : ask_route(address, RTM_F_FIB_MATCH, RTN_LOCAL);
}

uint32_t mcr_device_ipv4_be(const char *name)
{
	char device[IF_NAMESIZE];
	struct ifaddrs *all, *i;
	uint32_t found = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (i = all; i && found == 0; i = i->ifa_next) {
		device_of(device, i);
		if (strcmp(device, name) == 0)
			found = mcr_address_ipv4_be(address_of(i));
	}
	freeifaddrs(all);
	return found;
}

uint32_t mcr_device_own_addresses(struct mcr_address *out, uint32_t n, int is_ipv4,
				  const char *first)
{
	char device[IF_NAMESIZE];
	struct ifaddrs *all;
	uint32_t used = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (int turn = 0; turn < 2; turn++) {
		for (const struct ifaddrs *i = all; i && used < n; i = i->ifa_next) {
			struct mcr_address address = address_of(i);

			device_of(device, i);
			if (mcr_address_is_none(address) ||
			    mcr_address_is_ipv4(address) != is_ipv4 ||
			    (strcmp(device, first) != 0) != turn)
				continue;
			out[used++] = address;
		}
	}
	freeifaddrs(all);
	return used;
}

/* ---- VLAN devices ---- */

static int ask_vlan(struct vlan_ioctl_args *args, int command, const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -1;
	memset(args, 0, sizeof(*args));
	args->cmd = command;
	snprintf(args->device1, sizeof(args->device1), "%s", name);
	ret = mcr_real.ioctl(fd, SIOCGIFVLAN, args);
	mcr_real.close(fd);
	return ret;
}

uint16_t mcr_device_below(char below[IF_NAMESIZE], const char *name)
{
	struct vlan_ioctl_args args;

	if (ask_vlan(&args, GET_VLAN_REALDEV_NAME_CMD, name) < 0)
		return 0;
	snprintf(below, IF_NAMESIZE, "%.*s", IF_NAMESIZE - 1, args.u.device2);
	if (ask_vlan(&args, GET_VLAN_VID_CMD, name) < 0)
		return 0;
	return (uint16_t)args.u.VID;
}

uint32_t mcr_device_of_vlan(const char *name, uint16_t vlan)
{
	struct if_nameindex *all = if_nameindex();
	char below[IF_NAMESIZE];
	uint32_t found = 0;

	for (const struct if_nameindex *i = all; i && i->if_index != 0 && found == 0; i++)
		if (mcr_device_below(below, i->if_name) == vlan && strcmp(below, name) == 0)
			found = i->if_index;
	if (all)
		if_freenameindex(all);
	return found;
}
