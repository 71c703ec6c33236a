/* SPDX-License-Identifier: BSD-3-Clause */
/* When the frames of a capture are due, and what time it is in the capture.
 *
 * All is reckoned from one anchor, the first frame, so no error adds up: a frame that is late does
 * not make the next one late. Clocks are CLOCK_MONOTONIC unless said. */
#ifndef MCR_REPLAY_PACE_H
#define MCR_REPLAY_PACE_H

#include <stdint.h>

#define PACE_SPIN_NS 60000 /* before a frame is due: sleeping does not end in time */

/* What a message's rx_ns says. */
enum pace_times {
	PACE_TIMES_CAPTURE, /* when it was captured */
	PACE_TIMES_NOW,     /* when it was replayed */
};

struct pace {
	/* Set before the first call; the rest is 0. */
	double speed; /* 1 = as captured, 2 = twice as fast; 0 = all frames are due at once */
	uint64_t start_at_ns; /* CLOCK_REALTIME at which the first frame is due; 0 = at once */
	uint64_t max_gap_ns;  /* a longer silence of the capture is cut to this; 0 = it is not */

	/* The pace's own. */
	int is_begun, is_started;
	uint64_t origin_ns, start_ns; /* the anchor: in the capture, on our clock */
	uint64_t last_ns;             /* of the frame that was asked for last, in the capture */
	uint64_t late_most_ns, late_sum_ns, n_sent;
};

/* pace_due gives the time at which a frame of this capture time is due; one that is not above now
 * is due. The first frame sets the anchor. Times must not go back. Ask again for the same frame
 * after each wait: until the start it follows CLOCK_REALTIME, which may be set meanwhile. */
uint64_t pace_due(struct pace *p, uint64_t time_ns);

/* pace_wait sleeps until a time, the last PACE_SPIN_NS of it awake. A signal ends it early. */
void pace_wait(uint64_t until_ns);

/* pace_sent counts that a frame, due at due_ns, was published at now_ns; flat out, none is late. */
void pace_sent(struct pace *p, uint64_t due_ns, uint64_t now_ns);

/* pace_clock gives the capture's time at now_ns: all frames before it have been due. It does not
 * pass next_ns, the time of the next frame or, behind the last, of that; flat out, and before the
 * start, it is next_ns. */
uint64_t pace_clock(const struct pace *p, uint64_t now_ns, uint64_t next_ns);

#endif
