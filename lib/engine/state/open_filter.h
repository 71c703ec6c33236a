/* SPDX-License-Identifier: BSD-3-Clause */
/* The filters of ports that are open for a look at what they hide. To be open is one want more of a
 * port (filter_ports.c), so joins, leaves and reloads meanwhile change nothing about it. Thread:
 * control. */
#ifndef MCR_ENGINE_OPEN_FILTER_H
#define MCR_ENGINE_OPEN_FILTER_H

#include <stdint.h>

struct mcr_engine;
struct mcr_port;

/* mcr_engine_close_filters has those filters closed whose time is over. now_ns: monotonic;
 * UINT64_MAX = all. Returns how many. */
unsigned mcr_engine_close_filters(struct mcr_engine *e, uint64_t now_ns);

/* mcr_engine_note_look: a change of the port's filter was made: whether the filter is open now. */
void mcr_engine_note_look(struct mcr_engine *e, struct mcr_port *port);

#endif
