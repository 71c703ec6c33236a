/* SPDX-License-Identifier: BSD-3-Clause */
/* The scopes of interfaces: groups that are relayed neither from there nor to there (RFC 2365 §5).
 */
#ifndef MCR_CORE_ROUTE_SCOPES_H
#define MCR_CORE_ROUTE_SCOPES_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/config.h>

#include "core/route/route_prefix.h"

/* mcr_route_scopes_of fills in the scopes in use of an interface: its own, or 239.255.0.0/16, the
 * local scope (RFC 2365 §6.1). Returns how many. Thread: any. */
size_t mcr_route_scopes_of(const struct mcr_interface_config *config,
			   struct mcr_prefix scopes[MCR_PREFIXES_MAX]);

/* A scope, and the interfaces that have it. */
struct mcr_route_scope {
	struct mcr_route_prefix prefix;
	uint64_t closed; /* bit per interface */
};

/* mcr_route_scopes_make makes a list of the scopes of the interfaces that have a role. configs: n;
 * an interface's number is its index. *out is the caller's to free; NULL if there is none. Returns
 * 0 or -ENOMEM. Thread: control. */
int mcr_route_scopes_make(struct mcr_route_scope **out, size_t *n_out,
			  const struct mcr_interface_config *configs, size_t n);

/* mcr_route_scopes_closed: the interfaces that have the group in their scopes. Thread: any. */
static inline uint64_t mcr_route_scopes_closed(const struct mcr_route_scope *scopes, size_t n,
					       struct mcr_route_address group)
{
	uint64_t closed = 0;

	for (size_t i = 0; i < n; i++)
		if (mcr_route_prefix_has(&scopes[i].prefix, group))
			closed |= scopes[i].closed;
	return closed;
}

#endif
