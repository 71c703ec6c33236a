/* SPDX-License-Identifier: BSD-3-Clause */
/* /data.json: the answers of all sources, as they are. */
#ifndef MCR_EXPORTER_DATA_H
#define MCR_EXPORTER_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "sources.h"

/* data_write gives a text, to be freed, or NULL when there is no memory. now_ns: monotonic. */
char *data_write(const struct sources *sources, uint64_t now_ns, size_t *len);

#endif
