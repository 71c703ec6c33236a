/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/route/route_groups.h"

#include <stdlib.h>

#define BUCKETS_MIN 64u

static struct mcr_route_group **bucket_of(const struct mcr_route_groups *gs,
					  struct mcr_address address)
{
	return &gs->buckets[mcr_address_hash_bucket(&gs->hash, address, gs->n_buckets)];
}

struct mcr_route_group *mcr_route_groups_find(const struct mcr_route_groups *gs,
					      struct mcr_address address)
{
	struct mcr_route_group *g = gs->n_buckets ? *bucket_of(gs, address) : NULL;

	while (g && !mcr_address_is_equal(g->address, address))
		g = g->hash_next;
	return g;
}

static void hash_insert(struct mcr_route_groups *gs, struct mcr_route_group *g)
{
	struct mcr_route_group **head = bucket_of(gs, g->address);

	g->hash_next = *head;
	*head = g;
}

static int grow(struct mcr_route_groups *gs)
{
	struct mcr_route_group **old = gs->buckets;
	const uint32_t n_old = gs->n_buckets, n = n_old ? n_old * 2 : BUCKETS_MIN;
	struct mcr_route_group **buckets = calloc(n, sizeof(struct mcr_route_group *));

	if (!buckets)
		return 0;
	gs->buckets = buckets;
	gs->n_buckets = n;
	for (uint32_t i = 0; i < n_old; i++)
		for (struct mcr_route_group *g = old[i], *next; g; g = next) {
			next = g->hash_next;
			hash_insert(gs, g);
		}
	free(old);
	return 1;
}

struct mcr_route_group *mcr_route_groups_add(struct mcr_route_groups *gs,
					     struct mcr_address address)
{
	struct mcr_route_group *g;

	if (gs->n >= gs->n_buckets && !grow(gs))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->address = address;
	g->proxied.mode = MCR_FILTER_INCLUDE;
	hash_insert(gs, g);
	gs->n++;
	return g;
}

static void group_free(struct mcr_route_group *g)
{
	free(g->outputs);
	free(g);
}

void mcr_route_groups_drop(struct mcr_route_groups *gs, struct mcr_route_group *g)
{
	struct mcr_route_group **at = bucket_of(gs, g->address);

	if (mcr_route_group_has_route(g) || mcr_route_group_is_proxied(g) ||
	    g->is_queued[MCR_ROUTE_NOTED] || g->is_queued[MCR_ROUTE_UNTOLD] || g->is_taken)
		return;
	while (*at != g)
		at = &(*at)->hash_next;
	*at = g->hash_next;
	gs->n--;
	group_free(g);
}

void mcr_route_groups_queue(struct mcr_route_groups *gs, struct mcr_route_group *g,
			    enum mcr_route_queue queue)
{
	if (g->is_queued[queue])
		return;
	g->is_queued[queue] = 1;
	g->next[queue] = NULL;
	if (gs->queues[queue].last)
		gs->queues[queue].last->next[queue] = g;
	else
		gs->queues[queue].first = g;
	gs->queues[queue].last = g;
}

struct mcr_route_group *mcr_route_groups_next(struct mcr_route_groups *gs,
					      enum mcr_route_queue queue)
{
	struct mcr_route_group *g = gs->queues[queue].first;

	if (!g)
		return NULL;
	gs->queues[queue].first = g->next[queue];
	if (!gs->queues[queue].first)
		gs->queues[queue].last = NULL;
	g->is_queued[queue] = 0;
	return g;
}

void mcr_route_groups_clear(struct mcr_route_groups *gs)
{
	for (uint32_t i = 0; i < gs->n_buckets; i++)
		for (struct mcr_route_group *g = gs->buckets[i], *next; g; g = next) {
			next = g->hash_next;
			group_free(g);
		}
	free(gs->buckets);
}
