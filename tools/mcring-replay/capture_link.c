/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_link.h"

#include <string.h>

#include <mcring/address.h>

#include "core/address.h"

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu

enum link_type {
	LINK_NULL = 0, /* the family as the capturing host writes a number */
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12, /* DLT_RAW, as some wrote it to files; 14: of OpenBSD */
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108, /* OpenBSD's, the family in network order */
	LINK_SLL = 113,  /* Linux cooked: of the interface "any" */
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

/* How long the header is, and where in it the EtherType stands; -1 = nowhere. */
struct link_shape {
	uint32_t type, header_len;
	int type_offset;
};

static const struct link_shape shapes[] = {
    {LINK_ETHERNET, 0, -1},    {LINK_SLL, 16, 14},   {LINK_SLL2, 20, 0}, {LINK_RAW, 0, -1},
    {LINK_IPV4, 0, -1},        {LINK_IPV6, 0, -1},   {LINK_NULL, 4, -1}, {LINK_LOOP, 4, -1},
    {LINK_RAW_OPENBSD, 0, -1}, {LINK_RAW_BSD, 0, -1}};

static const struct link_shape *shape_of(uint32_t link_type)
{
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].type == link_type)
			return &shapes[i];
	return NULL;
}

int link_is_known(uint32_t link_type)
{
	return shape_of(link_type) != NULL;
}

/* By the version, which each IP packet begins with. */
static uint32_t version_type(const uint8_t *packet, uint32_t len)
{
	const unsigned version = len > 0 ? packet[0] >> 4 : 0;

	return version == 4 ? ETHERTYPE_IPV4 : version == 6 ? ETHERTYPE_IPV6 : 0;
}

/* Of the group; all octets 0 for what is no multicast, or too short. */
static void destination_mac(uint8_t mac[6], uint32_t ether_type, const uint8_t *packet,
			    uint32_t len)
{
	uint32_t ipv4_be;
	struct mcr_address group;

	memset(mac, 0, 6);
	if (ether_type == ETHERTYPE_IPV4 && len >= 20) {
		memcpy(&ipv4_be, packet + 16, sizeof(ipv4_be));
		if (mcr_ipv4_is_multicast(ipv4_be))
			mcr_group_mac(mac, mcr_address_from_ipv4(ipv4_be));
	} else if (ether_type == ETHERTYPE_IPV6 && len >= 40 &&
		   mcr_ipv6_is_multicast(packet + 24)) {
		memcpy(&group, packet + 24, sizeof(group));
		mcr_group_mac(mac, group);
	}
}

void link_to_ethernet(uint32_t link_type, uint8_t **data, uint32_t *len)
{
	const struct link_shape *shape = shape_of(link_type);
	uint32_t ether_type = 0;
	uint8_t *packet = *data;
	uint32_t packet_len = *len;

	if (link_type == LINK_ETHERNET)
		return;
	if (packet_len >= shape->header_len) {
		packet += shape->header_len;
		packet_len -= shape->header_len;
		ether_type = shape->type_offset < 0 ? version_type(packet, packet_len)
						    : (uint32_t)(*data)[shape->type_offset] << 8 |
							  (*data)[shape->type_offset + 1];
	} else {
		packet_len = 0;
	}
	*data = packet - LINK_ROOM;
	*len = packet_len + LINK_ROOM;
	destination_mac(*data, ether_type, packet, packet_len);
	memset(*data + 6, 0, 6);
	(*data)[12] = (uint8_t)(ether_type >> 8);
	(*data)[13] = (uint8_t)ether_type;
}
