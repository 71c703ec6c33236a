/* SPDX-License-Identifier: BSD-3-Clause */
/* The files that net_pcap plays. Thread: control. */
#ifndef MCR_ENGINE_PORT_CAPTURE_H
#define MCR_ENGINE_PORT_CAPTURE_H

struct mcr_engine;

struct mcr_error;
struct mcr_port;

/* mcr_engine_check_captures says what is wrong with the files that a port of net_pcap plays.
 * Errors: -EINVAL (no Ethernet frames in one). */
int mcr_engine_check_captures(struct mcr_engine *e, const struct mcr_port *port,
			      struct mcr_error *err);

#endif
