/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_MEMBERS_H
#define MCR_CTL_MEMBERS_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* ctl_print_queriers shows the queriers of an answer to `members` or `stats`: a table, and what
 * they refused and ignored. Without one it prints nothing. */
void ctl_print_queriers(FILE *out, const json_t *reply);

/* ctl_print_members shows an answer to `members` to a person: the queriers, and for each protocol a
 * table of groups, with a row for each of their sources. now_ns: CLOCK_REALTIME. */
void ctl_print_members(FILE *out, const json_t *reply, uint64_t now_ns);

#endif
