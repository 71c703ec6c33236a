/* SPDX-License-Identifier: BSD-3-Clause */
/* The view for the rx lcores, and what is freed when they have let go of the one before. Thread:
 * control. */
#ifndef MCR_ENGINE_PUBLISH_H
#define MCR_ENGINE_PUBLISH_H

struct mcr_engine;

struct mcr_group_table;
struct mcr_retired;
struct mcr_view;

/* mcr_engine_publish shows the lcores a view of the engine as it is now, with this table, and
 * retires what it replaces; old (allocated with calloc, NULL = nothing more) may carry more to free
 * after the grace period. Returns 0 or -ENOMEM (nothing changed). */
int mcr_engine_publish(struct mcr_engine *e, struct mcr_group_table *table,
		       struct mcr_retired *old);

/* mcr_engine_publish_ports shows rx lcores and consumers a change of the ports. Without memory that
 * is logged, and are_ports_due until a call succeeds. */
void mcr_engine_publish_ports(struct mcr_engine *e);

/* mcr_engine_reap frees what no lcore can see any more; never waits. */
void mcr_engine_reap(struct mcr_engine *e);

/* mcr_engine_free_view frees a view that no lcore sees, but not its group table. NULL is allowed.
 */
void mcr_engine_free_view(struct mcr_view *view);

#endif
