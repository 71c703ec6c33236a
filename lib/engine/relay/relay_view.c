/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "engine/relay/relay_view.h"

void mcr_relay_view_destroy(struct mcr_relay_view *view)
{
	if (!view)
		return;
	for (unsigned i = 0; i < MCR_INTERFACES_MAX; i++)
		mcr_route_rpf_clear(&view->inputs[i].rpf);
	mcr_route_table_destroy(view->table);
	free(view);
}
