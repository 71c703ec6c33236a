/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapng.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "udp_headers.h"

#define ETHERNET    1u
#define NANOSECONDS 9u
#define BLOCK_MAX   (UDP_HEADERS_MAX + PCAPNG_KEPT_MAX + PCAPNG_OPTIONS_MAX + 64)
#define UNKNOWN     UINT64_MAX

_Static_assert(2 * BLOCK_MAX < PCAPNG_BUFFER, "the buffer takes several of the largest blocks");

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_IF_DESCRIPTION = 3,
	OPTION_IF_RESOLUTION = 9,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_PACKET_DROPS = 4,
	OPTION_PACKET_ID = 5,
	OPTION_STATISTICS_START = 2,
	OPTION_STATISTICS_END = 3,
	OPTION_STATISTICS_RECEIVED = 4,
	OPTION_STATISTICS_DROPPED = 5,
	OPTION_STATISTICS_NOT_READ = 7,
	OPTION_STATISTICS_IN_THE_FILE = 8,
};

const char pcapng_headers_comment[] =
    "The headers are made of what a ring keeps of a packet: addresses, ports, VLAN, TTL, traffic "
    "class. MAC addresses, IPv4 identification and flags, IPv6 flow label, and checksums are "
    "synthetic.";

/* ---- the file ---- */

static uint32_t block_len(const struct pcapng *p, uint32_t at)
{
	uint32_t len;

	memcpy(&len, p->buffer + at + 4, sizeof(len));
	return len;
}

/* Counts the whole blocks among the first `len` octets of the buffer as written. */
static void count_written(struct pcapng *p, uint32_t len)
{
	for (uint32_t at = 0; at < p->used && block_len(p, at) <= len - at;) {
		uint32_t type;

		memcpy(&type, p->buffer + at, sizeof(type));
		p->packets += type == BLOCK_PACKET;
		at += block_len(p, at);
		p->written = p->from + at;
	}
}

int pcapng_flush(struct pcapng *p)
{
	uint32_t done = 0;

	while (p->error == 0 && done < p->used) {
		const ssize_t n = write(p->fd, p->buffer + done, p->used - done);

		if (n > 0)
			done += (uint32_t)n;
		else
			p->error = n < 0 ? -errno : -EIO;
	}
	count_written(p, done);
	p->from += done;
	p->used = 0;
	return p->error;
}

int pcapng_cut(struct pcapng *p)
{
	if (ftruncate(p->fd, (off_t)p->written) < 0 ||
	    lseek(p->fd, (off_t)p->written, SEEK_SET) < 0)
		return -errno;
	p->from = p->written;
	p->used = 0;
	p->error = 0;
	return 0;
}

uint64_t pcapng_size(const struct pcapng *p)
{
	return p->from + p->used;
}

/* ---- blocks: as this host writes numbers ---- */

static void put(struct pcapng *p, const void *data, uint32_t len)
{
	if (len > 0)
		memcpy(p->buffer + p->used, data, len);
	p->used += len;
}

/* To a multiple of 4 octets. */
static void put_padding(struct pcapng *p)
{
	static const uint8_t zeros[4];

	put(p, zeros, (0 - p->used) % 4);
}

static void begin_block(struct pcapng *p, enum block_type type)
{
	const uint32_t head[2] = {type, 0};

	if (PCAPNG_BUFFER - p->used < BLOCK_MAX)
		pcapng_flush(p);
	p->block = p->used;
	put(p, head, sizeof(head));
}

static void end_block(struct pcapng *p)
{
	const uint32_t len = p->used + 4 - p->block;

	memcpy(p->buffer + p->block + 4, &len, sizeof(len));
	put(p, &len, sizeof(len));
}

/* Options stand behind a block's body; `left` is how much room they have. */
static void put_option(struct pcapng *p, uint32_t *left, enum option code, const void *value,
		       size_t len)
{
	const uint16_t head[2] = {(uint16_t)code, (uint16_t)len};
	const uint32_t all = (uint32_t)(sizeof(head) + (len + 3) / 4 * 4);

	if (*left < all)
		return;
	*left -= all;
	put(p, head, sizeof(head));
	put(p, value, (uint32_t)len);
	put_padding(p);
}

/* UTF-8, cut between two characters. */
static void put_text(struct pcapng *p, uint32_t *left, enum option code, const char *text)
{
	size_t len = strnlen(text, PCAPNG_COMMENT_MAX + 1);

	if (len > PCAPNG_COMMENT_MAX)
		for (len = PCAPNG_COMMENT_MAX; len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80;)
			len--;
	if (len > 0)
		put_option(p, left, code, text, len);
}

static void put_comments(struct pcapng *p, uint32_t *left, struct pcapng_comments comments)
{
	for (unsigned i = 0; i < comments.n; i++)
		put_text(p, left, OPTION_COMMENT, comments.list[i]);
}

static void put_number(struct pcapng *p, uint32_t *left, enum option code, uint64_t value)
{
	put_option(p, left, code, &value, sizeof(value));
}

/* A block without options has no end of them either. */
static void end_options(struct pcapng *p, uint32_t left)
{
	static const uint16_t end[2] = {OPTION_END, 0};

	if (left < PCAPNG_OPTIONS_MAX)
		put(p, end, sizeof(end));
	end_block(p);
}

/* ---- the section ---- */

static void put_section(struct pcapng *p, const char *application, struct pcapng_comments comments)
{
	static const struct {
		uint32_t order;
		uint16_t major, minor;
		int64_t len;
	} section = {0x1a2b3c4d, 1, 0, -1}; /* -1: it is not known before the end */
	uint32_t left = PCAPNG_OPTIONS_MAX;

	begin_block(p, BLOCK_SECTION);
	put(p, &section, sizeof(section));
	put_text(p, &left, OPTION_SECTION_APPLICATION, application);
	put_comments(p, &left, comments);
	end_options(p, left);
}

void pcapng_begin(struct pcapng *p, int fd, const char *application,
		  struct pcapng_comments comments)
{
	p->fd = fd;
	p->error = 0;
	p->written = p->packets = p->from = 0;
	p->n_interfaces = 0;
	p->used = 0;
	put_section(p, application, comments);
	p->section_len = p->used;
}

int pcapng_rewrite_begin(struct pcapng *p, const char *application, struct pcapng_comments comments)
{
	int ret = pcapng_flush(p);

	if (ret < 0)
		return ret;
	put_section(p, application, comments);
	if (p->used != p->section_len)
		ret = -EINVAL;
	else if (pwrite(p->fd, p->buffer, p->used, 0) != (ssize_t)p->used)
		ret = -EIO;
	p->used = 0;
	return ret;
}

unsigned pcapng_interface(struct pcapng *p, const char *name, const char *description,
			  uint32_t snaplen)
{
	const struct {
		uint16_t link_type, reserved;
		uint32_t limit;
	} body = {ETHERNET, 0, snaplen > 0 ? UDP_HEADERS_MAX + snaplen : 0};
	static const uint8_t resolution = NANOSECONDS;
	uint32_t left = PCAPNG_OPTIONS_MAX;

	begin_block(p, BLOCK_INTERFACE);
	put(p, &body, sizeof(body));
	put_text(p, &left, OPTION_IF_NAME, name);
	put_text(p, &left, OPTION_IF_DESCRIPTION, description);
	put_option(p, &left, OPTION_IF_RESOLUTION, &resolution, sizeof(resolution));
	end_options(p, left);
	return p->n_interfaces++;
}

/* ---- packets ---- */

void pcapng_packet(struct pcapng *p, unsigned interface, const struct mcr_msg *m,
		   const uint8_t *payload, uint32_t kept, const struct pcapng_remarks *remarks)
{
	uint8_t headers[UDP_HEADERS_MAX];
	uint32_t left = PCAPNG_OPTIONS_MAX, headers_len;

	kept = kept < m->len ? kept : m->len;
	kept = kept < PCAPNG_KEPT_MAX ? kept : PCAPNG_KEPT_MAX;
	headers_len = udp_headers_put(headers, m, payload, kept);
	begin_block(p, BLOCK_PACKET);
	put(p,
	    (uint32_t[]){interface, (uint32_t)(m->rx_ns >> 32), (uint32_t)m->rx_ns,
			 headers_len + kept, headers_len + m->len},
	    20);
	put(p, headers, headers_len);
	put(p, payload, kept);
	put_padding(p);
	if (remarks && remarks->drops > 0)
		put_number(p, &left, OPTION_PACKET_DROPS, remarks->drops);
	if (remarks && remarks->id > 0)
		put_number(p, &left, OPTION_PACKET_ID, remarks->id);
	if (remarks)
		put_comments(p, &left, remarks->comments);
	end_options(p, left);
}

/* ---- statistics ---- */

/* A time is two words, the high one first. */
static uint64_t stamp(uint64_t ns)
{
	const uint32_t words[2] = {(uint32_t)(ns >> 32), (uint32_t)ns};
	uint64_t value;

	memcpy(&value, words, sizeof(value));
	return value;
}

void pcapng_statistics(struct pcapng *p, unsigned interface, const struct pcapng_statistics *s,
		       struct pcapng_comments comments)
{
	const struct {
		enum option code;
		uint64_t value;
	} numbers[] = {
	    {OPTION_STATISTICS_START, s->start_ns == UNKNOWN ? UNKNOWN : stamp(s->start_ns)},
	    {OPTION_STATISTICS_END, s->end_ns == UNKNOWN ? UNKNOWN : stamp(s->end_ns)},
	    {OPTION_STATISTICS_RECEIVED, s->received},
	    {OPTION_STATISTICS_DROPPED, s->dropped},
	    {OPTION_STATISTICS_NOT_READ, s->not_read},
	    {OPTION_STATISTICS_IN_THE_FILE, s->in_the_file},
	};
	const uint64_t when = s->ns == UNKNOWN ? 0 : stamp(s->ns);
	const uint32_t number = interface;
	uint32_t left = PCAPNG_OPTIONS_MAX;

	begin_block(p, BLOCK_STATISTICS);
	put(p, &number, sizeof(number));
	put(p, &when, sizeof(when));
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value != UNKNOWN)
			put_number(p, &left, numbers[i].code, numbers[i].value);
	put_comments(p, &left, comments);
	end_options(p, left);
}
