/* SPDX-License-Identifier: BSD-3-Clause */
#include "settings/twice.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/join_order.h"
#include "settings/fail.h"

static int by_join(const void *a, const void *b)
{
	const struct mcr_join *x = *(const struct mcr_join *const *)a,
			      *y = *(const struct mcr_join *const *)b;
	int order = mcr_join_compare(x, y);

	return order ? order : (x > y) - (x < y); /* equal ones as they were written */
}

static const char *place_of(char buf[256], struct mcr_origin origin)
{
	if (origin.file)
		snprintf(buf, 256, "at %s:%u", origin.file, origin.line);
	else
		snprintf(buf, 256, "on the command line");
	return buf;
}

static void describe(struct mcr_error *warning, const struct mcr_settings *s, size_t first,
		     size_t again, size_t n)
{
	char join[160], one[256], other[256], more[64] = "";

	mcr_join_format(join, sizeof(join), &s->joins.items[again]);
	if (n > 1)
		snprintf(more, sizeof(more), " (and %zu more %s)", n - 1, n == 2 ? "is" : "are");
	mcr_fail(warning, 0,
		 "join '%s' is made twice%s, %s and %s: it must be left twice, so take one away",
		 join, more, place_of(one, s->origins[first]), place_of(other, s->origins[again]));
}

size_t mcr_settings_twice(const struct mcr_settings *s, struct mcr_error *warning)
{
	const struct mcr_join **sorted = calloc(s->joins.n + 1, sizeof(struct mcr_join *));
	size_t n = 0, first = 0, again = SIZE_MAX;

	warning->text[0] = '\0';
	if (!sorted)
		return 0;
	for (size_t i = 0; i < s->joins.n; i++)
		sorted[i] = &s->joins.items[i];
	qsort(sorted, s->joins.n, sizeof(struct mcr_join *), by_join);
	for (size_t i = 1; i < s->joins.n; i++) {
		const size_t at = (size_t)(sorted[i] - s->joins.items);

		if (mcr_join_compare(sorted[i - 1], sorted[i]) != 0)
			continue;
		n++;
		if (at < again) { /* the first one that is read */
			again = at;
			first = (size_t)(sorted[i - 1] - s->joins.items);
		}
	}
	free(sorted);
	if (n > 0)
		describe(warning, s, first, again, n);
	return n;
}
