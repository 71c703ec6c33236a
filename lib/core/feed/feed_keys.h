/* SPDX-License-Identifier: BSD-3-Clause */
/* The single values of a feed: one table of what each may be, for its text, the configuration file
 * and the comparison of two feeds. Pure. Thread: any. */
#ifndef MCR_CORE_FEED_KEYS_H
#define MCR_CORE_FEED_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "core/feed/feed_config.h"

enum mcr_feed_key_kind {
	MCR_FEED_KEY_DECLARATION,
	MCR_FEED_KEY_TIME,   /* "500us", as nanoseconds */
	MCR_FEED_KEY_NUMBER, /* decimal */
	MCR_FEED_KEY_TEXT,   /* printable */
	MCR_FEED_KEY_HOURS,  /* a text, too */
};

struct mcr_feed_value {
	const char *name;
	uint64_t min, max; /* of a time or number; beside them 0, if zero_too */
	uint16_t offset, size;
	uint8_t kind, zero_too;
};

extern const struct mcr_feed_value mcr_feed_keys[];
extern const size_t mcr_feed_keys_n;

/* Octets of any value's text, with its NUL. */
#define MCR_FEED_VALUE_MAX (MCR_FEED_DECLARATION_TEXT_MAX + 1024)

/* mcr_feed_key_parse reads a value into c. Returns 0 or -EINVAL; err names the key. */
int mcr_feed_key_parse(const struct mcr_feed_value *key, struct mcr_feed_config *c,
		       const char *value, struct mcr_error *err);

/* mcr_feed_key_format writes the value as parse reads it, in one way only: two values are equal if
 * their texts are. "" = it is not there. */
void mcr_feed_key_format(const struct mcr_feed_value *key, const struct mcr_feed_config *c,
			 char out[MCR_FEED_VALUE_MAX]);

#endif
