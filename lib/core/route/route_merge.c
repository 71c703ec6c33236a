/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MIN 64u

void mcr_route_merge_begin(struct mcr_route_merge *m)
{
	m->any = 0;
	m->n = 0;
}

static int grow(struct mcr_route_merge *m, size_t n)
{
	size_t cap = m->cap ? m->cap : LIST_MIN;
	struct mcr_route_merged *list;

	if (n <= m->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	list = realloc(m->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	m->list = list;
	m->cap = cap;
	return 0;
}

int mcr_route_merge_add(struct mcr_route_merge *m, uint64_t output,
			const struct mcr_source_filter *filter)
{
	const int excludes = filter->mode == MCR_FILTER_EXCLUDE;

	if (grow(m, m->n + filter->n) != 0)
		return -ENOMEM;
	m->any |= excludes ? output : 0;
	for (size_t i = 0; i < filter->n; i++)
		m->list[m->n++] = (struct mcr_route_merged){
		    .source = filter->sources[i],
		    .included = excludes ? 0 : output,
		    .excluded = excludes ? output : 0,
		};
	return 0;
}

static int by_source(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcr_address));
}

void mcr_route_merge_end(struct mcr_route_merge *m)
{
	struct mcr_route_merged *list = m->list;
	size_t kept = 0;

	if (m->n > 1)
		qsort(list, m->n, sizeof(*list), by_source);
	for (size_t i = 0, k; i < m->n; i = k) {
		struct mcr_route_merged one = list[i];

		for (k = i + 1; k < m->n && mcr_address_is_equal(list[k].source, one.source); k++) {
			one.included |= list[k].included;
			one.excluded |= list[k].excluded;
		}
		one.outputs = (m->any & ~one.excluded) | one.included;
		if (one.outputs != m->any)
			list[kept++] = one;
	}
	m->n = kept;
}

void mcr_route_merge_clear(struct mcr_route_merge *m)
{
	free(m->list);
	memset(m, 0, sizeof(*m));
}
