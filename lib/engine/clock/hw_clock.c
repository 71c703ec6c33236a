/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/clock/hw_clock.h"
#include "core/seqlock.h"

#define SECOND_NS UINT64_C(1000000000)
#define STEP_NS   UINT64_C(1000000) /* so far off the line is a step: slewing does not explain it */
#define SPAN_NS   (SECOND_NS / 20)  /* a slope over less than this is mostly reading noise */
#define SLOPE_MIN (UINT64_C(1) << 22) /* 1/1024 ns a tick: no NIC counts at 1 THz */
#define SLOPE_MAX (UINT64_C(1) << 44) /* 4096 ns a tick: none counts at 244 kHz */

static void publish(struct mcr_hw_clock *clock, uint64_t ticks, uint64_t ns, uint64_t slope)
{
	const struct mcr_hw_line line = {.ticks = ticks, .ns = ns, .ns_per_tick = slope};

	mcr_seqlock_write(&clock->version, &clock->line, &line, sizeof(line));
}

void mcr_hw_clock_init(struct mcr_hw_clock *clock, enum mcr_hw_clock_kind kind)
{
	*clock = (struct mcr_hw_clock){.kind = (uint8_t)kind};
}

static void start_over(struct mcr_hw_clock *clock, uint64_t ticks, uint64_t ns, uint64_t slope)
{
	clock->old.ticks = clock->young.ticks = ticks;
	clock->old.ns = clock->young.ns = ns;
	clock->points = 1;
	publish(clock, ticks, ns, slope);
}

/* The slope from the older of two points, which is 1 to 2 seconds old in the long run, so that the
 * noise of a reading spreads over that time. 0 = no counter runs like this. */
static uint64_t measure(const struct mcr_hw_clock *clock, uint64_t ticks, uint64_t ns)
{
	mcr_u128 span = (mcr_u128)(ns - clock->old.ns) << 32;
	uint64_t passed = ticks - clock->old.ticks; /* right across a wrap of 64 bits */
	mcr_u128 slope;

	if (passed == 0 || passed >> 63 != 0)
		return 0;
	slope = span / passed;
	return slope >= SLOPE_MIN && slope <= SLOPE_MAX ? (uint64_t)slope : 0;
}

/* Whether one counter can have both slopes: both clocks slew, neither by more than 500 ppm. */
static int is_near(uint64_t slope, uint64_t known)
{
	return slope > known - known / 1000 && slope < known + known / 1000;
}

static uint64_t on_line(uint64_t base_ticks, uint64_t base_ns, uint64_t slope, uint64_t ticks)
{
	mcr_u128 off;

	if (ticks - base_ticks < UINT64_C(1) << 63) {
		off = ((mcr_u128)(ticks - base_ticks) * slope) >> 32;
		return off <= MCR_HW_CLOCK_REACH_NS ? base_ns + (uint64_t)off : 0;
	}
	off =
	    ((mcr_u128)(base_ticks - ticks) * slope) >> 32; /* stamped before the point was read */
	return off <= MCR_HW_CLOCK_REACH_NS && off < base_ns ? base_ns - (uint64_t)off : 0;
}

void mcr_hw_clock_update(struct mcr_hw_clock *clock, uint64_t ticks, uint64_t ns)
{
	uint64_t known = clock->line.ns_per_tick, slope, predicted;

	if (known != 0) {
		predicted = on_line(clock->line.ticks, clock->line.ns, known, ticks);
		if (predicted != 0 && (ns > predicted + STEP_NS || ns + STEP_NS < predicted)) {
			/* CLOCK_REALTIME stepped. Twice in a row means that the slope is no good.
			 */
			start_over(clock, ticks, ns, clock->points > 1 ? known : 0);
			return;
		}
	} else {
		predicted = clock->points != 0 && ns >= clock->line.ns &&
			    ns - clock->line.ns <= MCR_HW_CLOCK_REACH_NS;
	}
	if (predicted == 0) { /* the first point; or the counter jumped, or control slept */
		start_over(clock, ticks, ns, 0);
		return;
	}
	clock->points = 2;
	if (ns - clock->old.ns < SPAN_NS) {
		publish(clock, ticks, ns, known);
		return;
	}
	slope = measure(clock, ticks, ns);
	if (slope == 0 || (known != 0 && !is_near(slope, known))) {
		start_over(clock, ticks, ns, 0);
		return;
	}
	if (ns - clock->young.ns >= SECOND_NS) {
		clock->old = clock->young;
		clock->young.ticks = ticks;
		clock->young.ns = ns;
	}
	publish(clock, ticks, ns, slope);
}

void mcr_hw_clock_set_now(struct mcr_hw_clock *clock, uint64_t ns)
{
	clock->points = 0;
	publish(clock, 0, ns, 0);
}

static uint64_t of_nic(const struct mcr_hw_clock *clock, uint64_t stamp)
{
	struct mcr_hw_line line;

	mcr_seqlock_read(&clock->version, &line, &clock->line, sizeof(line));
	if (stamp >= MCR_HW_CLOCK_REALTIME) {
		uint64_t away = stamp > line.ns ? stamp - line.ns : line.ns - stamp;

		return away <= MCR_HW_CLOCK_AWAY_NS ? stamp : 0;
	}
	return line.ns_per_tick != 0 ? on_line(line.ticks, line.ns, line.ns_per_tick, stamp) : 0;
}

uint64_t mcr_hw_clock_realtime(const struct mcr_hw_clock *clock, uint64_t stamp)
{
	switch (clock->kind) {
	case MCR_HW_CLOCK_CAPTURE_US:
		return stamp < MCR_HW_CLOCK_CAPTURE_END ? stamp * 1000 : 0;
	case MCR_HW_CLOCK_NIC:
		return of_nic(clock, stamp);
	default:
		return 0;
	}
}
