/* SPDX-License-Identifier: BSD-3-Clause */
/* A time zone of the IANA database, from the octets of its file (TZif, RFC 8536), of which leap
 * seconds are left out: CLOCK_REALTIME has none. Pure. Thread: any. */
#ifndef MCR_CORE_FEED_ZONE_H
#define MCR_CORE_FEED_ZONE_H

#include <stddef.h>
#include <stdint.h>

/* When summer time begins or ends, in a year's local time. */
struct mcr_zone_rule {
	char form; /* 'M': day of week `day` of week `week` of month; 'J': day 1 to 365, without
		    * 29 February; 'D': day 0 to 365, with it */
	uint8_t month, week, weekday;
	uint16_t day;
	int32_t time; /* seconds from midnight on, perhaps negative */
};

struct mcr_zone_change {
	int64_t at;     /* seconds since 1970 */
	int32_t offset; /* from then on: local less UTC, seconds */
};

struct mcr_zone {
	struct mcr_zone_change *changes; /* the zone's own, ascending */
	size_t n_changes;
	int32_t first; /* offset before them */
	/* Behind them (RFC 8536 §3.3): standard time, and summer time if there is one. */
	int32_t standard, summer;
	uint8_t has_rest, has_summer;
	struct mcr_zone_rule begin, end; /* of summer time */
};

/* mcr_zone_parse reads a file's octets. The caller clears *out, in any case. Errors: -EBADMSG,
 * -ENOMEM. */
int mcr_zone_parse(struct mcr_zone *out, const uint8_t *data, size_t len);

/* mcr_zone_offset returns local time less UTC at t, in seconds. *until: up to when (not including)
 * it stays so; INT64_MAX = for ever. Years 1970 to 9999. */
int32_t mcr_zone_offset(const struct mcr_zone *z, int64_t t, int64_t *until);

/* A zero zone is UTC. */
void mcr_zone_clear(struct mcr_zone *z);

#endif
