/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/source_set.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcr_address));
}

size_t mcr_source_set_union(struct mcr_address *a, size_t na, const struct mcr_address *b,
			    size_t nb)
{
	size_t to = na + nb, n = na + nb;

	while (na > 0 || nb > 0) { /* from the end, where there is room */
		struct mcr_address last;

		if (nb == 0 || (na > 0 && compare(&a[na - 1], &b[nb - 1]) > 0))
			last = a[--na];
		else
			last = b[--nb];
		if (na > 0 && mcr_address_is_equal(a[na - 1], last))
			na--;
		a[--to] = last;
	}
	n -= to;
	memmove(a, a + to, n * sizeof(*a));
	return n;
}

size_t mcr_source_set_sort(struct mcr_address *list, size_t n)
{
	size_t used = 0;

	if (n == 0)
		return 0;
	qsort(list, n, sizeof(*list), compare);
	for (size_t i = 1; i < n; i++)
		if (!mcr_address_is_equal(list[i], list[used]))
			list[++used] = list[i];
	return used + 1;
}
