/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "eal/given.h"

bool mcr_eal_given(const struct mcr_settings *s, size_t i, const char *name, const char **value)
{
	size_t len = strlen(name);
	const char *arg = s->eal[i];
	bool is_long = name[1] == '-';

	if (strncmp(arg, name, len) != 0 || (is_long && arg[len] && arg[len] != '='))
		return false;
	if (arg[len])
		*value = arg + len + is_long;
	else
		*value = i + 1 < s->n_eal ? s->eal[i + 1] : NULL;
	return true;
}
