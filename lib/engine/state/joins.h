/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins and leaves, each change of them as a whole. Thread: control. */
#ifndef MCR_ENGINE_JOINS_H
#define MCR_ENGINE_JOINS_H

#include <stddef.h>
#include <stdint.h>

struct mcr_engine;

struct mcr_channel;
struct mcr_error;
struct mcr_join;
struct mcr_join_change;

/* mcr_engine_change_joins makes the change whole or not at all. dropped: a channel of e that goes
 * with it and is freed when no lcore writes to it any more; NULL = none. Returns 0, or with err
 * filled -EINVAL, -ENOENT, -ENOSPC (see mcr_engine_update), -ESHUTDOWN, -ENOMEM. */
int mcr_engine_change_joins(struct mcr_engine *e, const struct mcr_join_change *wanted,
			    struct mcr_channel *dropped, struct mcr_error *err);

/* mcr_engine_renew_joins: the groups that an interface as a host listens to are others, and MLD has
 * left those that went. Whoever joined one of them still listens. */
void mcr_engine_renew_joins(struct mcr_engine *e, size_t interface, uint64_t now_ns);

/* What consumers join and leave themselves, as struct mcr_attach_joining wants it; engine: struct
 * mcr_engine. The second takes away the joins of all consumers but the living, which are ascending.
 */
int mcr_engine_consumer_update(void *engine, uint64_t consumer, const struct mcr_join *remove,
			       size_t n_remove, const struct mcr_join *add, size_t n_add,
			       struct mcr_error *err);
int mcr_engine_consumers_ended(void *engine, const uint64_t *living, size_t n);

#endif
