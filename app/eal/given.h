/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in the arguments that EAL is given. */
#ifndef MCR_APP_EAL_GIVEN_H
#define MCR_APP_EAL_GIVEN_H

#include <stdbool.h>

#include "settings/settings.h"

/* mcr_eal_given: whether argument i is the option name ("-l", "--vdev") with a value: "-lVALUE",
 * "-l VALUE", "--NAME=VALUE" or "--NAME VALUE". *value: a part of argument i, or all of the next;
 * NULL when there is none. */
bool mcr_eal_given(const struct mcr_settings *s, size_t i, const char *name, const char **value);

#endif
