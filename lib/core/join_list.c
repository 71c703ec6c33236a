/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/join_list.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Never moved, so that the joins can point into it. */
struct mcr_join_sources {
	struct mcr_join_sources *next;
	struct mcr_address addresses[];
};

int mcr_join_list_reserve(struct mcr_join_list *list, size_t more)
{
	struct mcr_join *items;
	size_t cap = list->cap * 2;

	if (list->cap - list->n >= more)
		return 0;
	if (more > SIZE_MAX / sizeof(*items) / 4 || list->n > SIZE_MAX / sizeof(*items) / 4)
		return -ENOMEM;
	if (cap < list->n + more)
		cap = list->n + more;
	items = realloc(list->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	list->cap = cap;
	return 0;
}

const struct mcr_address *mcr_join_list_keep(struct mcr_join_list *list,
					     const struct mcr_address *sources, uint32_t n)
{
	struct mcr_join_sources *kept = malloc(sizeof(*kept) + n * sizeof(*sources));

	if (!kept)
		return NULL;
	memcpy(kept->addresses, sources, n * sizeof(*sources));
	kept->next = list->sources;
	list->sources = kept;
	return kept->addresses;
}

int mcr_join_list_add(struct mcr_join_list *list, const struct mcr_join *join)
{
	struct mcr_join copy = *join; /* it may be one of the list's own */

	if (mcr_join_list_reserve(list, 1) != 0)
		return -ENOMEM;
	if (copy.n_sources > 0)
		copy.sources = mcr_join_list_keep(list, copy.sources, copy.n_sources);
	if (copy.n_sources > 0 && !copy.sources)
		return -ENOMEM;
	list->items[list->n++] = copy;
	return 0;
}

void mcr_join_list_clear(struct mcr_join_list *list)
{
	for (struct mcr_join_sources *kept = list->sources, *next; kept; kept = next) {
		next = kept->next;
		free(kept);
	}
	free(list->items);
	*list = (struct mcr_join_list){0};
}
