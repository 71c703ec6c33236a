/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/declaration_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int mcr_feed_text_fail(const struct mcr_feed_text *p, struct mcr_piece piece, const char *fmt, ...)
{
	char text[MCR_PIECE_QUOTED], part[MCR_PIECE_QUOTED];
	va_list args;
	int n;

	if (!p->err)
		return -EINVAL;
	n = snprintf(p->err->text, sizeof(p->err->text), "declaration \"%s\", column %zu: \"%s\" ",
		     mcr_piece_quote(text, (struct mcr_piece){p->text, strlen(p->text)}),
		     (size_t)(piece.at - p->text) + 1, mcr_piece_quote(part, piece));
	va_start(args, fmt);
	vsnprintf(p->err->text + n, sizeof(p->err->text) - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

int mcr_feed_text_fail_whole(const struct mcr_feed_text *p, const char *fmt, ...)
{
	char text[MCR_PIECE_QUOTED];
	va_list args;
	int n;

	if (!p->err)
		return -EINVAL;
	n = snprintf(p->err->text, sizeof(p->err->text), "declaration \"%s\" ",
		     mcr_piece_quote(text, (struct mcr_piece){p->text, strlen(p->text)}));
	va_start(args, fmt);
	vsnprintf(p->err->text + n, sizeof(p->err->text) - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

int mcr_feed_text_is(struct mcr_piece piece, const char *word)
{
	return piece.len == strlen(word) && memcmp(piece.at, word, piece.len) == 0;
}

/* Decimal digits, 0x and hexadecimal ones, or a character in single quotes. Returns 0 or -1. */
static int to_number(struct mcr_piece piece, uint64_t max, uint64_t *out)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (piece.len == 3 && piece.at[0] == '\'' && piece.at[2] == '\'') {
		*out = (uint8_t)piece.at[1];
		return *out <= max ? 0 : -1;
	}
	if (piece.len > 2 && piece.at[0] == '0' && (piece.at[1] | 32) == 'x') {
		base = 16;
		piece.at += 2;
		piece.len -= 2;
	}
	if (piece.len == 0)
		return -1;
	for (size_t i = 0; i < piece.len; i++) {
		const char c = piece.at[i], low = (char)(c | 32);
		unsigned digit = 16;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (low >= 'a' && low <= 'f')
			digit = (unsigned)(low - 'a') + 10;
		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return -1;
	}
	*out = v;
	return v <= max ? 0 : -1;
}

static int read_form(const struct mcr_feed_text *p, struct mcr_piece piece, unsigned allowed,
		     struct mcr_feed_field *out)
{
	if (mcr_feed_text_is(piece, "be"))
		out->form = MCR_FEED_FIELD_BE;
	else if (mcr_feed_text_is(piece, "le"))
		out->form = MCR_FEED_FIELD_LE;
	else if (mcr_feed_text_is(piece, "ascii") &&
		 allowed & (MCR_FEED_ALLOW_DIGITS | MCR_FEED_ALLOW_TEXT))
		out->form = MCR_FEED_FIELD_ASCII;
	else if (mcr_feed_text_is(piece, "hex") && allowed & MCR_FEED_ALLOW_TEXT)
		out->form = MCR_FEED_FIELD_HEX;
	else
		return mcr_feed_text_fail(p, piece, "is not a form of this field: expected be%s",
					  allowed & MCR_FEED_ALLOW_TEXT     ? ", le, ascii or hex"
					  : allowed & MCR_FEED_ALLOW_DIGITS ? ", le or ascii"
									    : " or le");
	return 0;
}

static int read_mask(const struct mcr_feed_text *p, struct mcr_piece piece,
		     struct mcr_feed_field *out)
{
	const uint64_t all = out->mask;

	if (out->form == MCR_FEED_FIELD_ASCII || out->form == MCR_FEED_FIELD_HEX)
		return mcr_feed_text_fail(p, piece,
					  "is a mask of text: expected one of a number only");
	if (to_number(piece, all, &out->mask) != 0 || out->mask == 0)
		return mcr_feed_text_fail(p, piece, "is not a mask: expected 1 to 0x%llx",
					  (unsigned long long)all);
	return 0;
}

int mcr_feed_text_field(const struct mcr_feed_text *p, struct mcr_piece piece, unsigned allowed,
			struct mcr_feed_field *out)
{
	struct mcr_piece rest = piece, part = mcr_piece_cut(&rest, ":/");
	const unsigned widest = allowed & MCR_FEED_ALLOW_DIGITS ? 19
				: allowed & MCR_FEED_ALLOW_TEXT ? 16
								: 8;
	uint64_t offset, width;

	*out = (struct mcr_feed_field){0};
	if (to_number(part, MCR_FEED_OFFSET_MAX, &offset) != 0 || !mcr_piece_skip(&rest, ':'))
		return mcr_feed_text_fail(p, piece,
					  "is not a field: expected " MCR_FEED_FIELD_TEXT);
	part = mcr_piece_cut(&rest, ":/");
	if (to_number(part, widest, &width) != 0 || width == 0)
		return mcr_feed_text_fail(p, part, "is not a width: expected 1 to %u octets",
					  widest);
	out->offset = (uint16_t)offset;
	out->width = (uint8_t)width;
	if (mcr_piece_skip(&rest, ':')) {
		if (read_form(p, mcr_piece_cut(&rest, "/"), allowed, out) != 0)
			return -EINVAL;
	} else if (width > 1) {
		return mcr_feed_text_fail(
		    p, piece,
		    "does not say the order of its octets: expected " MCR_FEED_FIELD_TEXT);
	}
	if (width == 1 && out->form == MCR_FEED_FIELD_LE)
		out->form = MCR_FEED_FIELD_BE; /* the same: one text for both */
	if (width > 8 && (out->form == MCR_FEED_FIELD_BE || out->form == MCR_FEED_FIELD_LE))
		return mcr_feed_text_fail(p, part,
					  "is not a width of a number: expected 1 to 8 octets");
	out->mask = width < 8 ? (UINT64_C(1) << 8 * width) - 1 : UINT64_MAX;
	if (allowed & MCR_FEED_ALLOW_MASK && mcr_piece_skip(&rest, '/'))
		return read_mask(p, rest, out);
	if (rest.len > 0)
		return mcr_feed_text_fail(
		    p, rest, "does not belong to a field: expected " MCR_FEED_FIELD_TEXT);
	return 0;
}

int mcr_feed_text_test(const struct mcr_feed_text *p, struct mcr_piece *rest,
		       struct mcr_feed_test *out)
{
	const struct mcr_piece whole = *rest;
	struct mcr_piece left = mcr_piece_cut(rest, "="), value, low;
	uint64_t high;

	*out = (struct mcr_feed_test){.of = MCR_FEED_TEST_OF_OCTETS};
	if (!mcr_piece_skip(rest, '='))
		return mcr_feed_text_fail(p, whole,
					  "is not a test: expected FIELD=VALUE, count=VALUE, "
					  "seq=VALUE or length=VALUE");
	if (mcr_feed_text_is(left, "count"))
		out->of = MCR_FEED_TEST_OF_COUNT;
	else if (mcr_feed_text_is(left, "seq"))
		out->of = MCR_FEED_TEST_OF_SEQ;
	else if (mcr_feed_text_is(left, "length"))
		out->of = MCR_FEED_TEST_OF_LENGTH;
	else if (mcr_feed_text_field(p, left, MCR_FEED_ALLOW_MASK, &out->field) != 0)
		return -EINVAL;
	value = (struct mcr_piece){rest->at, rest->len < 3 ? rest->len : 3};
	if (value.len == 3 && value.at[0] == '\'' && value.at[2] == '\'') {
		rest->at += 3;
		rest->len -= 3;
	} else {
		value = mcr_piece_cut(rest, "+:");
	}
	low = value;
	for (low.len = 0; low.len < value.len && strncmp(low.at + low.len, "..", 2) != 0;)
		low.len++;
	if (to_number(low, UINT64_MAX, &out->low) != 0)
		return mcr_feed_text_fail(
		    p, value,
		    "is not a value: expected VALUE or LOW..HIGH, such as 13, "
		    "0x30, 'V' or 17..21");
	high = out->low;
	if (low.len < value.len &&
	    (to_number((struct mcr_piece){low.at + low.len + 2, value.len - low.len - 2},
		       UINT64_MAX, &high) != 0 ||
	     high < out->low))
		return mcr_feed_text_fail(p, value, "is not a range: expected LOW..HIGH");
	out->span = high - out->low;
	return 0;
}
