/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/drop.h"

#include <stddef.h>

#define ONE(reason, name, parser, kernel)  +1
#define NAME(reason, name, parser, kernel) [MCR_DROP_##reason] = name,

_Static_assert(MCR_DROP_TABLE(ONE) == MCR_DROP_COUNT, "a row of drop.h for each reason");

static const char *const names[MCR_DROP_COUNT] = {MCR_DROP_TABLE(NAME)};

const char *mcr_drop_name(unsigned reason)
{
	return reason < MCR_DROP_COUNT ? names[reason] : NULL;
}
