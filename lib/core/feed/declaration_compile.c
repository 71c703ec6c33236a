/* SPDX-License-Identifier: BSD-3-Clause */
/* From fields as they are declared to loads, shifts and masks, and to the two octets of a packet
 * that tell which rules are worth a look: nearly always none. */
#include "core/feed/declaration_compile.h"

#include <string.h>

#define OCTETS_MAX (MCR_FEED_OFFSET_MAX + 32) /* no field ends behind it */

static unsigned end_of(const struct mcr_feed_field *field)
{
	return field->width ? field->offset + (unsigned)field->width : 0;
}

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static uint64_t low_octets(unsigned n)
{
	return n >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * n) - 1;
}

/* The eight octets that are loaded end where the field does, so that a packet that holds the field
 * holds them; but they begin in the packet. */
static unsigned window_of(unsigned end)
{
	return end > 8 ? end - 8 : 0;
}

static struct mcr_feed_load load_of(const struct mcr_feed_field *field)
{
	const unsigned end = end_of(field), at = window_of(end);
	struct mcr_feed_load load = {.at = (uint16_t)at};

	if (field->width == 0)
		return load;
	load.mask = field->mask & low_octets(field->width);
	load.is_be = field->form != MCR_FEED_FIELD_LE;
	load.shift = (uint8_t)(8 * (load.is_be ? at + 8 - end : field->offset - at));
	return load;
}

/* A field's mask as its octets stand in memory, the first one lowest. */
static uint64_t mask_in_memory(const struct mcr_feed_field *field)
{
	uint64_t mask = 0;

	if (field->form == MCR_FEED_FIELD_LE)
		return field->mask;
	for (unsigned i = 0; i < field->width && i < 8; i++)
		mask |= (field->mask >> 8 * i & 0xff) << 8 * (field->width - 1u - i);
	return mask;
}

/* Adds a key's field behind the *used octets that its 16 have so far. which: 0 scope, 1 epoch. The
 * eight octets that are loaded begin where the field does: a packet must be as long to be whole. */
static void add_pieces(struct mcr_feed_reading *r, const struct mcr_feed_field *field,
		       unsigned which, unsigned *used)
{
	for (unsigned done = 0; done < field->width;) {
		const unsigned room = 8 - *used % 8, rest = field->width - done;
		const unsigned octets = room < rest ? room : rest, at = field->offset + done;
		struct mcr_feed_piece *piece =
		    room == 8 ? &r->words[r->n_words++] : &r->more[r->n_more++];

		piece->at = (uint16_t)at;
		piece->to = (uint8_t)(8 * (*used % 8));
		piece->word = (uint8_t)((which ? offsetof(struct mcr_feed_packet, epoch)
					       : offsetof(struct mcr_feed_packet, scope)) +
					8 * (*used / 8));
		piece->mask = low_octets(octets);
		if (field->width <= 8)
			piece->mask &= mask_in_memory(field) >> 8 * done;
		r->whole = larger(r->whole, at + 8);
		*used += octets;
		done += octets;
	}
}

static void compile_keys(struct mcr_feed_declaration *d)
{
	struct mcr_feed_reading *r = &d->reading;

	for (unsigned which = 0; which < 2; which++) {
		unsigned used = 0;

		for (unsigned i = 0; i < d->n_keys[which]; i++) {
			const struct mcr_feed_field *field = &d->keys[which][i].field;

			add_pieces(r, field, which, &used);
			r->key_need = (uint16_t)larger(r->key_need, end_of(field));
		}
	}
	r->has_epoch = d->n_keys[1] != 0;
	for (unsigned i = 0; i < r->n_words; i++) {
		const struct mcr_feed_piece *piece = &r->words[i];
		const size_t word = (piece->word - offsetof(struct mcr_feed_packet, scope)) / 8;

		r->quick_words[word] = (struct mcr_feed_word){piece->mask, piece->at};
	}
}

static void compile_rule(struct mcr_feed_declaration *d, struct mcr_feed_rule *rule)
{
	struct mcr_feed_reading *r = &d->reading;

	rule->need = 0;
	for (unsigned i = 0; i < rule->n_tests; i++) {
		struct mcr_feed_test *test = &rule->tests[i];

		test->load = load_of(&test->field);
		rule->need = (uint16_t)larger(rule->need, end_of(&test->field));
		/* A packet that is longer cannot meet it. */
		if (test->of == MCR_FEED_TEST_OF_LENGTH && !rule->is_negated)
			r->whole = larger(r->whole, (unsigned)(test->low + test->span) + 1);
	}
	rule->seq = load_of(&rule->seq_field);
	rule->seq_need = (uint16_t)end_of(rule->seq_field.width ? &rule->seq_field : &d->seq);
	r->whole = larger(r->whole, larger(rule->need, rule->seq_need));
}

/* Whether a test can be met (*can) and must be met (*must) when the octet at `at` is v. */
static void judge(const struct mcr_feed_test *test, unsigned at, unsigned v, int *can, int *must)
{
	const struct mcr_feed_field *field = &test->field;
	const uint64_t high = test->low + test->span;
	unsigned shift;
	uint64_t seen;

	*can = 1;
	*must = 0;
	if (at < field->offset || at >= end_of(field))
		return;
	shift =
	    8 * (field->form == MCR_FEED_FIELD_LE ? at - field->offset : end_of(field) - 1 - at);
	seen = field->mask >> shift & 0xff & v;
	if (field->width == 1)
		*can = *must = seen - test->low <= test->span;
	else if (test->span == 0)
		*can = seen == (high >> shift & 0xff);
}

/* Whether a rule may be met by a packet of d->reading.whole octets or more, in which the octet at
 * `at` is v. */
static unsigned may_be_met(const struct mcr_feed_rule *rule, unsigned at, unsigned v)
{
	unsigned may = 1;

	for (unsigned t = 0; t < rule->n_tests; t++) {
		int can, must;

		judge(&rule->tests[t], at, v, &can, &must);
		if (rule->tests[t].of == MCR_FEED_TEST_OF_LENGTH)
			can = 0; /* it is not as short as that */
		may &= rule->is_negated ? !must : can;
	}
	return may;
}

static int is_tested(const struct mcr_feed_rule *rule, unsigned at)
{
	for (unsigned t = 0; t < rule->n_tests; t++)
		if (at >= rule->tests[t].field.offset && at < end_of(&rule->tests[t].field))
			return 1;
	return 0;
}

/* How many of the rules in `open` are left to look at, over all values of the octet. */
static unsigned weigh(const struct mcr_feed_declaration *d, unsigned at, unsigned open)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n_rules; i++) {
		const struct mcr_feed_rule *rule = &d->rules[i];

		if (!(open >> i & 1))
			continue;
		if (!is_tested(rule, at))
			n += 256 * may_be_met(rule, at, 0);
		for (unsigned v = 0; v < 256 && is_tested(rule, at); v++)
			n += may_be_met(rule, at, v);
	}
	return n;
}

/* Octet i of a field, the one that differs most from packet to packet first. */
static unsigned octet_of(const struct mcr_feed_field *field, unsigned i)
{
	return field->form == MCR_FEED_FIELD_LE ? field->offset + i : end_of(field) - 1 - i;
}

/* Takes another octet, of those that are tested and not `taken`: the one that rules out most of the
 * rules in `open`. Returns those that it never rules out, whatever its value. */
static unsigned select_octet(struct mcr_feed_declaration *d, unsigned which, unsigned open,
			     uint8_t *taken)
{
	struct mcr_feed_reading *r = &d->reading;
	unsigned best = UINT32_MAX, always = open, selected = 0;
	uint8_t weighed[OCTETS_MAX];

	memcpy(weighed, taken, sizeof(weighed));
	for (unsigned i = 0; i < d->n_rules; i++)
		for (unsigned t = 0; t < d->rules[i].n_tests; t++) {
			const struct mcr_feed_field *field = &d->rules[i].tests[t].field;

			for (unsigned o = 0; o < field->width; o++) {
				const unsigned at = octet_of(field, o);
				const unsigned weight =
				    weighed[at] ? UINT32_MAX : weigh(d, at, open);

				weighed[at] = 1;
				if (weight < best) {
					best = weight;
					selected = at;
				}
			}
		}
	taken[selected] = 1;
	r->select[which] = (uint16_t)selected;
	for (unsigned v = 0; v < 256; v++) {
		unsigned bits = 0;

		for (unsigned i = 0; i < d->n_rules; i++)
			bits |= may_be_met(&d->rules[i], selected, v) << i;
		r->may[which][v] = (uint16_t)bits;
		always &= bits;
	}
	return always;
}

void mcr_feed_declaration_compile(struct mcr_feed_declaration *d)
{
	struct mcr_feed_reading *r = &d->reading;
	unsigned open = UINT16_MAX;
	uint8_t taken[OCTETS_MAX] = {0};

	memset(r, 0, sizeof(*r));
	r->seq = load_of(&d->seq);
	r->high = load_of(&d->high);
	if (d->high.width) {
		const int low = __builtin_ctzll(d->high.mask);

		r->high.shift = (uint8_t)(r->high.shift + low);
		r->high.mask >>= low;
	}
	r->count = load_of(&d->count);
	r->has_count = d->count.width != 0 && d->counts != 'p';
	r->seq_need = (uint16_t)larger(end_of(&d->seq), end_of(&d->high));
	r->count_need = r->has_count ? (uint16_t)end_of(&d->count) : 0;
	compile_keys(d);
	r->whole = larger(r->whole, larger(r->seq_need, larger(r->count_need, 8)));
	for (unsigned i = 0; i < d->n_rules; i++)
		compile_rule(d, &d->rules[i]);
	r->need = r->whole;
	if (d->seq.form == MCR_FEED_FIELD_ASCII || d->high.width || d->is_chain)
		r->need = UINT32_MAX;
	r->quick = r->n_more ? UINT32_MAX : r->need;
	for (unsigned which = 0; which < MCR_FEED_SELECTS; which++) {
		open = select_octet(d, which, open, taken);
		if (open == 0)
			open = UINT16_MAX;
	}

	d->bits = (uint8_t)(8 * d->seq.width + __builtin_popcountll(d->high.mask));
	if (d->seq.form == MCR_FEED_FIELD_ASCII || d->wrap == MCR_FEED_WRAP_NONE)
		d->bits = 64;
	d->wraps_to_one = d->wrap == MCR_FEED_WRAP_TO_ONE;
	d->has_count = r->has_count;
	d->counts = r->has_count ? 'm' : 'p';
	if (d->scope == 0)
		d->scope = d->n_keys[0] ? MCR_FEED_SCOPE_FEED : MCR_FEED_SCOPE_GROUP;
	d->scope_is_group = (d->scope & MCR_FEED_SCOPE_GROUP) != 0;
	d->scope_is_source = (d->scope & MCR_FEED_SCOPE_SOURCE) != 0;
	r->seq_mask = low_octets(8);
	if (d->bits < 64)
		r->seq_mask = (UINT64_C(1) << d->bits) - 1;
	r->count_max = d->bits < 33 ? (UINT32_C(1) << (d->bits - 1)) - 1 : UINT32_MAX;
}
