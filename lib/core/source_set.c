/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/source_set.h"

#include <stdlib.h>
#include <string.h>

size_t mcr_source_set_union(uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
	size_t to = na + nb, n = na + nb;

	while (na > 0 || nb > 0) { /* from the end, where there is room */
		uint32_t last;

		if (nb == 0 || (na > 0 && a[na - 1] > b[nb - 1]))
			last = a[--na];
		else
			last = b[--nb];
		if (na > 0 && a[na - 1] == last)
			na--;
		a[--to] = last;
	}
	n -= to;
	memmove(a, a + to, n * sizeof(*a));
	return n;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

size_t mcr_source_set_sort(uint32_t *list, size_t n)
{
	size_t used = 0;

	if (n == 0)
		return 0;
	qsort(list, n, sizeof(*list), compare);
	for (size_t i = 1; i < n; i++)
		if (list[i] != list[used])
			list[++used] = list[i];
	return used + 1;
}
