/* SPDX-License-Identifier: BSD-3-Clause */
#include "overlap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "join_lists.h"

#define NO_TIME UINT64_MAX

/* Appends a part with these joins, which it takes over, unless there are none. */
static void add_part(struct mcr_overlap *o, struct mcr_join_list *joins, uint64_t leave_ns)
{
	if (joins->n > 0)
		o->parts[o->n++] = (struct mcr_overlap_part){*joins, leave_ns};
	else
		mcr_join_list_clear(joins);
	memset(joins, 0, sizeof(*joins));
}

int mcr_overlap_make(struct mcr_overlap *out, const struct mcr_overlap *before,
		     const struct mcr_join_list *leaving)
{
	static const struct mcr_join_list none;
	struct mcr_join_list todo = {0}, same = {0}, rest = {0};
	int ret;

	out->parts = calloc(before->n + 1, sizeof(out->parts[0]));
	ret = out->parts ? mcr_joins_subtract(&todo, leaving, &none) : -ENOMEM;
	for (size_t i = 0; ret == 0 && i < before->n; i++) {
		ret = mcr_joins_divide(&same, &rest, &todo, &before->parts[i].joins);
		mcr_join_list_clear(&todo);
		todo = rest;
		memset(&rest, 0, sizeof(rest));
		if (ret == 0)
			add_part(out, &same, before->parts[i].leave_ns);
	}
	if (ret == 0)
		add_part(out, &todo, NO_TIME);
	mcr_join_list_clear(&todo);
	mcr_join_list_clear(&same);
	if (ret < 0)
		mcr_overlap_clear(out);
	return ret;
}

void mcr_overlap_begin(struct mcr_overlap *o, uint64_t leave_ns)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->parts[i].leave_ns == NO_TIME)
			o->parts[i].leave_ns = leave_ns;
}

size_t mcr_overlap_joins(const struct mcr_overlap *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += o->parts[i].joins.n;
	return n;
}

uint64_t mcr_overlap_next(const struct mcr_overlap *o)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < o->n; i++)
		next = o->parts[i].leave_ns < next ? o->parts[i].leave_ns : next;
	return next;
}

/* Leaves those of the joins that the engine holds. */
static int leave(struct mcr_engine *e, const struct mcr_join_list *joins, size_t *left,
		 struct mcr_error *err)
{
	struct mcr_join_list held = {0}, remove = {0};
	int ret = mcr_joins_held(&held, e);

	if (ret == 0)
		ret = mcr_joins_divide(&remove, NULL, joins, &held);
	if (ret < 0)
		strcpy(err->text, "out of memory");
	else if (remove.n > 0)
		ret = mcr_engine_update_as(e, MCR_JOINED_BY_CONFIGURATION, remove.items, remove.n,
					   NULL, 0, err);
	if (ret == 0)
		*left += remove.n;
	mcr_join_list_clear(&held);
	mcr_join_list_clear(&remove);
	return ret;
}

int mcr_overlap_leave(struct mcr_overlap *o, struct mcr_engine *e, uint64_t now_ns,
		      uint64_t retry_ns, size_t *left, struct mcr_error *err)
{
	size_t kept = 0;
	int ret = 0;

	*left = 0;
	for (size_t i = 0; i < o->n; i++) {
		struct mcr_overlap_part *part = &o->parts[i];
		int failed = 0;

		if (part->leave_ns <= now_ns) {
			failed = leave(e, &part->joins, left, err);
			part->leave_ns = failed ? retry_ns : 0;
		}
		ret = failed ? failed : ret;
		if (part->leave_ns > 0)
			o->parts[kept++] = *part;
		else
			mcr_join_list_clear(&part->joins);
	}
	o->n = kept;
	return ret;
}

void mcr_overlap_clear(struct mcr_overlap *o)
{
	for (size_t i = 0; i < o->n; i++)
		mcr_join_list_clear(&o->parts[i].joins);
	free(o->parts);
	*o = (struct mcr_overlap){NULL, 0};
}
