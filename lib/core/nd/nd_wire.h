/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of neighbour discovery (RFC 4861 §4.3, §4.4, §4.6.1; the nonce: RFC 3971 §5.3.2) and the
 * ICMPv6 echo (RFC 4443 §4). Pure. */
#ifndef MCR_CORE_ND_WIRE_H
#define MCR_CORE_ND_WIRE_H

#include "core/icmp6.h"
#include "core/nd/nd.h"

#define MCR_ND_PACKET 72 /* octets of each message that we send: IPv6, 24, one option of 8 */

/* A message that may be answered or heeded. */
struct mcr_nd_message {
	uint8_t type;              /* MCR_ICMP6_: any but _ECHO_REPLY */
	struct mcr_address source; /* of the packet */
	struct mcr_address
	    target;           /* the address that it is about; of an echo, whom it is sent to */
	const uint8_t *nonce; /* MCR_ND_NONCE octets; NULL = none of this length */
	size_t len;           /* octets of ICMPv6 */
};

/* mcr_nd_parse reads a frame's message. Returns 1, or 0 when it is of another type, or malformed by
 * RFC 4861 §7.1.1, §7.1.2 or RFC 4443 §2.3. */
int mcr_nd_parse(struct mcr_nd_message *out, const struct mcr_nd_frame *frame);

/* mcr_nd_echo_reply makes an echo request into its reply, in the frame's packet, without extension
 * headers. Returns where the reply begins, of MCR_IPV6_HEADER + message->len octets. */
const uint8_t *mcr_nd_echo_reply(const struct mcr_nd_frame *frame,
				 const struct mcr_nd_message *message);

/* mcr_nd_put_probe writes the solicitation that asks for target in order to see whether another
 * host has it. */
void mcr_nd_put_probe(uint8_t packet[MCR_ND_PACKET], struct mcr_address target,
		      const uint8_t nonce[MCR_ND_NONCE]);

/* mcr_nd_put_advert writes the answer to a solicitation; asker none: to all nodes. */
void mcr_nd_put_advert(uint8_t packet[MCR_ND_PACKET], struct mcr_address target,
		       struct mcr_address asker, const uint8_t mac[6]);

#endif
