/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_MROUTE_H
#define MCR_CTL_MROUTE_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* ctl_print_mroute shows an answer to `routes` in the form of iproute2's `ip -s mroute show`, for
 * programs that read that: IPv4 and then IPv6. now_ns: CLOCK_REALTIME. */
void ctl_print_mroute(FILE *out, const json_t *reply, uint64_t now_ns);

#endif
