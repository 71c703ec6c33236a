/* SPDX-License-Identifier: BSD-3-Clause */
/* What the rx loop does with a chunk of a burst: parse, match, publish. Thread: the rx lcore. */
#ifndef MCR_ENGINE_RX_CHUNK_H
#define MCR_ENGINE_RX_CHUNK_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include <mcring/consumer.h>

#include "engine/rx/worker.h"

/* What a burst's packets have in common, and what becomes of them. Private to the lcore. */
struct mcr_burst {
	uint64_t rx_ns;
	const uint8_t *interface_of_vlan;
	uint8_t mac[6];   /* of the port */
	uint64_t own;     /* mcr_parse_own of it */
	uint64_t suspect; /* offload flags of a UDP checksum that the NIC found bad */
	uint64_t odd;     /* `suspect`, and the flag of a stripped VLAN tag */
	uint8_t verify;   /* each packet's UDP checksum is computed */
	const struct mcr_packet_clock *clock; /* of its timestamps; NULL = none */
	uint16_t flags;
	uint32_t dropped;                    /* bit per reason */
	uint8_t drop_packet[MCR_DROP_COUNT]; /* last packet of each reason in `dropped` */
	/* Of the chunk. */
	uint64_t channels;       /* bit per channel that got a packet */
	uint64_t plain_channels; /* those of them without a handler, if packets bear no time */
};

/* mcr_rx_step_flag: MCR_FLAG_CLOCK_STEP for the ring's first message after a step of
 * CLOCK_REALTIME, else 0. The very first message of a ring never has it. */
static inline uint16_t mcr_rx_step_flag(const struct mcr_worker *w, struct mcr_outlet *out)
{
	if (likely(out->clock_steps == w->clock_steps))
		return 0;
	out->clock_steps = w->clock_steps;
	return out->ring->next > 0 ? MCR_FLAG_CLOCK_STEP : 0;
}

/* mcr_rx_chunk takes mbufs[from..to) of a burst through all stages: each ring that they touch is
 * published once. Those that went to control or to the kernel are NULL afterwards. */
void mcr_rx_chunk(struct mcr_worker *w, struct mcr_burst *b, const struct mcr_queue *q,
		  unsigned from, unsigned to);

/* mcr_rx_suspect_flags: the offload flags of packets whose UDP checksum the NIC found bad; 0 = its
 * verdict does not count on this queue. */
static inline uint64_t mcr_rx_suspect_flags(const struct mcr_queue *q)
{
	return q->udp_checksum == MCR_UDP_CHECKSUM_NIC ? RTE_MBUF_F_RX_L4_CKSUM_BAD : 0;
}

#endif
