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

/* Merges an output's sources into the list, which has room, from its end on. */
static void unite(struct mcr_route_merge *m, const struct mcr_source_filter *filter,
		  uint64_t included, uint64_t excluded)
{
	const size_t end = m->n + filter->n;
	size_t to = end, i = m->n, k = filter->n;

	while (k > 0) {
		const struct mcr_address source = filter->sources[k - 1];
		const int order =
		    i > 0 ? memcmp(&m->list[i - 1].source, &source, sizeof(source)) : -1;
		struct mcr_route_merged one = {.source = source};

		if (order >= 0)
			one = m->list[--i];
		if (order <= 0) {
			one.included |= included;
			one.excluded |= excluded;
			k--;
		}
		m->list[--to] = one;
	}
	memmove(&m->list[i], &m->list[to], (end - to) * sizeof(*m->list));
	m->n = i + end - to;
}

int mcr_route_merge_add(struct mcr_route_merge *m, uint64_t output,
			const struct mcr_source_filter *filter)
{
	const int excludes = filter->mode == MCR_FILTER_EXCLUDE;

	if (grow(m, m->n + filter->n) != 0)
		return -ENOMEM;
	m->any |= excludes ? output : 0;
	if (filter->n > 0)
		unite(m, filter, excludes ? 0 : output, excludes ? output : 0);
	return 0;
}

void mcr_route_merge_end(struct mcr_route_merge *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct mcr_route_merged one = m->list[i];

		one.outputs = (m->any & ~one.excluded) | one.included;
		if (one.outputs != m->any)
			m->list[kept++] = one;
	}
	m->n = kept;
}

void mcr_route_merge_clear(struct mcr_route_merge *m)
{
	free(m->list);
	memset(m, 0, sizeof(*m));
}
