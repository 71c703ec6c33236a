/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/drop.h"

#include <stddef.h>
#include <stdint.h>

#define ONE(reason, name, parser, kernel)  +1
#define BIT(reason, name, parser, kernel)  | UINT64_C(1) << MCR_DROP_##reason
#define NAME(reason, name, parser, kernel) [MCR_DROP_##reason] = name,

_Static_assert(MCR_DROP_TABLE(ONE) == MCR_DROP_COUNT, "a row of drop.h for each reason");
_Static_assert((UINT64_C(0) MCR_DROP_TABLE(BIT)) == (UINT64_C(1) << MCR_DROP_COUNT) - 1,
	       "no reason has two rows");

static const char *const names[MCR_DROP_COUNT] = {MCR_DROP_TABLE(NAME)};

const char *mcr_drop_name(unsigned reason)
{
	return reason < MCR_DROP_COUNT ? names[reason] : NULL;
}
