/* SPDX-License-Identifier: BSD-3-Clause */
/* The timestamps in a port's packets, as an rx lcore needs them: where they stand in the mbuf, and
 * the clock that turns them into CLOCK_REALTIME; or the trailers of a switch. port_clock.h fills it
 * in. */
#ifndef MCR_ENGINE_PACKET_CLOCK_H
#define MCR_ENGINE_PACKET_CLOCK_H

#include <stdint.h>

#include "core/trailer.h"
#include "engine/clock/hw_clock.h"

struct rte_mbuf;

struct mcr_packet_clock {
	/* Constant once the port is started. */
	uint64_t rx_flag; /* in ol_flags: the packet has a timestamp */
	int offset;       /* of the timestamp in the mbuf */
	uint16_t flags;   /* MCR_FLAG_HW_TIME, ... of a message with hw_ns */

	struct mcr_hw_clock hw;
};

/* The trailers of one queue. Writer: the lcore that polls it; its counts may be read anywhere. */
struct mcr_queue_trailers {
	struct mcr_trailer_reader reader;
} __attribute__((aligned(64)));

/* mcr_packet_clock_ns: the CLOCK_REALTIME of a packet's timestamp; 0 = it has none. Thread: the rx
 * lcore. */
uint64_t mcr_packet_clock_ns(const struct mcr_packet_clock *c, const struct rte_mbuf *m);

/* mcr_packet_clock_trailer: the time in the trailer of a packet whose datagram ends at octet `end`
 * of its frame, as mcr_trailer_read gives it. It is expected about rx_ns, or when the packet was
 * captured. Thread: the rx lcore. */
uint64_t mcr_packet_clock_trailer(const struct mcr_packet_clock *c, struct mcr_queue_trailers *t,
				  const struct rte_mbuf *m, uint32_t end, uint64_t rx_ns);

#endif
