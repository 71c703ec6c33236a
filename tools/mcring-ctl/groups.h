/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_GROUPS_H
#define MCR_CTL_GROUPS_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print_groups shows the groups of an answer to groups or stats, and the joins of one to
 * groups: for each family what arrives, and how each group stands in IGMP or MLD. */
void ctl_print_groups(FILE *out, const json_t *reply);

#endif
