/* SPDX-License-Identifier: BSD-3-Clause */
/* What a received mbuf says beside its frame. */
#ifndef MCR_ENGINE_MBUF_H
#define MCR_ENGINE_MBUF_H

#include <stdint.h>

#include <rte_mbuf.h>

/* mcr_mbuf_stripped_vlan: the VID of the tag that the NIC took out of the frame; 0 = none. */
static inline uint16_t mcr_mbuf_stripped_vlan(const struct rte_mbuf *m)
{
	return m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ? m->vlan_tci & 0xfff : 0;
}

/* The interface of a frame for the kernel: the rx lcore sets it before the frame goes into
 * worker.kernel, and control reads it from there. */
static inline void mcr_mbuf_set_interface(struct rte_mbuf *m, uint8_t interface)
{
	m->hash.usr = interface;
}

static inline uint8_t mcr_mbuf_interface(const struct rte_mbuf *m)
{
	return (uint8_t)m->hash.usr;
}

#endif
