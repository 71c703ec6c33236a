/* SPDX-License-Identifier: BSD-3-Clause */
/* From the values in a file to settings. */
#ifndef MCR_APP_CONFIG_APPLY_H
#define MCR_APP_CONFIG_APPLY_H

#include "config/reader.h"

/* mcr_config_apply adds the contents of a file, without the files that it includes, to f->s.
 * Returns 0, or -errno with the error located. */
int mcr_config_apply(const struct mcr_config_reader *f, const struct mcr_config_yaml *y);

/* Takes one join text. Returns 0, or -errno with f->err. */
typedef int (*mcr_config_take_join)(const struct mcr_config_reader *f, void *ctx, const char *text,
				    struct mcr_origin origin);

/* mcr_config_apply_join has take(ctx) take the texts that one entry of `joins` stands for. Returns
 * the same. */
int mcr_config_apply_join(const struct mcr_config_reader *f, int node,
			  const struct mcr_join_yaml *y, mcr_config_take_join take, void *ctx);

/* mcr_config_apply_feed adds one entry of `feeds`. Returns the same. */
int mcr_config_apply_feed(const struct mcr_config_reader *f, int node,
			  const struct mcr_feed_yaml *y);

#endif
