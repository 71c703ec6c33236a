/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a declaration's text, word by word. docs/feed-declarations.md has the grammar. */
#include "core/feed/declaration.h"

#include <errno.h>
#include <string.h>

#include "core/feed/declaration_compile.h"
#include "core/feed/declaration_text.h"
#include "core/feed/duration.h"
#include "core/nearest.h"

static int read_seq(const struct mcr_feed_text *p, struct mcr_piece value)
{
	return mcr_feed_text_field(p, value, MCR_FEED_ALLOW_DIGITS, &p->d->seq);
}

static int read_high(const struct mcr_feed_text *p, struct mcr_piece value)
{
	struct mcr_feed_field *high = &p->d->high;
	uint64_t bits;

	*high = (struct mcr_feed_field){0};
	if (mcr_feed_text_is(value, "none"))
		return 0;
	if (mcr_feed_text_field(p, value, MCR_FEED_ALLOW_MASK, high) != 0)
		return -EINVAL;
	bits = high->mask >> __builtin_ctzll(high->mask);
	if (bits & (bits + 1))
		return mcr_feed_text_fail(
		    p, value, "has a mask with a hole: expected bits that follow another");
	return 0;
}

static int read_counts(const struct mcr_feed_text *p, struct mcr_piece value)
{
	if (!mcr_feed_text_is(value, "messages") && !mcr_feed_text_is(value, "packets"))
		return mcr_feed_text_fail(
		    p, value, "is not what a number counts: expected messages or packets");
	p->d->counts = (uint8_t)value.at[0];
	return 0;
}

static int read_count(const struct mcr_feed_text *p, struct mcr_piece value)
{
	struct mcr_piece rest = value;

	p->d->count = (struct mcr_feed_field){0};
	p->d->is_chain = 0;
	if (mcr_feed_text_is(value, "none"))
		return 0;
	if (mcr_feed_text_is(mcr_piece_cut(&rest, ":"), "chain") && mcr_piece_skip(&rest, ':')) {
		p->d->is_chain = 1;
		value = rest;
	}
	if (mcr_feed_text_field(p, value, MCR_FEED_ALLOW_NUMBER, &p->d->count) != 0)
		return -EINVAL;
	if (p->d->count.width > 4)
		return mcr_feed_text_fail(p, value,
					  "is too wide for a count: expected 1 to 4 octets");
	return 0;
}

/* NAME:FIELD[+NAME:FIELD...] */
static int read_keys(const struct mcr_feed_text *p, struct mcr_piece value, unsigned which)
{
	struct mcr_piece rest = value;
	unsigned *n = &p->d->n_keys[which], octets = 0;

	*n = 0;
	memset(p->d->keys[which], 0, sizeof(p->d->keys[which]));
	if (mcr_feed_text_is(value, "none"))
		return 0;
	do {
		struct mcr_piece part = mcr_piece_cut(&rest, "+"), field = part,
				 name = mcr_piece_cut(&field, ":");
		struct mcr_feed_key_field *key = &p->d->keys[which][*n];

		if (*n == MCR_FEED_KEY_FIELDS_MAX)
			return mcr_feed_text_fail(p, part,
						  "is one field more than %u: expected fewer",
						  MCR_FEED_KEY_FIELDS_MAX);
		if (name.len == 0 || name.len >= sizeof(key->name) || !mcr_piece_skip(&field, ':'))
			return mcr_feed_text_fail(
			    p, part,
			    "has no name: expected NAME:OFFSET:WIDTH, NAME of up "
			    "to %zu of a-z, 0-9 and _",
			    sizeof(key->name) - 1);
		for (size_t i = 0; i < name.len; i++)
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.at[i]))
				return mcr_feed_text_fail(p, name,
							  "is not a name: expected a-z, 0-9 and _");
		if (mcr_feed_text_field(p, field, MCR_FEED_ALLOW_TEXT | MCR_FEED_ALLOW_MASK,
					&key->field) != 0)
			return -EINVAL;
		octets += key->field.width;
		if (octets > 16)
			return mcr_feed_text_fail(
			    p, part, "makes %u octets of the key: expected at most 16", octets);
		memcpy(key->name, name.at, name.len);
		++*n;
	} while (mcr_piece_skip(&rest, '+'));
	return 0;
}

static int read_key(const struct mcr_feed_text *p, struct mcr_piece value)
{
	return read_keys(p, value, 0);
}

static int read_epoch(const struct mcr_feed_text *p, struct mcr_piece value)
{
	return read_keys(p, value, 1);
}

static int read_scope(const struct mcr_feed_text *p, struct mcr_piece value)
{
	if (mcr_feed_text_is(value, "feed"))
		p->d->scope = MCR_FEED_SCOPE_FEED;
	else if (mcr_feed_text_is(value, "group"))
		p->d->scope = MCR_FEED_SCOPE_GROUP;
	else if (mcr_feed_text_is(value, "source"))
		p->d->scope = MCR_FEED_SCOPE_SOURCE;
	else if (mcr_feed_text_is(value, "group+source"))
		p->d->scope = MCR_FEED_SCOPE_GROUP | MCR_FEED_SCOPE_SOURCE;
	else
		return mcr_feed_text_fail(
		    p, value, "is not a scope: expected feed, group, source or group+source");
	return 0;
}

static int read_wrap(const struct mcr_feed_text *p, struct mcr_piece value)
{
	if (mcr_feed_text_is(value, "0"))
		p->d->wrap = MCR_FEED_WRAP_TO_ZERO;
	else if (mcr_feed_text_is(value, "1"))
		p->d->wrap = MCR_FEED_WRAP_TO_ONE;
	else if (mcr_feed_text_is(value, "none"))
		p->d->wrap = MCR_FEED_WRAP_NONE;
	else
		return mcr_feed_text_fail(
		    p, value,
		    "is not what comes behind the highest number: expected 0, 1 "
		    "or none");
	return 0;
}

static int read_loop(const struct mcr_feed_text *p, struct mcr_piece value)
{
	if (!mcr_feed_text_is(value, "yes") && !mcr_feed_text_is(value, "no"))
		return mcr_feed_text_fail(
		    p, value,
		    "does not say whether it is sent in a loop: expected yes or "
		    "no");
	p->d->is_loop = value.len == 3;
	return 0;
}

static int read_interval(const struct mcr_feed_text *p, struct mcr_piece value)
{
	if (mcr_duration_parse(value.at, value.len, &p->d->heartbeat_ns) != 0)
		return mcr_feed_text_fail(p, value,
					  "is not an interval: expected " MCR_DURATION_FORM);
	return 0;
}

/* What stands behind the tests: :next, :last or :data, and perhaps where the number is. */
static int read_rule_number(const struct mcr_feed_text *p, struct mcr_piece piece,
			    struct mcr_feed_rule *rule)
{
	struct mcr_piece rest = piece, word = mcr_piece_cut(&rest, ":");
	const int is_reset = rule->kind == MCR_FEED_PACKET_RESET;

	if (mcr_feed_text_is(word, "next"))
		rule->number = MCR_FEED_NUMBER_NEXT;
	else if (mcr_feed_text_is(word, "last"))
		rule->number = MCR_FEED_NUMBER_LAST;
	else if (mcr_feed_text_is(word, "data") && is_reset)
		rule->number = MCR_FEED_NUMBER_DATA;
	else
		return mcr_feed_text_fail(
		    p, piece, "does not say what its number is: expected %s behind the tests",
		    is_reset ? ":next, :last or :data" : ":next or :last");
	if (rest.len == 0)
		return 0;
	if (rule->number == MCR_FEED_NUMBER_DATA)
		return mcr_feed_text_fail(
		    p, rest, "is not needed: expected the packet's own number with :data");
	mcr_piece_skip(&rest, ':');
	return mcr_feed_text_field(p, rest, MCR_FEED_ALLOW_NUMBER, &rule->seq_field);
}

static int add_rule(const struct mcr_feed_text *p, struct mcr_piece word,
		    const struct mcr_feed_rule *rule)
{
	if (p->d->n_rules == MCR_FEED_RULES_MAX)
		return mcr_feed_text_fail(p, word, "is one rule more than %d: expected fewer",
					  MCR_FEED_RULES_MAX);
	p->d->rules[p->d->n_rules++] = *rule;
	return 0;
}

/* TEST[+TEST...][:NUMBER] */
static int read_rule(const struct mcr_feed_text *p, struct mcr_piece value,
		     enum mcr_feed_packet_kind kind)
{
	struct mcr_feed_rule rule = {.kind = (uint8_t)kind};
	struct mcr_piece rest = value;

	if (mcr_feed_text_is(value, "none"))
		return 0;
	do {
		if (rule.n_tests == MCR_FEED_TESTS_MAX)
			return mcr_feed_text_fail(p, rest,
						  "is one test more than %d: expected fewer",
						  MCR_FEED_TESTS_MAX);
		if (mcr_feed_text_test(p, &rest, &rule.tests[rule.n_tests]) != 0)
			return -EINVAL;
		rule.n_tests++;
		if (kind != MCR_FEED_PACKET_MALFORMED)
			continue;
		rule.is_negated = 1; /* one that is not met is enough: a rule each */
		if (add_rule(p, value, &rule) != 0)
			return -EINVAL;
		rule.n_tests = 0;
	} while (mcr_piece_skip(&rest, '+'));
	if (kind == MCR_FEED_PACKET_RESET || kind == MCR_FEED_PACKET_END ||
	    kind == MCR_FEED_PACKET_HEARTBEAT) {
		mcr_piece_skip(&rest, ':');
		if (read_rule_number(p, rest, &rule) != 0)
			return -EINVAL;
	} else if (rest.len > 0) {
		return mcr_feed_text_fail(p, rest,
					  "does not belong here: expected no more than the tests");
	}
	return kind == MCR_FEED_PACKET_MALFORMED ? 0 : add_rule(p, value, &rule);
}

/* The words, in the order in which they are written. Those of rules have a kind, and may stand
 * there several times. */
static const struct word {
	const char *name;
	int (*read)(const struct mcr_feed_text *p, struct mcr_piece value);
	enum mcr_feed_packet_kind kind;
} words[] = {
    {"seq", read_seq, 0},
    {"high", read_high, 0},
    {"wrap", read_wrap, 0},
    {"counts", read_counts, 0},
    {"count", read_count, 0},
    {"key", read_key, 0},
    {"epoch", read_epoch, 0},
    {"scope", read_scope, 0},
    {"loop", read_loop, 0},
    {"require", NULL, MCR_FEED_PACKET_MALFORMED},
    {"skip", NULL, MCR_FEED_PACKET_NOT_TRACKED},
    {"reset", NULL, MCR_FEED_PACKET_RESET},
    {"end", NULL, MCR_FEED_PACKET_END},
    {"heartbeat", NULL, MCR_FEED_PACKET_HEARTBEAT},
    {"unsequenced", NULL, MCR_FEED_PACKET_UNSEQUENCED},
    {"heartbeat_interval", read_interval, 0},
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* Rules that a preset has are replaced by those of the text. */
static void forget_rules(struct mcr_feed_declaration *d, enum mcr_feed_packet_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n_rules; i++)
		if (d->rules[i].kind != kind)
			d->rules[n++] = d->rules[i];
	memset(&d->rules[n], 0, (d->n_rules - n) * sizeof(d->rules[0]));
	d->n_rules = n;
}

static int read_word(struct mcr_feed_text *p, struct mcr_piece word)
{
	struct mcr_piece value = word, name = mcr_piece_cut(&value, "=");
	char text[MCR_PIECE_QUOTED], hint[MCR_NEAREST_HINT];
	struct mcr_nearest nearest = mcr_nearest_to(mcr_piece_quote(text, name));

	for (size_t i = 0; i < WORDS; i++) {
		const unsigned bit = 1u << i;

		mcr_nearest_try(&nearest, words[i].name);
		if (!mcr_feed_text_is(name, words[i].name))
			continue;
		if (!mcr_piece_skip(&value, '=') || value.len == 0)
			return mcr_feed_text_fail(p, word, "has no value: expected %s=...",
						  words[i].name);
		if (words[i].read) {
			if (p->seen & bit)
				return mcr_feed_text_fail(
				    p, word, "is there twice: expected one %s", words[i].name);
			p->seen |= bit;
			return words[i].read(p, value);
		}
		if (!(p->seen & bit))
			forget_rules(p->d, words[i].kind);
		p->seen |= bit;
		return read_rule(p, value, words[i].kind);
	}
	return mcr_feed_text_fail(p, word,
				  "is not known%s: expected WORD=VALUE, such as seq=4:4:le",
				  mcr_nearest_hint(hint, &nearest));
}

static struct mcr_piece cut_word(struct mcr_piece *rest)
{
	while (rest->len > 0 && strchr(" \t\r\n,", *rest->at)) {
		rest->at++;
		rest->len--;
	}
	return mcr_piece_cut(rest, " \t\r\n,");
}

static int read_words(struct mcr_feed_text *p, struct mcr_piece rest)
{
	for (struct mcr_piece word = cut_word(&rest); word.len > 0; word = cut_word(&rest))
		if (read_word(p, word) != 0)
			return -EINVAL;
	return 0;
}

static int read_preset(const struct mcr_feed_text *p, struct mcr_piece word)
{
	char text[MCR_PIECE_QUOTED], hint[MCR_NEAREST_HINT];
	const struct mcr_feed_preset *preset = mcr_feed_preset_find(word.at, word.len);
	struct mcr_nearest nearest = mcr_nearest_to(mcr_piece_quote(text, word));

	if (!preset) {
		for (size_t i = 0; mcr_feed_declaration_preset(i); i++)
			mcr_nearest_try(&nearest, mcr_feed_declaration_preset(i));
		return mcr_feed_text_fail(
		    p, word, "is not a preset%s: expected the name of one, or seq=OFFSET:WIDTH:be",
		    mcr_nearest_hint(hint, &nearest));
	}
	return read_words(&(struct mcr_feed_text){.text = preset->text, .d = p->d, .err = p->err},
			  (struct mcr_piece){preset->text, strlen(preset->text)});
}

/* A test of count or seq gets the field. */
static int settle_test(const struct mcr_feed_text *p, struct mcr_feed_test *test)
{
	const struct mcr_feed_declaration *d = p->d;
	uint64_t max;

	if (test->of == MCR_FEED_TEST_OF_COUNT)
		test->field = d->count;
	else if (test->of == MCR_FEED_TEST_OF_SEQ)
		test->field = d->seq;
	max = test->field.mask;
	if (test->of == MCR_FEED_TEST_OF_LENGTH)
		max = UINT16_MAX;
	else if (test->field.width == 0 || test->field.form == MCR_FEED_FIELD_ASCII ||
		 (test->of == MCR_FEED_TEST_OF_COUNT && d->is_chain))
		return mcr_feed_text_fail_whole(p, "tests a count or seq that is not a number in "
						   "a field: expected OFFSET:WIDTH=VALUE");
	if (test->low + test->span > max)
		return mcr_feed_text_fail_whole(p,
						"tests for %llu, which the field cannot hold: "
						"expected at most %llu",
						(unsigned long long)(test->low + test->span),
						(unsigned long long)max);
	return 0;
}

/* Puts the rules into the order in which they decide. */
static int settle_rules(const struct mcr_feed_text *p, struct mcr_feed_declaration *d)
{
	static const uint8_t rank[] = {
	    [MCR_FEED_PACKET_MALFORMED] = 0, [MCR_FEED_PACKET_NOT_TRACKED] = 1,
	    [MCR_FEED_PACKET_RESET] = 2,     [MCR_FEED_PACKET_END] = 3,
	    [MCR_FEED_PACKET_HEARTBEAT] = 4, [MCR_FEED_PACKET_UNSEQUENCED] = 5,
	};

	for (unsigned i = 0; i < d->n_rules; i++) {
		struct mcr_feed_rule rule = d->rules[i];
		unsigned at = i;

		for (unsigned t = 0; t < rule.n_tests; t++)
			if (settle_test(p, &rule.tests[t]) != 0)
				return -EINVAL;
		for (; at > 0 && rank[d->rules[at - 1].kind] > rank[rule.kind]; at--)
			d->rules[at] = d->rules[at - 1];
		d->rules[at] = rule;
	}
	return 0;
}

/* What the words must be together. */
static int settle(const struct mcr_feed_text *p, struct mcr_feed_declaration *d)
{
	unsigned octets = 0, bits;
	char text[2];

	if (d->seq.width == 0)
		return mcr_feed_text_fail_whole(p, "does not say where the number is: expected "
						   "seq=OFFSET:WIDTH:be, or the name of a preset");
	bits = 8u * d->seq.width + (unsigned)__builtin_popcountll(d->high.mask);
	if (d->seq.form == MCR_FEED_FIELD_ASCII) {
		if (d->high.width || d->wrap == MCR_FEED_WRAP_TO_ONE)
			return mcr_feed_text_fail_whole(
			    p, "has high or wrap=1 with a number in digits, which "
			       "does not wrap: expected neither");
		bits = 64;
	}
	if (bits > 64)
		return mcr_feed_text_fail_whole(
		    p, "has a number of more than 64 bits: expected at most 64");
	if (bits == 64 && d->wrap == MCR_FEED_WRAP_TO_ONE)
		return mcr_feed_text_fail_whole(
		    p, "has wrap=1 with a number of 64 bits, which does not wrap: "
		       "expected it with fewer");
	if (bits == 64)
		d->wrap = MCR_FEED_WRAP_TO_ZERO; /* the same as none: one text for both */
	if (d->counts == 'm' && d->count.width == 0)
		return mcr_feed_text_fail_whole(
		    p, "counts messages, without a count: expected count=FIELD, or "
		       "counts=packets");
	for (unsigned i = 0; i < d->n_keys[0]; i++)
		octets += d->keys[0][i].field.width;
	if (d->scope & (MCR_FEED_SCOPE_GROUP | MCR_FEED_SCOPE_SOURCE) && octets > 12)
		return mcr_feed_text_fail_whole(
		    p, "has a key of more than 12 octets beside a group or source: "
		       "expected at most 12, or scope=feed");
	if (settle_rules(p, d) != 0)
		return -EINVAL;
	mcr_feed_declaration_compile(d);
	if (mcr_feed_declaration_format(d, text, sizeof(text)) >= MCR_FEED_DECLARATION_TEXT_MAX)
		return mcr_feed_text_fail_whole(
		    p, "is longer than %d octets with all its fields: expected less",
		    MCR_FEED_DECLARATION_TEXT_MAX - 1);
	return 0;
}

int mcr_feed_declaration_parse(struct mcr_feed_declaration *out, const char *text,
			       struct mcr_error *err)
{
	struct mcr_feed_declaration d;
	struct mcr_feed_text p = {.text = text, .d = &d, .err = err};
	struct mcr_piece rest = {text, strlen(text)}, behind = rest, word = cut_word(&behind);

	memset(&d, 0, sizeof(d));
	if (word.len > 0 && !memchr(word.at, '=', word.len)) {
		if (read_preset(&p, word) != 0)
			return -EINVAL;
		rest = behind;
	}
	if (read_words(&p, rest) != 0 || settle(&p, &d) != 0)
		return -EINVAL;
	*out = d;
	return 0;
}
