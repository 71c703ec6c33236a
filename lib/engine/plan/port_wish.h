/* SPDX-License-Identifier: BSD-3-Clause */
/* What the interfaces on one port want of it, taken together. No DPDK: mcring --check asks, too. */
#ifndef MCR_ENGINE_PORT_WISH_H
#define MCR_ENGINE_PORT_WISH_H

#include <stdint.h>

#include "engine/plan/placement.h"

struct mcr_port_wish {
	uint16_t n_queues;
	uint32_t lcores;          /* worker indices; 0 = any */
	const char *first;        /* the interface that named one of these */
	uint8_t is_beside_kernel; /* an interface has kernel= */
	uint8_t is_relaying;      /* an interface has a role */
	uint8_t hw_time;          /* enum mcr_hw_time */
	uint8_t pieces;           /* enum mcr_pieces */
};

/* mcr_hw_time_name returns how the configuration spells an enum mcr_hw_time; NULL beyond the last.
 */
const char *mcr_hw_time_name(unsigned hw_time);

/* mcr_port_wish_add adds what one more interface of the port wants (wish: zeroed before the first).
 * config is borrowed for wish's life. Returns 0, or -EINVAL with err filled: an lcore that does not
 * receive, or something else than the interfaces before want. */
int mcr_port_wish_add(struct mcr_port_wish *wish, const struct mcr_placement *placement,
		      const struct mcr_interface_config *config, struct mcr_error *err);

#endif
