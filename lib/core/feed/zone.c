/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/feed/zone_rule.h"

#define HEADER       44
#define OFFSET_LIMIT (26 * 3600) /* RFC 8536 §3.2: what utoff should be within */

/* What a header says of the block behind it. */
struct block {
	uint32_t isut, isstd, leap, time, type, chars;
	unsigned time_size; /* octets of a time */
	char version;
};

static uint64_t read_be(const uint8_t *at, unsigned size)
{
	uint64_t v = 0;

	while (size-- > 0)
		v = v << 8 | *at++;
	return v;
}

static int read_header(struct block *b, const uint8_t *data, size_t len)
{
	uint32_t *const counts[] = {&b->isut, &b->isstd, &b->leap, &b->time, &b->type, &b->chars};

	if (len < HEADER || memcmp(data, "TZif", 4) != 0)
		return -EBADMSG;
	b->version = (char)data[4];
	for (unsigned i = 0; i < 6; i++)
		*counts[i] = (uint32_t)read_be(data + 20 + 4 * i, 4);
	return b->type == 0 || b->type > 256 ? -EBADMSG : 0;
}

static uint64_t block_size(const struct block *b)
{
	return (uint64_t)b->time * (b->time_size + 1u) + (uint64_t)b->type * 6 + b->chars +
	       (uint64_t)b->leap * (b->time_size + 4u) + b->isstd + b->isut;
}

static int read_block(struct mcr_zone *out, const struct block *b, const uint8_t *data)
{
	const uint8_t *indexes = data + (size_t)b->time * b->time_size;
	const uint8_t *types = indexes + b->time;

	for (uint32_t i = 0; i < b->type; i++) {
		const int32_t offset = (int32_t)read_be(types + 6 * i, 4);

		if (offset < -OFFSET_LIMIT || offset > OFFSET_LIMIT)
			return -EBADMSG;
	}
	out->first = (int32_t)read_be(types, 4);
	out->changes = calloc(b->time ? b->time : 1, sizeof(*out->changes));
	if (!out->changes)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->time; i++) {
		struct mcr_zone_change *change = &out->changes[i];
		uint64_t at = read_be(data + (size_t)i * b->time_size, b->time_size);

		if (indexes[i] >= b->type)
			return -EBADMSG;
		change->at = b->time_size == 4 ? (int32_t)at : (int64_t)at;
		change->offset = (int32_t)read_be(types + (size_t)6 * indexes[i], 4);
		if (i > 0 && change->at <= change[-1].at)
			return -EBADMSG;
		out->n_changes++;
	}
	return 0;
}

int mcr_zone_parse(struct mcr_zone *out, const uint8_t *data, size_t len)
{
	struct block b = {.time_size = 4};
	const uint8_t *end = data + len, *rest;
	int ret;

	memset(out, 0, sizeof(*out));
	if (read_header(&b, data, len) != 0 || block_size(&b) > len - HEADER)
		return -EBADMSG;
	if (b.version >= '2') { /* the same again, with times of 64 bits */
		data += HEADER + block_size(&b);
		b.time_size = 8;
		if (read_header(&b, data, (size_t)(end - data)) != 0 ||
		    block_size(&b) > (size_t)(end - data) - HEADER)
			return -EBADMSG;
	}
	ret = read_block(out, &b, data + HEADER);
	rest = data + HEADER + block_size(&b);
	if (ret != 0 || b.time_size == 4 || end - rest < 2)
		return ret;
	return mcr_zone_rest_parse(out, (const char *)rest, (size_t)(end - rest));
}

int32_t mcr_zone_offset(const struct mcr_zone *z, int64_t t, int64_t *until)
{
	size_t low = 0, high = z->n_changes;

	while (low < high) { /* changes below `low` are not later than t */
		const size_t middle = low + (high - low) / 2;

		if (z->changes[middle].at <= t)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < z->n_changes) {
		*until = z->changes[low].at;
		return low > 0 ? z->changes[low - 1].offset : z->first;
	}
	if (z->has_rest)
		return mcr_zone_rest_offset(z, t, until);
	*until = INT64_MAX;
	return low > 0 ? z->changes[low - 1].offset : z->first;
}

void mcr_zone_clear(struct mcr_zone *z)
{
	free(z->changes);
	memset(z, 0, sizeof(*z));
}
