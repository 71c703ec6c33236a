/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gmp/gmp_wire.h"

#include <string.h>

#include "core/gmp/igmp_wire.h"
#include "core/gmp/mld_wire.h"

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
