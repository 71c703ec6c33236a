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

/* ---- memory ---- */

/* Which of the spare sizes holds so many octets; UNIT_SPARE_SIZES and above: none. */
static size_t size_of(size_t octets)
{
	return (octets - 1) / UNIT_SPARE_STEP;
}

void unit_pool_clear(struct unit_pool *pool)
{
	for (unsigned i = 0; i < UNIT_SPARE_SIZES; i++)
		for (struct unit *u; (u = pool->spare[i]) != NULL;) {
			pool->spare[i] = u->next;
			free(u);
		}
	pool->spare_octets = 0;
}

/* More octets are about to be in use: spare units of other sizes give way to them. */
static int make_room(struct unit_pool *pool, size_t octets, int must)
{
	if (pool->used + octets > pool->max && !must)
		return -ENOBUFS;
	if (pool->used + pool->spare_octets + octets > pool->max)
		unit_pool_clear(pool);
	return 0;
}

static struct unit *take(struct unit_pool *pool, size_t octets, int must)
{
	const size_t size = size_of(octets);
	struct unit *u;

	if (size >= UNIT_SPARE_SIZES || !pool->spare[size])
		return make_room(pool, octets, must) < 0 ? NULL : malloc(octets);
	u = pool->spare[size];
	pool->spare[size] = u->next;
	pool->spare_octets -= octets;
	return u;
}

struct unit *unit_new(struct unit_pool *pool, uint32_t texts, uint32_t cap, int must)
{
	size_t octets = sizeof(struct unit) + texts + cap;
	struct unit *u;

	if (size_of(octets) < UNIT_SPARE_SIZES)
		octets = (size_of(octets) + 1) * UNIT_SPARE_STEP;
	u = take(pool, octets, must);
	if (!u)
		return NULL;
	memset(u, 0, sizeof(*u));
	u->texts_cap = texts;
	u->cap = (uint32_t)(octets - sizeof(*u) - texts);
	u->held = u->octets = octets;
	u->body = first_body(u);
	u->to_broker.body = u->body;
	pool->used += octets;
	return u;
}

void unit_free(struct unit_pool *pool, struct unit *u)
{
	const size_t size = size_of(u->octets);

	pool->used -= u->held;
	if (u->body != first_body(u))
		free(u->body);
	if (size >= UNIT_SPARE_SIZES) {
		free(u);
		return;
	}
	u->next = pool->spare[size];
	pool->spare[size] = u;
	pool->spare_octets += u->octets;
}

/* ---- a unit ---- */

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
	if (make_room(pool, more - (is_first ? 0 : u->cap), 0) < 0)
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

/* ---- lists ---- */

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
