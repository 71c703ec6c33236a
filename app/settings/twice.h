/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_APP_TWICE_H
#define MCR_APP_TWICE_H

#include "settings/settings.h"

/* mcr_settings_twice finds joins that stand more than once in complete settings, in whatever form:
 * each must be left as often. Writes a line about the first of them, with both places, into
 * *warning, which is empty if there are none. Returns how many elementary joins are too many. */
size_t mcr_settings_twice(const struct mcr_settings *s, struct mcr_error *warning);

#endif
