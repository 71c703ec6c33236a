/* SPDX-License-Identifier: BSD-3-Clause */
/* What rx lcores have seen, joined or not. */
#include <errno.h>
#include <string.h>

#include "core/sized.h"
#include "engine/rx/sightings.h"
#include "engine/state/state.h"

/* Of the port's VLAN. Control knows its ports by their numbers as long as it lives. */
static uint16_t interface_of(const struct mcr_engine *e, const struct mcr_sight *sight)
{
	const uint8_t interface = e->port_by_id[sight->dpdk_port]->interface_of_vlan[sight->vlan];

	return interface == MCR_NO_INTERFACE ? MCR_DROP_NO_INTERFACE : interface;
}

int mcr_engine_sighting(const struct mcr_engine *e, size_t i, struct mcr_sighting *out)
{
	struct mcr_sighting sighting = {.dropped = MCR_DROP_NONE};
	struct mcr_sight sight;

	if (i >= (size_t)e->n_workers * MCR_SIGHTINGS)
		return -ENOENT;
	mcr_sightings_get(e->workers[i / MCR_SIGHTINGS]->sightings, i % MCR_SIGHTINGS, &sight);
	if (mcr_address_is_none(sight.group))
		return mcr_sized_give(out, &sighting, sizeof(sighting));
	sighting = (struct mcr_sighting){
	    .group = sight.group,
	    .source = sight.source,
	    .port = sight.port,
	    .source_port = sight.source_port,
	    .vlan = sight.vlan,
	    .dpdk_port = sight.dpdk_port,
	    .interface = interface_of(e, &sight),
	    .ttl = sight.ttl,
	    .dropped = sight.dropped,
	    .len = sight.len,
	    .first_ns = sight.first_ns,
	    .last_ns = sight.last_ns,
	    .dropped_ns = sight.dropped_ns,
	    .seen = sight.seen,
	};
	memcpy(sighting.destination_mac, sight.destination_mac, sizeof(sight.destination_mac));
	memcpy(sighting.source_mac, sight.source_mac, sizeof(sight.source_mac));
	return mcr_sized_give(out, &sighting, sizeof(sighting));
}
