/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_INTERFACES_H
#define MCR_CTL_INTERFACES_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print_interfaces shows the interfaces of an answer to status or stats: addresses, what they
 * say of IGMP and MLD, and the devices that they share with the kernel. */
void ctl_print_interfaces(FILE *out, const json_t *reply);

#endif
