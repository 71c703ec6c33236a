/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_TOOLS_FIND_PORT_H
#define MCR_TOOLS_FIND_PORT_H

#include <stdint.h>

/* find_port finds a DPDK port by the name of its device or by its number. Returns 0, or -1 after a
 * line on stderr that names the ports there are. */
int find_port(const char *text, uint16_t *port);

#endif
