/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans of numbers in order: a treap over a pool of nodes that the caller owns, so that any order
 * of arrivals costs O(log n) and nothing is allocated. Each node knows the smallest time below it.
 */
#ifndef MCR_CORE_FEED_SPAN_TREE_H
#define MCR_CORE_FEED_SPAN_TREE_H

#include <stdint.h>

#define MCR_SPAN_NONE UINT32_MAX

struct mcr_span {
	uint64_t first, end; /* [first, end); end == first: a mark without numbers */
	uint64_t ns;
	uint64_t min_ns; /* of the tree below, this node included */
	uint32_t left, right;
	uint32_t priority; /* random */
	uint32_t stream, id;
	uint8_t line, flags;
	uint16_t pad;
};

/* mcr_span_insert adds node n, whose first, end, ns and priority are set, to a tree. Nodes may
 * overlap and have the same numbers. */
void mcr_span_insert(struct mcr_span *pool, uint32_t *root, uint32_t n);

/* mcr_span_remove takes out node n, which must be in the tree. */
void mcr_span_remove(struct mcr_span *pool, uint32_t *root, uint32_t n);

/* mcr_span_first: the node with the lowest first; MCR_SPAN_NONE = the tree is empty. */
uint32_t mcr_span_first(const struct mcr_span *pool, uint32_t root);

/* mcr_span_last: the node with the highest first. */
uint32_t mcr_span_last(const struct mcr_span *pool, uint32_t root);

/* mcr_span_floor: the last node with first <= number. */
uint32_t mcr_span_floor(const struct mcr_span *pool, uint32_t root, uint64_t number);

/* mcr_span_above: the first node with first > number. */
uint32_t mcr_span_above(const struct mcr_span *pool, uint32_t root, uint64_t number);

#endif
