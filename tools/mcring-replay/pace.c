/* SPDX-License-Identifier: BSD-3-Clause */
#include "pace.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#include "../common/clock.h"

#define SECOND        1000000000u
#define STILL_IN_TIME SECOND /* a start that is over for longer is not made up for */
#define MOST_NS       (UINT64_MAX / 4)

static void begin(struct pace *p, uint64_t time_ns)
{
	p->origin_ns = p->last_ns = time_ns;
	p->start_ns = monotonic_ns();
	p->is_begun = 1;
	p->is_started = p->start_at_ns == 0;
	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul); /* in ns; 50 us is the default */
}

/* Until the start, the anchor is where CLOCK_REALTIME has it: a clock that is set moves it. It is
 * the time itself, not when it was looked at: who starts at the same time goes in step. */
static void follow_start(struct pace *p)
{
	const uint64_t now_ns = monotonic_ns(), real_ns = realtime_ns();

	p->is_started = real_ns >= p->start_at_ns;
	p->start_ns = now_ns;
	if (real_ns < p->start_at_ns + STILL_IN_TIME)
		p->start_ns += p->start_at_ns - real_ns;
}

/* At most MOST_NS, which nobody lives to see: so what is added to it does not overflow. */
static uint64_t whole(double ns)
{
	return ns < (double)MOST_NS ? (uint64_t)ns : MOST_NS;
}

static uint64_t scaled(uint64_t ns, double speed)
{
	return speed == 1 ? ns : whole((double)ns / speed);
}

uint64_t pace_due(struct pace *p, uint64_t time_ns)
{
	if (!p->is_begun)
		begin(p, time_ns);
	if (!p->is_started)
		follow_start(p);
	if (p->max_gap_ns != 0 && time_ns - p->last_ns > p->max_gap_ns)
		p->origin_ns += time_ns - p->last_ns - p->max_gap_ns;
	p->last_ns = time_ns;
	return p->start_ns + (p->speed > 0 ? scaled(time_ns - p->origin_ns, p->speed) : 0);
}

void pace_wait(uint64_t until_ns)
{
	const uint64_t sleep_ns = until_ns - PACE_SPIN_NS;
	const struct timespec until = {(time_t)(sleep_ns / SECOND), (long)(sleep_ns % SECOND)};

	if (until_ns > monotonic_ns() + PACE_SPIN_NS &&
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		return;
	while (monotonic_ns() < until_ns)
		;
}

void pace_sent(struct pace *p, uint64_t due_ns, uint64_t now_ns)
{
	const uint64_t late_ns = p->speed > 0 && now_ns > due_ns ? now_ns - due_ns : 0;

	p->n_sent++;
	p->late_sum_ns += late_ns;
	if (late_ns > p->late_most_ns)
		p->late_most_ns = late_ns;
}

uint64_t pace_clock(const struct pace *p, uint64_t now_ns, uint64_t next_ns)
{
	uint64_t time_ns;

	if (!p->is_started || p->speed <= 0)
		return next_ns;
	time_ns = p->origin_ns;
	if (now_ns > p->start_ns)
		time_ns += whole((double)(now_ns - p->start_ns) * p->speed);
	return time_ns < next_ns ? time_ns : next_ns;
}
