/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the rx loop call of others, for tests that link them without a device: a NIC's
 * time that the test sets, and handlers that nobody has. */
#ifndef RX_RIG_H
#define RX_RIG_H

#include "engine/rx/rx_outlet.h"

#include "ring_rig.h"

#define RX_NS UINT64_C(1700000000000000000)
#define CLOCK (MCR_FLAG_HW_TIME | MCR_FLAG_HW_TIME_SYNCED)

static int ipv6; /* the family of all packets */
static uint64_t stamp_ns;
static uint32_t datagram_end; /* of the last packet whose trailer was read */

uint64_t mcr_packet_clock_ns(const struct mcr_packet_clock *c, const struct rte_mbuf *m)
{
	return stamp_ns;
}

/* As stamp_ns says. */
uint64_t mcr_packet_clock_trailer(const struct mcr_packet_clock *c, struct mcr_queue_trailers *t,
				  const struct rte_mbuf *m, uint32_t end, uint64_t rx_ns)
{
	assert_int_equal(m->pkt_len, m->data_len);
	datagram_end = end;
	t->reader.verdict = stamp_ns != 0 ? MCR_TRAILER_OK : MCR_TRAILER_BAD;
	return stamp_ns;
}

void mcr_inline_take(struct mcr_inline *in, const struct mcr_packet *packet,
		     const struct rte_mbuf *mbuf, uint8_t interface, uint32_t id, uint64_t rx_ns,
		     uint64_t hw_ns, uint16_t flags)
{
	fail_msg("there is no handler");
}

void mcr_inline_call(struct mcr_inline *in, uint64_t clock_steps, unsigned ring)
{
	fail_msg("there is no handler");
}

#endif
