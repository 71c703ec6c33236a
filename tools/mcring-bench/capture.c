/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "bench.h"
#include "engine/os/capture_file.h"

#define MAGIC_MICRO  0xa1b2c3d4u
#define MAGIC_NANO   0xa1b23c4du
#define LINK_ETHER   1
#define FRAME_LIMIT  1522u /* with one tag; a buffer holds it */
#define HEADER_WORDS 6
#define RECORD_WORDS 4 /* seconds, fraction, octets here, octets on the wire */

static int add(struct capture *c, FILE *f, uint32_t len)
{
	struct capture_frame *frames = realloc(c->frames, (c->n + 1) * sizeof(*frames));
	uint8_t *data = malloc(len);

	if (frames)
		c->frames = frames;
	if (!frames || !data || fread(data, 1, len, f) != len) {
		free(data);
		return -1;
	}
	frames[c->n++] = (struct capture_frame){data, len};
	return 0;
}

static int add_all(struct capture *c, FILE *f, const char *path)
{
	uint32_t header[HEADER_WORDS], record[RECORD_WORDS];
	int swapped;

	if (fread(header, sizeof(header), 1, f) != 1)
		return fail("%s: not a pcap file", path);
	swapped = header[0] == bswap_32(MAGIC_MICRO) || header[0] == bswap_32(MAGIC_NANO);
	for (int i = 0; swapped && i < HEADER_WORDS; i++)
		header[i] = bswap_32(header[i]);
	if ((header[0] != MAGIC_MICRO && header[0] != MAGIC_NANO) || header[5] != LINK_ETHER)
		return fail("%s: expected a classic pcap file of Ethernet frames", path);
	while (fread(record, sizeof(record), 1, f) == 1) {
		uint32_t len = swapped ? bswap_32(record[2]) : record[2];
		uint32_t wire_len = swapped ? bswap_32(record[3]) : record[3];

		if (len != wire_len || len == 0 || len > FRAME_LIMIT)
			return fail("%s: packet %u: %u of %u octets are there; expected a "
				    "whole frame of at most %u",
				    path, c->n + 1, len, wire_len, FRAME_LIMIT);
		if (add(c, f, len) < 0)
			return fail("%s: packet %u is cut, or out of memory", path, c->n + 1);
	}
	return 0;
}

/* A part of a feed would be another benchmark: so a capture with any fault ends this one. */
static int look_at(const char *path)
{
	struct mcr_capture_file file;
	char text[512];

	if (mcr_capture_file_look(&file, path, UINT64_MAX) == 0 &&
	    mcr_capture_file_text(text, sizeof(text), &file, path) > 0)
		return fail("%s", text);
	return 0;
}

int capture_add(struct capture *capture, const char *path)
{
	FILE *f;
	int ret = look_at(path);

	if (ret != 0)
		return ret;
	f = fopen(path, "rb");
	if (!f)
		return fail("%s: %s", path, strerror(errno));
	ret = add_all(capture, f, path);
	fclose(f);
	return ret;
}

void capture_clear(struct capture *capture)
{
	for (unsigned i = 0; i < capture->n; i++)
		free(capture->frames[i].data);
	free(capture->frames);
	*capture = (struct capture){0};
}
