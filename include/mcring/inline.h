/* SPDX-License-Identifier: BSD-3-Clause */
/* The inline consumer: a handler that an rx lcore calls with the messages of one channel, before it
 * publishes them or instead (struct mcr_channel_config). The handler sees each payload where the
 * NIC put it: there is no copy and no hop to another core.
 *
 * While the handler runs, its lcore receives nothing. So it must not block, wait for a lock, make a
 * system call or allocate. Everything that it is given is borrowed for the call. It runs on every
 * rx lcore that receives the channel, on several at the same time: `ring` is the lcore's index, for
 * state that belongs to one lcore. Of the engine's functions it may call only mcr_inline_copy.
 * mcr_engine_channel_info shows how long the calls take. */
#ifndef MCRING_INLINE_H
#define MCRING_INLINE_H

#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One message, as a handler sees it. */
struct mcr_inline_msg {
	const uint8_t *data; /* the first data_len octets of the payload */
	uint32_t data_len;   /* less than len if the packet is in several segments, as some
			      * drivers deliver jumbo frames: use mcr_inline_copy then */
	uint32_t len;        /* octets of payload */
	uint64_t rx_ns;      /* CLOCK_REALTIME of the burst or piece */
	uint64_t hw_ns;      /* the NIC's time if MCR_FLAG_HW_TIME is set, else 0 */
	struct mcr_address group, source;
	uint32_t id;                 /* user id of the join that took it */
	uint16_t dst_port, src_port; /* UDP, host order */
	uint16_t vlan;               /* 0 = untagged */
	uint16_t flags;              /* enum mcr_msg_flags of mcring/consumer.h */
	uint8_t ttl;                 /* IPv4 TTL, IPv6 hop limit */
	uint8_t traffic_class;       /* IPv4 TOS (RFC 2474 §3), IPv6 traffic class */
	uint16_t interface;          /* its index, as in mcr_engine_interface_info */
	uint32_t offset;             /* octets from the start of the packet to the payload */
	const void *packet;          /* the struct rte_mbuf, borrowed too */
	uint64_t reserved[3];        /* 0 */
};

/* mcr_inline_copy copies up to cap octets of a payload into buf, from all segments. Thread: the rx
 * lcore, in the handler.
 *
 * Returns how many octets it copied. */
MCR_API uint32_t mcr_inline_copy(const struct mcr_inline_msg *m, void *buf, uint32_t cap);

#ifdef __cplusplus
}
#endif
#endif
