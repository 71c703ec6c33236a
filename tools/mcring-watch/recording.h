/* SPDX-License-Identifier: BSD-3-Clause */
/* What a recording is of: which channels, which lines in them, which alarms. */
#ifndef MCR_WATCH_RECORDING_H
#define MCR_WATCH_RECORDING_H

#include "watch.h"

#define RECORDING_NONE UINT32_MAX

int recording_wants_feed(const struct watch_recording *r, const char *feed);
int recording_wants_channel(const struct watch_recording *r, const struct watch_channel *c);

/* recording_has_part_of: whether it wants the channel, or the line in it of a feed. */
int recording_has_part_of(const struct watch *w, const struct watch_recording *r,
			  const struct watch_channel *c);

/* recording_trigger has those written that an alarm concerns. */
void recording_trigger(struct watch *w, const struct watch_alarm *alarm);

/* recording_interface: of a message of a channel by its interface (from 1, as in struct
 * watch_group), or of a line, in the channel's recording; RECORDING_NONE = it is not recorded. */
unsigned recording_interface(const struct watch_channel *c, unsigned interface);
unsigned recording_line(const struct watch_channel *c, const struct watch_feed *f,
			const struct watch_line *line);

#endif
