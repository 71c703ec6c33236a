/* SPDX-License-Identifier: BSD-3-Clause */
/* pcap (draft-ietf-opsawg-pcap): times in us or ns, and Kuznetzov's form, whose records have 8 more
 * octets. */
#include <errno.h>
#include <string.h>

#include "capture_formats.h"

#define FILE_HEADER_LEN   24
#define RECORD_HEADER_LEN 16
#define LINK_TYPE_MASK    0x03ffffffu /* the rest says how long a frame's check sequence is */
#define BILLION           1000000000u

struct pcap_magic {
	uint32_t number;
	uint64_t per_second;
	uint32_t record_header_len;
};

static const struct pcap_magic magics[] = {
    {0xa1b2c3d4, 1000000, RECORD_HEADER_LEN},
    {0xa1b23c4d, BILLION, RECORD_HEADER_LEN},
    {0xa1b2cd34, 1000000, RECORD_HEADER_LEN + 8},
};

static int pcap_next(struct capture_file *f, struct capture_frame *frame, struct mcr_error *err)
{
	const struct file_link *link = &f->links[0];
	const uint32_t header_len = f->record_header_len;
	uint32_t fraction, len, wire_len;
	uint64_t seconds;
	uint8_t *at;
	int ret = file_need(f, header_len, &at, err);

	if (ret <= 0)
		return ret;
	seconds = file_u32(f, at);
	fraction = file_u32(f, at + 4);
	len = file_u32(f, at + 8);
	wire_len = file_u32(f, at + 12);
	if (len > CAPTURE_FRAME_MAX)
		return file_fault(f, err, 8, "a record of %u octets; expected at most %u", len,
				  CAPTURE_FRAME_MAX);
	if (fraction > link->per_second) /* equal: somebody rounded */
		return file_fault(f, err, 4, "%u %s of a second; expected at most %u", fraction,
				  link->per_second == BILLION ? "ns" : "us",
				  (unsigned)link->per_second - 1);
	ret = file_need(f, header_len + len, &at, err);
	if (ret <= 0)
		return ret;
	file_frame(f, link, frame, at + header_len, len, wire_len);
	frame->time_ns = seconds * BILLION + fraction * (BILLION / link->per_second);
	source_take(f->source, header_len + len);
	return 1;
}

static const struct pcap_magic *find_magic(struct capture_file *f, const uint8_t *first)
{
	for (unsigned i = 0; i < 2 * sizeof(magics) / sizeof(magics[0]); i++) {
		f->is_swapped = (int)(i & 1);
		if (file_u32(f, first) == magics[i / 2].number)
			return &magics[i / 2];
	}
	return NULL;
}

int capture_pcap_begin(struct capture_file *f, const uint8_t *first, struct mcr_error *err)
{
	const struct pcap_magic *magic = find_magic(f, first);
	uint8_t *at;
	int ret;

	if (!magic)
		return 0;
	ret = file_need(f, FILE_HEADER_LEN, &at, err);
	if (ret < 0)
		return ret;
	if (ret == 0)
		return file_fault(f, err, 0, "the file ends; expected %u octets of pcap's header",
				  FILE_HEADER_LEN);
	if (file_u16(f, at + 4) != 2)
		return file_fault(f, err, 4, "version %u of pcap; expected 2", file_u16(f, at + 4));
	ret = file_add_link(f, file_u32(f, at + 20) & LINK_TYPE_MASK, "", 20, err);
	if (ret < 0)
		return ret;
	f->links[0].per_second = magic->per_second;
	f->record_header_len = magic->record_header_len;
	f->next = pcap_next;
	source_take(f->source, FILE_HEADER_LEN);
	return 1;
}
