/* SPDX-License-Identifier: BSD-3-Clause */
/* What did not arrive is told: to the log, with sums that are exact however many there are; to the
 * counters; and to the readers of the broker, as a unit of its own to PREFIX.SOURCE.lost. Thread:
 * the sink's. */
#ifndef MCR_SINK_LOSS_H
#define MCR_SINK_LOSS_H

#include <stdint.h>

#include "sink.h"

enum loss_kind {
	LOSS_LAPPED, /* the ring lapped the sink, or did not hold it any more: counts as lost */
	LOSS_OVERWRITTEN, /* a payload, while it was read: counts as lost */
	LOSS_GAP,         /* of a feed, not this host's reader's loss: counts as gap */
	LOSS_RESTART,     /* a new engine: how many were missed is unknown */
	LOSS_REFUSED,     /* by the broker: loss.c's own */
};

struct loss {
	enum loss_kind kind;
	struct sink_lane *lane;
	struct sink_place first; /* .next: of the first message; LOSS_RESTART: where it goes on */
	uint64_t count;          /* messages; LOSS_RESTART: 0 */
	uint64_t since_ns, until_ns; /* CLOCK_REALTIME; 0 = unknown; told for LOSS_RESTART */
	uint64_t last_ns;            /* arrival of the last message before; 0 = as before */
};

/* loss_tell ends the lane's cell where the loss begins, sends the notice, and makes the place
 * behind the loss part of the position (LOSS_GAP and all others alike). Header of the notice:
 * `v=1 WHERE lost=<n>`, `v=1 WHERE gap=<n>` or `v=1 WHERE restart since=<ns> until=<ns>`. Returns
 * 0, or -ENOBUFS: no memory for the notice now; nothing has changed. */
int loss_tell(struct sink *s, const struct loss *l);

/* loss_refused tells that the broker refused a unit, for the reason why. The place does not move.
 */
void loss_refused(struct sink *s, const struct unit *u, const char *why);

/* loss_log writes what the log has not said yet; call it about once in a second. */
void loss_log(struct sink *s);

#endif
