/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a stream of a feed goes on, that was read before: what the feed hands out again is known by
 * its epoch and number, and by its time where numbers began anew. Pure.
 *
 * A position says that all below `place` was read. A feed that is opened begins at the oldest that
 * its rings hold: that is before the position, or shortly behind it, or far behind it. Numbers that
 * begin anew without another epoch (a reset, a cycle) are told apart by when they did, which is the
 * same however often they are read, but for which line was the first: lines are apart by less than
 * RESUME_APART_NS. */
#ifndef MCR_SINK_FEED_RESUME_H
#define MCR_SINK_FEED_RESUME_H

#include <stdint.h>

#include "place.h"

#define RESUME_APART_NS UINT64_C(1000000000)

/* What was read of a stream. */
struct resume_known {
	struct sink_place place;
	uint64_t last_ns; /* arrival of the last below; 0 = unknown */
	uint64_t turn;    /* numbers until they wrap; 0 = they do not */
};

/* What comes of it. */
struct resume_seen {
	uint64_t epoch[2];
	uint64_t number; /* as the feed counts it: by multiples of `turn` it may be another */
	uint64_t ns;     /* arrival of the packet */
};

enum resume_verdict {
	RESUME_OLDER, /* it was read before, whatever its number */
	RESUME_SAME,  /* its numbers are those of the place, with *shift added */
	RESUME_ANEW,  /* numbers began anew in between, which nobody saw */
};

/* resume_start: a stream begins with this. */
enum resume_verdict resume_start(const struct resume_known *k, const struct resume_seen *seen,
				 uint64_t *shift);

/* resume_reset: its numbers begin anew, at this, and what came before was older than the place, or
 * at least not beyond it. */
enum resume_verdict resume_reset(const struct resume_known *k, const struct resume_seen *seen,
				 uint64_t *shift);

/* resume_data: a packet comes behind what was older. */
enum resume_verdict resume_data(const struct resume_known *k, const struct resume_seen *seen,
				uint64_t *shift);

/* resume_anew makes of a place the one where numbers begin anew: in another epoch, or in another
 * generation of the same. */
void resume_anew(struct sink_place *place, const struct resume_seen *seen);

#endif
