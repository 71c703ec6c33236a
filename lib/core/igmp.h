/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of IGMP for one interface: a pure state machine. It sees bytes and times, never a
 * port, an mbuf or a clock. */
#ifndef MCR_CORE_IGMP_H
#define MCR_CORE_IGMP_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/join.h>

struct mcr_igmp;

#define MCR_IGMP_NEVER UINT64_MAX

struct mcr_igmp_config {
	uint64_t seed;       /* of the generator of random delays */
	uint32_t address_be; /* source of reports; 0 = none yet: 0.0.0.0 */
	uint16_t mtu;        /* of the link, octets of IP packet */
	uint8_t version;     /* 0 = follow the querier, else 1, 2, 3 */
	uint8_t strict_rx;   /* D2: 1 = demand TTL 1, Router Alert and a proper destination */
};

/* Sends one IPv4 packet (from the IP header on, checksums done). Returns 0, or -EAGAIN: the Tx
 * queue is full; the machine keeps the message and tries again at its next deadline. */
typedef int (*mcr_igmp_send)(void *ctx, const uint8_t *packet, size_t len);

int mcr_igmp_create(struct mcr_igmp **out, const struct mcr_igmp_config *cfg, uint64_t now_ns);
void mcr_igmp_destroy(struct mcr_igmp *igmp);

/* mcr_igmp_set_filter: the interface state of a group is now this (RFC 3376 §3.2: the caller merged
 * its joins). INCLUDE with n 0 is the leave. sources_be: distinct, any order, copied. The same
 * state again sends nothing. Changes made before the next mcr_igmp_poll go out in as few reports as
 * fit. Returns 0, -EINVAL (not multicast), -ENOMEM (state unchanged). Thread: control. */
int mcr_igmp_set_filter(struct mcr_igmp *igmp, uint32_t group_be, enum mcr_filter_mode mode,
			const uint32_t *sources_be, size_t n, uint64_t now_ns);

/* mcr_igmp_input: one received IPv4 packet of protocol 2, from the IP header on; len may include
 * Ethernet padding. Returns 0 (used or rightly ignored) or -EBADMSG (malformed; state unchanged).
 */
int mcr_igmp_input(struct mcr_igmp *igmp, const uint8_t *packet, size_t len, uint64_t now_ns);

/* mcr_igmp_poll sends what is due. Returns the next deadline, or MCR_IGMP_NEVER. */
uint64_t mcr_igmp_poll(struct mcr_igmp *igmp, uint64_t now_ns, mcr_igmp_send send, void *ctx);

/* mcr_igmp_announce: link up, or a changed MAC or address: report everything again (H-SC-12). */
void mcr_igmp_announce(struct mcr_igmp *igmp, uint32_t address_be, uint64_t now_ns);

/* mcr_igmp_leave_all: every group's state becomes INCLUDE{}; poll sends the leaves at once. */
void mcr_igmp_leave_all(struct mcr_igmp *igmp, uint64_t now_ns);

#endif
