/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/mcr_receive_place.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the engine's interfaces ---- */

void mcr_received_interfaces_read(struct mcr_received_interfaces *out, const char *run_dir)
{
	char path[4096], text[MCR_INTERFACE_LIST_BYTES];
	size_t len = 0;
	ssize_t n;
	int fd, ret;

	out->n = 0;
	ret = snprintf(path, sizeof(path), "%s/" MCR_INTERFACE_LIST_FILE, run_dir);
	fd = ret < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0)
		return;
	while (len < sizeof(text) && (n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	close(fd);
	ret = mcr_interface_list_parse(out->items, MCR_LISTED_INTERFACES_MAX, text, len);
	out->n = ret > 0 ? (size_t)ret : 0;
}

static int is_shared(const struct mcr_received_interfaces *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return list->items[i].is_shared;
	return 0;
}

int mcr_received_interfaces_ask(struct mcr_received_interfaces *list, struct mcr_consumer *c,
				struct mcr_error *err)
{
	const struct mcr_received_interfaces read = *list;
	int ret = 0;

	list->n = 0;
	while (list->n < MCR_LISTED_INTERFACES_MAX) {
		struct mcr_consumer_interface i = {.size = sizeof(i)};
		struct mcr_listed_interface *to = &list->items[list->n];

		ret = mcr_consumer_interface_info(c, (uint32_t)list->n, &i, err);
		if (ret < 0)
			break;
		*to = (struct mcr_listed_interface){.vlan = i.vlan,
						    .is_shared = (uint8_t)is_shared(&read, i.name)};
		memcpy(to->name, i.name, sizeof(to->name));
		memcpy(to->netdev, i.netdev, sizeof(to->netdev));
		memcpy(to->kernel, i.kernel, sizeof(to->kernel));
		list->n++;
	}
	if (ret == 0 || ret == -ENOENT)
		return 0;
	*list = read;
	return ret;
}

/* ---- the kernel's ---- */

/* The kernel's interface that has this address. */
static void device_of(char device[IF_NAMESIZE], struct mcr_address address)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct mcr_address its;

		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
			its = mcr_address_from_ipv4(
			    ((const struct sockaddr_in *)(const void *)i->ifa_addr)
				->sin_addr.s_addr);
		else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
			memcpy(its.octets,
			       &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr,
			       sizeof(its.octets));
		else
			continue;
		if (mcr_address_is_equal(its, address))
			snprintf(device, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(all);
}

/* The interface to which the kernel's routes lead a datagram to the group: a socket that is
 * connected to it has its address, and with IPv6 perhaps its number. "" = there is no route. */
static void route_to(char device[IF_NAMESIZE], struct mcr_address group)
{
	const int is_ipv4 = mcr_address_is_ipv4(group);
	const uint16_t port_be = htons(9);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = port_be};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = port_be};
	struct sockaddr_storage own = {0};
	socklen_t len = sizeof(own);
	struct mcr_address address;
	int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	device[0] = '\0';
	if (fd < 0)
		return;
	to.sin_addr.s_addr = mcr_address_ipv4_be(group);
	memcpy(&to6.sin6_addr, group.octets, sizeof(to6.sin6_addr));
	ret = is_ipv4 ? connect(fd, (struct sockaddr *)&to, sizeof(to))
		      : connect(fd, (struct sockaddr *)&to6, sizeof(to6));
	if (ret == 0 && getsockname(fd, (struct sockaddr *)&own, &len) == 0) {
		if (is_ipv4)
			address = mcr_address_from_ipv4(
			    ((const struct sockaddr_in *)(const void *)&own)->sin_addr.s_addr);
		else
			memcpy(address.octets,
			       &((const struct sockaddr_in6 *)(const void *)&own)->sin6_addr,
			       sizeof(address.octets));
		device_of(device, address);
	}
	close(fd);
}

/* ---- both ---- */

static const struct mcr_listed_interface *find(const struct mcr_received_interfaces *list,
					       const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].vlan == 0 && strcmp(list->items[i].netdev, name) == 0)
			return &list->items[i];
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].kernel, name) == 0)
			return &list->items[i];
	return NULL;
}

/* The device by which the kernel gets what arrives at an interface of the engine's. */
static int device_below(char device[IF_NAMESIZE], const struct mcr_listed_interface *i, int trusts)
{
	if (i->kernel[0] != '\0' && if_nametoindex(i->kernel) != 0) {
		snprintf(device, IF_NAMESIZE, "%s", i->kernel);
		return 0;
	}
	if (i->netdev[0] == '\0' || (!i->is_shared && !trusts))
		return -ENETDOWN;
	if (i->vlan == 0)
		snprintf(device, IF_NAMESIZE, "%s", i->netdev);
	else if (snprintf(device, IF_NAMESIZE, "%s.%u", i->netdev, i->vlan) >= IF_NAMESIZE)
		return -ENETDOWN;
	return 0;
}

void mcr_place_find(struct mcr_place *out, const struct mcr_received_interfaces *list,
		    const struct mcr_join *join, int trusts)
{
	const struct mcr_listed_interface *i = NULL;
	int ret = 0;

	*out = (struct mcr_place){.interface = MCR_RECEIVE_NO_INTERFACE};
	if (strlen(join->interface) < sizeof(out->device))
		strcpy(out->device, join->interface);
	if (join->interface[0] == '\0' && list->n != 1)
		route_to(out->device, join->group);
	if (join->interface[0] != '\0')
		i = find(list, join->interface);
	else
		i = list->n == 1 ? list->items : find(list, out->device);
	if (i) {
		memcpy(out->name, i->name, sizeof(out->name));
		out->interface = (uint16_t)(i - list->items);
		ret = device_below(out->device, i, trusts);
	}
	if (ret == 0) {
		out->ifindex = out->device[0] != '\0' ? if_nametoindex(out->device) : 0;
		ret = out->ifindex != 0 ? 0 : -ENODEV;
	}
	out->fault = ret;
	/* The kernel's numbers grow without end; those of one host's do not lie that far apart. */
	out->slot =
	    i ? out->interface : (uint16_t)(MCR_LISTED_INTERFACES_MAX + out->ifindex % 32768);
}
