/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_READERS_H
#define MCR_CTL_READERS_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print_channels and ctl_print_consumers show those of an answer to status or stats. */
void ctl_print_channels(FILE *out, const json_t *reply);
void ctl_print_consumers(FILE *out, const json_t *reply);

/* ctl_print_sockets shows an answer to sockets: consumers that have some, or a channel of their own
 * to have some in. */
void ctl_print_sockets(FILE *out, const json_t *reply);

#endif
