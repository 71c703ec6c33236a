/* SPDX-License-Identifier: BSD-3-Clause */
/* What struct mcr_channel_config may hold, and what the engine makes of what it leaves open. No
 * DPDK: mcring --check and a reload need the same answers. Thread: any. */
#ifndef MCR_ENGINE_CHANNEL_CONFIG_H
#define MCR_ENGINE_CHANNEL_CONFIG_H

#include <stdint.h>

#include <mcring/engine.h>

/* Octets of a ring, a power of two. */
#define MCR_CHANNEL_BYTES_MIN (UINT64_C(64) << 10)
#define MCR_CHANNEL_BYTES_MAX (UINT64_C(1) << 36)

/* Octets of a name with per_program: "/4194304.63" follows in those of its channels. */
#define MCR_TEMPLATE_NAME_MAX 20

/* mcr_channel_fill gives bytes their default where they are 0; with handler_only their minimum,
 * whatever they are. */
void mcr_channel_fill(struct mcr_channel_config *config);

/* mcr_channel_check fills config in and checks all of it. Returns 0 or -EINVAL with err filled. */
int mcr_channel_check(struct mcr_channel_config *config, struct mcr_error *err);

/* mcr_channel_check_programs: what per_program allows. Returns 0 or -EINVAL. */
int mcr_channel_check_programs(const struct mcr_channel_config *config, struct mcr_error *err);

/* mcr_channel_check_access: the bounds of struct mcr_access. Returns 0 or -EINVAL. */
int mcr_channel_check_access(const struct mcr_channel_config *config, struct mcr_error *err);

/* mcr_channel_copy_access copies what mcr_engine_channel_access changes of a channel. */
void mcr_channel_copy_access(struct mcr_channel_config *to, const struct mcr_channel_config *from);

#endif
