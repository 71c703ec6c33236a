/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CAT_WHY_H
#define MCR_CAT_WHY_H

#include <stddef.h>

#include "options.h"

#define CAT_REQUEST_MAX 512

/* cat_why_request writes a request of why, with a line feed, about the channel, and about the group
 * if the options name one only. Returns its length, or 0 when they cannot be asked about. */
size_t cat_why_request(char request[CAT_REQUEST_MAX], const struct cat_options *options);

/* cat_why asks the engine why nothing came, and prints the first line of its answer on standard
 * error: nothing if there is none within 2 s. */
void cat_why(const struct cat_options *options);

#endif
