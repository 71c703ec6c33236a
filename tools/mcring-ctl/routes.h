/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_ROUTES_H
#define MCR_CTL_ROUTES_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* ctl_print_relay shows the relay's interfaces of an answer to `status`, `stats` or `routes`: when
 * each forwards, and what became of the packets. Without one it prints nothing. */
void ctl_print_relay(FILE *out, const json_t *reply);

/* ctl_print_routes shows an answer to `routes` to a person: for each family a table with a row for
 * each output of a route. now_ns: CLOCK_REALTIME. */
void ctl_print_routes(FILE *out, const json_t *reply, uint64_t now_ns);

/* ctl_routes_is_group: whether the text is an address that routes can have. */
int ctl_routes_is_group(const char *text);

/* ctl_routes_keep removes the routes of other groups from an answer. */
void ctl_routes_keep(json_t *reply, const char *group);

#endif
