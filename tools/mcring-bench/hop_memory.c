/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "../common/fail.h"
#include "hop.h"

void *hop_make_lines(size_t size)
{
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_ROUNDUP(size));

	if (memory)
		memset(memory, 0, size);
	else
		fail("out of memory");
	return memory;
}

int hop_make_memory(struct hop *h, size_t size)
{
	h->carrier = hop_make_lines(size);
	return h->carrier ? 0 : -1;
}

void hop_free_memory(struct hop *h)
{
	free(h->carrier);
}
