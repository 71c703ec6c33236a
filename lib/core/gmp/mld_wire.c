/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 9777 §5, RFC 2710 §3: message formats. The records of v2 reports are in gmp_wire.c. */
#include "core/gmp/mld_wire.h"

#include <string.h>

#include "core/address.h"
#include "core/icmp6.h"
#include "core/ipv6_walk.h"
#include "core/parse.h"

#define HOP_BY_HOP     8 /* octets of the header that we send: Router Alert and PadN */
#define IP_HEADER      (MCR_IPV6_HEADER + HOP_BY_HOP)
#define OLD            24   /* octets of a v1 message */
#define V2_QUERY       28   /* without sources */
#define MTU_MIN        1280 /* RFC 8200 §5 */
#define MILLISECOND_NS 1000000ull

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Whether these options, whose lengths are right, have the Router Alert of value 0, which says that
 * the packet is of MLD (RFC 2711 §2.1). */
static uint8_t has_router_alert(const uint8_t *p, const uint8_t *end)
{
	static const uint8_t alert[] = {5, 2, 0, 0};

	while (p < end) {
		if (end - p >= 4 && memcmp(p, alert, sizeof(alert)) == 0)
			return 1;
		p += *p == 0 ? 1 : 2 + p[1]; /* Pad1 has no length */
	}
	return 0;
}

/* Finds the ICMPv6 message: from w->at to w->end. */
static enum mcr_gmp_rx parse_ip(struct mcr_gmp_message *out, const uint8_t *packet, size_t len,
				struct mcr_ipv6_walk *w)
{
	if (len < MCR_IPV6_HEADER || packet[0] >> 4 != 6)
		return MCR_GMP_RX_BAD_IP;
	uint16_t payload = mcr_load_be16(packet + 4); /* never the frame's length */

	if (payload > len - MCR_IPV6_HEADER)
		return MCR_GMP_RX_BAD_IP;
	out->hop_limit = packet[7];
	memcpy(out->source.octets, packet + 8, 16);
	memcpy(out->destination.octets, packet + 24, 16);
	*w = (struct mcr_ipv6_walk){.ip = packet,
				    .at = MCR_IPV6_HEADER,
				    .next = packet[6],
				    .end = MCR_IPV6_HEADER + payload};
	w->in_head = w->end;
	enum mcr_drop reason = mcr_ipv6_walk_extensions(w);

	if (reason == MCR_DROP_FRAGMENT)
		return MCR_GMP_RX_FRAGMENT;
	if (reason != MCR_DROP_COUNT || w->next != MCR_IPV6_PROTO_ICMP)
		return MCR_GMP_RX_BAD_IP;
	if (packet[6] == MCR_IPV6_EXT_HOP_BY_HOP) {
		const uint8_t *p = packet + MCR_IPV6_HEADER;

		out->router_alert = has_router_alert(p + 2, p + 8 * (p[1] + 1));
	}
	return MCR_GMP_RX_QUERY;
}

/* RFC 9777 §5.1.3; §8.2.1: version 1 is linear. */
static uint64_t response_of(uint8_t level, uint16_t code)
{
	uint64_t ms = code;

	if (level == MCR_GMP_LEVEL_NEWEST && code >= 32768)
		ms = (uint64_t)((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3);
	return ms * MILLISECOND_NS;
}

static uint16_t response_code(uint8_t level, uint64_t response_ns)
{
	uint64_t ms = response_ns / MILLISECOND_NS;
	unsigned exponent = 0;

	if (level < MCR_GMP_LEVEL_NEWEST)
		return ms < UINT16_MAX ? (uint16_t)ms : UINT16_MAX;
	if (ms < 32768)
		return (uint16_t)ms;
	while (exponent < 7 && ms >> (exponent + 3) > 0x1fff)
		exponent++;
	ms >>= exponent + 3;
	return (uint16_t)(32768 | exponent << 12 | (ms > 0x1fff ? 0xfff : ms & 0xfff));
}

/* RFC 9777 §8.1: the version of a query comes from its length. */
static enum mcr_gmp_rx parse_query(struct mcr_gmp_message *out, const uint8_t *p, size_t len)
{
	uint16_t code = mcr_load_be16(p + 4);

	if (len == OLD) {
		out->level = 2;
		out->response_ns = response_of(2, code);
		return MCR_GMP_RX_QUERY;
	}
	if (len < V2_QUERY)
		return MCR_GMP_RX_BAD_LENGTH;
	out->level = 3;
	out->response_ns = response_of(3, code);
	out->suppress = p[24] >> 3 & 1;
	out->qrv = p[24] & 7;
	out->interval_s = mcr_gmp_float(p[25]);
	out->n_sources = mcr_load_be16(p + 26);
	out->sources = p + V2_QUERY;
	return out->n_sources > (len - V2_QUERY) / 16 ? MCR_GMP_RX_BAD_SOURCES : MCR_GMP_RX_QUERY;
}

static enum mcr_gmp_rx parse(struct mcr_gmp_message *out, const uint8_t *packet, size_t len)
{
	struct mcr_ipv6_walk w;

	memset(out, 0, sizeof(*out));
	enum mcr_gmp_rx rx = parse_ip(out, packet, len, &w);

	if (rx != MCR_GMP_RX_QUERY)
		return rx;
	const uint8_t *p = packet + w.at;
	size_t n = w.end - w.at;

	out->offset = (uint16_t)w.at;
	out->len = (uint16_t)n;
	if (n < 8)
		return MCR_GMP_RX_BAD_LENGTH;
	out->type = p[0];
	int has_group = p[0] >= MCR_ICMP6_MLD_QUERY && p[0] <= MCR_ICMP6_MLD_DONE;

	if (has_group && n < OLD)
		return MCR_GMP_RX_BAD_LENGTH;
	if (has_group)
		memcpy(out->group.octets, p + 8, 16);
	if (p[0] == MCR_ICMP6_MLD_QUERY)
		rx = parse_query(out, p, n);
	else
		rx = p[0] == MCR_ICMP6_MLD_REPORT ? MCR_GMP_RX_REPORT : MCR_GMP_RX_TYPE;
	if (rx >= MCR_GMP_RX_MALFORMED)
		return rx;
	/* Octets behind the fields are covered too (RFC 9777 §5.1.12). */
	return mcr_icmp6_checksum(packet + 8, p, n) == 0 ? rx : MCR_GMP_RX_BAD_CHECKSUM;
}

/* RFC 9777 §5.1.14, §6.2; RFC 2710 §3, §4 (reports: one from :: does not count for a router, so it
 * does not speak for us, either). */
static enum mcr_gmp_rx vet(const struct mcr_gmp_message *message, int strict)
{
	(void)strict; /* the checks are part of the protocol */
	if (!mcr_address_is_link_local(message->source))
		return MCR_GMP_RX_SOURCE;
	if (message->hop_limit != 1)
		return MCR_GMP_RX_HOP_LIMIT;
	return message->router_alert ? MCR_GMP_RX_QUERY : MCR_GMP_RX_NO_ALERT;
}

/* Completes a message of len octets behind both headers, and writes them. */
static void complete(uint8_t *packet, size_t len, struct mcr_address source,
		     struct mcr_address destination)
{
	static const uint8_t hop_by_hop[HOP_BY_HOP] = {MCR_IPV6_PROTO_ICMP, 0, 5, 2, 0, 0, 1, 0};
	uint8_t *p = packet + IP_HEADER;

	mcr_ipv6_put_header(packet, &(struct mcr_ipv6_header){
					.source = source,
					.destination = destination,
					.payload_len = (uint16_t)(HOP_BY_HOP + len),
					.next = MCR_IPV6_EXT_HOP_BY_HOP,
					.hop_limit = 1,
				    });
	memcpy(packet + MCR_IPV6_HEADER, hop_by_hop, sizeof(hop_by_hop));
	uint16_t checksum = mcr_icmp6_checksum(packet + 8, p, len);

	memcpy(p + 2, &checksum, sizeof(checksum));
}

static void write_old(uint8_t *packet, uint8_t type, struct mcr_address source,
		      struct mcr_address group)
{
	uint8_t *p = packet + IP_HEADER;

	memset(p, 0, 8); /* the response delay, too: RFC 2710 §3.4 */
	p[0] = type;
	memcpy(p + 8, group.octets, 16);
	complete(packet, OLD, source, type == MCR_ICMP6_MLD_DONE ? MCR_ADDRESS_ALL_ROUTERS : group);
}

static void finish(uint8_t *packet, size_t len, struct mcr_address source, uint16_t records)
{
	uint8_t *p = packet + IP_HEADER;

	memset(p, 0, MCR_GMP_REPORT_HEADER);
	p[0] = MCR_ICMP6_MLD_REPORT2;
	put16(p + 6, records);
	complete(packet, len - IP_HEADER, source, MCR_ADDRESS_MLDV2_ROUTERS);
}

static size_t write_query(uint8_t *packet, const struct mcr_gmp_query *query)
{
	uint8_t *p = packet + IP_HEADER;
	size_t len = mcr_gmp_query_octets(&mcr_mld_wire, query->level, query->n_sources);

	memset(p, 0, OLD);
	p[0] = MCR_ICMP6_MLD_QUERY;
	put16(p + 4, query->code);
	memcpy(p + 8, query->group.octets, 16);
	if (query->level == MCR_GMP_LEVEL_NEWEST) {
		p[24] = (uint8_t)(query->suppress << 3 | query->qrv);
		p[25] = query->qqic;
		put16(p + 26, (uint16_t)query->n_sources);
		for (size_t i = 0; i < query->n_sources; i++)
			memcpy(p + V2_QUERY + i * 16, query->sources[i].octets, 16);
	}
	complete(packet, len - IP_HEADER, query->source,
		 mcr_address_is_none(query->group) ? mcr_mld_wire.all_nodes : query->group);
	return len;
}

static void seal(uint8_t *packet, size_t offset, size_t len)
{
	uint8_t *p = packet + offset;
	uint16_t checksum;

	put16(packet + 4, (uint16_t)(len - MCR_IPV6_HEADER));
	memset(p + 2, 0, 2);
	checksum = mcr_icmp6_checksum(packet + 8, p, len - offset);
	memcpy(p + 2, &checksum, sizeof(checksum));
}

const struct mcr_gmp_wire mcr_mld_wire = {
    .all_nodes = {{0xff, 2, [15] = 1}},
    .mtu_min = MTU_MIN,
    .first_level = 2,
    .ip_octets = IP_HEADER,
    .address_octets = 16,
    .old_octets = OLD,
    .report_types = {[2] = MCR_ICMP6_MLD_REPORT},
    .leave_type = MCR_ICMP6_MLD_DONE,
    .newest_type = MCR_ICMP6_MLD_REPORT2,
    .query_type = MCR_ICMP6_MLD_QUERY,
    .newest_query_octets = V2_QUERY,
    .old_responses = 1, /* RFC 9777 §9.12 */
    .parse = parse,
    .vet = vet,
    .write_old = write_old,
    .finish = finish,
    .write_query = write_query,
    .response_code = response_code,
    .response_of = response_of,
    .seal = seal,
};
