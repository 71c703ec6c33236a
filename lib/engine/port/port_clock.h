/* SPDX-License-Identifier: BSD-3-Clause */
/* The timestamps that a port's driver puts into its packets: whether there are any, what they mean,
 * and how the NIC's clock is read. packet_clock.h is the rx lcore's half. Thread: control,
 * where nothing else stands. */
#ifndef MCR_ENGINE_PORT_CLOCK_H
#define MCR_ENGINE_PORT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "engine/clock/packet_clock.h"

struct mcr_port;

struct mcr_port_clock {
	struct mcr_packet_clock packets; /* what the port's rx lcores convert with */
	uint8_t wanted;                  /* enum mcr_hw_time; control only */
	const char *lack; /* why none are there although they are wanted; NULL = they are there */
};

/* mcr_port_clock_open looks up what the port's driver stamps. wanted: enum mcr_hw_time. Call it
 * before the port is configured. Returns the rx offloads to configure it with. */
uint64_t mcr_port_clock_open(struct mcr_port *port, uint64_t rx_offload_capa, unsigned wanted);

/* mcr_port_clock_update reads the NIC's clock, if that is needed to convert. Returns 0, or
 * -ENOTSUP: the driver cannot read it now. May wait. Thread: device, or control before the engine
 * runs. */
int mcr_port_clock_update(struct mcr_port *port);

/* mcr_port_clock_describe writes a line for the log into line, for a started port. Returns 0: no
 * line; 1: the timestamps are as wanted; -1: they are not. */
int mcr_port_clock_describe(struct mcr_port *port, char *line, size_t cap);

/* mcr_port_clock_of: what the port's rx lcores convert with; NULL = its packets have no timestamps.
 */
const struct mcr_packet_clock *mcr_port_clock_of(const struct mcr_port *port);

#endif
