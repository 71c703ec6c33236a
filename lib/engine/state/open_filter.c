/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "engine/state/log.h"
#include "engine/state/open_filter.h"
#include "engine/state/state.h"

#define SECONDS_MAX 60
#define SECOND_NS   UINT64_C(1000000000)

unsigned mcr_engine_close_filters(struct mcr_engine *e, uint64_t now_ns)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->n_ports; i++) {
		struct mcr_filter_look *look = &e->ports[i]->look;

		if (look->until_ns == 0 || now_ns < look->until_ns)
			continue;
		look->until_ns = 0;
		e->filter_due = 1;
		n++;
	}
	return n;
}

/* The driver takes neither all-multicast nor promiscuous. */
static void refuse(struct mcr_engine *e, struct mcr_port *port)
{
	port->look = (struct mcr_filter_look){.is_refused = 1};
	e->filter_due = 1;
	mcr_engine_log(e, MCR_LOG_WARNING,
		       "port %s (%s): its filter cannot be opened, the driver refuses: what it "
		       "hides cannot be seen here",
		       port->name, port->driver);
}

void mcr_engine_note_look(struct mcr_engine *e, struct mcr_port *port)
{
	struct mcr_filter_look *look = &port->look;
	const int is_open = port->change.has_look && !mcr_filter_port_hides(port->filtered);
	const int was_open = look->is_open;

	if (port->removed)
		return;
	if (port->change.has_look && !is_open && look->until_ns != 0) {
		refuse(e, port);
		return;
	}
	look->is_open = (uint8_t)is_open;
	if (is_open && !was_open)
		mcr_engine_log(
		    e, MCR_LOG_INFO,
		    "port %s (%s): its filter is open for a look: all multicast comes in",
		    port->name, port->driver);
	if (!is_open && was_open)
		mcr_engine_log(e, MCR_LOG_INFO, "port %s (%s): its filter is closed again",
			       port->name, port->driver);
}

/* Why the port's filter need not, or cannot be opened; NULL = it can. */
static const char *why_not(const struct mcr_port *port)
{
	if (!port->started)
		return port->removed ? "it was removed" : "it does not run";
	if (port->look.is_refused)
		return "the driver takes neither all-multicast nor promiscuous";
	if (port->look.until_ns == 0 && !port->look.is_open &&
	    !mcr_filter_port_hides(port->filtered))
		return "it lets everything in as it is, so nothing is hidden";
	return NULL;
}

static void open_port(struct mcr_engine *e, struct mcr_port *port, unsigned seconds)
{
	const uint64_t ns = seconds * SECOND_NS;

	port->look.until_ns = mcr_clock_now_monotonic() + ns;
	port->look.until_realtime_ns = mcr_clock_now_realtime() + ns;
	e->filter_due = 1;
}

int mcr_engine_open_filter(struct mcr_engine *e, const char *interface, unsigned seconds,
			   struct mcr_error *err)
{
	const struct mcr_port *refusing = NULL;
	unsigned n_opened = 0, n_ports = 0;

	if (seconds == 0 || seconds > SECONDS_MAX)
		return mcr_error_set(err, -EINVAL, "seconds: expected 1 to %d, got %u", SECONDS_MAX,
				     seconds);
	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_port *port = e->interfaces[i].port;

		if (interface && strcmp(e->interfaces[i].config.name, interface) != 0)
			continue;
		n_ports++;
		if (!why_not(port)) {
			open_port(e, port, seconds);
			n_opened++;
		} else if (!refusing || !refusing->started) {
			refusing = port;
		}
	}
	if (n_opened > 0)
		return 0;
	if (n_ports == 0)
		return mcr_error_set(err, -ENOENT, "no interface \"%s\"", interface);
	return mcr_error_set(err, refusing->started ? -ENOTSUP : -ENODEV,
			     "the filter of port %s (%s) is not opened: %s", refusing->name,
			     refusing->driver, why_not(refusing));
}
