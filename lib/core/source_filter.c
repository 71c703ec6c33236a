/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/source_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/source_set.h"

/* Appends the sources of all joins of this mode to list. Returns how many. */
static size_t collect(struct mcr_address *list, const struct mcr_join *const *joins, size_t n,
		      enum mcr_filter_mode mode)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; joins[i]->mode == mode && k < joins[i]->n_sources; k++)
			list[used++] = joins[i]->sources[k];
	return used;
}

static int by_value(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcr_address));
}

/* Keeps those entries of an unsorted list that are in it `times` times. Each join names a source
 * once, so these are the ones that all joins name. Ascending and distinct afterwards. */
static size_t keep_shared(struct mcr_address *list, size_t n, size_t times)
{
	size_t kept = 0;

	if (n > 1)
		qsort(list, n, sizeof(*list), by_value);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && mcr_address_is_equal(list[k], list[i]); k++)
			;
		if (k - i == times)
			list[kept++] = list[i];
	}
	return kept;
}

/* Takes b out of a, both ascending. */
static size_t subtract(struct mcr_address *a, size_t na, const struct mcr_address *b, size_t nb)
{
	size_t kept = 0;

	for (size_t i = 0, k = 0; i < na; i++) {
		while (k < nb && by_value(&b[k], &a[i]) < 0)
			k++;
		if (k == nb || !mcr_address_is_equal(b[k], a[i]))
			a[kept++] = a[i];
	}
	return kept;
}

int mcr_source_filter_merge(struct mcr_source_filter *out, const struct mcr_join *const *joins,
			    size_t n)
{
	size_t total = 0, n_exclude = 0, used;

	for (size_t i = 0; i < n; i++) {
		total += joins[i]->n_sources;
		n_exclude += joins[i]->mode == MCR_FILTER_EXCLUDE;
	}
	struct mcr_address *list = malloc((total ? total : 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (n_exclude > 0) {
		used = collect(list, joins, n, MCR_FILTER_EXCLUDE);
		struct mcr_address *included = list + used; /* both fit: each join is of one mode */
		size_t n_included = collect(included, joins, n, MCR_FILTER_INCLUDE);

		n_included = mcr_source_set_sort(included, n_included);
		used = keep_shared(list, used, n_exclude);
		used = subtract(list, used, included, n_included);
	} else {
		used = collect(list, joins, n, MCR_FILTER_INCLUDE);
		used = mcr_source_set_sort(list, used);
	}
	if (used == 0) {
		free(list);
		list = NULL;
	}
	*out = (struct mcr_source_filter){
	    .mode = n_exclude > 0 ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE,
	    .sources = list,
	    .n = used,
	};
	return 0;
}
