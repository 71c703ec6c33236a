/* SPDX-License-Identifier: BSD-3-Clause */
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

static uint8_t *put_octets(uint8_t *to, uint64_t v, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		*to++ = (uint8_t)(v >> 8 * i);
	return to;
}

size_t wire_record(uint8_t out[MCR_SINK_HEAD_MAX], const struct mcr_sink_record *r, int with_source)
{
	const unsigned has = (r->hw_ns != 0 ? MCR_SINK_HAS_HW : 0u) |
			     (with_source ? MCR_SINK_HAS_SOURCE : 0u) |
			     (r->skip != 0 ? MCR_SINK_HAS_SKIP : 0u);
	uint8_t *to = put_octets(out, r->len, 2) + 1;

	to = put_octets(to, has | r->flags << MCR_SINK_FLAG_SHIFT, 1);
	to = put_octets(to, r->count, 4);
	to = put_octets(to, r->number, 8);
	to = put_octets(to, r->rx_ns, 8);
	if (has & MCR_SINK_HAS_HW)
		to = put_octets(to, r->hw_ns, 8);
	if (has & MCR_SINK_HAS_SOURCE) {
		memcpy(to, r->source, sizeof(r->source));
		to = put_octets(to + sizeof(r->source), r->source_port, 2);
	}
	if (has & MCR_SINK_HAS_SKIP)
		to = put_octets(to, r->skip, 4);
	out[2] = (uint8_t)(to - out);
	return (size_t)(to - out);
}
