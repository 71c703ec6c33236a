/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's part of a view, as routes.h makes it. Thread: control. */
#ifndef MCR_ENGINE_RELAY_VIEWS_H
#define MCR_ENGINE_RELAY_VIEWS_H

#include <stdint.h>

struct mcr_engine;

struct mcr_relay_view;

/* mcr_engine_relay_forwarding: to which interfaces packets are to be forwarded now, as far as their
 * configuration and their queriers say (RFC 4605 §3); by family (enum mcr_gmp_family). */
void mcr_engine_relay_forwarding(const struct mcr_engine *e, uint64_t forwarding[2]);

/* mcr_engine_relay_published: the lcores have this view from now on. NULL: there is no relay. */
void mcr_engine_relay_published(struct mcr_engine *e, const struct mcr_relay_view *view);

#endif
