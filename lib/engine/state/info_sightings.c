/* SPDX-License-Identifier: BSD-3-Clause */
/* What rx lcores have seen, joined or not. */
#include <errno.h>

#include "core/error.h"
#include "engine/state/state.h"

int mcr_engine_sighting(const struct mcr_engine *e, size_t i, struct mcr_sighting *out)
{
	(void)e;
	(void)i;
	(void)out;
	return -ENOENT;
}

int mcr_engine_open_filter(struct mcr_engine *e, const char *interface, unsigned seconds,
			   struct mcr_error *err)
{
	(void)e;
	(void)interface;
	(void)seconds;
	return mcr_error_set(err, -ENOTSUP, "not yet");
}
