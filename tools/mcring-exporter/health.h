/* SPDX-License-Identifier: BSD-3-Clause */
/* /health: whether all is well, and one line for each reason why not. */
#ifndef MCR_EXPORTER_HEALTH_H
#define MCR_EXPORTER_HEALTH_H

#include <stddef.h>

#include "sources.h"

/* health_write gives a text, to be freed, or NULL when there is no memory. *is_well: there is an
 * engine, each answers, and none has a fault. */
char *health_write(const struct sources *sources, size_t *len, int *is_well);

#endif
