/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_PORTS_H
#define MCR_CTL_PORTS_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print_ports shows ports and lcores of an answer to status or stats, and the control thread.
 */
void ctl_print_ports(FILE *out, const json_t *reply);

#endif
