/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gmp/gmp_wire.h"

#include <errno.h>
#include <string.h>

#include "core/gmp/igmp_wire.h"
#include "core/gmp/mld_wire.h"
#include "core/parse.h"

const struct mcr_gmp_wire *mcr_gmp_wire_of(unsigned family)
{
	switch (family) {
	case MCR_GMP_IGMP:
		return &mcr_igmp_wire;
	case MCR_GMP_MLD:
		return &mcr_mld_wire;
	default:
		return NULL;
	}
}

int mcr_gmp_wire_carries(const struct mcr_gmp_wire *wire, struct mcr_address address)
{
	return mcr_address_is_ipv4(address) == mcr_address_is_ipv4(wire->all_nodes);
}

/* The family's addresses differ in their last octets only. */
static size_t octets_before(const struct mcr_gmp_wire *wire)
{
	return sizeof(struct mcr_address) - wire->address_octets;
}

struct mcr_address mcr_gmp_wire_address(const struct mcr_gmp_wire *wire, const uint8_t *p)
{
	struct mcr_address address = wire->all_nodes;

	memcpy(address.octets + octets_before(wire), p, wire->address_octets);
	return address;
}

static uint8_t *put_address(const struct mcr_gmp_wire *wire, uint8_t *p, struct mcr_address address)
{
	memcpy(p, address.octets + octets_before(wire), wire->address_octets);
	return p + wire->address_octets;
}

size_t mcr_gmp_write_record(const struct mcr_gmp_wire *wire, uint8_t *p, enum mcr_record type,
			    struct mcr_address group, const struct mcr_address *sources, size_t n)
{
	p[0] = (uint8_t)type;
	p[1] = 0; /* no auxiliary data: RFC 9776 §4.2.11, RFC 9777 §5.2.11 */
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	p = put_address(wire, p + 4, group);
	for (size_t i = 0; i < n; i++)
		p = put_address(wire, p, sources[i]);
	return mcr_gmp_record_octets(wire, n);
}

uint8_t mcr_gmp_level_of_report(const struct mcr_gmp_wire *wire, uint8_t type)
{
	for (uint8_t level = wire->first_level; level < MCR_GMP_LEVEL_NEWEST; level++)
		if (wire->report_types[level] == type)
			return level;
	return 0;
}

enum mcr_gmp_kind mcr_gmp_kind_of(const struct mcr_gmp_wire *wire,
				  const struct mcr_gmp_message *message)
{
	if (message->type == wire->query_type)
		return MCR_GMP_KIND_QUERY;
	if (message->type == wire->newest_type)
		return MCR_GMP_KIND_REPORT;
	if (message->type == wire->leave_type)
		return MCR_GMP_KIND_LEAVE;
	if (mcr_gmp_level_of_report(wire, message->type))
		return MCR_GMP_KIND_OLD_REPORT;
	return MCR_GMP_KIND_OTHER;
}

void mcr_gmp_records_begin(struct mcr_gmp_records *records, const struct mcr_gmp_wire *wire,
			   const uint8_t *packet, const struct mcr_gmp_message *message)
{
	const uint8_t *head = packet + message->offset;

	*records = (struct mcr_gmp_records){.wire = wire,
					    .from = head + MCR_GMP_REPORT_HEADER,
					    .end = head + message->len,
					    .left = mcr_load_be16(head + 6)};
}

int mcr_gmp_records_next(struct mcr_gmp_records *records, struct mcr_gmp_record *out)
{
	const uint8_t *p = records->from;
	size_t room = (size_t)(records->end - p), head = mcr_gmp_record_octets(records->wire, 0);

	if (records->left == 0)
		return 0;
	if (room < head)
		return -EBADMSG;
	*out = (struct mcr_gmp_record){.type = p[0],
				       .group = mcr_gmp_wire_address(records->wire, p + 4),
				       .sources = p + head,
				       .n = mcr_load_be16(p + 2)};
	size_t octets = mcr_gmp_record_octets(records->wire, out->n) + (size_t)p[1] * 4;

	if (room < octets)
		return -EBADMSG;
	records->from += octets;
	records->left--;
	return 1;
}

size_t mcr_gmp_query_sources(const struct mcr_gmp_wire *wire, uint16_t mtu)
{
	return (mtu - mcr_gmp_query_octets(wire, MCR_GMP_LEVEL_NEWEST, 0)) / wire->address_octets;
}
