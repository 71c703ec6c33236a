/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring --check prints. */
#ifndef MCR_APP_SETTINGS_PRINT_H
#define MCR_APP_SETTINGS_PRINT_H

#include <stdio.h>

#include "settings/settings.h"

/* mcr_settings_print prints complete settings: each elementary join on a line of its own, in the
 * form that --join takes; then, on lines that begin with '#', the interfaces with what their
 * queriers use and where that is not what was given, the channels with the memory of a ring, the
 * rest of the settings, and counts. */
void mcr_settings_print(FILE *out, const struct mcr_settings *s);

#endif
