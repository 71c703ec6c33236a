/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/trailer.h"

#include <string.h>

#include "core/crc32.h"
#include "core/parse.h"

#define SECOND_NS UINT64_C(1000000000)

#define METAMAKO_FCS_WAS_RIGHT  0x01
#define METAMAKO_HAS_EXTENSIONS 0x02

__extension__ typedef unsigned __int128 u128;

/* What may be a trailer. */
struct found {
	uint64_t ns;
	uint32_t start; /* of its first octet, from the frame's end */
	int is_doubted; /* says itself that the frame was damaged */
};

static uint32_t length_of(const struct mcr_frame *frame)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < frame->n; i++)
		len += frame->pieces[i].len;
	return len;
}

static void copy_across(uint8_t *to, const struct mcr_frame *frame, uint32_t from_end, uint32_t len)
{
	const struct mcr_piece *piece = frame->pieces;
	uint32_t offset = length_of(frame) - from_end;

	for (; len > 0; piece++) {
		uint32_t part;

		if (offset >= piece->len) {
			offset -= piece->len;
			continue;
		}
		part = piece->len - offset < len ? piece->len - offset : len;
		memcpy(to, piece->data + offset, part);
		to += part;
		len -= part;
		offset = 0;
	}
}

/* Copies len octets of a frame that begin so many before its end. */
static inline void copy(uint8_t *to, const struct mcr_frame *frame, uint32_t from_end, uint32_t len)
{
	const struct mcr_piece *last = &frame->pieces[frame->n - 1];

	if (__builtin_expect(last->len >= from_end, 1))
		memcpy(to, last->data + last->len - from_end, len);
	else
		copy_across(to, frame, from_end, len);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return be32toh(mcr_load32(p));
}

/* Extensions are read from behind. Each ends with a word of which bits 0 to 4 are its tag, bit 5 is
 * set in the last one, and bits 6 and 7 are how many words of it stand before this one; with tag 31
 * that are bits 6 to 15, and one more. start: of what stands behind them. Returns 0 if they leave
 * no room for the FCS. */
static int skip_extensions(const struct mcr_frame *frame, uint32_t *start, uint32_t behind)
{
	uint32_t word;
	uint8_t octets[4];

	do {
		if (*start + sizeof(octets) + MCR_FCS_BYTES > behind)
			return 0;
		copy(octets, frame, *start + sizeof(octets), sizeof(octets));
		word = load_be32(octets);
		*start += 4 + ((word & 0x1f) == 0x1f ? (word >> 6 & 0x3ff) + 1 : word >> 6 & 3) * 4;
	} while ((word & 0x20) == 0);
	return *start + MCR_FCS_BYTES <= behind;
}

static int find_metamako(struct found *f, const struct mcr_frame *frame, const uint8_t *t,
			 uint32_t fcs, uint32_t behind)
{
	const uint32_t seconds = load_be32(t + 4), ns = load_be32(t + 8);
	uint32_t start = fcs + MCR_TRAILER_BYTES - MCR_FCS_BYTES;

	if (seconds == 0 || ns >= SECOND_NS)
		return 0;
	if ((t[12] & METAMAKO_HAS_EXTENSIONS) != 0 && !skip_extensions(frame, &start, behind))
		return 0;
	f->ns = seconds * SECOND_NS + ns;
	f->start = start + MCR_FCS_BYTES;
	f->is_doubted = (t[12] & METAMAKO_FCS_WAS_RIGHT) == 0;
	return 1;
}

static int find_hpt(struct found *f, const uint8_t *t, uint32_t fcs)
{
	const uint32_t seconds = load_be32(t + 6);
	const uint64_t fraction = (uint64_t)load_be32(t + 10) << 8 | t[14];

	if (seconds == 0)
		return 0;
	f->ns = seconds * SECOND_NS + (uint64_t)((u128)fraction * SECOND_NS >> 40);
	f->start = fcs + MCR_TRAILER_BYTES;
	f->is_doubted = 0;
	return 1;
}

/* Looks for a trailer before `fcs` octets at the frame's end. Returns 0 if there is nothing like
 * one.
 */
static inline int find(struct found *f, const struct mcr_trailer_reader *reader,
		       const struct mcr_frame *frame, uint32_t fcs, uint32_t behind)
{
	uint8_t t[MCR_TRAILER_BYTES];

	if (behind < MCR_TRAILER_BYTES + fcs)
		return 0;
	copy(t, frame, MCR_TRAILER_BYTES + fcs, sizeof(t));
	return reader->form == MCR_TRAILER_METAMAKO ? find_metamako(f, frame, t, fcs, behind)
						    : find_hpt(f, t, fcs);
}

/* Whether the trailer's FCS is that of what stands before it. */
static int fcs_is_right(const struct mcr_frame *frame, uint32_t start)
{
	const struct mcr_piece *piece = frame->pieces;
	uint32_t left = length_of(frame) - start, crc = 0;
	uint8_t fcs[MCR_FCS_BYTES];

	copy(fcs, frame, start, sizeof(fcs));
	for (; left > 0; piece++) {
		const uint32_t part = piece->len < left ? piece->len : left;

		crc = mcr_crc32(crc, piece->data, part);
		left -= part;
	}
	return crc == le32toh(mcr_load32(fcs));
}

static inline int is_within(uint64_t a, uint64_t b, uint64_t distance)
{
	return a - b + distance <= 2 * distance;
}

static inline int is_expected(const struct found *f, uint64_t about_ns)
{
	return about_ns == 0 || is_within(f->ns, about_ns, MCR_TRAILER_AWAY_NS);
}

static inline int is_believed(const struct mcr_trailer_reader *reader, const struct found *f)
{
	return is_within(f->ns, reader->last_ns, MCR_TRAILER_NEAR_NS) && !f->is_doubted &&
	       reader->trusted == MCR_TRAILER_TRIAL && reader->unchecked + 1 < MCR_TRAILER_SAMPLE;
}

static uint64_t take(struct mcr_trailer_reader *reader, const struct found *f)
{
	reader->verdict = MCR_TRAILER_OK;
	reader->last_ns = f->ns;
	return f->ns;
}

/* The frame's end is where it was with the frames before, or else 4 octets away from there. */
static __attribute__((noinline)) uint64_t check(struct mcr_trailer_reader *reader,
						const struct mcr_frame *frame, uint32_t behind,
						uint64_t about_ns)
{
	struct found f;

	reader->verdict = MCR_TRAILER_NONE;
	reader->unchecked = 0;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t has_fcs = reader->has_fcs ^ (uint8_t)i;

		if (!find(&f, reader, frame, has_fcs * MCR_FCS_BYTES, behind))
			continue;
		reader->verdict = MCR_TRAILER_BAD;
		if (!is_expected(&f, about_ns) || !fcs_is_right(frame, f.start))
			continue;
		reader->has_fcs = has_fcs;
		reader->trusted += reader->trusted < MCR_TRAILER_TRIAL;
		return take(reader, &f);
	}
	if (reader->verdict == MCR_TRAILER_BAD)
		reader->trusted = 0;
	return 0;
}

uint64_t mcr_trailer_read(struct mcr_trailer_reader *reader, const struct mcr_frame *frame,
			  uint32_t behind, uint64_t about_ns)
{
	struct found f;

	if (behind < MCR_TRAILER_BYTES) {
		reader->verdict = MCR_TRAILER_NONE;
		return 0;
	}
	if (find(&f, reader, frame, reader->has_fcs * MCR_FCS_BYTES, behind) &&
	    is_believed(reader, &f) && is_expected(&f, about_ns)) {
		reader->unchecked++;
		return take(reader, &f);
	}
	return check(reader, frame, behind, about_ns);
}
