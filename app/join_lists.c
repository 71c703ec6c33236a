/* SPDX-License-Identifier: BSD-3-Clause */
#include "join_lists.h"

#include <errno.h>
#include <stdlib.h>

#include "core/join_order.h"

static int compare_pointers(const void *a, const void *b)
{
	return mcr_join_compare(*(const struct mcr_join *const *)a,
				*(const struct mcr_join *const *)b);
}

/* Returns pointers to the joins in order, or NULL: no memory. */
static const struct mcr_join **sorted(const struct mcr_join_list *list)
{
	const struct mcr_join **all = calloc(list->n + 1, sizeof(struct mcr_join *));

	for (size_t i = 0; all && i < list->n; i++)
		all[i] = &list->items[i];
	if (all)
		qsort(all, list->n, sizeof(struct mcr_join *), compare_pointers);
	return all;
}

int mcr_joins_divide(struct mcr_join_list *common, struct mcr_join_list *rest,
		     const struct mcr_join_list *a, const struct mcr_join_list *b)
{
	const struct mcr_join **x = sorted(a), **y = sorted(b);
	int ret = x && y ? 0 : -ENOMEM;
	size_t k = 0;

	for (size_t i = 0; ret == 0 && i < a->n; i++) {
		struct mcr_join_list *out = rest;

		while (k < b->n && mcr_join_compare(y[k], x[i]) < 0)
			k++;
		if (k < b->n && mcr_join_compare(y[k], x[i]) == 0) {
			out = common;
			k++;
		}
		if (out)
			ret = mcr_join_list_add(out, x[i]);
	}
	free(x);
	free(y);
	return ret;
}

int mcr_joins_subtract(struct mcr_join_list *out, const struct mcr_join_list *a,
		       const struct mcr_join_list *b)
{
	return mcr_joins_divide(NULL, out, a, b);
}

int mcr_joins_held(struct mcr_join_list *out, const struct mcr_engine *e)
{
	struct mcr_join_owner owner;
	struct mcr_join join;
	int ret = 0;

	for (size_t i = 0; ret == 0 && mcr_engine_join_info(e, i, &join) == 0; i++)
		if (mcr_engine_join_owner(e, i, &owner) == 0 &&
		    owner.maker == MCR_JOINED_BY_CONFIGURATION)
			ret = mcr_join_list_add(out, &join);
	return ret;
}
