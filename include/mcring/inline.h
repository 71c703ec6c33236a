/* SPDX-License-Identifier: BSD-3-Clause */
/* The inline consumer: a handler that the rx lcore calls with the messages of a burst for one
 * channel, before it publishes them, or instead. It sees a payload where the NIC put it: no copy,
 * no hop to another core, and while it runs nothing else is received on this lcore.
 *
 * So it must not block, wait for a lock, make a system call or allocate. All it is given is
 * borrowed for the call. It runs on every rx lcore that receives the channel, on several at the
 * same time: `ring` is the lcore's index, for state that belongs to one of them. It may not call
 * the engine's functions, but for mcr_inline_copy. mcr_channel_info says how long it took. */
#ifndef MCRING_INLINE_H
#define MCRING_INLINE_H

#include <stdint.h>

#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_inline_msg {
	const uint8_t *data; /* the payload, or the first data_len octets of it ... */
	uint32_t data_len;   /* ... less than len when the packet is in several segments, as some
			      * drivers bring jumbo frames: mcr_inline_copy gives all of it */
	uint32_t len;        /* octets of payload */
	uint64_t rx_ns;      /* CLOCK_REALTIME */
	uint64_t hw_ns;      /* the NIC's, if MCR_FLAG_HW_TIME is set; else 0 */
	uint32_t group_be, source_be;
	uint32_t id;                 /* user id of the join that took it */
	uint16_t dst_port, src_port; /* UDP, host order */
	uint16_t vlan;               /* 0 = untagged */
	uint16_t flags;              /* enum mcr_msg_flags of mcring/consumer.h */
	uint8_t ttl;
	uint32_t offset;    /* of the payload in the packet, */
	const void *packet; /* the struct rte_mbuf, borrowed too */
};

/* mcr_inline_copy copies up to cap octets of a payload, from however many segments, into buf. For a
 * handler, during its call. Returns how many. */
MCR_API uint32_t mcr_inline_copy(const struct mcr_inline_msg *m, void *buf, uint32_t cap);

#ifdef __cplusplus
}
#endif
#endif
