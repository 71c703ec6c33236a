/* SPDX-License-Identifier: BSD-3-Clause */
/* What the rx lcores know of the relay: a part of the view (rx/view.h), immutable and replaced as a
 * whole with it. */
#ifndef MCR_ENGINE_RELAY_VIEW_H
#define MCR_ENGINE_RELAY_VIEW_H

#include <stdint.h>

#include <mcring/engine.h>

#include "core/route/loop_guard.h"
#include "core/route/route_rpf.h"
#include "core/route/route_table.h"

struct mcr_relay_output {
	uint16_t port;
	uint16_t vlan;     /* of its frames; 0 = untagged */
	uint16_t mtu;      /* octets of IP packet */
	uint64_t ether[2]; /* octets 6 to 13 of its untagged frames of IPv4 and IPv6, as they stand
			    * in memory: mcr_parse_own of its MAC address, mcr_parse_own_ipv6 */
	uint8_t is_up;     /* the link is up, and the port is there */
	uint8_t ttl_threshold; /* 1 at least */
	uint8_t takes_chains;  /* the driver sends frames of several buffers */
};

struct mcr_relay_input {
	struct mcr_route_rpf rpf;
	struct mcr_loop_guard *guard; /* lives as long as the engine; NULL: loop_guard is off */
};

struct mcr_relay_view {
	struct mcr_route_table *table;
	uint64_t interfaces;    /* that have a role: bit per interface */
	uint64_t forwarding[2]; /* those to which packets may go now: IPv4, IPv6 (RFC 4605 §3) */
	struct mcr_relay_input inputs[MCR_INTERFACES_MAX];
	struct mcr_relay_output outputs[MCR_INTERFACES_MAX];
	size_t n_macs; /* of the relay's ports: a frame from one is no sender's */
	uint8_t macs[MCR_INTERFACES_MAX][6];
};

/* mcr_relay_view_destroy frees it with its table. NULL is allowed. */
void mcr_relay_view_destroy(struct mcr_relay_view *view);

#endif
