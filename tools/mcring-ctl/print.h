/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_PRINT_H
#define MCR_CTL_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* ctl_print shows an answer of the engine to a person. now_ns: CLOCK_REALTIME; reply gets it as
 * "now_ns" when it has none. */
void ctl_print(FILE *out, const char *command, json_t *reply, uint64_t now_ns);

#endif
