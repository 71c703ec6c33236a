/* SPDX-License-Identifier: BSD-3-Clause */
/* Trading hours as people write them, as the minutes of a week: "mon-fri 09:30-16:00". Of a local
 * clock; lib/feed/hours.h has the zone. Pure. Thread: any. */
#ifndef MCR_CORE_FEED_HOURS_H
#define MCR_CORE_FEED_HOURS_H

#include <stdint.h>

#include <mcring/types.h>

#define MCR_HOURS_DAY_MINUTES  (24u * 60)
#define MCR_HOURS_WEEK_MINUTES (7 * MCR_HOURS_DAY_MINUTES)

/* Bit m is set: minute m of the week, from Monday 00:00 on, is open. */
struct mcr_hours {
	uint64_t open[(MCR_HOURS_WEEK_MINUTES + 63) / 64];
};

/* mcr_hours_parse reads DAYS BEGIN-END, times as HH:MM. DAYS is one day, as mon, or a span, as
 * sun-thu, or daily. Several spans of time may follow the days, and further days with theirs a
 * comma: "mon-fri 09:00-11:30 12:30-15:00, sat 10:00-12:00". A span whose end is not later than
 * its begin ends on the next day; 00:00-24:00 is a whole day. Errors: -EINVAL, err says what was
 * expected. */
int mcr_hours_parse(struct mcr_hours *out, const char *text, struct mcr_error *err);

static inline int mcr_hours_is_open(const struct mcr_hours *h, uint32_t minute)
{
	return (int)(h->open[minute / 64] >> minute % 64 & 1);
}

/* mcr_hours_next returns in how many minutes it changes, 1 to a week; 0: never. */
uint32_t mcr_hours_next(const struct mcr_hours *h, uint32_t minute);

#endif
