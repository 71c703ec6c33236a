/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay's keys of the configuration come to, and which of them do not go together. No
 * DPDK: mcring --check gives the same answers as a start. Thread: any. */
#ifndef MCR_ENGINE_RELAY_CONFIG_H
#define MCR_ENGINE_RELAY_CONFIG_H

#include <mcring/engine.h>

/* mcr_relay_config_check looks at one interface by itself. Returns 0, or -EINVAL with err filled.
 */
int mcr_relay_config_check(const struct mcr_interface_config *config, struct mcr_error *err);

/* mcr_relay_config_check_pair: no source may belong to two interfaces: the subnets of all that have
 * a role and rpf_sources do not overlap. Both have passed mcr_relay_config_check. Returns 0, or
 * -EINVAL with err filled. */
int mcr_relay_config_check_pair(const struct mcr_interface_config *a,
				const struct mcr_interface_config *b, struct mcr_error *err);

/* mcr_relay_config_check_all: one upstream interface and a downstream one at least, or no role at
 * all; and each pair of them. Returns 0, or -EINVAL with err filled. */
int mcr_relay_config_check_all(const struct mcr_interface_config *configs, size_t n,
			       struct mcr_error *err);

/* In use: MCR_FORWARD_DEFAULT and 0 resolved. tx_never forwards never, and so does an interface
 * without a role. The scopes in use: core/route/route_scopes.h; the sources: route_rpf.h. */
enum mcr_forward_when mcr_relay_forward_when(const struct mcr_interface_config *config);
uint8_t mcr_relay_ttl_threshold(const struct mcr_interface_config *config);

#endif
