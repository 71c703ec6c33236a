/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections. The descriptors of a welcome are in flight until the client receives them or closes
 * its end, even after the engine has hung up, and the kernel counts them against the engine's user
 * (unix(7), ETOOMANYREFS). So a closed connection keeps its slot, and counts for its client's user,
 * while something of it is in flight. */
#ifndef MCR_ENGINE_ATTACH_SLOTS_H
#define MCR_ENGINE_ATTACH_SLOTS_H

#include "engine/attach/attach_state.h"

/* mcr_attach_slot_take makes a half-open connection of fd, which the slot owns from then on.
 * Returns 0, or -errno (-EBUSY: no slot is free): fd is still the caller's. */
int mcr_attach_slot_take(struct mcr_attach_server *s, struct mcr_attach_slot **out, int fd,
			 uint64_t now_ns);

/* mcr_attach_slot_wait has a half-open connection wait for a channel that is made of a template,
 * and mcr_attach_slot_resume makes it half open again. program, label: are copied. */
void mcr_attach_slot_wait(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  struct mcr_attach_channel *template, uint64_t id, const char *program,
			  const char *label, uint64_t now_ns);
void mcr_attach_slot_resume(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_slot_abandon closes a connection that waits, and cancels what it waits for. Its slot
 * is taken, and counts for its user, until mcr_attach_slot_forget. */
void mcr_attach_slot_abandon(struct mcr_attach_server *s, struct mcr_attach_slot *slot);
void mcr_attach_slot_forget(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_slot_attach makes a consumer of a half-open connection that was sent its welcome: the
 * rings' descriptors and that of the page, which the slot owns from then on. label is copied. */
void mcr_attach_slot_attach(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			    struct mcr_attach_channel *channel,
			    const struct mcr_consumer_page *page, const char *label,
			    uint64_t now_ns);

/* mcr_attach_slot_hand_feed notes that a half-open connection was sent the declaration of a feed.
 * name and label are copied. */
void mcr_attach_slot_hand_feed(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			       const char *name, uint64_t digest, const char *label,
			       uint64_t now_ns);

/* mcr_attach_slot_release closes a connection that is half open, attached or has a feed. Its slot
 * is free afterwards, or lingers until nothing is in flight. */
void mcr_attach_slot_release(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_slot_settle looks whether the welcome was received. Call it before you send anything
 * else. */
void mcr_attach_slot_settle(struct mcr_attach_slot *slot);

/* mcr_attach_slots_settle_now settles all slots and frees those that lingered;
 * mcr_attach_slots_settle does so at most every 10 ms. */
void mcr_attach_slots_settle_now(struct mcr_attach_server *s, uint64_t now_ns);
void mcr_attach_slots_settle(struct mcr_attach_server *s, uint64_t now_ns);

#endif
