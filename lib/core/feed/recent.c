/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/recent.h"

#include <errno.h>
#include <stdlib.h>

int mcr_recent_create(struct mcr_recent *r, uint32_t n, int compare)
{
	uint32_t bits = 1;

	while (bits < 24 && (1u << bits) < n)
		bits++;
	*r = (struct mcr_recent){.mask = (1u << bits) - 1, .heads_mask = (2u << bits) - 1};
	r->packets = calloc((size_t)1 << bits, sizeof(*r->packets));
	r->heads = calloc((size_t)2 << bits, sizeof(*r->heads));
	r->hashes = compare ? calloc((size_t)1 << bits, sizeof(*r->hashes)) : NULL;
	r->n = 2u << bits; /* far from what the heads hold now: nothing */
	if (r->packets && r->heads && (r->hashes || !compare))
		return 0;
	mcr_recent_destroy(r);
	return -ENOMEM;
}

void mcr_recent_destroy(struct mcr_recent *r)
{
	free(r->packets);
	free(r->heads);
	free(r->hashes);
	*r = (struct mcr_recent){.mask = 0};
}
