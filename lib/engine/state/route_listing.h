/* SPDX-License-Identifier: BSD-3-Clause */
/* All routes as they are shown, merged from the flows that each rx lcore counts and from the set of
 * routes. There may be hundreds of thousands of parts, so a listing is collected in steps; the one
 * before it stays until it is there. Thread: control. */
#ifndef MCR_ENGINE_STATE_ROUTE_LISTING_H
#define MCR_ENGINE_STATE_ROUTE_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

struct mcr_engine;

/* A route as it is shown, or a part of it: what one lcore counted for one set of outputs, or what
 * the set of routes says. */
struct mcr_route_shown {
	struct mcr_address group, source;
	uint64_t outputs; /* of packets, and of those that would come */
	uint64_t packets, bytes, wrong_interface;
	uint64_t first_ns, last_ns;
	uint32_t interface;
	uint32_t counted; /* of the whole: where its packets by output begin */
};

struct mcr_route_listing;

/* mcr_route_listing_create: an empty one. engine is borrowed and has a relay. Returns it or NULL.
 */
struct mcr_route_listing *mcr_route_listing_create(const struct mcr_engine *engine);
void mcr_route_listing_destroy(struct mcr_route_listing *listing);

/* mcr_route_listing_step collects a little further. *ticket: 0 at first, then the collection that
 * its owner waits for, which has begun since; several may wait for the same. Returns 1 when that is
 * there (nothing is done then), 0 when there is more to do, or -ENOMEM: it is given up. */
int mcr_route_listing_step(struct mcr_route_listing *listing, uint64_t *ticket);

/* mcr_route_listing_renew does all steps of a new collection at once. Those who wait for the one
 * under way, which is given up, get this one. Returns 0 or -ENOMEM. */
int mcr_route_listing_renew(struct mcr_route_listing *listing);

/* mcr_route_listing_get: route i of the last collection that came to its end, sorted by group,
 * source and interface, or NULL. Valid until the next step. */
const struct mcr_route_shown *mcr_route_listing_get(const struct mcr_route_listing *listing,
						    size_t i);

/* mcr_route_listing_packets: those of such a route for each of its outputs, ascending. */
const uint64_t *mcr_route_listing_packets(const struct mcr_route_listing *listing,
					  const struct mcr_route_shown *route);

/* mcr_engine_route_goes_to: where the next packet goes, as far as the routes say. */
uint64_t mcr_engine_route_goes_to(const struct mcr_engine *engine, unsigned in,
				  struct mcr_address group, struct mcr_address source);

#endif
