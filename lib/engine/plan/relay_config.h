/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay's keys of the configuration come to, and which of them do not go together. */
#ifndef MCR_ENGINE_RELAY_CONFIG_H
#define MCR_ENGINE_RELAY_CONFIG_H

#include <mcring/engine.h>

/* mcr_relay_config_check: 0, or -EINVAL with err filled: one interface by itself. */
int mcr_relay_config_check(const struct mcr_interface_config *config, struct mcr_error *err);

/* mcr_relay_config_check_all: all of them together: one upstream and a downstream at least, or no
 * role at all; subnets of the relay do not overlap. Returns 0, or -EINVAL with err filled. */
int mcr_relay_config_check_all(const struct mcr_interface_config *configs, size_t n,
			       struct mcr_error *err);

/* mcr_relay_is_on: whether any interface has a role. */
int mcr_relay_is_on(const struct mcr_interface_config *configs, size_t n);

/* In use: MCR_FORWARD_DEFAULT and 0 resolved. tx_never forwards never. The scopes in use:
 * core/route/route_scopes.h. */
enum mcr_forward_when mcr_relay_forward_when(const struct mcr_interface_config *config);
uint8_t mcr_relay_ttl_threshold(const struct mcr_interface_config *config);

#endif
