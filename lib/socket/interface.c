/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/interface.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "socket/device.h"
#include "socket/filter.h"
#include "socket/link.h"
#include "socket/owned.h"
#include "socket/real.h"
#include "socket/settings.h"

/* ---- the engine's interfaces ---- */

static const char *run_dir(void)
{
	const char *dir = mcr_settings_get()->run_dir;

	return dir ? dir : "/run/mcring/mcring";
}

struct known {
	struct mcr_listed_interface list[MCR_OWNED_MAX];
	int n;           /* negative: no list */
	int is_attached; /* the engine itself says so: the index in the list is the interface's */
};

static void learn_attached(struct known *k)
{
	struct mcr_consumer_interface from = {.size = sizeof(from)};

	k->is_attached = mcr_link_state() == MCR_LINK_ATTACHED;
	while (k->is_attached && k->n < MCR_OWNED_MAX &&
	       mcr_link_interface((uint32_t)k->n, &from) == 0) {
		struct mcr_listed_interface *to = &k->list[k->n++];

		snprintf(to->name, sizeof(to->name), "%s", from.name);
		snprintf(to->netdev, sizeof(to->netdev), "%s", from.netdev);
		snprintf(to->kernel, sizeof(to->kernel), "%s", from.kernel);
		to->vlan = from.vlan;
		to->address = from.address;
	}
}

/* NULL: no memory. The caller frees it. */
static struct known *learn(void)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	learn_attached(k);
	if (!k->is_attached)
		k->n = mcr_owned_read(k->list, run_dir());
	return k;
}

/* The kernel's device for an engine's interface. Returns its index, or 0. */
static uint32_t device_of(const struct mcr_listed_interface *i, char device[IF_NAMESIZE])
{
	uint32_t ifindex = 0;

	if (i->kernel[0])
		ifindex = if_nametoindex(i->kernel);
	if (ifindex == 0 && i->netdev[0] && i->vlan == 0)
		ifindex = if_nametoindex(i->netdev);
	else if (ifindex == 0 && i->netdev[0])
		ifindex = mcr_device_of_vlan(i->netdev, i->vlan);
	if (ifindex == 0 || !if_indextoname(ifindex, device)) {
		device[0] = '\0';
		return 0;
	}
	return ifindex;
}

/* The engine's interface that a device of the kernel's stands for; -1: none. */
static int by_device(const struct known *k, const char *device)
{
	char below[IF_NAMESIZE];
	uint16_t vlan;

	for (int i = 0; i < k->n; i++)
		if (strcmp(k->list[i].kernel, device) == 0 ||
		    (strcmp(k->list[i].netdev, device) == 0 && k->list[i].vlan == 0))
			return i;
	vlan = k->n > 0 ? mcr_device_below(below, device) : 0;
	for (int i = 0; i < k->n && vlan != 0; i++)
		if (strcmp(k->list[i].netdev, below) == 0 && k->list[i].vlan == vlan)
			return i;
	return -1;
}

static int by_address(const struct known *k, uint32_t address_be)
{
	for (int i = 0; i < k->n; i++)
		if (mcr_address_ipv4_be(k->list[i].address) == address_be)
			return i;
	return -1;
}

/* ---- what a join means ---- */

static uint32_t bound_device(int fd)
{
	int ifindex = 0;
	socklen_t len = sizeof(ifindex);

	if (mcr_real.getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, &len) < 0)
		return 0;
	return ifindex > 0 ? (uint32_t)ifindex : 0;
}

/* Fills in the kernel's index, or returns the engine's interface that is meant without one. */
static int take_asked(struct mcr_place *out, const struct known *k, int fd,
		      struct mcr_address group, const struct mcr_interface_asked *asked,
		      int by_route)
{
	out->ifindex = asked->ifindex;
	if (out->ifindex == 0 && asked->address_be != 0) {
		int i = by_address(k, asked->address_be);

		out->ifindex = mcr_device_of_address(asked->address_be);
		return out->ifindex == 0 ? i : -1;
	}
	if (out->ifindex == 0)
		out->ifindex = bound_device(fd);
	if (out->ifindex == 0 && k->n == 1 && !by_route)
		return 0;
	if (out->ifindex == 0)
		out->ifindex = mcr_device_of_route(group);
	return -1;
}

static void find_in(struct mcr_place *out, const struct known *k, int fd, struct mcr_address group,
		    const struct mcr_interface_asked *asked, int by_route)
{
	int i = take_asked(out, k, fd, group, asked, by_route);

	out->is_unknown = k->n < 0;
	if (out->ifindex != 0 && if_indextoname(out->ifindex, out->device)) {
		i = by_device(k, out->device);
		if (i < 0 && asked->ifindex == 0 && asked->address_be != 0)
			i = by_address(k, asked->address_be);
	} else if (i >= 0) {
		out->ifindex = device_of(&k->list[i], out->device);
	}
	if (i < 0)
		return;
	snprintf(out->name, sizeof(out->name), "%s", k->list[i].name);
	if (k->is_attached)
		out->interface = (uint32_t)i;
}

void mcr_interface_find(struct mcr_place *out, int fd, struct mcr_address group,
			const struct mcr_interface_asked *asked, int by_route)
{
	struct known *k = learn();

	memset(out, 0, sizeof(*out));
	out->interface = MCR_NO_INTERFACE;
	if (k)
		find_in(out, k, fd, group, asked, by_route);
	free(k);
}

void mcr_interface_find_named(struct mcr_place *out, const char *name)
{
	struct known *k = learn();

	for (int i = 0; k && k->is_attached && i < k->n; i++) {
		if (strcmp(k->list[i].name, name) != 0)
			continue;
		out->ifindex = device_of(&k->list[i], out->device);
		out->interface = (uint32_t)i;
		snprintf(out->name, sizeof(out->name), "%s", name);
	}
	free(k);
}

/* Whether the engine's own list names the device. */
static int is_listed(const char *device)
{
	struct known *k = calloc(1, sizeof(*k));
	int i = -1;

	if (k) {
		k->n = mcr_owned_read(k->list, run_dir());
		i = by_device(k, device);
	}
	free(k);
	return i >= 0;
}

int mcr_interface_is_kernels(const struct mcr_place *place)
{
	if (place->ifindex == 0 || place->device[0] == '\0' ||
	    mcr_owned_alone(place->device, run_dir()))
		return 0;
	/* An engine without a list does not say that the kernel sees its port, too. */
	return place->name[0] == '\0' || is_listed(place->device);
}

/* ---- for the way of a datagram: kept from one attachment to the next ---- */

struct kept {
	uint64_t ifindex, ipv4_be; /* each: mcr_link_life << 32 | the value */
};

static struct kept kept[MCR_OWNED_MAX];

static uint32_t look_up(uint32_t interface, int wants_address)
{
	struct mcr_consumer_interface from = {.size = sizeof(from)};
	struct mcr_listed_interface i = {0};
	char device[IF_NAMESIZE];
	uint32_t ifindex, ipv4_be;

	if (mcr_link_interface(interface, &from) < 0)
		return 0;
	snprintf(i.netdev, sizeof(i.netdev), "%s", from.netdev);
	snprintf(i.kernel, sizeof(i.kernel), "%s", from.kernel);
	i.vlan = from.vlan;
	ifindex = device_of(&i, device);
	if (!wants_address)
		return ifindex;
	ipv4_be = ifindex != 0 ? mcr_device_ipv4_be(device) : 0;
	return ipv4_be != 0 ? ipv4_be : mcr_address_ipv4_be(from.address);
}

static uint32_t keep(uint64_t *word, uint32_t interface, int wants_address)
{
	uint64_t life = mcr_link_life(), now = __atomic_load_n(word, __ATOMIC_RELAXED);

	if (now >> 32 == life)
		return (uint32_t)now;
	now = life << 32 | look_up(interface, wants_address);
	__atomic_store_n(word, now, __ATOMIC_RELAXED);
	return (uint32_t)now;
}

uint32_t mcr_interface_ifindex(uint32_t interface)
{
	return interface < MCR_OWNED_MAX ? keep(&kept[interface].ifindex, interface, 0) : 0;
}

uint32_t mcr_interface_ipv4_be(uint32_t interface)
{
	return interface < MCR_OWNED_MAX ? keep(&kept[interface].ipv4_be, interface, 1) : 0;
}

uint32_t mcr_interface_by_ifindex(uint32_t ifindex)
{
	char device[IF_NAMESIZE];
	struct known *k = learn();
	int i = k && if_indextoname(ifindex, device) ? by_device(k, device) : -1;
	uint32_t found = i >= 0 && k->is_attached ? (uint32_t)i : MCR_NO_INTERFACE;

	free(k);
	return found;
}
