/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/join_counts.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A node of the tree; what is looked for is a text alone. */
struct counted {
	const char *text;
	unsigned count;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct counted *)a)->text, ((const struct counted *)b)->text);
}

static void free_counted(void *node)
{
	free(node);
}

int mcr_join_counts_add(struct mcr_join_counts *c, const char *text)
{
	const struct counted key = {.text = text};
	struct counted **found = (struct counted **)tfind(&key, &c->tree, by_text), *made;
	size_t len = strlen(text) + 1;

	if (found) {
		(*found)->count++;
		return 0;
	}
	made = malloc(sizeof(*made) + len);
	if (!made)
		return -ENOMEM;
	*made = (struct counted){.text = memcpy(made + 1, text, len), .count = 1};
	if (tsearch(made, &c->tree, by_text))
		return 1;
	free(made);
	return -ENOMEM;
}

int mcr_join_counts_remove(struct mcr_join_counts *c, const char *text)
{
	const struct counted key = {.text = text};
	struct counted **found = (struct counted **)tfind(&key, &c->tree, by_text), *last;

	if (!found || --(*found)->count > 0)
		return 0;
	last = *found;
	tdelete(&key, &c->tree, by_text);
	free(last);
	return 1;
}

void mcr_join_counts_clear(struct mcr_join_counts *c)
{
	tdestroy(c->tree, free_counted);
	c->tree = NULL;
}
