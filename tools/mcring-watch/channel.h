/* SPDX-License-Identifier: BSD-3-Clause */
/* A channel of an engine: attached step by step, read, lost, attached again. It waits for nobody.
 * Thread: the watch's. */
#ifndef MCR_WATCH_CHANNEL_H
#define MCR_WATCH_CHANNEL_H

#include <stdint.h>

#include "watch.h"

/* channel_note: the engine has this channel for us. It is added, if there is room, and listed.
 * channel_free closes and frees one; the engine's list of them is the caller's. */
void channel_note(struct watch *w, struct watch_engine *e, const char *name, const char *readers);
void channel_free(struct watch *w, struct watch_channel *c);

/* channel_advance takes the steps towards one that is not attached. channel_is_due: whether it is
 * time. now_ns: CLOCK_MONOTONIC. */
void channel_advance(struct watch *w, struct watch_channel *c);
int channel_is_due(const struct watch_channel *c, uint64_t now_ns);

/* channel_read reads what has come to one that is attached, and finds out if its engine has ended.
 * Returns how many messages and events there were. */
int channel_read(struct watch *w, struct watch_channel *c);

#endif
