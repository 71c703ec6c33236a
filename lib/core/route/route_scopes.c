/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_scopes.h"

#include <errno.h>
#include <stdlib.h>

size_t mcr_route_scopes_of(const struct mcr_interface_config *config,
			   struct mcr_prefix scopes[MCR_PREFIXES_MAX])
{
	static const struct mcr_prefix local = {
	    {{[10] = 0xff, 0xff, 239, 255}},
	    16,
	};

	if (!config->has_scopes) {
		scopes[0] = local;
		return 1;
	}
	memcpy(scopes, config->scopes, config->n_scopes * sizeof(*scopes));
	return config->n_scopes;
}

/* Adds an interface to a scope. Interfaces mostly have the same ones. Returns how many there are.
 */
static size_t add(struct mcr_route_scope *scopes, size_t n, struct mcr_route_prefix prefix,
		  unsigned interface)
{
	size_t i = 0;

	while (i < n && (!mcr_route_address_same(scopes[i].prefix.net, prefix.net) ||
			 !mcr_route_address_same(scopes[i].prefix.mask, prefix.mask)))
		i++;
	if (i == n)
		scopes[n++] = (struct mcr_route_scope){prefix, 0};
	scopes[i].closed |= UINT64_C(1) << interface;
	return n;
}

int mcr_route_scopes_make(struct mcr_route_scope **out, size_t *n_out,
			  const struct mcr_interface_config *configs, size_t n)
{
	struct mcr_prefix of_one[MCR_PREFIXES_MAX];
	struct mcr_route_scope *scopes;
	size_t most = 0, used = 0;

	for (size_t i = 0; i < n; i++)
		if (configs[i].role != MCR_RELAY_NONE)
			most += mcr_route_scopes_of(&configs[i], of_one);
	*out = NULL;
	*n_out = 0;
	if (most == 0)
		return 0;
	scopes = malloc(most * sizeof(*scopes));
	if (!scopes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0, n_of_one = 0;

		if (configs[i].role != MCR_RELAY_NONE)
			n_of_one = mcr_route_scopes_of(&configs[i], of_one);
		for (; k < n_of_one; k++)
			used =
			    add(scopes, used, mcr_route_prefix_of(of_one[k].address, of_one[k].len),
				(unsigned)i);
	}
	*out = scopes;
	*n_out = used;
	return 0;
}
