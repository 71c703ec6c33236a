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
	r->n = r->chained = 2u << bits; /* far from what the heads hold now: nothing */
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

static uint32_t *head_of(const struct mcr_recent *r, uint32_t id, uint64_t seq)
{
	return &r->heads[((uint32_t)seq + id * 0x9e3779b1u) & r->heads_mask];
}

/* Those that were added since the last time, as far as they are in the ring. */
static void chain(struct mcr_recent *r)
{
	if (r->n - r->chained > r->mask)
		r->chained = r->n - r->mask - 1;
	for (; r->chained != r->n; r->chained++) {
		struct mcr_recent_packet *p = &r->packets[r->chained & r->mask];
		uint32_t *head = head_of(r, p->id, p->seq);

		p->before = *head;
		*head = r->chained;
	}
}

const struct mcr_recent_packet *mcr_recent_search(struct mcr_recent *r, uint32_t id, uint64_t seq,
						  uint32_t count)
{
	uint32_t at;

	chain(r);
	at = *head_of(r, id, seq);
	for (int hop = 0; hop < MCR_RECENT_HOPS && r->n - at - 1 <= r->mask; hop++) {
		const struct mcr_recent_packet *p = &r->packets[at & r->mask];

		if (mcr_recent_is(p, id, seq, count))
			return p;
		at = p->before;
	}
	return NULL;
}
