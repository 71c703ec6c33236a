/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet by its declaration: the hot path of a feed. mcr_feed_packet_read itself does nearly all
 * packets: plain data of plain declarations. The inline body of read_any exists twice: for packets
 * that hold all fields of all rules, which need no further check, and for shorter ones. */
#include "core/feed/declaration.h"

#include <endian.h>
#include <string.h>

/* Also where it is large: is_whole must be a constant. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* The octets at `at`, the first one lowest. Those beyond the packet are 0. */
static ALWAYS_INLINE uint64_t octets_at(const uint8_t *data, size_t len, size_t at, int is_whole)
{
	uint64_t word = 0;

	if (is_whole) {
		memcpy(&word, data + at, sizeof(word));
		return le64toh(word);
	}
	for (unsigned i = 0; i < sizeof(word) && at + i < len; i++)
		word |= (uint64_t)data[at + i] << 8 * i;
	return word;
}

static ALWAYS_INLINE uint64_t value_of(const struct mcr_feed_load *load, const uint8_t *data,
				       size_t len, int is_whole)
{
	const uint64_t word = octets_at(data, len, load->at, is_whole);

	return (load->is_be ? __builtin_bswap64(word) : word) >> load->shift & load->mask;
}

static ALWAYS_INLINE int is_met(const struct mcr_feed_rule *rule, const uint8_t *data, size_t len,
				int is_whole)
{
	int all = 1;

	if (!is_whole && len < rule->need)
		return 0;
	for (unsigned i = 0; i < rule->n_tests; i++) {
		const struct mcr_feed_test *test = &rule->tests[i];
		const uint64_t v = test->of == MCR_FEED_TEST_OF_LENGTH
				       ? len
				       : value_of(&test->load, data, len, is_whole);

		all &= v - test->low <= test->span;
	}
	return all != rule->is_negated;
}

/* Bits of the rules that may be met. */
static ALWAYS_INLINE unsigned rules_at(const struct mcr_feed_reading *r, const uint8_t *data)
{
	return r->may[0][data[r->select[0]]] & r->may[1][data[r->select[1]]] &
	       r->may[2][data[r->select[2]]];
}

/* The first rule that is met; NULL: plain data. */
static ALWAYS_INLINE const struct mcr_feed_rule *
rule_of(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len, int is_whole)
{
	unsigned may = is_whole ? rules_at(&d->reading, data) : (1u << d->n_rules) - 1;

	for (; may; may &= may - 1) {
		const struct mcr_feed_rule *rule = &d->rules[__builtin_ctz(may)];

		if (is_met(rule, data, len, is_whole))
			return rule;
	}
	return NULL;
}

static ALWAYS_INLINE uint64_t piece_of(const struct mcr_feed_piece *piece, const uint8_t *data,
				       size_t len, int is_whole)
{
	return octets_at(data, len, piece->at, is_whole) & piece->mask;
}

/* Each word is written and read in memory as such: loads of two words at a time would have to wait
 * for the stores. */
static ALWAYS_INLINE void read_keys(const struct mcr_feed_reading *r, const uint8_t *data,
				    size_t len, int is_whole, struct mcr_feed_packet *out)
{
	const struct mcr_feed_piece *word = r->words, *words_end = word + r->n_words;
	const struct mcr_feed_piece *more = r->more, *more_end = more + r->n_more;
	uint64_t v;

	out->scope[0] = out->scope[1] = out->epoch[0] = out->epoch[1] = 0;
	for (; word < words_end; word++) {
		v = htole64(piece_of(word, data, len, is_whole));
		memcpy((char *)out + word->word, &v, sizeof(v));
	}
	for (; more < more_end; more++) {
		memcpy(&v, (char *)out + more->word, sizeof(v));
		v |= htole64(piece_of(more, data, len, is_whole) << more->to);
		memcpy((char *)out + more->word, &v, sizeof(v));
	}
}

/* Digits, perhaps behind spaces: 0, or -1. */
static int read_digits(const struct mcr_feed_field *field, const uint8_t *data, uint64_t *out)
{
	uint64_t v = 0;
	unsigned i = 0;

	while (i + 1u < field->width && data[field->offset + i] == ' ')
		i++;
	for (; i < field->width; i++) {
		const unsigned digit = data[field->offset + i] - (unsigned)'0';

		if (digit > 9)
			return -1;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

static ALWAYS_INLINE int read_seq(const struct mcr_feed_declaration *d, const uint8_t *data,
				  size_t len, int is_whole, uint64_t *out)
{
	if (!is_whole && len < d->reading.seq_need)
		return -1;
	if (d->seq.form == MCR_FEED_FIELD_ASCII)
		return read_digits(&d->seq, data, out);
	*out = value_of(&d->reading.seq, data, len, is_whole);
	if (d->high.width)
		*out |= value_of(&d->reading.high, data, len, is_whole) << 8 * d->seq.width;
	return 0;
}

/* How many packets stand behind each other in the datagram, each with its own length: 0 when the
 * chain does not end where the datagram does. */
static uint64_t chain_count(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len)
{
	const size_t end = (size_t)d->count.offset + d->count.width;
	uint64_t n = 0;

	while (len >= end) {
		const uint64_t step = value_of(&d->reading.count, data, len, 0);

		if (step < end || step > len)
			return 0;
		data += step;
		len -= step;
		n++;
	}
	return len == 0 ? n : 0;
}

static ALWAYS_INLINE void read_data(const struct mcr_feed_declaration *d, const uint8_t *data,
				    size_t len, int is_whole, struct mcr_feed_packet *out)
{
	const struct mcr_feed_reading *r = &d->reading;
	uint64_t count = 1, seq;

	out->kind = MCR_FEED_PACKET_MALFORMED;
	if (read_seq(d, data, len, is_whole, &seq) != 0 || (!is_whole && len < r->count_need))
		return;
	if (r->has_count && d->is_chain) {
		count = chain_count(d, data, len);
		if (count == 0)
			return;
	} else if (r->has_count) {
		count = value_of(&r->count, data, len, is_whole);
	}
	if (count > r->count_max || seq + count < seq)
		return;
	out->seq = seq;
	out->count = (uint32_t)count;
	out->kind =
	    count ? MCR_FEED_PACKET_DATA : MCR_FEED_PACKET_NOT_TRACKED; /* no rule knows it */
}

/* The number of a heartbeat and the like. */
static ALWAYS_INLINE int read_next(const struct mcr_feed_declaration *d,
				   const struct mcr_feed_rule *rule, const uint8_t *data,
				   size_t len, int is_whole, uint64_t *out)
{
	if (rule->seq_field.width == 0) {
		if (read_seq(d, data, len, is_whole, out) != 0)
			return -1;
	} else {
		if (!is_whole && len < rule->seq_need)
			return -1;
		*out = value_of(&rule->seq, data, len, is_whole);
	}
	if (rule->number == MCR_FEED_NUMBER_LAST) {
		if (*out == UINT64_MAX)
			return -1;
		*out = (*out + 1) & d->reading.seq_mask;
		*out += *out == 0 && d->wraps_to_one;
	}
	return 0;
}

static ALWAYS_INLINE void read_packet(const struct mcr_feed_declaration *d, const uint8_t *data,
				      size_t len, int is_whole, struct mcr_feed_packet *out)
{
	const struct mcr_feed_rule *rule;

	out->seq = 0;
	out->count = 0;
	out->resets = 0;
	out->follows = out->pad = 0;
	read_keys(&d->reading, data, len, is_whole, out);
	rule = rule_of(d, data, len, is_whole);
	if (!is_whole && len < d->reading.key_need) {
		out->kind = rule && rule->kind == MCR_FEED_PACKET_NOT_TRACKED
				? MCR_FEED_PACKET_NOT_TRACKED
				: MCR_FEED_PACKET_MALFORMED;
		return;
	}
	if (__builtin_expect(rule == NULL, 1)) {
		read_data(d, data, len, is_whole, out);
		return;
	}
	out->kind = rule->kind;
	if (rule->kind == MCR_FEED_PACKET_RESET && rule->number == MCR_FEED_NUMBER_DATA) {
		read_data(d, data, len, is_whole, out);
		out->resets = out->kind == MCR_FEED_PACKET_DATA;
	} else if (rule->kind == MCR_FEED_PACKET_HEARTBEAT || rule->kind == MCR_FEED_PACKET_END ||
		   rule->kind == MCR_FEED_PACKET_RESET) {
		if (read_next(d, rule, data, len, is_whole, &out->seq) != 0)
			out->kind = MCR_FEED_PACKET_MALFORMED;
	}
}

static __attribute__((noinline)) void read_any(const struct mcr_feed_declaration *d,
					       const uint8_t *data, size_t len,
					       struct mcr_feed_packet *out)
{
	if (len >= d->reading.whole)
		read_packet(d, data, len, 1, out);
	else
		read_packet(d, data, len, 0, out);
	if (out->kind == MCR_FEED_PACKET_MALFORMED)
		*out = (struct mcr_feed_packet){.kind = MCR_FEED_PACKET_MALFORMED};
}

void mcr_feed_packet_read(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
			  struct mcr_feed_packet *out)
{
	const struct mcr_feed_reading *r = &d->reading;
	uint64_t seq, count = 1;

	if (__builtin_expect(len < r->need || rules_at(r, data), 0)) {
		read_any(d, data, len, out);
		return;
	}
	seq = value_of(&r->seq, data, len, 1);
	if (r->has_count)
		count = value_of(&r->count, data, len, 1);
	if (__builtin_expect(count - 1 >= r->count_max || seq + count < seq, 0)) {
		read_any(d, data, len, out);
		return;
	}
	out->seq = seq;
	read_keys(r, data, len, 1, out);
	out->count = (uint32_t)count;
	out->kind = MCR_FEED_PACKET_DATA;
	out->resets = 0;
	out->follows = out->pad = 0;
}
