/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments of options that hold several keys. */
#ifndef MCR_APP_OPTION_TEXT_H
#define MCR_APP_OPTION_TEXT_H

#include <mcring/engine.h>

#include "settings/keys.h"

/* mcr_option_keys reads each KEY=VALUE of a comma-separated list, and writes to the list. Returns
 * 0, or -EINVAL. */
int mcr_option_keys(char *list, const struct mcr_keys *keys, void *config, struct mcr_error *err);

/* mcr_interface_parse reads the argument of --interface, NAME=PORT[,KEY=VALUE]..., and
 * mcr_channel_parse that of --channel, NAME[,KEY=VALUE]...: docs/config.md has the keys. Both
 * return 0, or -EINVAL or -ENOMEM with *out unchanged. */
int mcr_interface_parse(struct mcr_interface_config *out, const char *text, struct mcr_error *err);
int mcr_channel_parse(struct mcr_channel_config *out, const char *text, struct mcr_error *err);

#endif
