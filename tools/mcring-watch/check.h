/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_WATCH_CHECK_H
#define MCR_WATCH_CHECK_H

#include "watch.h"

/* check_print says what would be watched and recorded, on standard output. The engines have said
 * what they have, and the recordings were given their channels. */
void check_print(const struct watch *w);

#endif
