/* SPDX-License-Identifier: BSD-3-Clause */
#include "readers.h"

#include <string.h>

#include "text.h"

const struct reader *readers_find(const struct readers *r, json_int_t id)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->list[i].id == id)
			return &r->list[i];
	return NULL;
}

static int is_alike(const struct reader *a, const struct reader *b)
{
	return strcmp(a->channel, b->channel) == 0 && strcmp(a->label, b->label) == 0;
}

/* The lowest number that none of the same channel and label has. */
static unsigned free_number(const struct readers *r, const struct reader *one)
{
	unsigned char taken[READERS_MAX + 1] = {0};
	unsigned number = 1;

	for (unsigned i = 0; i < r->n; i++)
		if (is_alike(&r->list[i], one))
			taken[r->list[i].number - 1] = 1;
	while (taken[number - 1])
		number++;
	return number;
}

static void forget_gone(struct readers *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n; i++)
		if (r->list[i].is_there)
			r->list[n++] = r->list[i];
	r->n = n;
}

static void add(struct readers *r, const json_t *row, json_int_t id)
{
	struct reader *one = &r->list[r->n];
	const char *channel = json_string_value(json_object_get(row, "channel"));
	const char *label = json_string_value(json_object_get(row, "label"));

	*one = (struct reader){.id = id, .is_there = 1};
	text_copy(one->channel, sizeof(one->channel), channel ? channel : "");
	one->channel[strcspn(one->channel, "/")] = '\0'; /* of NAME/PID, of a program */
	text_copy(one->label, sizeof(one->label), label ? label : "");
	one->number = free_number(r, one);
	r->n++;
}

void readers_update(struct readers *r, const json_t *consumers)
{
	const json_t *row, *id;
	size_t i;

	for (unsigned k = 0; k < r->n; k++)
		r->list[k].is_there = 0;
	json_array_foreach(consumers, i, row)
	{
		struct reader *known = (struct reader *)readers_find(
		    r, json_integer_value(json_object_get(row, "id")));

		if (known)
			known->is_there = 1;
	}
	forget_gone(r);
	json_array_foreach(consumers, i, row)
	{
		id = json_object_get(row, "id");
		if (r->n < READERS_MAX && json_is_integer(id) &&
		    !readers_find(r, json_integer_value(id)))
			add(r, row, json_integer_value(id));
	}
}
