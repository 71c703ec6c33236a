/* SPDX-License-Identifier: BSD-3-Clause */
/* The options among the arguments that EAL is given. */
#ifndef MCR_APP_EAL_GIVEN_H
#define MCR_APP_EAL_GIVEN_H

#include <stdbool.h>

#include "settings/settings.h"

/* mcr_eal_given returns whether argument i is the option name ("-l", "--vdev"), written as
 * "-lVALUE", "-l VALUE", "--NAME=VALUE" or "--NAME VALUE". *value points into argument i, or to the
 * next argument; NULL: the value is missing. */
bool mcr_eal_given(const struct mcr_settings *s, size_t i, const char *name, const char **value);

#endif
