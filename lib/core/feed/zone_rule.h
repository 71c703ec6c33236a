/* SPDX-License-Identifier: BSD-3-Clause */
/* The last line of a zone's file: what holds behind its last change, as POSIX writes it in TZ, with
 * the extension of RFC 8536 §3.3.1: "EST5EDT,M3.2.0,M11.1.0". */
#ifndef MCR_CORE_FEED_ZONE_RULE_H
#define MCR_CORE_FEED_ZONE_RULE_H

#include "core/feed/zone.h"

/* mcr_zone_rest_parse reads "\nTEXT\n"; without text nothing is known. Errors: -EBADMSG. */
int mcr_zone_rest_parse(struct mcr_zone *z, const char *text, size_t len);

/* mcr_zone_rest_offset: as mcr_zone_offset. */
int32_t mcr_zone_rest_offset(const struct mcr_zone *z, int64_t t, int64_t *until);

#endif
