/* SPDX-License-Identifier: BSD-3-Clause */
/* IGMP messages as bytes: reading what arrives, writing what a host sends. No state, no time.
 */
#ifndef MCR_CORE_IGMP_WIRE_H
#define MCR_CORE_IGMP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "core/gmp/gmp.h"
#include "core/gmp/membership.h"

/* Message types (RFC 9776 §4). */
enum {
	MCR_IGMP_TYPE_QUERY = 0x11,
	MCR_IGMP_TYPE_V1_REPORT = 0x12,
	MCR_IGMP_TYPE_V2_REPORT = 0x16,
	MCR_IGMP_TYPE_V2_LEAVE = 0x17,
	MCR_IGMP_TYPE_V3_REPORT = 0x22,
};

#define MCR_IGMP_IP_HEADER     24 /* with Router Alert */
#define MCR_IGMP_REPORT_HEADER 8
#define MCR_IGMP_RECORD_HEADER 8
#define MCR_IGMP_V2_PACKET     (MCR_IGMP_IP_HEADER + 8)

/* One message that was read. */
struct mcr_igmp_message {
	struct mcr_address source, destination; /* of the IP header */
	struct mcr_address group;               /* the group field; none: a general query */
	const uint8_t *sources;                 /* n_sources addresses, network order; borrowed */
	uint16_t n_sources;
	uint8_t type;         /* MCR_IGMP_TYPE_* */
	uint8_t version;      /* of a query: 1, 2, 3; else 0 */
	uint8_t code;         /* Max Resp Code */
	uint8_t qrv, qqic;    /* v3 queries */
	uint8_t ttl;          /* of the IP header */
	uint8_t router_alert; /* 1: the option is there */
};

/* mcr_igmp_parse reads one IPv4 packet of protocol 2 (len may include Ethernet padding). Returns
 * MCR_GMP_RX_QUERY, MCR_GMP_RX_REPORT (v1 or v2, of another host) or MCR_GMP_RX_TYPE with *out
 * filled, or the reason from MCR_GMP_RX_MALFORMED on why it is malformed. */
enum mcr_gmp_rx mcr_igmp_parse(struct mcr_igmp_message *out, const uint8_t *packet, size_t len);

/* mcr_igmp_float decodes Max Resp Code and QQIC (RFC 9776 §4.1.1, §4.1.7). */
uint32_t mcr_igmp_float(uint8_t code);

/* mcr_igmp_max_response_ns: the longest delay that a query allows; 0 for a v3 query of code 0. */
uint64_t mcr_igmp_max_response_ns(const struct mcr_igmp_message *query);

/* mcr_igmp_write_v12 writes a v1 or v2 report or a v2 leave of MCR_IGMP_V2_PACKET octets. */
void mcr_igmp_write_v12(uint8_t *packet, uint8_t type, struct mcr_address source,
			struct mcr_address group);

/* mcr_igmp_write_record appends a group record at p. Returns its length. */
size_t mcr_igmp_write_record(uint8_t *p, enum mcr_record type, struct mcr_address group,
			     const struct mcr_address *sources, size_t n);

/* mcr_igmp_finish_v3 completes a v3 report whose records already stand behind both headers. len:
 * of the whole packet. */
void mcr_igmp_finish_v3(uint8_t *packet, size_t len, struct mcr_address source, uint16_t records);

#endif
