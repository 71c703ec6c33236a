/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The texts stand behind the struct, the body behind them, until it grows out of there. */
static uint8_t *first_body(const struct unit *u)
{
	return (uint8_t *)(u + 1) + u->texts_cap;
}

struct unit *unit_new(struct unit_pool *pool, uint32_t texts, uint32_t cap, int must)
{
	const size_t octets = sizeof(struct unit) + texts + cap;
	struct unit *u;

	if (octets > pool->max - pool->used && !must)
		return NULL;
	u = malloc(octets);
	if (!u)
		return NULL;
	memset(u, 0, sizeof(*u));
	u->texts_cap = texts;
	u->cap = cap;
	u->held = octets;
	u->body = first_body(u);
	u->to_broker.body = u->body;
	pool->used += octets;
	return u;
}

char *unit_text(struct unit *u, const char *text, size_t len, size_t more)
{
	char *out = (char *)(u + 1) + u->texts_len;

	memcpy(out, text, len);
	out[len] = '\0';
	u->texts_len += (uint32_t)(len + more + 1);
	return out;
}

int unit_grow(struct unit_pool *pool, struct unit *u, uint32_t cap)
{
	const int is_first = u->body == first_body(u);
	uint32_t more = 2 * u->cap > cap ? 2 * u->cap : cap;
	uint8_t *body;

	if (cap <= u->cap)
		return 0;
	if (more - (is_first ? 0 : u->cap) > pool->max - pool->used)
		return -ENOBUFS;
	body = realloc(is_first ? NULL : u->body, more);
	if (!body)
		return -ENOBUFS;
	if (is_first)
		memcpy(body, u->body, u->to_broker.len);
	pool->used += more - (is_first ? 0 : u->cap);
	u->held += more - (is_first ? 0 : u->cap);
	u->body = body;
	u->to_broker.body = body;
	u->cap = more;
	return 0;
}

void unit_free(struct unit_pool *pool, struct unit *u)
{
	pool->used -= u->held;
	if (u->body != first_body(u))
		free(u->body);
	free(u);
}

void unit_list_add(struct unit_list *list, struct unit *u)
{
	u->next = NULL;
	if (list->head)
		list->last->next = u;
	else
		list->head = u;
	list->last = u;
}

struct unit *unit_list_take(struct unit_list *list)
{
	struct unit *u = list->head;

	if (u)
		list->head = u->next;
	return u;
}

void unit_list_join(struct unit_list *list, struct unit_list *from)
{
	if (!from->head)
		return;
	if (list->head)
		list->last->next = from->head;
	else
		list->head = from->head;
	list->last = from->last;
	from->head = NULL;
}
