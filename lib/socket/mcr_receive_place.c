/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/mcr_receive_place.h"

#include <errno.h>
#include <string.h>

#include "socket/device.h"
#include "socket/owned.h"

/* ---- the engine's interfaces ---- */

static int is_shared(const struct mcr_received_interfaces *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return list->items[i].is_shared;
	return 0;
}

/* An engine that ends meanwhile leaves what was read. */
static void ask(struct mcr_received_interfaces *list, struct mcr_consumer *c)
{
	const struct mcr_received_interfaces read = *list;
	struct mcr_consumer_interface i = {.size = sizeof(i)};
	int ret = 0;

	for (list->n = 0; list->n < MCR_OWNED_MAX; list->n++) {
		struct mcr_listed_interface *to = &list->items[list->n];

		ret = mcr_consumer_interface_info(c, (uint32_t)list->n, &i, NULL);
		if (ret < 0)
			break;
		*to = (struct mcr_listed_interface){.vlan = i.vlan};
		to->is_shared = (uint8_t)is_shared(&read, i.name);
		memcpy(to->name, i.name, sizeof(to->name));
		memcpy(to->netdev, i.netdev, sizeof(to->netdev));
		memcpy(to->kernel, i.kernel, sizeof(to->kernel));
	}
	if (ret < 0 && ret != -ENOENT)
		*list = read;
}

void mcr_received_interfaces_read(struct mcr_received_interfaces *out, const char *run_dir,
				  struct mcr_consumer *consumer)
{
	int n = mcr_owned_read(out->items, run_dir);

	out->n = n > 0 ? (size_t)n : 0;
	if (consumer)
		ask(out, consumer);
}

/* ---- a join's ---- */

static const struct mcr_listed_interface *find(const struct mcr_received_interfaces *list,
					       const char *name)
{
	char below[IF_NAMESIZE];
	uint16_t vlan;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	if (name[0] == '\0' || strlen(name) >= IF_NAMESIZE)
		return NULL;
	vlan = mcr_device_below(below, name);
	for (size_t k = 0; k < list->n; k++) {
		const struct mcr_listed_interface *i = &list->items[k];

		if (strcmp(i->kernel, name) == 0 ||
		    (i->vlan == 0 && strcmp(i->netdev, name) == 0) ||
		    (vlan != 0 && i->vlan == vlan && strcmp(i->netdev, below) == 0))
			return i;
	}
	return NULL;
}

/* The device by which the kernel gets what arrives at an interface of the engine's. */
static int find_device(struct mcr_received_place *out, const struct mcr_listed_interface *i,
		       int trusts)
{
	out->ifindex = i->kernel[0] != '\0' ? if_nametoindex(i->kernel) : 0;
	if (out->ifindex == 0) {
		if (i->netdev[0] == '\0' || (!i->is_shared && !trusts))
			return -ENETDOWN;
		out->ifindex = i->vlan == 0 ? if_nametoindex(i->netdev)
					    : mcr_device_of_vlan(i->netdev, i->vlan);
	}
	return out->ifindex != 0 ? 0 : -ENODEV;
}

void mcr_received_place_find(struct mcr_received_place *out,
			     const struct mcr_received_interfaces *list, const char *run_dir,
			     const struct mcr_join *join, int trusts)
{
	const struct mcr_listed_interface *i = NULL;

	*out = (struct mcr_received_place){.interface = MCR_RECEIVE_NO_INTERFACE};
	if (join->interface[0] != '\0')
		out->ifindex = if_nametoindex(join->interface);
	else if (list->n != 1)
		out->ifindex = mcr_device_of_route(join->group);
	if (out->ifindex != 0 && !if_indextoname(out->ifindex, out->device))
		out->ifindex = 0;
	if (join->interface[0] != '\0')
		i = find(list, join->interface);
	else
		i = list->n == 1 ? list->items : find(list, out->device);
	if (i) {
		memcpy(out->name, i->name, sizeof(out->name));
		out->interface = (uint16_t)(i - list->items);
		out->fault = find_device(out, i, trusts);
	} else if (out->ifindex == 0) {
		out->fault = -ENODEV;
	} else if (!trusts && mcr_owned_alone(out->device, run_dir)) {
		out->fault = -ENETDOWN;
	}
	if (out->fault != 0 || !if_indextoname(out->ifindex, out->device))
		out->ifindex = 0;
	/* The kernel's numbers grow without end; those of one host's do not lie that far apart. */
	out->slot = i ? out->interface : (uint16_t)(MCR_OWNED_MAX + out->ifindex % 32768);
}
