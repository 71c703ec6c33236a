/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program hands in, as this library's own structures: it may have been compiled with those
 * of an older or a newer one. Thread: control. */
#ifndef MCR_ENGINE_CONFIG_H
#define MCR_ENGINE_CONFIG_H

#include <mcring/engine.h>

/* mcr_engine_config_take copies a configuration with its interfaces and channels; the other
 * pointers are borrowed. mcr_engine_config_clear frees the copies, also after a failure. Errors:
 * -EINVAL, -ENOMEM. */
int mcr_engine_config_take(struct mcr_engine_config *to, const struct mcr_engine_config *from,
			   struct mcr_error *err);
void mcr_engine_config_clear(struct mcr_engine_config *config);

/* mcr_channel_config_take copies one channel's configuration. Errors: -EINVAL. */
int mcr_channel_config_take(struct mcr_channel_config *to, const struct mcr_channel_config *from,
			    struct mcr_error *err);

#endif
