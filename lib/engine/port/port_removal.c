/* SPDX-License-Identifier: BSD-3-Clause */
#define ALLOW_EXPERIMENTAL_API /* rte_dev_event_callback_*: what vfio calls on a hot unplug */
#include <errno.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "engine/port/port_removal.h"

static void mark(struct mcr_port *port)
{
	__atomic_store_n(&port->removal_heard, 1, __ATOMIC_RELAXED);
}

static int on_port_event(uint16_t id, enum rte_eth_event_type event, void *arg, void *ret)
{
	mark(arg);
	return 0;
}

static void on_device_event(const char *device, enum rte_dev_event_type event, void *arg)
{
	if (event == RTE_DEV_EVENT_REMOVE)
		mark(arg);
}

void mcr_port_listen(struct mcr_port *port, struct rte_device *device)
{
	port->device = device;
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RMV, on_port_event, port);
	if (device)
		rte_dev_event_callback_register(rte_dev_name(device), on_device_event, port);
}

void mcr_port_unlisten(struct mcr_port *port)
{
	/* -EAGAIN: the callback is running. It does no more than mark. */
	while (rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RMV, on_port_event,
					       port) == -EAGAIN)
		;
	while (port->device && rte_dev_event_callback_unregister(rte_dev_name(port->device),
								 on_device_event, port) == -EAGAIN)
		;
}

int mcr_port_is_gone(const struct mcr_port *port)
{
	return __atomic_load_n(&port->removal_heard, __ATOMIC_RELAXED) ||
	       port->found.netdev.presence == MCR_NETDEV_GONE;
}

void mcr_port_detach(struct mcr_port *port)
{
	struct rte_device *device = port->device;

	if (!port->closed || !device || !__atomic_load_n(&port->removal_heard, __ATOMIC_RELAXED))
		return;
	port->device = NULL;
	rte_dev_remove(device);
}
