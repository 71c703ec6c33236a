/* SPDX-License-Identifier: BSD-3-Clause */
/* /metrics: what all sources said, as series. */
#ifndef MCR_EXPORTER_METRICS_H
#define MCR_EXPORTER_METRICS_H

#include <stdint.h>

#include "series.h"
#include "sources.h"

/* metrics_write fills s, which has room for 100 series at least and is empty. now_ns: monotonic.
 * Returns 0 or -ENOMEM. */
int metrics_write(struct series *s, const struct sources *sources, uint64_t now_ns);

#endif
