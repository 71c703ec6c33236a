/* SPDX-License-Identifier: BSD-3-Clause */
/* A declaration's text, and behind a 0 a packet. What is accepted is written in one way only and
 * reads the packet as the model does; what is refused leaves a line of text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/feed/declaration.h"
#include "core/feed/feed_plain.h"
#include "declaration_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct mcr_feed_declaration *d)
{
	char text[MCR_FEED_DECLARATION_TEXT_MAX], again[MCR_FEED_DECLARATION_TEXT_MAX], part[16];
	struct mcr_feed_declaration other;
	const size_t len = mcr_feed_declaration_format(d, text, sizeof(text));

	CHECK(len < sizeof(text) && strlen(text) == len);
	CHECK(mcr_feed_declaration_format(d, part, sizeof(part)) == len);
	CHECK(strncmp(part, text, sizeof(part) - 1) == 0 && strlen(part) == sizeof(part) - 1);
	CHECK(mcr_feed_declaration_parse(&other, text, NULL) == 0);
	CHECK(mcr_feed_declaration_format(&other, again, sizeof(again)) == len);
	CHECK(strcmp(text, again) == 0);
	CHECK(memcmp(&other, d, sizeof(other)) == 0);
}

static void check_packet(const struct mcr_feed_declaration *d, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct mcr_feed_packet p = {.hash = 7}, quick = p, expected;
	uint64_t differs;
	char key[64];

	CHECK(exact != NULL);
	memcpy(exact, data, len);
	mcr_feed_packet_read(d, exact, len, &p);
	expected = model_read(d, exact, len);
	CHECK(p.kind == expected.kind && p.seq == expected.seq && p.count == expected.count);
	CHECK(p.resets == expected.resets);
	if (p.kind != MCR_FEED_PACKET_NOT_TRACKED) /* it may be too short for its key */
		CHECK(memcmp(p.scope, expected.scope, sizeof(p.scope)) == 0 &&
		      memcmp(p.epoch, expected.epoch, sizeof(p.epoch)) == 0);
	if (d->scope_is_group || d->scope_is_source) {
		const uint8_t *free_octets = (const uint8_t *)p.scope + 12;

		CHECK(!free_octets[0] && !free_octets[1] && !free_octets[2] && !free_octets[3]);
	}
	if (mcr_feed_plain_read(&d->reading, exact, len, 0, &expected, &differs, &quick))
		CHECK(memcmp(&quick, &p, sizeof(p)) == 0 && differs == 0);
	mcr_feed_key_text(d, p.scope, p.epoch, key, sizeof(key));
	CHECK(memchr(key, 0, sizeof(key)) != NULL);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	const size_t len = end ? (size_t)(end - data) : size;
	struct mcr_feed_declaration d;
	struct mcr_error err = {""};
	char *text = malloc(len + 1);

	CHECK(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	if (mcr_feed_declaration_parse(&d, text, &err) == 0) {
		check_text(&d);
		if (end) /* ... and cut off */
			for (size_t n = size - len - 1;; n /= 2) {
				check_packet(&d, end + 1, n);
				if (n == 0)
					break;
			}
	} else {
		CHECK(strstr(err.text, "expected") != NULL);
		for (const char *c = err.text; *c; c++)
			CHECK(*c >= ' ' && *c <= '~');
	}
	mcr_feed_declaration_doubt(text);
	free(text);
	return 0;
}
