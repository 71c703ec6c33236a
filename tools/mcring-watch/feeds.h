/* SPDX-License-Identifier: BSD-3-Clause */
/* The feeds of the host: asked for, opened, read, opened again when they are declared otherwise.
 * All lines of a feed are read with their payloads compared, each packet as it comes. It waits for
 * nobody. Thread: the watch's. */
#ifndef MCR_WATCH_FEEDS_H
#define MCR_WATCH_FEEDS_H

#include <stdint.h>

#include "watch.h"

#define FEEDS_MAX 1024 /* that are watched; of more, one line is logged */

/* feeds_note: the engine says that it declares a feed with this digest (0 = unknown).
 * feeds_noted: it has said all; feeds for which it was asked and that it did not name are gone. A
 * feed whose lines name several engines is watched once, whichever of them names it. */
void feeds_note(struct watch *w, struct watch_engine *e, const char *name, uint64_t digest);
void feeds_noted(struct watch *w, const struct watch_engine *e);

/* feeds_look takes the steps that are due towards feeds that are not open, and brings up to date
 * what `stats` and `info` say. now_ns: CLOCK_MONOTONIC. */
void feeds_look(struct watch *w, uint64_t now_ns);

/* feeds_read reads what has come, but not for long. Returns how many messages and events there
 * were. */
int feeds_read(struct watch *w);

/* feeds_arm announces that the watch is about to sleep. Returns 0, or 1: there is something. */
int feeds_arm(struct watch *w);

/* feeds_are_settled: each is open, or says why it is not. */
int feeds_are_settled(const struct watch *w);

void feeds_destroy(struct watch *w);

#endif
