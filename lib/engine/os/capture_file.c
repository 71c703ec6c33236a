/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/os/capture_file.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC_MICRO     0xa1b2c3d4u
#define MAGIC_NANO      0xa1b23c4du
#define MAGIC_KUZNETZOV 0xa1b2cd34u /* records of 24 octets: old Linux distributions */
#define MAGIC_ORDER     0x1a2b3c4du /* of a pcapng section */
#define LINK_TYPE_MASK  0x03ffffffu /* the bits above say whether frames end in a checksum */
#define PACKET_MAX      262144u     /* libpcap's MAXIMUM_SNAPLEN: more is not a record */

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_SIMPLE    3u
#define BLOCK_ENHANCED  6u
#define BLOCK_MIN       12u         /* type, length, and the length again */
#define BLOCK_MAX       (16u << 20) /* libpcap's */

struct reader {
	FILE *f;
	uint64_t left; /* octets still to look at */
	int swapped;
	uint32_t snaplen; /* of pcapng: a simple packet block does not say its own length */
};

/* Returns n when all n words are there, 0 at the end of the file, else less. */
static size_t read_words(struct reader *r, uint32_t *words, size_t n)
{
	size_t got = fread(words, 1, n * sizeof(*words), r->f);

	for (size_t i = 0; r->swapped && i < got / sizeof(*words); i++)
		words[i] = bswap_32(words[i]);
	r->left -= got < r->left ? got : r->left;
	return got == n * sizeof(*words) ? n : got > 0;
}

static int skip(struct reader *r, uint32_t octets)
{
	char scratch[4096];

	while (octets > 0) {
		size_t part = octets < sizeof(scratch) ? octets : sizeof(scratch);

		if (fread(scratch, 1, part, r->f) != part)
			return 0;
		octets -= (uint32_t)part;
		r->left -= part < r->left ? part : r->left;
	}
	return 1;
}

static void count(struct mcr_capture_file *out, uint32_t len, uint32_t wire_len)
{
	out->packets++;
	out->short_packets += len < wire_len;
}

/* ---- pcap ---- */

static void look_at_pcap(struct mcr_capture_file *out, struct reader *r, uint32_t magic)
{
	size_t n_words = magic == MAGIC_KUZNETZOV ? 6 : 4, got;
	uint32_t header[5], record[6];

	if (read_words(r, header, 5) != 5) /* version, zone, accuracy, snapshot length, link type */
		return;
	out->kind = MCR_CAPTURE_PCAP;
	out->link_type = header[4] & LINK_TYPE_MASK;
	while (r->left > 0) {
		got = read_words(r, record,
				 n_words); /* seconds, fraction, octets here, on the wire */
		if (got == 0)
			return;
		out->is_cut_off = got != n_words || record[2] > PACKET_MAX || !skip(r, record[2]);
		if (out->is_cut_off)
			return;
		count(out, record[2], record[3]);
	}
}

/* ---- pcapng ---- */

/* Reads a block's type and length; a section header may change the byte order. Returns 1, 0 at the
 * end of the file, or -1. */
static int read_block(struct reader *r, uint32_t block[2])
{
	uint32_t order;
	size_t got = read_words(r, block, 2);

	if (got != 2)
		return got == 0 ? 0 : -1;
	if (block[0] == BLOCK_SECTION) { /* a palindrome */
		if (read_words(r, &order, 1) != 1)
			return -1;
		if (order == bswap_32(MAGIC_ORDER)) {
			r->swapped = !r->swapped;
			block[1] = bswap_32(block[1]);
		} else if (order != MAGIC_ORDER) {
			return -1;
		}
	}
	return block[1] < BLOCK_MIN || block[1] % 4 != 0 || block[1] > BLOCK_MAX ? -1 : 1;
}

static uint16_t first_half(const struct reader *r, uint32_t word)
{
	uint16_t halves[2];

	if (r->swapped)
		word = bswap_32(word);
	memcpy(halves, &word, sizeof(halves));
	return r->swapped ? bswap_16(halves[0]) : halves[0];
}

/* Looks at the rest of a block. *seen: an interface was described. Returns 0 when the block is not
 * whole. */
static int look_at_block(struct mcr_capture_file *out, struct reader *r, const uint32_t block[2],
			 int *seen)
{
	uint32_t rest = block[1] - 8, body[5] = {0}, n = 0;

	if (block[0] == BLOCK_SECTION)
		rest -= 4;
	else if (block[0] == BLOCK_INTERFACE)
		n = 2; /* link type and a reserved half, snapshot length */
	else if (block[0] == BLOCK_ENHANCED)
		n = 5; /* interface, time in two words, octets here, on the wire */
	else if (block[0] == BLOCK_SIMPLE)
		n = 1; /* octets on the wire */
	if (rest < (n + 1) * 4 || read_words(r, body, n) != n || !skip(r, rest - n * 4))
		return 0;
	if (block[0] == BLOCK_INTERFACE && !*seen) {
		*seen = 1;
		out->link_type = first_half(r, body[0]);
		r->snaplen = body[1];
	} else if (block[0] == BLOCK_ENHANCED) {
		if (body[3] > rest - 24)
			return 0;
		count(out, body[3], body[4]);
	} else if (block[0] == BLOCK_SIMPLE) {
		count(out, r->snaplen != 0 && r->snaplen < body[0] ? r->snaplen : body[0], body[0]);
	}
	return 1;
}

static void look_at_pcapng(struct mcr_capture_file *out, struct reader *r)
{
	uint32_t block[2];
	int seen = 0, got;

	rewind(r->f);
	while (r->left > 0) {
		got = read_block(r, block);
		if (got == 0)
			break;
		if (got < 0 || !look_at_block(out, r, block, &seen)) {
			out->is_cut_off = 1;
			break;
		}
		if (seen)
			out->kind = MCR_CAPTURE_PCAPNG;
	}
}

/* ---- both ---- */

int mcr_capture_file_look(struct mcr_capture_file *out, const char *path, uint64_t octets)
{
	struct reader r = {.left = octets};
	uint32_t magic = 0;
	struct stat st;
	int ret = 0;

	*out = (struct mcr_capture_file){.kind = MCR_CAPTURE_NONE};
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) /* whoever plays a pipe would miss what we read */
		return -ENOTSUP;
	r.f = fopen(path, "rbe");
	if (!r.f)
		return -errno;
	if (read_words(&r, &magic, 1) == 1) {
		uint32_t other = bswap_32(magic);

		r.swapped = other == MAGIC_MICRO || other == MAGIC_NANO || other == MAGIC_KUZNETZOV;
		if (r.swapped)
			magic = other;
		if (magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_KUZNETZOV)
			look_at_pcap(out, &r, magic);
		else if (magic == BLOCK_SECTION)
			look_at_pcapng(out, &r);
	}
	if (ferror(r.f))
		ret = errno != 0 ? -errno : -EIO;
	fclose(r.f);
	return ret;
}

int mcr_capture_file_is_playable(const struct mcr_capture_file *file)
{
	return file->kind != MCR_CAPTURE_NONE && file->link_type == MCR_LINK_TYPE_ETHERNET;
}

static const char *link_type_name(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} names[] = {
	    {0, "BSD loopback"},
	    {9, "PPP"},
	    {101, "raw IP"},
	    {105, "IEEE 802.11"},
	    {108, "OpenBSD loopback"},
	    {113, "Linux \"cooked\", of interface any"},
	    {127, "802.11 with radiotap"},
	    {228, "raw IPv4"},
	    {229, "raw IPv6"},
	    {276, "Linux \"cooked\" v2, of interface any"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown to mcring";
}

int mcr_capture_file_text(char *buf, size_t cap, const struct mcr_capture_file *file,
			  const char *path)
{
	int len;

	buf[0] = '\0';
	if (file->kind == MCR_CAPTURE_NONE)
		return snprintf(buf, cap, "%s is not a capture file: expected pcap or pcapng",
				path);
	if (file->link_type != MCR_LINK_TYPE_ETHERNET)
		return snprintf(
		    buf, cap,
		    "%s holds no Ethernet frames: its link type is %u (%s), expected 1; "
		    "capture on one Ethernet interface",
		    path, file->link_type, link_type_name(file->link_type));
	if (!file->is_cut_off && file->short_packets == 0)
		return 0;
	len = snprintf(buf, cap, "%s ", path);
	if (file->is_cut_off && (size_t)len < cap)
		len += snprintf(buf + len, cap - (size_t)len,
				"is cut off or damaged after packet %" PRIu64 ": it ends there%s",
				file->packets, file->short_packets ? ", and " : "");
	if (file->short_packets && (size_t)len < cap)
		len += snprintf(buf + len, cap - (size_t)len,
				"has %" PRIu64 " packets of %" PRIu64
				" that are shorter than on the wire (snapshot length): they count "
				"as truncated",
				file->short_packets, file->packets);
	return len;
}
