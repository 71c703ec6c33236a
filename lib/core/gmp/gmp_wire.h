/* SPDX-License-Identifier: BSD-3-Clause */
/* The border between the rules of group membership, which IGMP and MLD share, and the octets of
 * each. No state, no time.
 *
 * Inside the machine a version has a level, so that the same rules have the same number: level 1 is
 * IGMPv1, level 2 IGMPv2 and MLDv1, level 3 IGMPv3 and MLDv2. */
#ifndef MCR_CORE_GMP_WIRE_H
#define MCR_CORE_GMP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "core/gmp/gmp.h"
#include "core/gmp/membership.h"

#define MCR_GMP_LEVEL_NEWEST 3

#define MCR_GMP_REPORT_HEADER 8u /* of a level 3 report, in both protocols */

/* One message that was read. */
struct mcr_gmp_message {
	struct mcr_address source, destination; /* of the IP header */
	struct mcr_address group;               /* the group field; none: a general query */
	const uint8_t *sources;                 /* n_sources addresses of the wire; borrowed */
	uint64_t response_ns; /* the longest delay that a query allows; 0 for code 0 at level 3 */
	uint32_t interval_s;  /* QQIC of a query at level 3 */
	uint16_t n_sources;
	uint8_t level; /* of a query: 1, 2, 3; else 0 */
	uint8_t qrv;   /* of a query at level 3 */
	uint8_t hop_limit;
	uint8_t router_alert; /* 1: the option is there */
	uint8_t type;         /* the message's first octet */
	uint8_t suppress;     /* the S flag of a query at level 3 */
	uint16_t offset, len; /* of the message in the packet, behind the IP headers */
};

/* What a router reads that a host does not. */
enum mcr_gmp_kind {
	MCR_GMP_KIND_OTHER,
	MCR_GMP_KIND_QUERY,
	MCR_GMP_KIND_OLD_REPORT, /* below level 3 */
	MCR_GMP_KIND_LEAVE,      /* of IGMPv2, a Done of MLDv1 */
	MCR_GMP_KIND_REPORT,     /* of level 3, with records */
};

/* A query to be written. */
struct mcr_gmp_query {
	struct mcr_address source; /* of the IP header */
	struct mcr_address group;  /* none: a general query */
	const struct mcr_address *sources;
	size_t n_sources;
	uint16_t code; /* Max Resp Code of its level; IGMPv1: 0 */
	uint8_t level;
	uint8_t suppress, qrv, qqic; /* level 3 */
};

/* One record of a level 3 report that was read. */
struct mcr_gmp_record {
	uint8_t type; /* enum mcr_record, or unknown */
	struct mcr_address group;
	const uint8_t *sources; /* n addresses of the wire: mcr_gmp_wire_address; borrowed */
	size_t n;
};

/* The records of a report that are still to be read. */
struct mcr_gmp_records {
	const struct mcr_gmp_wire *wire;
	const uint8_t *from, *end;
	unsigned left;
};

/* One protocol. Packets begin at the IP header. */
struct mcr_gmp_wire {
	struct mcr_address all_nodes;               /* the group that is never reported */
	uint16_t mtu_min;                           /* that each link carries */
	uint8_t first_level;                        /* of version 1 */
	uint8_t ip_octets;                          /* in front of the message, with Router Alert */
	uint8_t address_octets;                     /* of an address */
	uint8_t old_octets;                         /* of a report or leave below level 3 */
	uint8_t report_types[MCR_GMP_LEVEL_NEWEST]; /* of a report below level 3, by level */
	uint8_t leave_type;                         /* of a leave at level 2 */
	uint8_t newest_type;                        /* of a report at level 3 */
	uint8_t query_type;
	uint8_t newest_query_octets; /* of a query at level 3 without sources */
	uint8_t old_responses;       /* D1: response times in the timeout of a querier of level 2 */

	/* Reads one packet (len may include Ethernet padding). Returns MCR_GMP_RX_QUERY,
	 * MCR_GMP_RX_REPORT (below level 3, of another host) or MCR_GMP_RX_TYPE with *out filled,
	 * or the reason from MCR_GMP_RX_MALFORMED on why it is malformed. */
	enum mcr_gmp_rx (*parse)(struct mcr_gmp_message *out, const uint8_t *packet, size_t len);
	/* Whether a query or report may be heeded: MCR_GMP_RX_QUERY, or why not. */
	enum mcr_gmp_rx (*vet)(const struct mcr_gmp_message *message, int strict);
	/* Writes a report or leave below level 3: ip_octets + old_octets. */
	void (*write_old)(uint8_t *packet, uint8_t type, struct mcr_address source,
			  struct mcr_address group);
	/* Completes a level 3 report of len octets, whose records stand behind both headers. */
	void (*finish)(uint8_t *packet, size_t len, struct mcr_address source, uint16_t records);
	/* Writes a query with its headers, to the group or to all nodes. The caller has room for
	 * mcr_gmp_query_octets. Returns its length. */
	size_t (*write_query)(uint8_t *packet, const struct mcr_gmp_query *query);
	/* The largest Max Resp Code of a level that allows no more than this, and what a code
	 * allows. IGMPv1: 0 and 10 s; so IGMPv2 has no code for less than 0.1 s. */
	uint16_t (*response_code)(uint8_t level, uint64_t response_ns);
	uint64_t (*response_of)(uint8_t level, uint16_t code);
	/* Lengths and checksums of a packet that another one sent, and that has been changed: the
	 * message begins at offset, and the packet has len octets now. */
	void (*seal)(uint8_t *packet, size_t offset, size_t len);
};

/* mcr_gmp_wire_of: by enum mcr_gmp_family; NULL beyond the last. */
const struct mcr_gmp_wire *mcr_gmp_wire_of(unsigned family);

/* mcr_gmp_level_of, mcr_gmp_version_of: between levels and the protocol's own versions. */
static inline uint8_t mcr_gmp_level_of(const struct mcr_gmp_wire *wire, unsigned version)
{
	return (uint8_t)(version + wire->first_level - 1);
}

static inline uint8_t mcr_gmp_version_of(const struct mcr_gmp_wire *wire, unsigned level)
{
	return (uint8_t)(level - wire->first_level + 1);
}

/* mcr_gmp_wire_carries: whether the protocol is about addresses of this family. */
int mcr_gmp_wire_carries(const struct mcr_gmp_wire *wire, struct mcr_address address);

/* mcr_gmp_wire_address reads an address of a message. */
struct mcr_address mcr_gmp_wire_address(const struct mcr_gmp_wire *wire, const uint8_t *p);

/* mcr_gmp_record_octets: of a group record with n sources. */
static inline size_t mcr_gmp_record_octets(const struct mcr_gmp_wire *wire, size_t n)
{
	return 4 + (n + 1) * wire->address_octets;
}

/* mcr_gmp_write_record appends a group record at p (RFC 9776 §4.2, RFC 9777 §5.2). Returns its
 * length. */
size_t mcr_gmp_write_record(const struct mcr_gmp_wire *wire, uint8_t *p, enum mcr_record type,
			    struct mcr_address group, const struct mcr_address *sources, size_t n);

/* mcr_gmp_kind_of: what kind of message parse has read. */
enum mcr_gmp_kind mcr_gmp_kind_of(const struct mcr_gmp_wire *wire,
				  const struct mcr_gmp_message *message);

/* mcr_gmp_level_of_report: of an old report, 1 or 2; of another type 0. */
uint8_t mcr_gmp_level_of_report(const struct mcr_gmp_wire *wire, uint8_t type);

/* mcr_gmp_records_begin: the records of a message of MCR_GMP_KIND_REPORT. packet: that parse read,
 * borrowed while they are read. */
void mcr_gmp_records_begin(struct mcr_gmp_records *records, const struct mcr_gmp_wire *wire,
			   const uint8_t *packet, const struct mcr_gmp_message *message);

/* mcr_gmp_records_next reads one and steps over it, its auxiliary data included. Returns 1, 0 (that
 * were all), or -EBADMSG: it does not fit. */
int mcr_gmp_records_next(struct mcr_gmp_records *records, struct mcr_gmp_record *out);

/* mcr_gmp_query_octets: of a packet with a query of n sources; below level 3 there are none. */
static inline size_t mcr_gmp_query_octets(const struct mcr_gmp_wire *wire, uint8_t level, size_t n)
{
	if (level < MCR_GMP_LEVEL_NEWEST)
		return (size_t)wire->ip_octets + wire->old_octets;
	return (size_t)wire->ip_octets + wire->newest_query_octets + n * wire->address_octets;
}

/* mcr_gmp_query_sources: how many sources a query in a packet of mtu octets holds; mtu: at least
 * mtu_min. */
size_t mcr_gmp_query_sources(const struct mcr_gmp_wire *wire, uint16_t mtu);

/* mcr_gmp_float_code: the code of the largest value that is not above this one (mcr_gmp_float);
 * RFC 9776 §4.1.7 recommends the next lower. */
static inline uint8_t mcr_gmp_float_code(uint32_t value)
{
	unsigned exponent = 0;

	if (value < 128)
		return (uint8_t)value;
	while (exponent < 7 && value >> (exponent + 3) > 31)
		exponent++;
	value >>= exponent + 3;
	return (uint8_t)(128 | exponent << 4 | (value > 31 ? 15 : value & 15));
}

/* mcr_gmp_float decodes Max Resp Code and QQIC of IGMPv3 and QQIC of MLDv2 (RFC 9776 §4.1.1,
 * §4.1.7; RFC 9777 §5.1.9). */
static inline uint32_t mcr_gmp_float(uint8_t code)
{
	return code < 128 ? code : (uint32_t)((code & 15) | 16) << ((code >> 4 & 7) + 3);
}

#endif
