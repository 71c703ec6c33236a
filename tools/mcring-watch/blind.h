/* SPDX-License-Identifier: BSD-3-Clause */
/* What the watch did not see of a channel. */
#ifndef MCR_WATCH_BLIND_H
#define MCR_WATCH_BLIND_H

#include <stdint.h>

#include "watch.h"

/* channel_alarm begins an alarm of a channel. */
struct watch_alarm channel_alarm(const struct watch_channel *c, enum watch_alarm_kind kind,
				 uint64_t ns);

/* blind_begin: nothing is seen from c->until_ns on. blind_end: all is, and nothing was missed; or
 * there is nothing to be seen any more, as `text` says. Each does nothing if that is so already. */
void blind_begin(struct watch *w, struct watch_channel *c, const char *why);
void blind_end(struct watch *w, struct watch_channel *c, const char *text);

/* blind_was: something was missed from one time to another, whether that had begun before or is
 * known only now. messages: 0 = unknown. */
void blind_was(struct watch *w, struct watch_channel *c, uint64_t from_ns, uint64_t to_ns,
	       uint64_t messages);

#endif
