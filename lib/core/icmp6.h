/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of ICMPv6 in one place, MLD included: the types of messages, the IPv6 header (RFC
 * 8200 §3) and the checksum with its pseudo header (RFC 8200 §8.1, RFC 4443 §2.3). Pure.
 * Thread: any. */
#ifndef MCR_CORE_ICMP6_H
#define MCR_CORE_ICMP6_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

#define MCR_IPV6_HEADER     40u
#define MCR_IPV6_PROTO_ICMP 58u

/* Types: RFC 4443 §4, RFC 9777 §5, RFC 4861 §4. */
#define MCR_ICMP6_ECHO_REQUEST 128u
#define MCR_ICMP6_ECHO_REPLY   129u
#define MCR_ICMP6_MLD_QUERY    130u
#define MCR_ICMP6_MLD_REPORT   131u /* of version 1 */
#define MCR_ICMP6_MLD_DONE     132u
#define MCR_ICMP6_SOLICITATION 135u
#define MCR_ICMP6_ADVERT       136u
#define MCR_ICMP6_MLD_REPORT2  143u /* of version 2 */

static inline int mcr_icmp6_is_mld(uint8_t type)
{
	return (type >= MCR_ICMP6_MLD_QUERY && type <= MCR_ICMP6_MLD_DONE) ||
	       type == MCR_ICMP6_MLD_REPORT2;
}

/* What an IPv6 header says beyond its version; the flow label is 0. */
struct mcr_ipv6_header {
	struct mcr_address source, destination;
	uint16_t payload_len;
	uint8_t next; /* header: MCR_IPV6_PROTO_ICMP, ... */
	uint8_t hop_limit;
	uint8_t traffic_class;
};

/* mcr_ipv6_put_header writes the MCR_IPV6_HEADER octets of a header. */
void mcr_ipv6_put_header(uint8_t *to, const struct mcr_ipv6_header *header);

/* mcr_icmp6_checksum returns the checksum of a message of len octets, in network order as it stands
 * in the message: of one whose checksum field is 0, what is to be put there; of one that has its
 * checksum, 0 when that is right. addresses: source and destination as an IPv6 header has them, 32
 * octets. */
uint16_t mcr_icmp6_checksum(const uint8_t *addresses, const uint8_t *message, size_t len);

#endif
