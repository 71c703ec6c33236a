/* SPDX-License-Identifier: BSD-3-Clause */
/* The recordings: of which channels they are, and who may read their files. A recording begins when
 * the first of its channels is known, because the group of its files may be that of the channel's
 * readers. Thread: the watch's. */
#ifndef MCR_WATCH_RECORDINGS_H
#define MCR_WATCH_RECORDINGS_H

#include <stdint.h>

#include "watch.h"

/* recordings_update gives each channel its recording, if channels or feeds changed. Errors, of the
 * first recording that cannot be: -EPERM (channels with different readers, or a group that this
 * user is not in), those of recorder_create, -EEXIST (a channel is in two). Later ones are raised.
 */
int recordings_update(struct watch *w, struct mcr_error *err);

/* recordings_check says whether what was asked for can be, as far as is known before any engine
 * answers. Errors: -ENOENT, -ENOTDIR, -EACCES of a directory. */
int recordings_check(const struct watch_options *o, struct mcr_error *err);

/* recordings_time tells them the time: call it each round, behind the reading. recordings_look
 * raises what became of them: ten times a second. */
void recordings_time(struct watch *w);
void recordings_look(struct watch *w);

void recordings_destroy(struct watch *w);

#endif
