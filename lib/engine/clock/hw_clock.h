/* SPDX-License-Identifier: BSD-3-Clause */
/* From a NIC's timestamp to CLOCK_REALTIME: one thread measures, rx lcores convert. No DPDK; the
 * caller reads the clocks. A timestamp that cannot be right counts as none. */
#ifndef MCR_ENGINE_HW_CLOCK_H
#define MCR_ENGINE_HW_CLOCK_H

#include <stdint.h>

#include "engine/clock/clock.h"

enum mcr_hw_clock_kind { /* what a driver's timestamps are */
	MCR_HW_CLOCK_NONE = 0,
	MCR_HW_CLOCK_CAPTURE_US = 1, /* microseconds since 1970, of any past: a capture file */
	MCR_HW_CLOCK_NIC = 2,        /* nanoseconds since 1970, or ticks of a free-running counter:
				      * the value shows which */
};

/* From here on a value is real time: it is 2006-07-14, which a counter of 1 GHz reaches after 36
 * years. */
#define MCR_HW_CLOCK_REALTIME (UINT64_C(1) << 60)

/* A timestamp out of these ranges counts as none: a capture's must be of before 2200, in
 * microseconds; a NIC's real time, so near to the host's; ticks, so near to the last point of the
 * line, which is measured each 100 ms. */
#define MCR_HW_CLOCK_CAPTURE_END UINT64_C(7258118400000000)
#define MCR_HW_CLOCK_AWAY_NS     UINT64_C(3600000000000)
#define MCR_HW_CLOCK_REACH_NS    UINT64_C(4000000000)

/* One measured line from ticks to time. Writer: the device thread, or control before the engine
 * runs. Readers: every rx lcore of the port. */
struct mcr_hw_clock {
	uint8_t kind;     /* constant once the port is started */
	uint64_t version; /* of the line: core/seqlock.h */
	struct mcr_hw_line {
		uint64_t ticks, ns;   /* a point of the line */
		uint64_t ns_per_tick; /* its slope, 32.32 fixed point; 0 = there is no line */
	} line;

	/* The writer's alone: earlier points, for the slope. */
	struct {
		uint64_t ticks, ns;
	} old, young;
	uint32_t points; /* since the last start, 2 at most */
};

/* mcr_hw_clock_init makes a clock without a line. Thread: control, before readers exist. */
void mcr_hw_clock_init(struct mcr_hw_clock *clock, enum mcr_hw_clock_kind kind);

/* mcr_hw_clock_update takes the NIC's counter and CLOCK_REALTIME of one instant. Call it every 100
 * ms or so. Two such points make a line. When the counter jumps, the line is gone until the next
 * two; when CLOCK_REALTIME jumps, the line moves and keeps its slope. Thread: the writer. */
void mcr_hw_clock_update(struct mcr_hw_clock *clock, uint64_t ticks, uint64_t ns);

/* mcr_hw_clock_set_now is for a NIC whose counter cannot be read: only timestamps that are real
 * time already can be converted. Thread: the writer. */
void mcr_hw_clock_set_now(struct mcr_hw_clock *clock, uint64_t ns);

/* mcr_hw_clock_realtime converts a timestamp to CLOCK_REALTIME, ns. Returns 0 when the timestamp is
 * out of the range that its kind can have, or there is no line (yet). Thread: any. */
uint64_t mcr_hw_clock_realtime(const struct mcr_hw_clock *clock, uint64_t stamp);

#endif
