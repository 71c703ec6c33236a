/* SPDX-License-Identifier: BSD-3-Clause */
/* Every message of a channel: to its group, its line, its recording. Thread: the watch's. */
#ifndef MCR_WATCH_TAP_H
#define MCR_WATCH_TAP_H

#include "watch.h"

/* tap_create makes what a channel is read with. Returns 0 or -errno. tap_destroy frees that, and
 * the groups; also what was half made. */
int tap_create(struct watch_channel *c);
void tap_destroy(struct watch_channel *c);

/* tap_attached: the channel's consumer was attached, or attached again. The engine's interfaces are
 * to be named with tap_interface before the first tap_read; tap_forget_interfaces before that is
 * done anew. */
void tap_attached(struct watch *w, struct watch_channel *c);
void tap_forget_interfaces(struct watch_channel *c);
void tap_interface(struct watch_channel *c, const struct mcr_consumer_interface *it);

/* tap_wants_interfaces: a message came by an interface that has no name. */
int tap_wants_interfaces(const struct watch_channel *c);

/* tap_renew: lines, recordings or interfaces are others now. */
void tap_renew(struct watch *w, struct watch_channel *c);

/* tap_read reads what has come, but not for long. Returns how many messages and events there were,
 * or what mcr_consumer_poll gave. */
int tap_read(struct watch *w, struct watch_channel *c);

/* tap_judge finds the groups that are silent by now. */
void tap_judge(struct watch *w, struct watch_channel *c);

/* tap_gone: the engine does not have the channel any more. */
void tap_gone(struct watch *w, struct watch_channel *c);

#endif
