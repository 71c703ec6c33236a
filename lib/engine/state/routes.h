/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's control side: from the tables of members and the configuration to the view of the rx
 * lcores, and to what the proxy wants upstream. Thread: control. */
#ifndef MCR_ENGINE_ROUTES_H
#define MCR_ENGINE_ROUTES_H

#include <stdint.h>

#include <mcring/address.h>

#include "core/source_filter.h"

struct mcr_engine;
struct mcr_error;
struct mcr_group_table;
struct mcr_relay_view;

/* mcr_engine_create_relay makes what the relay needs, if any interface has a role: the routes, each
 * worker's part, the ways to the Tx queues, the pool of copies. The ports are open and their queues
 * placed; nothing runs yet. Returns 0, or -EINVAL or -ENOMEM with err filled. */
int mcr_engine_create_relay(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_destroy_relay: no lcore runs, no device holds buffers of the relay any more, and the
 * workers are destroyed: packets that waited there may have been copies. */
void mcr_engine_destroy_relay(struct mcr_engine *e);

/* mcr_engine_relay_round carries out what the tables of members and the elections have changed
 * since the round before: new routes, a new view, the proxy's memberships. As few views as need be:
 * it leaves some changes for the next round when making views takes up too much of control's time.
 */
void mcr_engine_relay_round(struct mcr_engine *e, uint64_t now_ns);

/* mcr_engine_make_relay_view: the relay's part of a view with this group table; *out is NULL when
 * the engine does not relay. Returns 0 or -ENOMEM. */
int mcr_engine_make_relay_view(const struct mcr_engine *e, const struct mcr_group_table *table,
			       struct mcr_relay_view **out);

/* mcr_engine_set_membership: this is what the joins want of a group on an interface from now on; on
 * the upstream one, what the proxy wants is added (RFC 4605 §4.1). Returns what
 * mcr_interface_set_filter does. */
int mcr_engine_set_membership(struct mcr_engine *e, unsigned interface, struct mcr_address group,
			      const struct mcr_source_filter *joined, uint64_t now_ns);

/* mcr_engine_relay_port_gone: the port's interfaces want nothing any more. */
void mcr_engine_relay_port_gone(struct mcr_engine *e, uint16_t port);

#endif
