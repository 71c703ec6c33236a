/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet read by its declaration in the plainest way: field by field, octet by octet. */
#ifndef FUZZ_DECLARATION_MODEL_H
#define FUZZ_DECLARATION_MODEL_H

#include <string.h>

#include "core/feed/declaration.h"

static int model_has(const struct mcr_feed_field *f, size_t len)
{
	return (size_t)f->offset + f->width <= len;
}

static uint64_t model_value(const struct mcr_feed_field *f, const uint8_t *data)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < f->width; i++)
		v = v << 8 |
		    data[f->offset + (f->form == MCR_FEED_FIELD_LE ? f->width - 1u - i : i)];
	return v & f->mask;
}

/* The number of the packet. Returns whether it has one. */
static int model_seq(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
		     uint64_t *out)
{
	unsigned i = 0;

	if (!model_has(&d->seq, len) || (d->high.width && !model_has(&d->high, len)))
		return 0;
	if (d->seq.form != MCR_FEED_FIELD_ASCII) {
		*out = model_value(&d->seq, data);
		if (d->high.width)
			*out += (model_value(&d->high, data) / (d->high.mask & -d->high.mask))
				<< 8 * d->seq.width;
		return 1;
	}
	for (*out = 0; i + 1u < d->seq.width && data[d->seq.offset + i] == ' '; i++)
		;
	for (; i < d->seq.width; i++) {
		const uint8_t c = data[d->seq.offset + i];

		if (c < '0' || c > '9')
			return 0;
		*out = *out * 10 + c - '0';
	}
	return 1;
}

static int model_is_met(const struct mcr_feed_rule *rule, const uint8_t *data, size_t len)
{
	int all = 1;

	for (unsigned i = 0; i < rule->n_tests; i++)
		if (rule->tests[i].of != MCR_FEED_TEST_OF_LENGTH &&
		    !model_has(&rule->tests[i].field, len))
			return 0;
	for (unsigned i = 0; i < rule->n_tests; i++) {
		const struct mcr_feed_test *test = &rule->tests[i];
		const uint64_t v =
		    test->of == MCR_FEED_TEST_OF_LENGTH ? len : model_value(&test->field, data);

		if (v < test->low || v > test->low + test->span)
			all = 0;
	}
	return all != rule->is_negated;
}

/* Returns whether the packet has the fields. */
static int model_keys(const struct mcr_feed_declaration *d, unsigned which, const uint8_t *data,
		      size_t len, uint64_t out[2])
{
	uint8_t octets[16] = {0};
	unsigned used = 0;

	for (unsigned i = 0; i < d->n_keys[which]; i++) {
		const struct mcr_feed_field *f = &d->keys[which][i].field;

		if (!model_has(f, len))
			return 0;
		for (unsigned o = 0; o < f->width; o++) {
			const unsigned low = f->form == MCR_FEED_FIELD_LE ? o : f->width - 1u - o;

			octets[used] = data[f->offset + o];
			if (f->width <= 8)
				octets[used] &= (uint8_t)(f->mask >> 8 * low);
			used++;
		}
	}
	memcpy(out, octets, sizeof(octets));
	return 1;
}

static int model_count(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
		       uint64_t *out)
{
	*out = 1;
	if (!d->has_count)
		return 1;
	if (!model_has(&d->count, len))
		return 0;
	if (!d->is_chain) {
		*out = model_value(&d->count, data);
		return 1;
	}
	for (*out = 0; len > 0; (*out)++) {
		uint64_t step;

		if (!model_has(&d->count, len))
			return 0;
		step = model_value(&d->count, data);
		if (step < (uint64_t)d->count.offset + d->count.width || step > len)
			return 0;
		data += step;
		len -= step;
	}
	return 1;
}

static int model_data(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
		      struct mcr_feed_packet *out)
{
	uint64_t count;

	if (!model_seq(d, data, len, &out->seq) || !model_count(d, data, len, &count) ||
	    count > UINT32_MAX || (d->bits <= 32 && count >= UINT64_C(1) << (d->bits - 1)) ||
	    out->seq > UINT64_MAX - count)
		return 0;
	out->kind = count ? MCR_FEED_PACKET_DATA : MCR_FEED_PACKET_NOT_TRACKED;
	out->count = (uint32_t)count;
	return 1;
}

static int model_next(const struct mcr_feed_declaration *d, const struct mcr_feed_rule *rule,
		      const uint8_t *data, size_t len, uint64_t *out)
{
	if (rule->seq_field.width == 0) {
		if (!model_seq(d, data, len, out))
			return 0;
	} else {
		if (!model_has(&rule->seq_field, len))
			return 0;
		*out = model_value(&rule->seq_field, data);
	}
	if (rule->number != MCR_FEED_NUMBER_LAST)
		return 1;
	if (*out == UINT64_MAX)
		return 0;
	++*out;
	if (d->bits < 64)
		*out %= UINT64_C(1) << d->bits;
	if (*out == 0 && d->wraps_to_one)
		*out = 1;
	return 1;
}

/* Returns 0: it is malformed. */
static int model_try(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len,
		     struct mcr_feed_packet *out)
{
	const struct mcr_feed_rule *rule = NULL;
	int has_keys =
	    model_keys(d, 0, data, len, out->scope) && model_keys(d, 1, data, len, out->epoch);

	for (unsigned i = 0; i < d->n_rules && !rule; i++)
		if (model_is_met(&d->rules[i], data, len))
			rule = &d->rules[i];
	if (rule && rule->kind == MCR_FEED_PACKET_MALFORMED)
		return 0;
	if (!has_keys && !(rule && rule->kind == MCR_FEED_PACKET_NOT_TRACKED))
		return 0;
	if (!rule)
		return model_data(d, data, len, out);
	out->kind = rule->kind;
	if (rule->kind == MCR_FEED_PACKET_UNSEQUENCED || rule->kind == MCR_FEED_PACKET_NOT_TRACKED)
		return 1;
	if (rule->number != MCR_FEED_NUMBER_DATA)
		return model_next(d, rule, data, len, &out->seq);
	if (!model_data(d, data, len, out))
		return 0;
	out->resets = out->kind == MCR_FEED_PACKET_DATA;
	return 1;
}

static struct mcr_feed_packet model_read(const struct mcr_feed_declaration *d, const uint8_t *data,
					 size_t len)
{
	struct mcr_feed_packet out = {0};

	if (!model_try(d, data, len, &out)) {
		memset(&out, 0, sizeof(out));
		out.kind = MCR_FEED_PACKET_MALFORMED;
	}
	return out;
}

#endif
