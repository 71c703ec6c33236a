/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_FEEDS_H
#define MCR_CTL_FEEDS_H

#include <stdio.h>

#include <jansson.h>

/* ctl_print_feeds shows an answer to feeds: a row for each line of each feed. */
void ctl_print_feeds(FILE *out, const json_t *reply);

#endif
