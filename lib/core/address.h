/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of addresses beyond mcring/address.h: what an address may be used for, and which
 * Ethernet address a group has.
 *
 * Off the hot path an address is a struct mcr_address: the functions that take one are the only
 * place where the family matters (address.c). The hot path and what is IPv4 by its nature (IGMP,
 * the IPv4 parser) use the mcr_ipv4_ functions, on a uint32_t in network order. */
#ifndef MCR_CORE_ADDRESS_H
#define MCR_CORE_ADDRESS_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/address.h>
#include <mcring/join.h>

/* ---- IPv4, network order ---- */

/* Host order. */
#define MCR_IPV4_ALL_HOSTS      0xe0000001u /* 224.0.0.1 */
#define MCR_IPV4_ALL_ROUTERS    0xe0000002u /* 224.0.0.2 */
#define MCR_IPV4_IGMPV3_ROUTERS 0xe0000016u /* 224.0.0.22, to which IGMPv3 reports go */

static inline int mcr_ipv4_is_multicast(uint32_t address_be)
{
	return (address_be & htobe32(0xf0000000u)) == htobe32(0xe0000000u); /* RFC 1112 §4 */
}

/* mcr_ipv4_is_ssm: of 232.0.0.0/8, for source-specific joins only (RFC 4607 §1). */
static inline int mcr_ipv4_is_ssm(uint32_t group_be)
{
	return be32toh(group_be) >> 24 == 232;
}

/* mcr_ipv4_is_unicast: of class A, B or C and not 0.0.0.0. Wider than mcr_ipv4_is_host. */
static inline int mcr_ipv4_is_unicast(uint32_t address_be)
{
	return address_be != 0 && be32toh(address_be) < 0xe0000000u;
}

/* mcr_ipv4_is_host: an address that a host on the wire can have, so not of 0.0.0.0/8, 127.0.0.0/8,
 * multicast or beyond (RFC 1122 §3.2.1.3, RFC 1112 §4 and §7.2). */
static inline int mcr_ipv4_is_host(uint32_t address_be)
{
	uint8_t top; /* by its octet: the rx loop asks this of each packet */

	memcpy(&top, &address_be, sizeof(top));
	return (uint8_t)(top - 1) < 223 && top != 127;
}

/* mcr_ipv4_may_send: whether a datagram to the group may come from this source. A host that still
 * looks for its address is 0.0.0.0 or {0, host}, and may only speak to its own link then:
 * 224.0.0.0/24, as the kernel has it. */
static inline int mcr_ipv4_may_send(uint32_t source_be, uint32_t group_be)
{
	return mcr_ipv4_is_host(source_be) ||
	       (be32toh(source_be) >> 24 == 0 && be32toh(group_be) >> 8 == 0xe00000);
}

/* mcr_ipv4_broadcast: the broadcast address of a host's subnet, which no host can have.
 * 255.255.255.255 when the subnet has none (no address, a /32, RFC 3021's /31). */
static inline uint32_t mcr_ipv4_broadcast(uint32_t address_be, unsigned prefix_len)
{
	if (address_be == 0 || prefix_len == 0 || prefix_len > 30)
		return UINT32_MAX;
	return address_be | htobe32(UINT32_MAX >> prefix_len);
}

/* ---- IPv6, 16 octets in network order ---- */

static inline int mcr_ipv6_is_multicast(const uint8_t *address)
{
	return address[0] == 0xff; /* RFC 4291 §2.7 */
}

/* mcr_ipv6_is_host: an address that a host on the wire can have, so not multicast, ::, ::1 (RFC
 * 4291 §2.5.2, §2.5.3) or ::ffff:0:0/96, which would be taken for IPv4. */
static inline int mcr_ipv6_is_host(const uint8_t *address)
{
	uint64_t high, low_be;

	memcpy(&high, address, sizeof(high));
	memcpy(&low_be, address + 8, sizeof(low_be));
	if (high != 0)
		return !mcr_ipv6_is_multicast(address);
	return be64toh(low_be) > 1 && be64toh(low_be) >> 32 != 0xffff;
}

/* mcr_ipv6_may_send: whether a datagram to the group may come from this source. A host that has no
 * address yet is ::, and may only speak to its own link then (ff02, and the same with other flags).
 */
static inline int mcr_ipv6_may_send(const uint8_t *source, const uint8_t *group)
{
	static const uint8_t nobody[16];

	return mcr_ipv6_is_host(source) ||
	       ((group[1] & 0xf) == 2 && memcmp(source, nobody, sizeof(nobody)) == 0);
}

/* ---- Ethernet ---- */

#define MCR_IPV4_GROUP_MAC 0x01, 0x00, 0x5e /* then the group's low 23 bits: RFC 1112 §6.4 */
#define MCR_IPV6_GROUP_MAC 0x33, 0x33       /* then the group's low 32 bits: RFC 2464 §7 */

/* mcr_mac_is_ipv4_group: whether a MAC address of 6 octets is that of an IPv4 group, but for the
 * 24th bit, which is 0 in those and not looked at. */
static inline int mcr_mac_is_ipv4_group(const uint8_t *mac)
{
	static const uint8_t prefix[4] = {MCR_IPV4_GROUP_MAC};
	uint32_t start, group;

	memcpy(&start, mac, sizeof(start));
	memcpy(&group, prefix, sizeof(group));
	return (start & htobe32(0xffffff00u)) == group;
}

/* mcr_mac_is_ipv6_group: whether a MAC address of 6 octets is that of an IPv6 group. */
static inline int mcr_mac_is_ipv6_group(const uint8_t *mac)
{
	static const uint8_t prefix[2] = {MCR_IPV6_GROUP_MAC};

	return memcmp(mac, prefix, sizeof(prefix)) == 0;
}

/* mcr_mac_is_for_all: broadcast, and what IPv6 has in its place: all nodes, and the solicited-node
 * groups of any address (RFC 4291 §2.7.1), by which hosts look for each other. */
static inline int mcr_mac_is_for_all(const uint8_t mac[6])
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			     nodes[6] = {MCR_IPV6_GROUP_MAC, 0, 0, 0, 1};

	return memcmp(mac, all, sizeof(all)) == 0 || memcmp(mac, nodes, sizeof(nodes)) == 0 ||
	       (mcr_mac_is_ipv6_group(mac) && mac[2] == 0xff);
}

/* A MAC address as a number: its octets in the order of the wire, the first one lowest. */
static inline uint64_t mcr_mac_number(const uint8_t mac[6])
{
	uint64_t number = 0;

	for (unsigned i = 6; i-- > 0;)
		number = number << 8 | mac[i];
	return number;
}

static inline void mcr_mac_of_number(uint8_t mac[6], uint64_t number)
{
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(number >> 8 * i);
}

/* ---- either family ---- */

/* mcr_address_of_ipv4: where 0 says that there is no address. */
static inline struct mcr_address mcr_address_of_ipv4(uint32_t ipv4_be)
{
	static const struct mcr_address none;

	return ipv4_be ? mcr_address_from_ipv4(ipv4_be) : none;
}

#define MCR_ADDRESS_ALL_NODES   ((struct mcr_address){{0xff, 0x02, [15] = 0x01}}) /* ff02::1 */
#define MCR_ADDRESS_ALL_ROUTERS ((struct mcr_address){{0xff, 0x02, [15] = 0x02}}) /* ff02::2 */
/* ff02::16, to which MLDv2 reports go (RFC 9777 §5.2.14). */
#define MCR_ADDRESS_MLDV2_ROUTERS ((struct mcr_address){{0xff, 0x02, [15] = 0x16}})

/* mcr_address_parse_mapped: as mcr_address_parse, but a mapped address (::ffff:10.0.0.7) is the
 * IPv4 address that it stands for, so that an error can say how to write it. Thread: any. */
int mcr_address_parse_mapped(struct mcr_address *out, const char *text, size_t len);

#define MCR_ADDRESS_BRACKETED (MCR_ADDRESS_TEXT + 2)

/* mcr_address_format_bracketed: as mcr_address_format, but an IPv6 address is in brackets, as in
 * front of a port. Thread: any. */
const char *mcr_address_format_bracketed(char text[MCR_ADDRESS_BRACKETED],
					 struct mcr_address address);

/* mcr_address_is_unicast: of an IPv4 class A, B or C, or an IPv6 one that is not multicast. Wider
 * than mcr_address_is_host, by the loopback addresses among others. 0 for none. Thread: any. */
int mcr_address_is_unicast(struct mcr_address address);

/* mcr_address_is_host: as mcr_ipv4_is_host and mcr_ipv6_is_host. Thread: any. */
int mcr_address_is_host(struct mcr_address address);

/* mcr_address_is_link_local: of fe80::/10 (RFC 4291 §2.5.6). Thread: any. */
int mcr_address_is_link_local(struct mcr_address address);

/* mcr_address_link_local returns the link-local address that a MAC address makes: fe80::/64 and the
 * modified EUI-64 of it (RFC 2464 §4, §5). Thread: any. */
struct mcr_address mcr_address_link_local(const uint8_t mac[6]);

/* mcr_address_solicited_node returns the group that neighbours ask for an IPv6 address in:
 * ff02::1:ffXX:XXXX (RFC 4291 §2.7.1). Thread: any. */
struct mcr_address mcr_address_solicited_node(struct mcr_address address);

/* mcr_group_is_link_local: of a group that never leaves its link, or not even its host:
 * 224.0.0.0/24 (RFC 5771 §4), and IPv6 with scope 0, 1 or 2, whatever the flags (RFC 7346 §2).
 * Thread: any. */
int mcr_group_is_link_local(struct mcr_address group);

/* Why a group cannot be joined. */
enum mcr_group_fault {
	MCR_GROUP_OK,
	MCR_GROUP_NOT_MULTICAST,
	MCR_GROUP_RESERVED,      /* carries no traffic: 232.0.0.0, ff3x::4000:0 (RFC 4607 §1) and
				  * ff0x:: (RFC 4291 §2.7.1) */
	MCR_GROUP_BAD_SCOPE,     /* IPv6: never on a wire (0 and 1) or reserved (f): RFC 7346 §2 */
	MCR_GROUP_NEEDS_SOURCES, /* source-specific, of 232/8 or ff3x::/32: a filter has to name
				  * what it includes (RFC 4607 §1) */
};

/* mcr_group_fault: whether a group may be joined with a filter of this mode. Thread: any. */
enum mcr_group_fault mcr_group_fault(struct mcr_address group, enum mcr_filter_mode mode);

/* mcr_address_plus returns the nth address after this one, without a carry beyond its last 32 bits.
 * Thread: any. */
struct mcr_address mcr_address_plus(struct mcr_address address, uint32_t n);

/* mcr_group_mac fills in the Ethernet address that frames to the group bear. Thread: any. */
void mcr_group_mac(uint8_t mac[6], struct mcr_address group);

/* mcr_group_mac_number: mcr_mac_number of it. last: the group's last four octets, as they stand in
 * memory. */
static inline uint64_t mcr_group_mac_number(uint32_t last, int ipv6_group)
{
	static const uint8_t ipv4[6] = {MCR_IPV4_GROUP_MAC}, ipv6[6] = {MCR_IPV6_GROUP_MAC};
	const uint64_t octets = le32toh(last);

	return ipv6_group ? mcr_mac_number(ipv6) | octets << 16
			  : mcr_mac_number(ipv4) | (octets >> 8 & 0xffff7f) << 24;
}

#endif
