/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is handed the declaration of a feed. attach_server.h has what the engine calls. */
#ifndef MCR_ENGINE_ATTACH_FEEDS_H
#define MCR_ENGINE_ATTACH_FEEDS_H

#include "engine/attach/attach_state.h"
#include "engine/attach/declared_feeds.h"

/* mcr_attach_grant_feed answers a hello that asks for a feed: hands over its declaration if the
 * client may read all of its channels that are this engine's. Else the slot is half open still, and
 * *welcome is the refusal, which the caller sends. */
void mcr_attach_grant_feed(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			   const char *name, const char *label, uint64_t now_ns,
			   struct mcr_welcome *welcome);

/* mcr_attach_may_read_feed returns 1: the client may read all channels of the feed that are this
 * engine's, and there are some. 0: it may not, or -errno; *channel is then the one that is not for
 * it, NULL: there is no line of this engine. */
int mcr_attach_may_read_feed(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			     const struct mcr_declared_feed *feed, const char **channel);

/* mcr_attach_on_feed: something arrived from a client that was handed a feed. It has nothing to
 * say: this is its end. */
void mcr_attach_on_feed(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_notify_feeds sends the notices that are due. */
void mcr_attach_notify_feeds(struct mcr_attach_server *s);

#endif
