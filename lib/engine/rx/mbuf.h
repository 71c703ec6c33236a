/* SPDX-License-Identifier: BSD-3-Clause */
/* What a received mbuf says beside its frame. */
#ifndef MCR_ENGINE_MBUF_H
#define MCR_ENGINE_MBUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_mbuf.h>

/* mcr_mbuf_stripped_vlan: the VID of the tag that the NIC took out of the frame; 0 = none. */
static inline uint16_t mcr_mbuf_stripped_vlan(const struct rte_mbuf *m)
{
	return m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ? m->vlan_tci & 0xfff : 0;
}

/* mcr_mbuf_oddness: 0 for a buffer as drivers usually hand it out: of this pool, one segment, held
 * by nobody else. Such buffers go back to the pool together, if no flag says otherwise. */
static inline uint64_t mcr_mbuf_oddness(const struct rte_mbuf *m, const struct rte_mempool *pool)
{
	const uint32_t one_of_one = 0x00010001;
	uint32_t held;

	_Static_assert(offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, refcnt) + 2,
		       "two numbers in one");
	memcpy(&held, (const char *)m + offsetof(struct rte_mbuf, refcnt), sizeof(held));
	return (held ^ one_of_one) | ((uintptr_t)m->pool ^ (uintptr_t)pool);
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
