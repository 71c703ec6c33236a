/* SPDX-License-Identifier: BSD-3-Clause */
/* Which lcore polls which queue, and which NUMA node holds which memory. Decisions only: no DPDK,
 * no I/O, so that tests can try machines with other nodes than theirs. A set of lcores is a mask of
 * worker indices. */
#ifndef MCR_ENGINE_PLACEMENT_H
#define MCR_ENGINE_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#define MCR_NODE_ANY (-1) /* the node is unknown, or does not matter */

_Static_assert(MCR_LCORES_MAX <= 32, "a set of lcores is a mask of 32 bits");

/* The engine's rx lcores, by worker index. */
struct mcr_placement {
	unsigned n;
	unsigned lcores[MCR_LCORES_MAX];
	int nodes[MCR_LCORES_MAX];
	unsigned queues[MCR_LCORES_MAX]; /* that it polls so far */
};

/* mcr_placement_find: the worker index of an lcore, or -1 when it is no rx lcore. */
int mcr_placement_find(const struct mcr_placement *p, unsigned lcore);

/* mcr_placement_check_pin: 0, or -EINVAL with err filled when the lcore that a channel wants is no
 * rx lcore. */
int mcr_placement_check_pin(const struct mcr_placement *p, const struct mcr_channel_config *config,
			    struct mcr_error *err);

/* mcr_placement_candidates: the lcores that may poll a port on this node. They are those in wanted,
 * unless it is empty; else those on the port's node; or all, when none is there or the node is
 * unknown. */
uint32_t mcr_placement_candidates(const struct mcr_placement *p, int port_node, uint32_t wanted);

/* mcr_placement_add gives the next queue of a port to the candidate that polls the fewest queues;
 * to the first of them in case of a tie. Returns its worker index. candidates is not empty. */
unsigned mcr_placement_add(struct mcr_placement *p, uint32_t candidates);

/* mcr_placement_node: the node on which a port's buffers belong: its own, where DMA writes them; if
 * that is unknown, the node of the lcores that read them, if they share one; else MCR_NODE_ANY. */
int mcr_placement_node(const struct mcr_placement *p, int port_node, uint32_t candidates);

/* mcr_placement_warning writes into buf which of the lcores that poll a port are on another node
 * than the port. Returns 1, or 0 and "" when there are none. */
int mcr_placement_warning(const struct mcr_placement *p, const char *port, int port_node,
			  uint32_t pollers, char *buf, size_t cap);

/* mcr_placement_list writes the lcores of a set into buf, as "3, 4". */
void mcr_placement_list(const struct mcr_placement *p, uint32_t set, char *buf, size_t cap);

#endif
