/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_NETSTAT_H
#define MCR_CTL_NETSTAT_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print_netstat shows an answer to `groups` as `netstat -g` shows the kernel's memberships
 * (net-tools 2.10), so that what reads those reads mcring's: groups of IPv4 first, then of IPv6,
 * each in the order of interfaces and addresses. RefCnt is the number of joins; the interface's own
 * membership counts as one more. */
void ctl_print_netstat(FILE *out, const json_t *reply);

#endif
