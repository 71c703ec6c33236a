/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_rpf.h"

#include <errno.h>
#include <stdlib.h>

#include "core/address.h"
#include "core/prefix.h"

#define OWN 3u /* addresses of an interface that nobody else can have, at most */

size_t mcr_route_sources_of(const struct mcr_interface_config *config,
			    struct mcr_prefix sources[MCR_ROUTE_SOURCES_MAX])
{
	size_t n = 0;

	if (!mcr_address_is_none(config->address))
		sources[n++] = mcr_prefix_of(config->address, config->prefix_len);
	if (!mcr_address_is_none(config->address6))
		sources[n++] = mcr_prefix_of(config->address6, config->prefix6_len);
	memcpy(&sources[n], config->rpf_sources, config->n_rpf_sources * sizeof(*sources));
	return n + config->n_rpf_sources;
}

static size_t add_prefixes(struct mcr_route_prefix *to, const struct mcr_interface_config *config)
{
	struct mcr_prefix sources[MCR_ROUTE_SOURCES_MAX];
	const size_t n = mcr_route_sources_of(config, sources);

	for (size_t i = 0; i < n; i++)
		to[i] = mcr_route_prefix_of(sources[i].address, sources[i].len);
	return n;
}

/* Whether the prefixes alone accept a source. */
static int accepts(const struct mcr_route_rpf *rpf, struct mcr_route_address source)
{
	size_t i = 0;

	while (i < rpf->n_prefixes && !mcr_route_prefix_has(&rpf->prefixes[i], source))
		i++;
	return (i < rpf->n_prefixes) != rpf->accepts_others;
}

int mcr_route_rpf_accepts(const struct mcr_route_rpf *rpf, struct mcr_route_address source)
{
	if (!accepts(rpf, source))
		return 0;
	for (size_t i = 0; i < rpf->n_own; i++)
		if (mcr_route_address_same(rpf->own[i], source))
			return 0;
	return 1;
}

/* Only if it had to be refused. */
static void add_own(struct mcr_route_rpf *rpf, struct mcr_address address)
{
	const struct mcr_route_address a = mcr_route_address_of(address);

	if (!mcr_address_is_none(address) && mcr_route_rpf_accepts(rpf, a))
		rpf->own[rpf->n_own++] = a;
}

int mcr_route_rpf_make(struct mcr_route_rpf *out, unsigned in,
		       const struct mcr_interface_config *const *configs, size_t n)
{
	const int is_upstream = configs[in]->role == MCR_RELAY_UPSTREAM;
	struct mcr_route_rpf rpf = {.accepts_others = (uint8_t)is_upstream};

	rpf.prefixes = malloc(n * MCR_ROUTE_SOURCES_MAX * sizeof(*rpf.prefixes));
	rpf.own = malloc(n * OWN * sizeof(*rpf.own));
	if (!rpf.prefixes || !rpf.own) {
		mcr_route_rpf_clear(&rpf);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		if (is_upstream ? configs[i]->role == MCR_RELAY_DOWNSTREAM : i == in)
			rpf.n_prefixes += add_prefixes(rpf.prefixes + rpf.n_prefixes, configs[i]);
	for (size_t i = 0; i < n; i++) {
		const uint32_t ipv4_be = mcr_address_ipv4_be(configs[i]->address);

		add_own(&rpf, configs[i]->address);
		add_own(&rpf, configs[i]->address6);
		add_own(&rpf,
			mcr_address_from_ipv4(mcr_ipv4_broadcast(ipv4_be, configs[i]->prefix_len)));
	}
	*out = rpf;
	return 0;
}

void mcr_route_rpf_clear(struct mcr_route_rpf *rpf)
{
	free(rpf->prefixes);
	free(rpf->own);
	memset(rpf, 0, sizeof(*rpf));
}
