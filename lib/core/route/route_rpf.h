/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sources may send by which interface (reverse path forwarding). It is static: from a
 * downstream interface come sources of its subnets and of rpf_sources, from the upstream one all
 * but these; never an address of our own, or what no host can have. Link-local ones do not come so
 * far (route_look.h). So of each source there is one interface at most, whatever arrives. */
#ifndef MCR_CORE_ROUTE_RPF_H
#define MCR_CORE_ROUTE_RPF_H

#include <mcring/config.h>

#include "core/route/route_prefix.h"

struct mcr_route_rpf {
	uint8_t
	    accepts_others; /* upstream: what `prefixes` do not name; downstream: what they do */
	size_t n_prefixes, n_own;
	struct mcr_route_prefix *prefixes;
	struct mcr_route_address *own; /* accepted but for this: addresses of this host, and
					* broadcast addresses of its subnets */
};

#define MCR_ROUTE_SOURCES_MAX (MCR_PREFIXES_MAX + 2)

/* mcr_route_sources_of fills in which sources a downstream interface has: its subnets, then
 * rpf_sources. Returns how many. Thread: any. */
size_t mcr_route_sources_of(const struct mcr_interface_config *config,
			    struct mcr_prefix sources[MCR_ROUTE_SOURCES_MAX]);

/* mcr_route_rpf_make fills in the rules of interface `in`. configs: n, with the addresses that they
 * have now. Returns 0 or -ENOMEM. Thread: control. */
int mcr_route_rpf_make(struct mcr_route_rpf *out, unsigned in,
		       const struct mcr_interface_config *const *configs, size_t n);
void mcr_route_rpf_clear(struct mcr_route_rpf *rpf);

/* mcr_route_rpf_accepts: whether a source may send by the interface. It is a host's address, as
 * mcr_route_look found. Thread: any rx lcore. */
int mcr_route_rpf_accepts(const struct mcr_route_rpf *rpf, struct mcr_route_address source);

#endif
