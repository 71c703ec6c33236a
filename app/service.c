/* SPDX-License-Identifier: BSD-3-Clause */
#include "service.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "settings/fail.h"

#define SECOND_NS   UINT64_C(1000000000)
#define POLL_NS     UINT64_C(1000000)
#define REPORTS_NS  (2 * SECOND_NS)       /* the longest wait for them */
#define STATUS_NS   (5 * SECOND_NS)       /* between two status lines */
#define START_NS    (120 * SECOND_NS)     /* for EAL, which clears its memory, and for drivers */
#define FILL_OCTETS (UINT64_C(512) << 20) /* of rings, in a second */

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

void mcr_service_open(struct mcr_service *s, struct mcr_log *log)
{
	struct mcr_error err;

	*s = (struct mcr_service){.log = log};
	if (mcr_notify_open(&s->notify, &err) < 0)
		mcr_log_line(log, MCR_LOG_WARNING, "nobody is told of the start: %s", err.text);
}

void mcr_service_close(struct mcr_service *s)
{
	mcr_notify_close(&s->notify);
}

/* At most: it is not known yet how many lcores receive. */
static uint64_t ring_octets(const struct mcr_settings *settings)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < settings->n_channels; i++)
		if (!settings->channels[i].config.per_program)
			octets += settings->channels[i].config.bytes * MCR_LCORES_MAX;
	return octets;
}

void mcr_service_begin(struct mcr_service *s, const struct mcr_settings *settings, const char *step)
{
	mcr_notify_extend(&s->notify, START_NS + ring_octets(settings) / FILL_OCTETS * SECOND_NS);
	mcr_notify_set_status(&s->notify, "starts: %s", step);
	mcr_notify_poll(&s->notify, 1, monotonic_ns());
}

/* ---- standing by ---- */

void mcr_service_stands_by(struct mcr_service *s, int pid)
{
	mcr_notify_set_state(&s->notify, MCR_NOTIFY_READY);
	mcr_notify_set_status(&s->notify, "stands by for the end of process %d", pid);
	mcr_notify_poll(&s->notify, 1, monotonic_ns());
}

void mcr_service_waits(struct mcr_service *s)
{
	mcr_notify_poll(&s->notify, 1, monotonic_ns());
}

/* ---- ready, and alive ---- */

static bool is_link_up(const struct mcr_engine *e, uint16_t dpdk_port)
{
	struct mcr_port_info port = {.size = sizeof(port)};

	for (size_t i = 0; mcr_engine_port_info(e, i, &port) == 0; i++)
		if (port.dpdk_port == dpdk_port && !port.removed)
			return port.link_up;
	return false;
}

/* Without a link nothing can be reported; all is reported when it comes up. */
static size_t reports_left(const struct mcr_engine *e)
{
	struct mcr_interface_info it = {.size = sizeof(it)};
	size_t n = 0;

	for (size_t i = 0; mcr_engine_interface_info(e, i, &it) == 0; i++)
		if (it.unreported > 0 && is_link_up(e, it.dpdk_port))
			n += it.unreported;
	return n;
}

static bool has_port(const struct mcr_engine *e, unsigned lcore)
{
	struct mcr_port_info port = {.size = sizeof(port)};

	for (size_t i = 0; mcr_engine_port_info(e, i, &port) == 0; i++)
		for (unsigned k = 0; !port.removed && k < port.n_lcores; k++)
			if (port.lcores[k] == lcore)
				return true;
	return false;
}

/* Returns an rx lcore that has a port and has not polled since the last sign of life, or -1: all
 * have, and the next time is counted from here. */
static int find_idle_lcore(struct mcr_service *s, const struct mcr_engine *e)
{
	struct mcr_lcore_info lcore = {.size = sizeof(lcore)};

	for (size_t i = 0; mcr_engine_lcore_info(e, i, &lcore) == 0; i++)
		if (lcore.polls == s->polls[i] && has_port(e, lcore.lcore))
			return (int)lcore.lcore;
	for (size_t i = 0; mcr_engine_lcore_info(e, i, &lcore) == 0; i++)
		s->polls[i] = lcore.polls;
	return -1;
}

void mcr_service_ready(struct mcr_service *s, struct mcr_engine *e)
{
	uint64_t end_ns = monotonic_ns() + REPORTS_NS;
	size_t left;
	int idle = 0;

	for (;;) {
		if (idle >= 0)
			idle = find_idle_lcore(s, e);
		left = reports_left(e);
		if ((idle < 0 && left == 0) || monotonic_ns() >= end_ns)
			break;
		mcr_engine_poll(e, POLL_NS);
	}
	if (idle >= 0)
		mcr_log_line(s->log, MCR_LOG_WARNING, "lcore %d does not poll yet", idle);
	if (left > 0)
		mcr_log_line(s->log, MCR_LOG_WARNING, "%zu groups are not reported yet", left);
	mcr_notify_set_state(&s->notify, MCR_NOTIFY_READY);
	mcr_service_round(s, e);
}

/* ---- the status line ---- */

static size_t count_groups(const struct mcr_engine *e)
{
	struct mcr_interface_info it = {.size = sizeof(it)};
	size_t n = 0;

	for (size_t i = 0; mcr_engine_interface_info(e, i, &it) == 0; i++)
		n += it.groups;
	return n;
}

static unsigned count_consumers(const struct mcr_engine *e)
{
	struct mcr_channel_info channel = {.size = sizeof(channel)};
	unsigned n = 0;

	for (size_t i = 0; mcr_engine_channel_info(e, i, &channel) == 0; i++)
		n += channel.consumers;
	return n;
}

struct ports {
	unsigned n, n_down;
	uint64_t missed;
};

static struct ports sum_ports(const struct mcr_engine *e)
{
	struct mcr_port_info port = {.size = sizeof(port)};
	struct ports sum = {0};

	for (size_t i = 0; mcr_engine_port_info(e, i, &port) == 0; i++) {
		sum.n++;
		sum.n_down += port.removed || !port.link_up;
		sum.missed += port.rx_missed;
	}
	return sum;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void set_status(struct mcr_service *s, const struct mcr_engine *e, uint64_t now_ns)
{
	const struct ports ports = sum_ports(e);
	const size_t groups = count_groups(e);
	const unsigned consumers = count_consumers(e);
	struct mcr_account a;
	char down[32] = "", rate[40] = "";

	mcr_engine_account(e, &a);
	if (s->counted_ns > 0)
		snprintf(rate, sizeof(rate), ", %" PRIu64 " packets/s",
			 (a.received - s->received) * SECOND_NS / (now_ns - s->counted_ns));
	if (ports.n_down > 0)
		snprintf(down, sizeof(down), " (%u down)", ports.n_down);
	mcr_notify_set_status(
	    &s->notify, "%zu group%s, %u port%s%s%s, missed %" PRIu64 ", %u consumer%s%s", groups,
	    plural(groups), ports.n, plural(ports.n), down, rate, ports.missed, consumers,
	    plural(consumers), s->has_failed ? "; the last reload failed" : "");
	s->counted_ns = now_ns;
	s->received = a.received;
	s->status_due_ns = now_ns + STATUS_NS;
}

void mcr_service_round(struct mcr_service *s, const struct mcr_engine *e)
{
	uint64_t now_ns = monotonic_ns();
	int idle = -1;

	if (s->notify.fd < 0)
		return;
	if (now_ns >= s->status_due_ns)
		set_status(s, e, now_ns);
	if (mcr_notify_is_due(&s->notify, now_ns)) {
		idle = find_idle_lcore(s, e);
		if (idle >= 0 && !s->is_idle)
			mcr_log_line(s->log, MCR_LOG_ERROR,
				     "lcore %d does not poll: the watchdog gets no sign of life",
				     idle);
		s->is_idle = idle >= 0;
	}
	mcr_notify_poll(&s->notify, idle < 0, now_ns);
}

/* ---- reloads, and the end ---- */

void mcr_service_reloads(struct mcr_service *s)
{
	mcr_notify_set_state(&s->notify, MCR_NOTIFY_RELOADING);
	mcr_notify_poll(&s->notify, 0, monotonic_ns());
}

void mcr_service_reloaded(struct mcr_service *s, int result)
{
	s->has_failed = result < 0;
	s->status_due_ns = 0;
	mcr_notify_set_state(&s->notify, MCR_NOTIFY_READY);
}

void mcr_service_stops(struct mcr_service *s)
{
	mcr_notify_set_state(&s->notify, MCR_NOTIFY_STOPPING);
	mcr_notify_set_status(&s->notify, "stops");
	mcr_notify_poll(&s->notify, 0, monotonic_ns());
}
