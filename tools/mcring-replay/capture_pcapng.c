/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng (draft-ietf-opsawg-pcapng): sections, interfaces, packets of all three kinds. Leaves out
 * all other blocks, which it counts, and all options but those that say what a time stamp means and
 * how an interface is called. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_formats.h"

#define SECTION           0x0a0d0d0au
#define SECTION_ORDER     0x1a2b3c4du
#define MICROSECONDS      1000000u
#define BLOCK_LEN_MIN     12u /* type, length, length */
#define PACKET_HEADER_LEN 20u /* of a packet's body */

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_OLD_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_PACKET = 6,
};

enum interface_option {
	OPTION_END = 0,
	OPTION_NAME = 2,
	OPTION_RESOLUTION = 9,
	OPTION_OFFSET = 14,
};

/* A block: what stands between its lengths. */
struct block {
	uint32_t type, len; /* len: of the body */
	uint8_t *body;
};

#define BODY 8 /* where it begins in the block */

/* ---- interfaces ---- */

/* if_tsresol: a negative power of ten, or with the high bit of two. Returns 0 if 64 bits do not
 * hold it. */
static uint64_t per_second(uint8_t resolution)
{
	uint64_t units = 1;

	if (resolution & 0x80)
		return (resolution & 0x7f) < 64 ? (uint64_t)1 << (resolution & 0x7f) : 0;
	if (resolution > 19)
		return 0;
	while (resolution-- > 0)
		units *= 10;
	return units;
}

/* Finds an option. Returns its length, or -1. */
static int find_option(const struct capture_file *f, const struct block *b, uint32_t at,
		       enum interface_option code, const uint8_t **value)
{
	while (b->len - at >= 4) {
		const uint32_t this = file_u16(f, b->body + at);
		const uint32_t len = file_u16(f, b->body + at + 2);

		if (this == OPTION_END || len > b->len - at - 4)
			break;
		*value = b->body + at + 4;
		if (this == code)
			return (int)len;
		at += 4 + (len + 3) / 4 * 4;
		if (at > b->len)
			break;
	}
	return -1;
}

static int take_interface(struct capture_file *f, const struct block *b, struct mcr_error *err)
{
	char name[sizeof(f->interfaces->list[0].name)] = "";
	struct file_link *link;
	const uint8_t *value = b->body;
	int len, ret;

	if (b->len < 8)
		return file_fault(f, err, 4, "an interface in %u octets; expected 8 at least",
				  b->len);
	len = find_option(f, b, 8, OPTION_NAME, &value);
	if (len > 0)
		memcpy(name, value, (size_t)len < sizeof(name) ? (size_t)len : sizeof(name) - 1);
	ret = file_add_link(f, file_u16(f, b->body), name, BODY, err);
	if (ret < 0)
		return ret;
	link = &f->links[f->n_links - 1];
	link->limit = file_u32(f, b->body + 4);
	link->per_second = MICROSECONDS;
	if (find_option(f, b, 8, OPTION_RESOLUTION, &value) == 1)
		link->per_second = per_second(value[0]);
	if (link->per_second == 0)
		return file_fault(f, err, (uint64_t)(value - b->body) + BODY,
				  "a resolution of 0x%02x; expected one of 64 bits", value[0]);
	if (find_option(f, b, 8, OPTION_OFFSET, &value) == 8)
		link->offset_s = (int64_t)file_u64(f, value);
	return 0;
}

/* ---- packets ---- */

/* A packet with its interface and a time stamp of two words. */
static int take_packet(struct capture_file *f, const struct block *b, uint32_t interface,
		       struct capture_frame *frame, struct mcr_error *err)
{
	const uint32_t len = file_u32(f, b->body + 12), room = b->len - PACKET_HEADER_LEN;
	uint64_t stamp;

	if (interface >= f->n_links)
		return file_fault(f, err, BODY, "a packet of interface %u; expected one of the %u",
				  interface, f->n_links);
	if (len > CAPTURE_FRAME_MAX || len > room)
		return file_fault(f, err, BODY + 12, "a packet of %u octets; expected at most %u",
				  len, room < CAPTURE_FRAME_MAX ? room : CAPTURE_FRAME_MAX);
	stamp = (uint64_t)file_u32(f, b->body + 4) << 32 | file_u32(f, b->body + 8);
	if (file_time(&f->links[interface], stamp, &frame->time_ns) < 0)
		return file_fault(f, err, BODY + 4,
				  "a time of %llu units; expected one from 1970 to 2262",
				  (unsigned long long)stamp);
	file_frame(f, &f->links[interface], frame, b->body + PACKET_HEADER_LEN, len,
		   file_u32(f, b->body + 16));
	return 1;
}

/* Its data is as long as the block has room for and the interface takes, and it has no time. */
static int take_simple_packet(struct capture_file *f, const struct block *b,
			      struct capture_frame *frame, struct mcr_error *err)
{
	const uint32_t wire_len = file_u32(f, b->body);
	uint32_t len = wire_len;

	if (f->n_links == 0)
		return file_fault(f, err, 0, "a packet; expected an interface before it");
	if (f->links[0].limit != 0 && len > f->links[0].limit)
		len = f->links[0].limit;
	if (len > CAPTURE_FRAME_MAX || len > b->len - 4)
		return file_fault(f, err, BODY, "a packet of %u octets; expected at most %u", len,
				  b->len - 4);
	frame->time_ns = f->last_ns;
	file_frame(f, &f->links[0], frame, b->body + 4, len, wire_len);
	return 1;
}

/* ---- blocks ---- */

/* Returns 1 with a frame, 0 without, or an error. */
static int take_block(struct capture_file *f, const struct block *b, struct capture_frame *frame,
		      struct mcr_error *err)
{
	switch (b->type) {
	case BLOCK_INTERFACE:
		return take_interface(f, b, err);
	case BLOCK_PACKET:
	case BLOCK_OLD_PACKET:
		if (b->len < PACKET_HEADER_LEN)
			break;
		return take_packet(
		    f, b, b->type == BLOCK_PACKET ? file_u32(f, b->body) : file_u16(f, b->body),
		    frame, err);
	case BLOCK_SIMPLE_PACKET:
		if (b->len < 4)
			break;
		return take_simple_packet(f, b, frame, err);
	default:
		f->other_blocks++;
		return 0;
	}
	return file_fault(f, err, 4, "a packet in %u octets; expected more", b->len);
}

/* A section, whose first words say in which order their octets are. Forgets the interfaces. */
static int begin_section(struct capture_file *f, struct mcr_error *err)
{
	uint8_t *at;
	const int ret = file_need(f, 16, &at, err);

	if (ret <= 0)
		return ret;
	f->n_links = 0;
	f->is_swapped = 0;
	if (file_u32(f, at + 8) != SECTION_ORDER)
		f->is_swapped = 1;
	if (file_u32(f, at + 8) != SECTION_ORDER)
		return file_fault(f, err, 8, "%02x %02x %02x %02x; expected the order of octets",
				  at[8], at[9], at[10], at[11]);
	if (file_u16(f, at + 12) != 1)
		return file_fault(f, err, 12, "version %u of pcapng; expected 1",
				  file_u16(f, at + 12));
	return 1;
}

static int is_needed(uint32_t type)
{
	return type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_OLD_PACKET ||
	       type == BLOCK_SIMPLE_PACKET;
}

/* Finds the next block that is needed, of which the lengths are right. Returns 1, 0 at the end, or
 * an error. */
static int find_block(struct capture_file *f, struct block *b, struct mcr_error *err)
{
	for (;;) {
		uint32_t len, again;
		uint8_t *at;
		int ret = file_need(f, 8, &at, err);

		if (ret > 0 && file_u32(f, at) == SECTION) {
			ret = begin_section(f, err);
			if (ret > 0)
				ret = file_need(f, 8, &at, err);
		}
		if (ret <= 0)
			return ret;
		b->type = file_u32(f, at);
		len = file_u32(f, at + 4);
		if (len < BLOCK_LEN_MIN || len % 4 != 0)
			return file_fault(
			    f, err, 4, "a block of %u octets; expected 12 or more, by four", len);
		if (!is_needed(b->type)) {
			f->other_blocks += b->type != SECTION;
			f->to_skip = len;
			continue;
		}
		if (len > SOURCE_LOOK_MAX)
			return file_fault(f, err, 4, "a block of %u octets; expected at most %u",
					  len, SOURCE_LOOK_MAX);
		ret = file_need(f, len, &at, err);
		if (ret <= 0)
			return ret;
		again = file_u32(f, at + len - 4);
		if (again != len)
			return file_fault(f, err, len - 4,
					  "a block ends with %u; expected its length, %u", again,
					  len);
		b->len = len - BLOCK_LEN_MIN;
		b->body = at + BODY;
		return 1;
	}
}

static int pcapng_next(struct capture_file *f, struct capture_frame *frame, struct mcr_error *err)
{
	struct block b = {0};
	int ret;

	do {
		ret = find_block(f, &b, err);
		if (ret <= 0)
			return ret;
		ret = take_block(f, &b, frame, err);
		if (ret < 0)
			return ret;
		source_take(f->source, b.len + BLOCK_LEN_MIN);
	} while (ret == 0);
	return 1;
}

int capture_pcapng_begin(struct capture_file *f, const uint8_t *first, struct mcr_error *err)
{
	static const uint8_t section[] = {0x0a, 0x0d, 0x0d, 0x0a};
	int ret;

	if (memcmp(first, section, sizeof(section)) != 0)
		return 0;
	ret = begin_section(f, err);
	if (ret < 0)
		return ret;
	if (ret == 0)
		return file_fault(f, err, 0, "the file ends; expected pcapng's first block");
	f->next = pcapng_next;
	return 1;
}
