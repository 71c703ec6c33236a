/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "engine/clock/packet_clock.h"

uint64_t mcr_packet_clock_ns(const struct mcr_packet_clock *c, const struct rte_mbuf *m)
{
	if ((m->ol_flags & c->rx_flag) == 0)
		return 0;
	return mcr_hw_clock_realtime(
	    &c->hw, *RTE_MBUF_DYNFIELD(m, c->offset, const rte_mbuf_timestamp_t *));
}
