/* SPDX-License-Identifier: BSD-3-Clause */
/* How the packets of a feed are numbered: where the fields stand, and what they mean
 * (docs/feed-declarations.md has the grammar and the presets). */
#ifndef MCR_CORE_FEED_DECLARATION_H
#define MCR_CORE_FEED_DECLARATION_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#include "core/feed/feed_packet.h"

#define MCR_FEED_DECLARATION_TEXT_MAX 1024

#define MCR_FEED_RULES_MAX      16 /* a bit each in mcr_feed_reading.may */
#define MCR_FEED_TESTS_MAX      3  /* of a rule */
#define MCR_FEED_KEY_FIELDS_MAX 4  /* fields of the key, and as many of the epoch */
#define MCR_FEED_KEY_NAME_MAX   16
#define MCR_FEED_SELECTS        3 /* octets that tell which rules may be met */
#define MCR_FEED_OFFSET_MAX     1024

enum mcr_feed_field_form {
	MCR_FEED_FIELD_BE = 0,
	MCR_FEED_FIELD_LE,
	MCR_FEED_FIELD_ASCII, /* a number in decimal digits; in a key: text */
	MCR_FEED_FIELD_HEX,   /* in a key: octets without a meaning of their own */
};

/* A field as it is declared. */
struct mcr_feed_field {
	uint64_t mask; /* of its value */
	uint16_t offset;
	uint8_t width; /* octets; 0 = there is no such field */
	uint8_t form;  /* enum mcr_feed_field_form */
};

/* A field as it is loaded: the eight octets at `at`, in one of the two orders, shifted, masked. */
struct mcr_feed_load {
	uint64_t mask;
	uint16_t at;
	uint8_t shift;
	uint8_t is_be;
};

enum mcr_feed_test_of {
	MCR_FEED_TEST_OF_OCTETS = 0,
	MCR_FEED_TEST_OF_COUNT, /* `field` is a copy of the declaration's */
	MCR_FEED_TEST_OF_SEQ,
	MCR_FEED_TEST_OF_LENGTH, /* of the payload */
};

struct mcr_feed_test {
	struct mcr_feed_load load;
	uint64_t low, span; /* met by low to low + span */
	struct mcr_feed_field field;
	uint8_t of; /* enum mcr_feed_test_of */
};

enum mcr_feed_rule_number {
	MCR_FEED_NUMBER_NEXT = 0, /* of the next message to come */
	MCR_FEED_NUMBER_LAST,     /* of the last message sent */
	MCR_FEED_NUMBER_DATA,     /* resets: of the packet's own first message */
};

enum mcr_feed_wrap {
	MCR_FEED_WRAP_TO_ZERO = 0,
	MCR_FEED_WRAP_TO_ONE,
	MCR_FEED_WRAP_NONE,
};

enum mcr_feed_scope { /* bits */
	MCR_FEED_SCOPE_GROUP = 1,
	MCR_FEED_SCOPE_SOURCE = 2,
	MCR_FEED_SCOPE_FEED = 4,
};

/* What makes a packet something else than plain data. The first rule that is met decides. */
struct mcr_feed_rule {
	uint8_t kind;       /* enum mcr_feed_packet_kind */
	uint8_t number;     /* enum mcr_feed_rule_number */
	uint8_t is_negated; /* `require`: met if the test is not */
	uint8_t n_tests;    /* all must be met */
	uint16_t need;      /* octets of the tests; a shorter packet does not meet them */
	uint16_t seq_need;  /* octets up to the end of the number */
	struct mcr_feed_load seq;
	struct mcr_feed_test tests[MCR_FEED_TESTS_MAX];
	struct mcr_feed_field seq_field; /* width 0: the number stands where it always does */
};

/* Octets of a key: those at `at`, masked, which begin a word of scope or epoch. */
struct mcr_feed_piece {
	uint64_t mask;
	uint16_t at;
	uint8_t word; /* its offset in struct mcr_feed_packet */
	uint8_t to;   /* of those behind others in a word: how far they are shifted */
};

struct mcr_feed_key_field {
	struct mcr_feed_field field;
	char name[MCR_FEED_KEY_NAME_MAX];
};

/* Eight octets of a packet, masked: one of the four words of scope and epoch. */
struct mcr_feed_word {
	uint64_t mask;
	uint64_t at;
};

/* What mcr_feed_packet_read uses. Packets of `whole` octets or more hold all fields of all rules,
 * and are too long for those that are met by a length; those of `need` or more also have a number
 * that is one plain field, and no chain; and those of `quick`, keys of which each word is one
 * piece, so that feed_plain.h reads them. */
struct mcr_feed_reading {
	uint32_t need, quick;
	uint32_t count_max;
	struct mcr_feed_word quick_words[4]; /* of scope and epoch; mask 0 = nothing */
	/* Rule i may be met only if bit i is set in each may[k] of the octet at select[k]. */
	uint16_t select[MCR_FEED_SELECTS];
	uint8_t n_words, n_more, has_count, has_epoch;
	struct mcr_feed_load seq, count, high;
	struct mcr_feed_piece words[4];
	struct mcr_feed_piece more[4 * MCR_FEED_KEY_FIELDS_MAX]; /* behind the others */
	uint16_t may[MCR_FEED_SELECTS][256];
	uint32_t whole;
	uint16_t key_need, seq_need, count_need;
	uint64_t seq_mask; /* the highest number */
};

struct mcr_feed_declaration {
	/* What the arbiter wants to know. */
	uint8_t bits;         /* width of the number: 64 = it does not wrap */
	uint8_t wraps_to_one; /* behind the highest number comes 1, not 0 */
	uint8_t is_loop;      /* it is sent again and again (instrument replay) */
	uint8_t scope_is_group, scope_is_source; /* the stream also depends on them */
	uint8_t has_count;
	uint64_t heartbeat_ns; /* interval; 0 = there are none */

	/* The rest belongs to declaration*.c. */
	struct mcr_feed_reading reading;
	struct mcr_feed_rule rules[MCR_FEED_RULES_MAX];
	unsigned n_rules;

	struct mcr_feed_field seq, high, count;
	struct mcr_feed_key_field keys[2][MCR_FEED_KEY_FIELDS_MAX]; /* scope, epoch */
	unsigned n_keys[2];
	uint8_t counts; /* 0: as `count` says; 'm' messages, 'p' packets */
	uint8_t wrap;   /* enum mcr_feed_wrap */
	uint8_t scope;  /* bits of enum mcr_feed_scope; 0: as `key` says */
	uint8_t is_chain;
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

/* mcr_feed_packet_read reads a payload of len octets. It never reads beyond it. Thread: any.
 *
 * The octets of the key and of the epoch stand in scope and epoch without space between the fields,
 * up to 16. With scope_is_group or scope_is_source the key has at most 12, and the upper half of
 * scope[1] (its last four octets) is 0: the caller puts the index of the flow or source there. */
void mcr_feed_packet_read(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
			  struct mcr_feed_packet *out);

/* mcr_feed_key_text writes the key of a stream for a person: "session=000012345 unit=15". */
void mcr_feed_key_text(const struct mcr_feed_declaration *d, const uint64_t scope[2],
		       const uint64_t epoch[2], char *out, size_t cap);

#endif
