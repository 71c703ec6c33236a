/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of a declaration's text, and its errors. Each quotes a piece, gives its column (from 1)
 * and says what was expected there. */
#ifndef MCR_CORE_FEED_DECLARATION_TEXT_H
#define MCR_CORE_FEED_DECLARATION_TEXT_H

#include <stdarg.h>

#include "core/feed/declaration.h"
#include "core/join_piece.h"

#define MCR_FEED_FIELD_TEXT "OFFSET:WIDTH, and :be or :le behind a width above 1"

/* A text that is read. */
struct mcr_feed_text {
	const char *text;
	struct mcr_feed_declaration *d;
	struct mcr_error *err;
	unsigned seen; /* bits of the words of this text, not of those of its preset */
};

/* Which forms a field may have. */
enum mcr_feed_allow {
	MCR_FEED_ALLOW_NUMBER = 0,
	MCR_FEED_ALLOW_DIGITS = 1, /* ascii: up to 19 */
	MCR_FEED_ALLOW_TEXT = 2,   /* ascii, hex: up to 16 octets */
	MCR_FEED_ALLOW_MASK = 4,
};

/* Both return -EINVAL. fail: declaration "TEXT", column N: "PIECE" MESSAGE. fail_whole:
 * declaration "TEXT" MESSAGE. */
__attribute__((format(printf, 3, 4))) int
mcr_feed_text_fail(const struct mcr_feed_text *p, struct mcr_piece piece, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) int mcr_feed_text_fail_whole(const struct mcr_feed_text *p,
								   const char *fmt, ...);

int mcr_feed_text_is(struct mcr_piece piece, const char *word);

/* mcr_feed_text_field reads OFFSET:WIDTH[:FORM][/MASK]. allowed: bits of enum mcr_feed_allow. */
int mcr_feed_text_field(const struct mcr_feed_text *p, struct mcr_piece piece, unsigned allowed,
			struct mcr_feed_field *out);

/* mcr_feed_text_test reads count, seq, length or FIELD, then =VALUE or =LOW..HIGH, off the front of
 * *rest.
 */
int mcr_feed_text_test(const struct mcr_feed_text *p, struct mcr_piece *rest,
		       struct mcr_feed_test *out);

#endif
