/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's round: punted packets, IGMP, MLD, sockets, heartbeat, clock, and what the
 * device thread reports. Never blocks an rx lcore, and sleeps only in mcr_engine_poll. */
#include <poll.h>
#include <time.h>

#include "engine/attach/attach_server.h"
#include "engine/control/control_server.h"
#include "engine/round.h"
#include "engine/rx/mbuf.h"
#include "engine/state/filter_ports.h"
#include "engine/state/joins.h"
#include "engine/state/kernel_round.h"
#include "engine/state/log.h"
#include "engine/state/open_filter.h"
#include "engine/state/port_watch.h"
#include "engine/state/publish.h"
#include "engine/state/relay_watch.h"
#include "engine/state/removed_ports.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"

#define SOCKETS      4 /* that the engine always waits for */
#define HEARTBEAT_NS 10000000
#define WATCH_NS     100000000 /* clock, links, silent clients */
#define TICK_NS      1000000   /* rx lcores wake nobody: a punted packet waits this long at most */
#define WAKE_NS      50000     /* between two looks for sleepers to wake, while there are any */
#define WAKE_LINGER_NS \
	10000000 /* and for so long after: a consumer that was woken sleeps again soon */
#define PUNTS_NS       2000000  /* for punted packets in a round: see drain_punts */
#define KERNEL_TICK_NS 100000   /* the tick while frames go to the kernel: TCP waits for it */
#define KERNEL_BUSY_NS 10000000 /* which it does for so long after the last one */

static void handle_punt(struct mcr_engine *e, struct rte_mbuf *m, uint64_t now_ns)
{
	struct mcr_port *port = e->port_by_id[m->port];
	struct mcr_packet packet;
	uint8_t interface;

	mcr_parse(&packet, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len,
		  mcr_mbuf_stripped_vlan(m), port->mac.addr_bytes);
	interface = port->interface_of_vlan[packet.vlan];
	if ((packet.verdict != MCR_PARSED_PUNT && packet.verdict != MCR_PARSED_MEMBERSHIP) ||
	    interface == MCR_NO_INTERFACE)
		rte_pktmbuf_free(m);
	else
		mcr_interface_input(&e->interfaces[interface], m, &packet, now_ns);
}

/* Handles one of an lcore's packets. Returns 1, or 0: it has none. */
static int drain_one(struct mcr_engine *e, struct mcr_worker *w, uint64_t now_ns)
{
	struct rte_mbuf *m;

	if (rte_ring_sc_dequeue(w->punt, (void **)&m) != 0)
		return 0;
	handle_punt(e, m, now_ns);
	return 1;
}

/* A storm of packets must not keep control from its other work: heartbeats, sockets, the reports
 * and queries that are due. What a packet costs differs by a factor of 1,000 (a report of one group
 * that is known, one of 1,000 new groups), so time is what bounds a round. What is left waits in
 * the rings, which lose what they have no room for (MCR_DROP_PUNT_OVERFLOW). Lcores have their
 * packets handled in turn, and the next round goes on with the next, so that the storm of one does
 * not starve the others. */
static void drain_punts(struct mcr_engine *e, uint64_t now_ns)
{
	for (unsigned empty = 0; empty < e->n_workers;) {
		if (!drain_one(e, e->workers[e->next_punt++ % e->n_workers], now_ns))
			empty++;
		else if (mcr_clock_now_monotonic() - now_ns >= PUNTS_NS)
			return;
		else
			empty = 0;
	}
}

static void watch_interfaces(struct mcr_engine *e, uint64_t now_ns)
{
	enum mcr_log_level level;
	char line[384];

	for (size_t i = 0; i < e->n_interfaces; i++)
		while (mcr_interface_watch(&e->interfaces[i], now_ns, &level, line, sizeof(line)))
			mcr_engine_log(e, level, "%s", line);
}

static void heartbeat(struct mcr_engine *e, uint64_t now_ns)
{
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (e->channels[i])
			mcr_rings_heartbeat(&e->channels[i]->rings, now_ns);
	mcr_attach_server_look(e->attach, mcr_clock_now_realtime());
}

static void send_reports(struct mcr_engine *e, uint64_t now_ns)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (!mcr_engine_must_reports_wait(e, e->interfaces[i].port, now_ns))
			mcr_interface_poll(&e->interfaces[i], now_ns);
}

/* Anybody who may watch can ask without end, so this takes half of control's time at most. */
static void serve_monitors(struct mcr_engine *e, uint64_t now_ns)
{
	uint64_t end_ns;

	if (!e->stats || now_ns < e->stats_due_ns)
		return;
	mcr_control_server_poll(e->stats, now_ns);
	end_ns = mcr_clock_now_monotonic();
	e->stats_due_ns = end_ns + (end_ns - now_ns);
}

void mcr_engine_round(struct mcr_engine *e, uint64_t now_ns)
{
	mcr_device_thread_poll(e->device, e);
	if (e->are_ports_due)
		mcr_engine_publish_ports(e);
	drain_punts(e, now_ns);
	mcr_engine_relay_round(e, now_ns); /* before the reports that it makes */
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (mcr_interface_take_groups(&e->interfaces[i])) {
			mcr_engine_renew_joins(e, i, now_ns);
			mcr_engine_joins_changed(e, now_ns);
		}
	mcr_engine_close_filters(e, now_ns);
	if (e->filter_due) {                          /* before the reports that bring the data */
		if (e->state == MCR_ENGINE_RUNNING) { /* what the kernel has joined, for leaves */
			mcr_engine_watch_ports(e);
			mcr_engine_watch_kernel(e);
		}
		mcr_engine_filter_ports(e);
	}
	send_reports(e, now_ns);
	mcr_engine_continue_removals(e);
	mcr_engine_reap(e);
	if (now_ns >= e->heartbeat_due_ns) {
		heartbeat(e, now_ns);
		e->heartbeat_due_ns = now_ns + HEARTBEAT_NS;
	}
	if (now_ns >= e->watch_due_ns) {
		mcr_clock_update(&e->clock);
		if (e->state == MCR_ENGINE_RUNNING) {
			mcr_engine_watch_ports(e);
			mcr_engine_watch_kernel(e);
		}
		watch_interfaces(e, now_ns);
		mcr_engine_watch_relay(e, now_ns);
		mcr_attach_server_poll(e->attach, now_ns);
		if (e->control)
			mcr_control_server_poll(e->control, now_ns);
		serve_monitors(e, now_ns);
		e->watch_due_ns = now_ns + WATCH_NS;
	}
	mcr_engine_kernel_round(e, now_ns); /* last: all else comes before it */
}

static void end_round(struct mcr_engine *e)
{
	if (mcr_round_end(&e->round, mcr_clock_now_monotonic()))
		e->round.longest_at_ns = mcr_clock_now_realtime();
}

/* What the kernel's leave has taken from us is reported again before anything else. */
static void hear(struct mcr_engine *e, int fd)
{
	uint64_t now_ns = mcr_clock_now_monotonic();

	mcr_engine_hear_kernel(e, fd, now_ns);
	send_reports(e, now_ns);
}

/* Waits for a socket, a frame of the kernel or the time, then serves the sockets that have
 * something. */
static void wait_sockets(struct mcr_engine *e, uint64_t now_ns, uint64_t wait_ns)
{
	const int hear_monitors = e->stats && now_ns >= e->stats_due_ns;
	struct pollfd fds[SOCKETS + 2 * MCR_INTERFACES_MAX] = {
	    {.fd = mcr_attach_server_fd(e->attach), .events = POLLIN},
	    {.fd = e->control ? mcr_control_server_fd(e->control) : -1, .events = POLLIN},
	    {.fd = hear_monitors ? mcr_control_server_fd(e->stats) : -1, .events = POLLIN},
	    {.fd = mcr_device_thread_fd(e->device), .events = POLLIN},
	};
	const struct timespec ts = {.tv_nsec = (long)wait_ns};
	nfds_t n = SOCKETS, kernel;
	int ready;

	for (size_t i = 0; i < e->n_interfaces; i++) {
		const struct mcr_kernel_path *k = e->interfaces[i].kernel;

		/* What the port does not take is not read, so it must not wake us either. */
		if (mcr_kernel_path_is_up(k) && !mcr_kernel_path_is_waiting(k))
			fds[n++] = (struct pollfd){.fd = k->device.fd, .events = POLLIN};
	}
	kernel = n;
	for (size_t p = 0; p < e->n_ports; p++)
		if (e->ports[p]->started && e->ports[p]->leave_fd >= 0)
			fds[n++] = (struct pollfd){.fd = e->ports[p]->leave_fd, .events = POLLIN};
	end_round(e);
	ready = ppoll(fds, n, &ts, NULL);
	mcr_round_begin(&e->round, mcr_clock_now_monotonic());
	if (ready <= 0)
		return;
	if (fds[0].revents != 0)
		mcr_attach_server_poll(e->attach, mcr_clock_now_monotonic());
	if (fds[1].revents != 0)
		mcr_control_server_poll(e->control, mcr_clock_now_monotonic());
	if (fds[2].revents != 0)
		serve_monitors(e, mcr_clock_now_monotonic());
	if (fds[3].revents != 0)
		mcr_device_thread_poll(e->device, e);
	for (nfds_t i = SOCKETS; i < kernel; i++)
		if (fds[i].revents != 0) {
			mcr_engine_kernel_round(e, mcr_clock_now_monotonic());
			break;
		}
	for (nfds_t i = kernel; i < n; i++)
		if (fds[i].revents != 0)
			hear(e, fds[i].fd);
}

/* How long control may sleep: until its next tick, or the next look for sleepers. */
static uint64_t nap(struct mcr_engine *e, uint64_t now_ns, uint64_t end_ns, uint64_t tick_ns)
{
	if (mcr_attach_server_wake(e->attach))
		e->wake_until_ns = now_ns + WAKE_LINGER_NS;
	if (tick_ns < end_ns)
		end_ns = tick_ns;
	if (now_ns < e->wake_until_ns && now_ns + WAKE_NS < end_ns)
		end_ns = now_ns + WAKE_NS;
	return end_ns > now_ns ? end_ns - now_ns : 0;
}

/* How long rx lcores' frames may wait: nobody wakes control for them. */
static uint64_t tick_of(const struct mcr_engine *e, uint64_t now_ns)
{
	if (e->is_kernel_behind)
		return 0;
	return e->kernel_moved_ns != 0 && now_ns - e->kernel_moved_ns < KERNEL_BUSY_NS
		   ? KERNEL_TICK_NS
		   : TICK_NS;
}

void mcr_engine_poll(struct mcr_engine *e, uint64_t timeout_ns)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	uint64_t end_ns = now_ns + timeout_ns;
	uint64_t tick_ns = now_ns;

	if (end_ns < now_ns)
		end_ns = UINT64_MAX;
	mcr_round_begin(&e->round, now_ns);
	do {
		if (now_ns >= tick_ns) {
			mcr_engine_round(e, now_ns);
			tick_ns = now_ns + tick_of(e, now_ns);
		}
		wait_sockets(e, now_ns, nap(e, now_ns, end_ns, tick_ns));
		now_ns = mcr_clock_now_monotonic();
	} while (now_ns < end_ns);
	end_round(e);
}
