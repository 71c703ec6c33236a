/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 9776 §4, RFC 2236 §2, RFC 1112 App. I: message formats. The records of v3 reports are in
 * gmp_wire.c. */
#include "core/gmp/igmp_wire.h"

#include <string.h>

#include "core/address.h"
#include "core/parse.h"

#define SECOND_NS 1000000000ull
#define TENTH_NS  100000000ull

/* Message types (RFC 9776 §4). */
enum {
	TYPE_QUERY = 0x11,
	TYPE_V1_REPORT = 0x12,
	TYPE_V2_REPORT = 0x16,
	TYPE_V2_LEAVE = 0x17,
	TYPE_V3_REPORT = 0x22,
};

#define IP_HEADER 24 /* with Router Alert */
#define OLD       8  /* octets of a v1 or v2 message */
#define V3_QUERY  12 /* without sources */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* None is 0.0.0.0. */
static void put_address(uint8_t *p, struct mcr_address address)
{
	memcpy(p, address.octets + 12, 4);
}

/* The one's complement sum of RFC 1071; 0 over data that holds a right checksum. */
static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Returns 0 when an option's length is impossible (RFC 791 §3.1). */
static int parse_options(struct mcr_gmp_message *out, const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != 0) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return 0;
		if (p[0] == 0x94 && p[1] == 4) /* RFC 2113 */
			out->router_alert = 1;
		p += p[1];
	}
	return 1;
}

/* Finds the IGMP message in the packet: *payload and *payload_len. */
static enum mcr_gmp_rx parse_ip(struct mcr_gmp_message *out, const uint8_t *packet, size_t len,
				const uint8_t **payload, size_t *payload_len)
{
	if (len < 20 || packet[0] >> 4 != 4)
		return MCR_GMP_RX_BAD_IP;
	size_t header = (packet[0] & 15u) * 4u, total = get16(packet + 2);

	if (header < 20 || total < header || total > len || packet[9] != 2)
		return MCR_GMP_RX_BAD_IP;
	if (checksum(packet, header) != 0)
		return MCR_GMP_RX_BAD_IP;
	if (get16(packet + 6) & 0x3fff) /* more fragments, or an offset */
		return MCR_GMP_RX_FRAGMENT;
	if (!parse_options(out, packet + 20, packet + header))
		return MCR_GMP_RX_BAD_IP;
	out->hop_limit = packet[8];
	out->source = mcr_address_from_ipv4(mcr_load32(packet + 12));
	out->destination = mcr_address_from_ipv4(mcr_load32(packet + 16));
	*payload = packet + header;
	*payload_len = total - header; /* never the frame's length: RFC 9776 §7.1 */
	return MCR_GMP_RX_QUERY;
}

/* RFC 9776 §4.1.1, §7.2.1 (v1 means 10 s). */
static uint64_t response_of(uint8_t level, uint16_t code)
{
	if (level == 1)
		return 10 * SECOND_NS;
	return (level == 2 ? code : mcr_gmp_float((uint8_t)code)) * TENTH_NS;
}

static uint16_t response_code(uint8_t level, uint64_t response_ns)
{
	uint64_t tenths = response_ns / TENTH_NS;

	if (level == 1)
		return 0;
	if (level == 2)
		return tenths < UINT8_MAX ? (uint16_t)tenths : UINT8_MAX;
	return mcr_gmp_float_code(tenths < UINT32_MAX ? (uint32_t)tenths : UINT32_MAX);
}

/* RFC 9776 §7.1: the version of a query comes from its length and code. */
static enum mcr_gmp_rx parse_query(struct mcr_gmp_message *out, const uint8_t *p, size_t len)
{
	if (len == OLD) {
		out->level = p[1] ? 2 : 1;
		out->response_ns = response_of(out->level, p[1]);
		return MCR_GMP_RX_QUERY;
	}
	if (len < V3_QUERY)
		return MCR_GMP_RX_BAD_LENGTH;
	out->level = 3;
	out->response_ns = response_of(3, p[1]);
	out->suppress = p[8] >> 3 & 1;
	out->qrv = p[8] & 7;
	out->interval_s = mcr_gmp_float(p[9]);
	out->n_sources = get16(p + 10);
	out->sources = p + V3_QUERY;
	if (out->n_sources > (len - V3_QUERY) / 4)
		return MCR_GMP_RX_BAD_SOURCES;
	return MCR_GMP_RX_QUERY;
}

static enum mcr_gmp_rx parse(struct mcr_gmp_message *out, const uint8_t *packet, size_t len)
{
	const uint8_t *p = NULL;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	enum mcr_gmp_rx rx = parse_ip(out, packet, len, &p, &n);

	if (rx != MCR_GMP_RX_QUERY)
		return rx;
	if (n < OLD)
		return MCR_GMP_RX_BAD_LENGTH;
	out->offset = (uint16_t)(p - packet);
	out->len = (uint16_t)n;
	out->type = p[0];
	out->group = mcr_address_of_ipv4(mcr_load32(p + 4));
	if (p[0] == TYPE_QUERY)
		rx = parse_query(out, p, n);
	else if (p[0] == TYPE_V1_REPORT || p[0] == TYPE_V2_REPORT)
		rx = MCR_GMP_RX_REPORT;
	else
		rx = MCR_GMP_RX_TYPE;
	if (rx >= MCR_GMP_RX_MALFORMED)
		return rx;
	/* Octets behind the fields are covered too (RFC 9776 §4.1.2, §4.1.10). */
	return checksum(p, n) == 0 ? rx : MCR_GMP_RX_BAD_CHECKSUM;
}

/* D2. A v1 query never has the option. */
static enum mcr_gmp_rx vet(const struct mcr_gmp_message *message, int strict)
{
	if (strict && message->level && message->hop_limit != 1)
		return MCR_GMP_RX_STRICT_TTL;
	if (strict && message->level > 1 && !message->router_alert)
		return MCR_GMP_RX_STRICT_ALERT;
	return MCR_GMP_RX_QUERY;
}

/* TTL 1, TOS 0xc0 and Router Alert in every version, DF and ID 0: as Linux sends. */
static void write_ip(uint8_t *p, size_t total, struct mcr_address source, uint32_t destination_be)
{
	static const uint8_t header[IP_HEADER] = {0x46, 0xc0, 0, 0, 0, 0, 0x40, 0, 1,    2, 0, 0,
						  0,    0,    0, 0, 0, 0, 0,    0, 0x94, 4, 0, 0};

	memcpy(p, header, sizeof(header));
	put16(p + 2, (uint16_t)total);
	put_address(p + 12, source);
	memcpy(p + 16, &destination_be, 4);
	put16(p + 10, checksum(p, sizeof(header)));
}

static void write_old(uint8_t *packet, uint8_t type, struct mcr_address source,
		      struct mcr_address group)
{
	uint8_t *p = packet + IP_HEADER;

	p[0] = type;
	p[1] = 0;
	put16(p + 2, 0);
	put_address(p + 4, group);
	put16(p + 2, checksum(p, OLD));
	write_ip(packet, IP_HEADER + OLD, source,
		 type == TYPE_V2_LEAVE ? htobe32(MCR_IPV4_ALL_ROUTERS)
				       : mcr_address_ipv4_be(group));
}

static void finish(uint8_t *packet, size_t len, struct mcr_address source, uint16_t records)
{
	uint8_t *p = packet + IP_HEADER;

	memset(p, 0, MCR_GMP_REPORT_HEADER);
	p[0] = TYPE_V3_REPORT;
	put16(p + 6, records);
	put16(p + 2, checksum(p, len - IP_HEADER));
	write_ip(packet, len, source, htobe32(MCR_IPV4_IGMPV3_ROUTERS));
}

static size_t write_query(uint8_t *packet, const struct mcr_gmp_query *query)
{
	uint8_t *p = packet + IP_HEADER;
	size_t len = mcr_gmp_query_octets(&mcr_igmp_wire, query->level, query->n_sources);

	p[0] = TYPE_QUERY;
	p[1] = (uint8_t)query->code;
	put16(p + 2, 0);
	put_address(p + 4, query->group);
	if (query->level == MCR_GMP_LEVEL_NEWEST) {
		p[8] = (uint8_t)(query->suppress << 3 | query->qrv);
		p[9] = query->qqic;
		put16(p + 10, (uint16_t)query->n_sources);
		for (size_t i = 0; i < query->n_sources; i++)
			put_address(p + V3_QUERY + i * 4, query->sources[i]);
	}
	put16(p + 2, checksum(p, len - IP_HEADER));
	write_ip(packet, len, query->source,
		 mcr_address_ipv4_be(mcr_address_is_none(query->group) ? mcr_igmp_wire.all_nodes
								       : query->group));
	return len;
}

static void seal(uint8_t *packet, size_t offset, size_t len)
{
	put16(packet + offset + 2, 0);
	put16(packet + offset + 2, checksum(packet + offset, len - offset));
	put16(packet + 2, (uint16_t)len);
	put16(packet + 10, 0);
	put16(packet + 10, checksum(packet, (packet[0] & 15u) * 4u));
}

const struct mcr_gmp_wire mcr_igmp_wire = {
    .all_nodes = {{[10] = 0xff, 0xff, 224, 0, 0, 1}},
    .mtu_min = MCR_IPV4_MTU_MIN,
    .first_level = 1,
    .ip_octets = IP_HEADER,
    .address_octets = 4,
    .old_octets = OLD,
    .report_types = {[1] = TYPE_V1_REPORT, [2] = TYPE_V2_REPORT},
    .leave_type = TYPE_V2_LEAVE,
    .newest_type = TYPE_V3_REPORT,
    .query_type = TYPE_QUERY,
    .newest_query_octets = V3_QUERY,
    .old_responses = 10, /* RFC 9776 §8.12 */
    .parse = parse,
    .vet = vet,
    .write_old = write_old,
    .finish = finish,
    .write_query = write_query,
    .response_code = response_code,
    .response_of = response_of,
    .seal = seal,
};
