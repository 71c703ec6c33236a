/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers that a message's frame had, as far as the message says: Ethernet, a VLAN tag, IP and
 * UDP. What it does not say is made up: the sender's MAC address is 0, an IPv4 packet has no
 * options, no identification and DF (RFC 6864 §4.1), an IPv6 packet no flow label and no extension
 * headers. */
#ifndef MCR_TOOLS_UDP_HEADERS_H
#define MCR_TOOLS_UDP_HEADERS_H

#include <stdint.h>

#include <mcring/consumer.h>

#define UDP_HEADERS_MAX (14 + 4 + 40 + 8)

/* udp_headers_put writes the headers of a message whose payload is m->len octets long; the first
 * `kept` of them are at hand. The UDP checksum is that of these: right where the payload is whole.
 * Returns the length of the headers. */
uint32_t udp_headers_put(uint8_t at[UDP_HEADERS_MAX], const struct mcr_msg *m,
			 const uint8_t *payload, uint32_t kept);

#endif
