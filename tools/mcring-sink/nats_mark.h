/* SPDX-License-Identifier: BSD-3-Clause */
/* The checkpoint of a store (nats_store.h): written into the bucket of positions when the units
 * before it are settled, if nobody else has written there since. */
#ifndef MCR_SINK_NATS_MARK_H
#define MCR_SINK_NATS_MARK_H

#include "nats_store.h"

/* nats_mark_take: a new one; there is no other. text: malloc'd. */
void nats_mark_take(struct nats_store *s, char *text);

/* nats_mark_tick sends it when its time has come. */
void nats_mark_tick(struct nats_store *s, uint64_t now_ns);

/* nats_mark_answer takes an answer whose token is none of a unit's. */
void nats_mark_answer(struct nats_store *s, const struct nats_token *t, natsMsg *msg,
		      uint64_t now_ns);

/* nats_mark_lost: an answer that was awaited does not come any more. */
void nats_mark_lost(struct nats_store *s, uint64_t now_ns);

#endif
