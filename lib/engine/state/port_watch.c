/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the ports while the engine runs: the device thread looks; control compares, logs,
 * publishes and reports. While a look is pending no other is asked for. */
#include <string.h>

#include "engine/port/port_link.h"
#include "engine/port/port_netdev.h"
#include "engine/state/host_loss.h"
#include "engine/state/kernel_holds.h"
#include "engine/state/kernel_round.h"
#include "engine/state/log.h"
#include "engine/state/port_watch.h"
#include "engine/state/publish.h"
#include "engine/state/removed_ports.h"
#include "engine/state/state.h"

/* All memberships are reported again (H-SC-12 of docs/igmp.md). */
static void announce_port(struct mcr_engine *e, const struct mcr_port *port, int is_link_new,
			  uint64_t now_ns)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port == port)
			mcr_interface_announce(&e->interfaces[i], is_link_new, now_ns);
}

static void follow_addresses(struct mcr_engine *e, const struct mcr_port *port)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port == port)
			mcr_interface_follow_addresses(&e->interfaces[i],
						       mcr_clock_now_monotonic());
}

static void follow_mtu(struct mcr_engine *e, const struct mcr_port *port)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	char line[512];

	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port == port &&
		    mcr_interface_set_mtu(&e->interfaces[i], now_ns) < 0)
			mcr_engine_log(e, MCR_LOG_ERROR,
				       "interface %s: no memory for reports of the new MTU",
				       e->interfaces[i].config.name);
	if (mcr_port_netdev_warning(port, MCR_PORT_WARNING_MTU, line, sizeof(line)) && line[0])
		mcr_engine_log(e, MCR_LOG_WARNING, "%s", line);
}

static void log_kernel(const struct mcr_engine *e, const struct mcr_port *port, unsigned what)
{
	const struct mcr_netdev_state *netdev = &port->seen.netdev;

	if (what & MCR_PORT_NAME)
		mcr_engine_log(e, MCR_LOG_WARNING, "port %s: its interface is named %s now",
			       port->name, netdev->name);
	if (what & MCR_PORT_MTU)
		mcr_engine_log(e, MCR_LOG_WARNING, "port %s: MTU %u of %s now", port->name,
			       netdev->mtu, netdev->name);
	if (what & MCR_PORT_DEAF)
		mcr_engine_log(e, MCR_LOG_ERROR,
			       "port %s: its interface %s moved to another network namespace, and "
			       "%s receives nothing there: its link counts as down; move it back "
			       "and start again",
			       port->name, netdev->name, port->driver);
	if (what & MCR_PORT_FLAP)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "port %s: link was down for a moment, and is up again", port->name);
}

static void log_change(const struct mcr_engine *e, const struct mcr_port *port, unsigned what)
{
	const char *link = port->link_up ? "up" : "down";

	if (what & MCR_PORT_UNSEEN)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "port %s: its link cannot be seen (%s): it counts as %s, as it "
			       "was seen last",
			       port->name, strerror(-port->link_error), link);
	if (what & MCR_PORT_LINK)
		mcr_engine_log(e, MCR_LOG_WARNING, "port %s: link %s", port->name, link);
	if (what & MCR_PORT_MAC)
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "port %s: MAC address " RTE_ETHER_ADDR_PRT_FMT " now", port->name,
			       RTE_ETHER_ADDR_BYTES(&port->mac));
	log_kernel(e, port, what);
}

static void judge_trailers(const struct mcr_engine *e, struct mcr_port *port)
{
	char line[512];
	int said = mcr_port_trailers_judge(port, mcr_clock_now_monotonic(), line, sizeof(line));

	if (said != 0)
		mcr_engine_log(e, said < 0 ? MCR_LOG_WARNING : MCR_LOG_INFO, "%s", line);
}

static void run_look(struct mcr_job *job)
{
	mcr_port_look(container_of(job, struct mcr_port, look_job));
}

static void look_done(struct mcr_job *job, void *ctx)
{
	struct mcr_port *port = container_of(job, struct mcr_port, look_job);
	struct mcr_engine *e = ctx;
	unsigned what = port->started ? mcr_port_take(port) : 0;

	mcr_engine_show_host_loss(e);
	if (what & MCR_PORT_GONE) {
		mcr_engine_begin_removal(e, port);
		return;
	}
	log_change(e, port, what);
	judge_trailers(e, port);
	mcr_engine_hold_groups(e, port);
	if (what & MCR_PORT_NAME)
		mcr_engine_renew_interfaces(e);
	if (what & MCR_PORT_ADDRESSES)
		follow_addresses(e, port);
	what &= ~(MCR_PORT_UNSEEN | MCR_PORT_NAME | MCR_PORT_DEAF | MCR_PORT_ADDRESSES);
	if (what == 0)
		return;
	if (what & MCR_PORT_MTU)
		follow_mtu(e, port);
	if (what & MCR_PORT_MAC)
		e->filter_due = 1; /* its link-local address is another */
	if (port->link_up)
		announce_port(e, port, (what & (MCR_PORT_LINK | MCR_PORT_FLAP)) != 0,
			      mcr_clock_now_monotonic());
	mcr_engine_publish_ports(e);
	mcr_engine_watch_kernel(e); /* its devices have the port's link and address */
}

void mcr_engine_watch_ports(struct mcr_engine *e)
{
	for (size_t p = 0; p < e->n_ports; p++) {
		struct mcr_port *port = e->ports[p];

		if (!port->started || port->look_job.is_pending)
			continue;
		port->look_job = (struct mcr_job){.run = run_look, .done = look_done};
		mcr_device_thread_submit(e->device, &port->look_job);
	}
}
