/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest bursts of a flow of packets: the most packets and octets in any window of 10 us,
 * 100 us, 1 ms and 1 s, and when it began. Pure.
 *
 * The windows slide: each ends with a packet. Packets that came close to each other stand in one
 * bucket, and a window drops them together, with the last of them. A bucket of a shorter window is
 * what the next longer one takes as a whole: so a packet costs a look at the shortest alone, and
 * what it closes. */
#ifndef MCR_WATCH_BURST_H
#define MCR_WATCH_BURST_H

#include <stdint.h>

#define WATCH_WINDOWS 4

extern const uint64_t watch_window_ns[WATCH_WINDOWS];

struct watch_peak {
	uint64_t packets, packets_ns; /* the most in a window, and when its first packet came */
	uint64_t octets, octets_ns;   /* likewise */
};

struct watch_burst;

/* watch_burst_create makes one whose windows are too long by less than 1/slots of their length, and
 * never too short. slots: 8 to 4,096. Returns NULL when there is no memory. Size: about 160 * slots
 * octets. */
struct watch_burst *watch_burst_create(unsigned slots);
void watch_burst_destroy(struct watch_burst *b);

/* watch_burst_add takes packets of the same time, together `octets` long. A time that goes back
 * counts as the latest so far; one that goes back by more than the longest window is of a clock
 * that was set, and all windows begin anew. */
void watch_burst_add(struct watch_burst *b, uint64_t ns, uint32_t packets, uint64_t octets);

/* watch_burst_warm has it come into the caches: once, and again when that is done. */
void watch_burst_warm(struct watch_burst *b, int is_again);

/* watch_burst_peak gives the largest since the beginning; watch_burst_take the largest that ended
 * after the last call of it for this window, as for a line a minute. window: an index of
 * watch_window_ns. */
struct watch_peak watch_burst_peak(struct watch_burst *b, unsigned window);
struct watch_peak watch_burst_take(struct watch_burst *b, unsigned window);

#endif
