/* SPDX-License-Identifier: BSD-3-Clause */
/* How the packets of a feed are numbered: where the fields stand, and what they mean
 * (docs/feeds.md, Declarations). */
#ifndef MCR_CORE_FEED_DECLARATION_H
#define MCR_CORE_FEED_DECLARATION_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#include "core/feed/feed_packet.h"

#define MCR_FEED_DECLARATION_TEXT_MAX 1024

struct mcr_feed_declaration {
	/* What the arbiter wants to know. */
	uint8_t bits;         /* width of the number: 64 = it does not wrap */
	uint8_t wraps_to_one; /* behind the highest number comes 1, not 0 */
	uint8_t is_loop;      /* it is sent again and again (instrument replay) */
	uint8_t scope_is_group, scope_is_source; /* the stream also depends on them */
	uint8_t has_count;
	uint64_t heartbeat_ns; /* interval; 0 = there are none */
			       /* ... and the compiled fields, which belong to declaration.c. */
};

/* mcr_feed_declaration_parse reads a text: the name of a preset, or fields, or a preset and fields
 * that change it. *out is valid on success only. Errors: -EINVAL, err says where in the text and
 * what was expected. */
int mcr_feed_declaration_parse(struct mcr_feed_declaration *out, const char *text,
			       struct mcr_error *err);

/* mcr_feed_declaration_format writes the fields, all of them, in the order of the grammar: two
 * declarations are the same if their texts are. Returns the length as snprintf does. */
size_t mcr_feed_declaration_format(const struct mcr_feed_declaration *d, char *out, size_t cap);

/* mcr_feed_declaration_doubt returns what was not verified of the preset that the text names, for a
 * warning; NULL = nothing, or it names none. Static. */
const char *mcr_feed_declaration_doubt(const char *text);

/* mcr_feed_declaration_preset: name i of the presets, from 0; NULL past the last. */
const char *mcr_feed_declaration_preset(size_t i);

/* mcr_feed_packet_read reads a payload of len octets. It never reads beyond it. Thread: any. */
void mcr_feed_packet_read(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
			  struct mcr_feed_packet *out);

/* mcr_feed_key_text writes the key of a stream for a person: "session=000012345 unit=15". */
void mcr_feed_key_text(const struct mcr_feed_declaration *d, const uint64_t scope[2],
		       const uint64_t epoch[2], char *out, size_t cap);

#endif
