/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration of an interface says of its queriers, of IGMP and of MLD. No DPDK: mcring
 * --check gives the same answers as a start. Thread: any. */
#ifndef MCR_ENGINE_QUERIER_CONFIG_H
#define MCR_ENGINE_QUERIER_CONFIG_H

#include <mcring/engine.h>

#include "core/querier/querier.h"

/* mcr_querier_config_of fills out with what can be configured of the querier of a family (enum
 * mcr_gmp_family). Seed, MTU, the callback and the address of MLD are the caller's. Returns 1, or
 * 0: the interface is to have no such querier. */
int mcr_querier_config_of(struct mcr_querier_config *out, const struct mcr_interface_config *config,
			  enum mcr_gmp_family family);

/* mcr_querier_config_check: whether the configuration can be. Returns 0, or -EINVAL with err, which
 * names the interface and the key. */
int mcr_querier_config_check(const struct mcr_interface_config *config, struct mcr_error *err);

#endif
