/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

/* Frames that the port's own host sent do not count, where they can be told apart. */
static uint64_t frames_of(const struct mcr_why_evidence *e, const struct mcr_port_info *port)
{
	const uint64_t own = e->n_ports == 1 ? e->account.drops[MCR_DROP_OWN_FRAME] : 0;

	return port->rx_packets > own ? port->rx_packets - own : 0;
}

/* When somebody began to wait for what comes in there; UINT64_MAX = nobody does. */
static uint64_t waited_since(const struct mcr_why_evidence *e, const struct mcr_port_info *port)
{
	uint64_t since_ns = UINT64_MAX;

	for (size_t i = 0; i < e->n_interfaces; i++)
		for (unsigned f = 0; f < 2; f++) {
			const struct mcr_why_tally *tally = &e->interfaces[i].tally[f];

			if (e->interfaces[i].info.dpdk_port == port->dpdk_port &&
			    tally->groups > 0 && tally->since_ns < since_ns)
				since_ns = tally->since_ns;
		}
	return since_ns;
}

static int has_come(const struct mcr_why_evidence *e, const struct mcr_port_info *port)
{
	return e->heard_ns[port - e->ports] != 0 || frames_of(e, port) != 0;
}

/* 0 = unknown. A flow or a query that was seen was a frame, whatever the driver's counters say. */
static uint64_t last_frame_ns(const struct mcr_why_evidence *e, const struct mcr_port_info *port)
{
	const uint64_t heard_ns = e->heard_ns[port - e->ports];

	return heard_ns > port->rx_last_ns ? heard_ns : port->rx_last_ns;
}

static int has_no_frames(const struct mcr_why_evidence *e, const struct mcr_port_info *port,
			 uint64_t since_ns)
{
	const uint64_t last_ns = last_frame_ns(e, port);

	if (since_ns == UINT64_MAX || e->now_ns < since_ns + MCR_WHY_NEVER_A_FRAME_NS)
		return 0;
	if (!has_come(e, port))
		return e->now_ns > port->link_since_ns + MCR_WHY_NEVER_A_FRAME_NS;
	return last_ns != 0 && e->now_ns > last_ns + MCR_WHY_NO_FRAMES_NS;
}

static enum mcr_why_code root_of(const struct mcr_why_evidence *e, const struct mcr_port_info *port,
				 uint64_t since_ns)
{
	if (port->removed)
		return MCR_WHY_PORT_REMOVED;
	if (port->kernel_moved)
		return MCR_WHY_PORT_MOVED;
	if (!port->link_up)
		return MCR_WHY_LINK_DOWN;
	return has_no_frames(e, port, since_ns) ? MCR_WHY_NO_FRAMES : MCR_WHY_CODE_COUNT;
}

enum mcr_why_code mcr_why_port_root(const struct mcr_why_evidence *e, int interface,
				    uint64_t joined_ns)
{
	const struct mcr_port_info *port = mcr_why_port_of(e, interface);

	return port ? root_of(e, port, joined_ns) : MCR_WHY_CODE_COUNT;
}

static struct mcr_why_finding *find(struct mcr_why_verdict *verdict, enum mcr_why_code code,
				    enum mcr_why_severity severity,
				    const struct mcr_port_info *port)
{
	struct mcr_why_finding *f = mcr_why_find(verdict, code, severity);

	mcr_why_say(f->port, sizeof(f->port), "%s", port->name);
	return f;
}

static const char *cable_of(const struct mcr_port_info *port)
{
	return port->kernel_name[0] ? port->kernel_name : port->name;
}

static void find_root(const struct mcr_why_evidence *e, const struct mcr_port_info *port,
		      enum mcr_why_code code, struct mcr_why_verdict *verdict)
{
	struct mcr_why_finding *f = find(verdict, code, MCR_WHY_FAULT, port);

	if (code == MCR_WHY_PORT_REMOVED) {
		mcr_why_say(f->text, sizeof(f->text), "port %s is gone: its device was removed",
			    port->name);
		mcr_why_line(&f->todo, "bring the device back and restart mcring");
	} else if (code == MCR_WHY_PORT_MOVED) {
		mcr_why_say(f->text, sizeof(f->text),
			    "the kernel interface %s of port %s was moved to another network "
			    "namespace, and the port is deaf since",
			    port->kernel_name, port->name);
		mcr_why_line(&f->todo,
			     "bring %s back to the namespace of mcring and restart mcring",
			     port->kernel_name);
	} else if (code == MCR_WHY_LINK_DOWN) {
		mcr_why_say(f->text, sizeof(f->text), "the link of port %s is down %s%s",
			    port->name, port->link_since_ns ? "since " : "from the start on",
			    port->link_since_ns ? mcr_why_time(port->link_since_ns, e->now_ns).text
						: "");
		if (port->kernel_name[0])
			mcr_why_line(&f->todo, "ip link set %s up", port->kernel_name);
		mcr_why_line(&f->todo, "look at the cable, the optics and the switch port of %s",
			     cable_of(port));
	} else {
		mcr_why_say(f->text, sizeof(f->text),
			    "the link of port %s is up, but no frame has arrived %s%s", port->name,
			    has_come(e, port) ? "since " : "at all",
			    has_come(e, port) ? mcr_why_time(last_frame_ns(e, port), e->now_ns).text
					      : "");
		mcr_why_line(&f->todo,
			     "look at the VLAN and the state of the switch port of %s: a LAN is "
			     "never without any frame",
			     cable_of(port));
	}
	mcr_why_line(&f->evidence,
		     "%s (%s): %" PRIu64 " frames received, %" PRIu64 " change%s of the link",
		     port->name, port->driver, port->rx_packets, port->link_changes,
		     port->link_changes == 1 ? "" : "s");
	if (port->kernel_name[0] && port->carrier_downs)
		mcr_why_line(&f->evidence, "%s has lost its carrier %u time%s", port->kernel_name,
			     port->carrier_downs, port->carrier_downs == 1 ? "" : "s");
}

/* A loss that happens now is a fault, an older one a note. */
static struct mcr_why_finding *find_loss(const struct mcr_why_evidence *e,
					 const struct mcr_port_info *port, enum mcr_why_code code,
					 enum mcr_why_severity worst, uint64_t n, uint64_t last_ns,
					 const char *what, struct mcr_why_verdict *verdict)
{
	const int is_now = mcr_why_is_now(last_ns, e->now_ns);
	struct mcr_why_finding *f;

	if (n == 0)
		return NULL;
	f = find(verdict, code, is_now ? worst : MCR_WHY_NOTE, port);
	mcr_why_say(f->text, sizeof(f->text), "port %s has %s: %" PRIu64 "%s%s", port->name, what,
		    n, last_ns ? ", the last at " : "",
		    last_ns ? mcr_why_time(last_ns, e->now_ns).text : "");
	return f;
}

static void find_losses(const struct mcr_why_evidence *e, const struct mcr_port_info *port,
			struct mcr_why_verdict *verdict)
{
	struct mcr_why_finding *f;

	f = find_loss(e, port, MCR_WHY_QUEUE_LOSS, MCR_WHY_FAULT, port->rx_missed,
		      port->missed_last_ns, "lost packets because its receive queues were full",
		      verdict);
	if (f) {
		mcr_why_line(&f->evidence, "%u queues of %u descriptors, polled by %u rx lcores",
			     port->n_queues, port->rx_descs, port->n_lcores);
		mcr_why_line(&f->todo,
			     "look for long gaps of an rx lcore: mcring-ctl stats (an lcore needs "
			     "a core of its own: isolcpus, idle: busy)");
		if (strcmp(port->driver, "net_af_packet") == 0)
			mcr_why_line(&f->todo,
				     "give the ring more frames: framecnt= in the --vdev of %s",
				     port->name);
		else
			mcr_why_line(&f->todo,
				     "spread the groups over more queues: queues and lcores of "
				     "the interface");
	}
	f = find_loss(e, port, MCR_WHY_NO_BUFFERS, MCR_WHY_FAULT, port->rx_nombuf,
		      port->nombuf_last_ns, "had no packet buffer for a frame", verdict);
	if (f) {
		mcr_why_line(&f->evidence, "%u of %u buffers are used", port->buffers_used,
			     port->buffers);
		mcr_why_line(&f->todo,
			     "this is worth a bug report: pools are made for the worst case");
	}
	f = find_loss(e, port, MCR_WHY_RX_ERRORS, MCR_WHY_WARNING, port->rx_errors,
		      port->errors_last_ns, "received frames that the NIC calls bad", verdict);
	if (f)
		mcr_why_line(&f->todo,
			     "look at the cable and the optics of %s, and for frames longer than "
			     "its MTU of %u",
			     cable_of(port), port->mtu);
}

int mcr_why_port_has_rung(const struct mcr_port_info *port)
{
	return port->rung[0] != '\0' && strcmp(port->rung, "none") != 0;
}

/* What did not fit into the NIC's filter comes in another way. */
static void find_full(const struct mcr_port_info *port, struct mcr_why_verdict *verdict)
{
	struct mcr_why_finding *f;

	if (port->removed || port->macs_refused == 0 || !mcr_why_port_has_rung(port))
		return;
	f = find(verdict, MCR_WHY_FILTER_REFUSED, MCR_WHY_NOTE, port);
	mcr_why_say(f->text, sizeof(f->text),
		    "the filter of port %s does not hold %u addresses, so it lets in more than is "
		    "joined (%s)",
		    port->name, port->macs_refused, port->rung);
	mcr_why_line(&f->evidence, "%s", port->rung_reason);
	mcr_why_line(&f->todo,
		     "join fewer groups on this port, if its rx lcores are short of time");
}

void mcr_why_port_find(const struct mcr_why_evidence *e, const struct mcr_port_info *port,
		       struct mcr_why_verdict *verdict)
{
	const enum mcr_why_code root = root_of(e, port, waited_since(e, port));

	if (root != MCR_WHY_CODE_COUNT)
		find_root(e, port, root, verdict);
	find_losses(e, port, verdict);
	find_full(port, verdict);
}
