/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/filter_merge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "core/membership.h"

/* Appends the sources of all filters of this mode to list, sorted and distinct. */
static size_t unite(uint32_t *list, const struct mcr_filter *filters, size_t n,
		    enum mcr_filter_mode mode)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; filters[i].mode == mode && k < filters[i].n; k++)
			list[used++] = ntohl(filters[i].sources_be[k]);
	return mcr_source_set_sort(list, used);
}

static int names(const struct mcr_filter *f, uint32_t source)
{
	for (size_t k = 0; k < f->n; k++)
		if (ntohl(f->sources_be[k]) == source)
			return 1;
	return 0;
}

/* A source stays blocked when every EXCLUDE filter names it and no INCLUDE filter does. */
static int is_blocked(const struct mcr_filter *filters, size_t n, uint32_t source)
{
	for (size_t i = 0; i < n; i++)
		if (names(&filters[i], source) != (filters[i].mode == MCR_FILTER_EXCLUDE))
			return 0;
	return 1;
}

int mcr_filter_merge(struct mcr_filter *out, const struct mcr_filter *filters, size_t n)
{
	enum mcr_filter_mode mode = MCR_FILTER_INCLUDE;
	size_t total = 0, used, kept = 0;

	for (size_t i = 0; i < n; i++) {
		total += filters[i].n;
		if (filters[i].mode == MCR_FILTER_EXCLUDE)
			mode = MCR_FILTER_EXCLUDE;
	}
	uint32_t *list = malloc((total ? total : 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	used = unite(list, filters, n, mode);
	for (size_t i = 0; i < used; i++)
		if (mode == MCR_FILTER_INCLUDE || is_blocked(filters, n, list[i]))
			list[kept++] = htonl(list[i]);
	if (kept == 0) {
		free(list);
		list = NULL;
	}
	*out = (struct mcr_filter){.mode = mode, .sources_be = list, .n = kept};
	return 0;
}
