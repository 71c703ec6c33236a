/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest bursts of a flow of packets: the most packets and octets in any window of 10 us,
 * 100 us, 1 ms and 1 s, and when it began. Pure. */
#ifndef MCR_WATCH_BURST_H
#define MCR_WATCH_BURST_H

#include <stdint.h>

#define WATCH_WINDOWS 4

extern const uint64_t watch_window_ns[WATCH_WINDOWS];

struct watch_peak {
	uint64_t packets, packets_ns; /* the most in a window, and when it began */
	uint64_t octets, octets_ns;   /* likewise */
};

struct watch_burst;

/* watch_burst_create makes one whose windows slide in steps of 1/slots of their length (a power of
 * two, 8 to 4,096): a window is that much too long at most, and never too short. Returns NULL when
 * there is no memory. Size: about 64 * slots octets. */
struct watch_burst *watch_burst_create(unsigned slots);
void watch_burst_destroy(struct watch_burst *b);

/* watch_burst_add takes packets of the same time, together `octets` long. Times that go back count
 * as the latest so far. */
void watch_burst_add(struct watch_burst *b, uint64_t ns, uint32_t packets, uint64_t octets);

/* watch_burst_peak gives the largest since the beginning, watch_burst_take the largest since the
 * last call of it (for a line a minute). window: an index of watch_window_ns. */
struct watch_peak watch_burst_peak(const struct watch_burst *b, unsigned window);
struct watch_peak watch_burst_take(struct watch_burst *b, unsigned window);

#endif
