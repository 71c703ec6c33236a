/* SPDX-License-Identifier: BSD-3-Clause */
/* The multicast that a running engine has seen, joined or not. As in mcring/info.h: a copy for the
 * caller. Thread: control. */
#ifndef MCRING_SIGHTING_H
#define MCRING_SIGHTING_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_engine;

/* A flow of multicast that rx lcores have seen: who sent to which group and port, on which VLAN of
 * which port, and what its last packet looked like. Once a millisecond an rx lcore looks at the
 * packets of one burst, and at those that it drops in any case at the last of each reason in a
 * burst. It remembers the flows that it saw last (MCR_SIGHTINGS of them), wanted or not. So a flow
 * of some packets a second is here, and of faster ones the latest second. */
struct mcr_sighting {
	uint32_t size;                    /* sizeof(struct mcr_sighting) */
	struct mcr_address group, source; /* group: none = the entry is unused */
	uint16_t port, source_port;       /* UDP, host order; 0 = could not be read (a fragment) */
	uint16_t vlan;
	uint16_t dpdk_port;
	uint16_t interface; /* index, as in mcr_engine_interface_info; MCR_DROP_NO_INTERFACE = the
			     * port has none for this VLAN */
	uint8_t ttl;        /* TTL or hop limit */
	uint8_t dropped;    /* enum mcr_drop of the last of its packets whose drop was seen;
			     * MCR_DROP_NONE = none was */
	uint32_t len;       /* octets of the frame */
	uint8_t destination_mac[6], source_mac[6];
	uint64_t first_ns, last_ns; /* seen; CLOCK_REALTIME */
	uint64_t dropped_ns;        /* when the drop was seen */
	uint64_t seen;              /* packets looked at, not all that came */
};

#define MCR_SIGHTINGS 4096 /* of an rx lcore */
#define MCR_DROP_NONE 255

/* mcr_engine_sighting gives entry i, of all rx lcores together: a flow that several lcores receive
 * has several. Entries are in no order, and unused ones are among them. Returns 0, or -ENOENT past
 * the last. */
MCR_API int mcr_engine_sighting(const struct mcr_engine *e, size_t i, struct mcr_sighting *out);

#ifdef __cplusplus
}
#endif
#endif
