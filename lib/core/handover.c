/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mcr_handover_create(struct mcr_handover **out, uint32_t n)
{
	const size_t size = sizeof(struct mcr_handover) + n * sizeof(void *),
		     lines = (size + MCR_HANDOVER_LINE - 1) / MCR_HANDOVER_LINE;
	struct mcr_handover *ring = aligned_alloc(MCR_HANDOVER_LINE, lines * MCR_HANDOVER_LINE);

	if (!ring)
		return -ENOMEM;
	memset(ring, 0, sizeof(*ring));
	ring->mask = n - 1;
	*out = ring;
	return 0;
}

void mcr_handover_destroy(struct mcr_handover *ring)
{
	free(ring);
}
