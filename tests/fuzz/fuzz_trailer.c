/* SPDX-License-Identifier: BSD-3-Clause */
/* Trailers of switches. The first octets choose the reader's state, where the datagram ends and how
 * the frame lies in pieces; it is read whole and in pieces with the same result. A time that is new
 * to the reader is taken only with the right FCS. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <core/crc32.h>
#include <core/parse.h>
#include <core/trailer.h>

#include "check.h"

#define PREFIX 6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the frame has, anywhere behind its datagram, the FCS of all that stands before it. */
static int has_right_fcs(const uint8_t *frame, uint32_t len, uint32_t behind)
{
	for (uint32_t at = len - behind; at + MCR_TRAILER_BYTES <= len; at++)
		if (mcr_crc32_portable(0, frame, at) == le32toh(mcr_load32(frame + at)))
			return 1;
	return 0;
}

/* Where a trailer without extensions would have it. */
static void fix_fcs(uint8_t *frame, uint32_t len, uint32_t from_end)
{
	uint32_t fcs;

	if (len < from_end)
		return;
	fcs = htole32(mcr_crc32_portable(0, frame, len - from_end));
	memcpy(frame + len - from_end, &fcs, sizeof(fcs));
}

/* Each in memory of its own, whose end is the sanitizer's fence. */
static uint64_t read_in_pieces(struct mcr_trailer_reader *reader, const uint8_t *frame,
			       uint32_t len, uint32_t cut, uint32_t cut2, uint32_t behind)
{
	uint32_t ends[3] = {cut % (len + 1), 0, len}, from = 0;
	struct mcr_piece pieces[3];
	uint64_t ns;

	ends[1] = ends[0] + cut2 % (len - ends[0] + 1);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *own = malloc(ends[i] - from + (ends[i] == from));

		CHECK(own != NULL);
		memcpy(own, frame + from, ends[i] - from);
		pieces[i] = (struct mcr_piece){own, ends[i] - from};
		from = ends[i];
	}
	ns = mcr_trailer_read(reader, &(struct mcr_frame){pieces, 3}, behind, 0);
	for (unsigned i = 0; i < 3; i++)
		free((void *)(uintptr_t)pieces[i].data);
	return ns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_trailer_reader whole = {0}, pieces;
	struct mcr_piece piece;
	uint32_t len, behind;
	uint8_t *frame;
	uint64_t ns;

	if (size <= PREFIX)
		return 0;
	len = (uint32_t)(size - PREFIX);
	behind = data[1] % (len + 1);
	whole.form = data[0] & 1;
	whole.has_fcs = data[0] >> 1 & 1;
	if (data[0] & 4) {
		whole.trusted = MCR_TRAILER_TRIAL;
		whole.last_ns = UINT64_C(1500000000000000000);
		whole.unchecked = data[5];
	}
	pieces = whole;
	frame = malloc(len);
	CHECK(frame != NULL);
	memcpy(frame, data + PREFIX, len);
	if (data[0] & 8)
		fix_fcs(frame, len, MCR_TRAILER_BYTES + (data[0] & 16 ? MCR_FCS_BYTES : 0));
	piece = (struct mcr_piece){frame, len};
	ns = mcr_trailer_read(&whole, &(struct mcr_frame){&piece, 1}, behind, 0);
	CHECK((ns != 0) == (whole.verdict == MCR_TRAILER_OK));
	CHECK(whole.verdict < MCR_TRAILER_VERDICTS);
	if (ns != 0 && ns - UINT64_C(1499999999000000000) > UINT64_C(2000000000))
		CHECK(has_right_fcs(frame, len, behind));
	CHECK(read_in_pieces(&pieces, frame, len, data[2], data[3] * data[4], behind) == ns);
	CHECK(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	free(frame);
	return 0;
}
