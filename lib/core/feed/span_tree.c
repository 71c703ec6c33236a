/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/span_tree.h"

#define NONE MCR_SPAN_NONE

static uint64_t min_of(const struct mcr_span *pool, uint32_t n)
{
	return n == NONE ? UINT64_MAX : pool[n].min_ns;
}

static void refresh(struct mcr_span *pool, uint32_t n)
{
	uint64_t left = min_of(pool, pool[n].left), right = min_of(pool, pool[n].right);
	uint64_t least = left < right ? left : right;

	pool[n].min_ns = pool[n].ns < least ? pool[n].ns : least;
}

/* Nodes with the same first number are in the order of their ids, then of their places. */
static int is_before(const struct mcr_span *pool, uint32_t a, uint32_t b)
{
	if (pool[a].first != pool[b].first)
		return pool[a].first < pool[b].first;
	return pool[a].id != pool[b].id ? pool[a].id < pool[b].id : a < b;
}

/* Splits a tree into what comes before node n and what comes behind it. */
static void split(struct mcr_span *pool, uint32_t root, uint32_t n, uint32_t *before,
		  uint32_t *behind)
{
	if (root == NONE) {
		*before = *behind = NONE;
	} else if (is_before(pool, root, n)) {
		split(pool, pool[root].right, n, &pool[root].right, behind);
		*before = root;
		refresh(pool, root);
	} else {
		split(pool, pool[root].left, n, before, &pool[root].left);
		*behind = root;
		refresh(pool, root);
	}
}

static uint32_t merge(struct mcr_span *pool, uint32_t before, uint32_t behind)
{
	if (before == NONE || behind == NONE)
		return before == NONE ? behind : before;
	if (pool[before].priority > pool[behind].priority) {
		pool[before].right = merge(pool, pool[before].right, behind);
		refresh(pool, before);
		return before;
	}
	pool[behind].left = merge(pool, before, pool[behind].left);
	refresh(pool, behind);
	return behind;
}

void mcr_span_insert(struct mcr_span *pool, uint32_t *root, uint32_t n)
{
	if (*root != NONE && pool[*root].priority >= pool[n].priority) {
		uint32_t top = *root;

		mcr_span_insert(pool, is_before(pool, n, top) ? &pool[top].left : &pool[top].right,
				n);
		refresh(pool, top);
		return;
	}
	split(pool, *root, n, &pool[n].left, &pool[n].right);
	refresh(pool, n);
	*root = n;
}

void mcr_span_remove(struct mcr_span *pool, uint32_t *root, uint32_t n)
{
	if (*root == n) {
		*root = merge(pool, pool[n].left, pool[n].right);
		return;
	}
	uint32_t top = *root;

	mcr_span_remove(pool, is_before(pool, n, top) ? &pool[top].left : &pool[top].right, n);
	refresh(pool, top);
}

uint32_t mcr_span_first(const struct mcr_span *pool, uint32_t root)
{
	if (root == NONE)
		return NONE;
	while (pool[root].left != NONE)
		root = pool[root].left;
	return root;
}

uint32_t mcr_span_last(const struct mcr_span *pool, uint32_t root)
{
	if (root == NONE)
		return NONE;
	while (pool[root].right != NONE)
		root = pool[root].right;
	return root;
}

uint32_t mcr_span_floor(const struct mcr_span *pool, uint32_t root, uint64_t number)
{
	uint32_t best = NONE;

	while (root != NONE) {
		if (pool[root].first <= number) {
			best = root;
			root = pool[root].right;
		} else {
			root = pool[root].left;
		}
	}
	return best;
}

uint32_t mcr_span_above(const struct mcr_span *pool, uint32_t root, uint64_t number)
{
	uint32_t best = NONE;

	while (root != NONE) {
		if (pool[root].first > number) {
			best = root;
			root = pool[root].left;
		} else {
			root = pool[root].right;
		}
	}
	return best;
}
