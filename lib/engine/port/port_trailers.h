/* SPDX-License-Identifier: BSD-3-Clause */
/* The times that a switch appends to a port's frames: a reader for each queue, and whether most
 * frames have one. Thread: control. */
#ifndef MCR_ENGINE_PORT_TRAILERS_H
#define MCR_ENGINE_PORT_TRAILERS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/clock/packet_clock.h"

struct mcr_port;
struct mcr_port_info;

struct mcr_port_trailers {
	struct mcr_queue_trailers *queues; /* NULL = times do not come from a switch */

	/* As they were judged last. */
	uint64_t counts[MCR_TRAILER_VERDICTS];
	uint64_t judged_ns; /* CLOCK_MONOTONIC; 0 = never */
	uint8_t is_lacking;
};

/* mcr_port_trailers_of_switch: 1 for an enum mcr_hw_time that asks for trailers. */
int mcr_port_trailers_of_switch(unsigned hw_time);

/* mcr_port_trailers_open makes the readers, if they are wanted. hw_time: enum mcr_hw_time. The
 * port's queues are known. Returns 0 or -ENOMEM. */
int mcr_port_trailers_open(struct mcr_port *port, unsigned hw_time);

/* mcr_port_trailers_close frees them. No lcore polls the port. */
void mcr_port_trailers_close(struct mcr_port *port);

/* mcr_port_trailers_of: a queue's reader; NULL = none. */
struct mcr_queue_trailers *mcr_port_trailers_of(const struct mcr_port *port, uint16_t queue);

/* mcr_port_trailers_count sums up the verdicts: counts[MCR_TRAILER_VERDICTS]. */
void mcr_port_trailers_count(const struct mcr_port *port, uint64_t *counts);

/* mcr_port_trailers_info fills in what is said of them, and of hw_time in any case. */
void mcr_port_trailers_info(const struct mcr_port *port, struct mcr_port_info *out);

/* mcr_port_trailers_judge looks whether most packets have a good trailer: when the first packets
 * have come, then each 10 s at most. now_ns: CLOCK_MONOTONIC. Returns 0; or, with a line for the
 * log in line, -1: most have none from now on, 1: that is over. */
int mcr_port_trailers_judge(struct mcr_port *port, uint64_t now_ns, char *line, size_t cap);

#endif
