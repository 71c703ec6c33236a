/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's part of a view, as routes.h makes it. Thread: control. */
#ifndef MCR_ENGINE_RELAY_VIEWS_H
#define MCR_ENGINE_RELAY_VIEWS_H

#include <stdint.h>

struct mcr_engine;

struct mcr_relay_view;

/* mcr_engine_forwards: whether packets of a family (enum mcr_gmp_family) are to be forwarded to an
 * interface now, as far as its configuration and its querier say (RFC 4605 §3). */
int mcr_engine_forwards(const struct mcr_engine *e, unsigned interface, unsigned family);

/* mcr_engine_relay_forwarding: the same of all interfaces, as sets; by family. */
void mcr_engine_relay_forwarding(const struct mcr_engine *e, uint64_t forwarding[2]);

/* mcr_engine_relay_published: the lcores have this view from now on. NULL: there is no relay. */
void mcr_engine_relay_published(struct mcr_engine *e, const struct mcr_relay_view *view);

#endif
