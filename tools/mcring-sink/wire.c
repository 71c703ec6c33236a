/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <string.h>

#include "wire.h"

char *wire_value(char *out, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c > ' ' && c <= '~' && c != '%') {
			*out++ = (char)c;
			continue;
		}
		*out++ = '%';
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	*out = '\0';
	return out;
}

static uint8_t *put16(uint8_t *to, uint32_t v)
{
	const uint16_t le = htole16((uint16_t)v);

	memcpy(to, &le, sizeof(le));
	return to + sizeof(le);
}

static uint8_t *put32(uint8_t *to, uint32_t v)
{
	const uint32_t le = htole32(v);

	memcpy(to, &le, sizeof(le));
	return to + sizeof(le);
}

static uint8_t *put64(uint8_t *to, uint64_t v)
{
	const uint64_t le = htole64(v);

	memcpy(to, &le, sizeof(le));
	return to + sizeof(le);
}

size_t wire_record(uint8_t out[MCR_SINK_HEAD_MAX], const struct mcr_sink_record *r, int with_source)
{
	const unsigned has = (r->hw_ns != 0 ? MCR_SINK_HAS_HW : 0u) |
			     (with_source ? MCR_SINK_HAS_SOURCE : 0u) |
			     (r->skip != 0 ? MCR_SINK_HAS_SKIP : 0u);
	uint8_t *to = put16(out, r->len) + 1;

	*to++ = (uint8_t)(has | r->flags << MCR_SINK_FLAG_SHIFT);
	to = put32(to, r->count);
	to = put64(to, r->number);
	to = put64(to, r->rx_ns);
	if (has & MCR_SINK_HAS_HW)
		to = put64(to, r->hw_ns);
	if (has & MCR_SINK_HAS_SOURCE) {
		memcpy(to, r->source, sizeof(r->source));
		to = put16(to + sizeof(r->source), r->source_port);
	}
	if (has & MCR_SINK_HAS_SKIP)
		to = put32(to, r->skip);
	out[2] = (uint8_t)(to - out);
	return (size_t)(to - out);
}
