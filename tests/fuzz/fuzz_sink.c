/* SPDX-License-Identifier: BSD-3-Clause */
/* What readers of a broker parse with mcring/sink.h: a header, and behind a 0 a body. What is given
 * lies in the body, and its numbers do not pass the highest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/sink.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *copy_of(const void *data, size_t len)
{
	void *exact = malloc(len ? len : 1);

	CHECK(exact != NULL);
	memcpy(exact, data, len);
	return exact;
}

static void check_header(const struct mcr_sink_header *h)
{
	CHECK(h->name[0] != '\0' && memchr(h->name, '\0', sizeof(h->name)) != NULL);
	CHECK(h->epoch[0] != '\0' && memchr(h->epoch, '\0', sizeof(h->epoch)) != NULL);
	CHECK(memchr(h->scope, '\0', sizeof(h->scope)) != NULL);
	CHECK(memchr(h->key, '\0', sizeof(h->key)) != NULL);
	CHECK(memchr(h->line, '\0', sizeof(h->line)) != NULL);
	CHECK(h->kind <= MCR_SINK_RESTART && (h->is_pack == 0 || h->kind == MCR_SINK_DATA));
	if (h->kind != MCR_SINK_RESTART)
		CHECK(h->count > 0 && h->number + (h->count - 1) >= h->number);
}

static void check_body(const struct mcr_sink_header *h, const uint8_t *body, size_t len)
{
	const uint8_t *end = body + len;
	struct mcr_sink_body b;
	struct mcr_sink_record r;
	uint64_t n = 0;
	int ret;

	mcr_sink_body_open(&b, h, body, len);
	while ((ret = mcr_sink_body_next(&b, &r)) > 0) {
		const uint8_t *at = r.data;

		CHECK(at >= body && at <= end && r.len <= (size_t)(end - at));
		CHECK(r.count > 0 && r.number + (r.count - 1) >= r.number);
		n += r.count;
		CHECK(n <= h->count);
	}
	CHECK(ret == 0 ? n == h->count : ret == -EBADMSG);
	CHECK(mcr_sink_body_next(&b, &r) == ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	const size_t len = end ? (size_t)(end - data) : size;
	const size_t rest = end ? size - len - 1 : 0;
	char *text = copy_of(data, len);
	uint8_t *body = copy_of(end ? end + 1 : data, rest);
	struct mcr_sink_header h;
	const int ret = mcr_sink_header_parse(&h, text, len);

	CHECK(ret == 0 || ret == -EBADMSG || ret == -EPROTO);
	if (ret == 0) {
		check_header(&h);
		if (h.kind == MCR_SINK_DATA)
			check_body(&h, body, rest);
	}
	free(text);
	free(body);
	return 0;
}
