/* SPDX-License-Identifier: BSD-3-Clause */
/* The blocks of a capture, and their options: what no reader of ours looks at. */
#ifndef MCR_TEST_PCAPNG_RIG_H
#define MCR_TEST_PCAPNG_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct file {
	uint8_t at[1 << 20];
	size_t len;
};

/* All of a file, which is then removed. */
static inline const struct file *read_blocks(const char *path)
{
	static struct file file;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	file.len = fread(file.at, 1, sizeof(file.at), f);
	assert_true(feof(f));
	fclose(f);
	unlink(path);
	return &file;
}

/* The nth block of a type, from 0: its body, and in *len how long that is; or NULL. */
static inline const uint8_t *find_block(const struct file *f, uint32_t type, unsigned n,
					uint32_t *len)
{
	for (size_t at = 0; at < f->len;) {
		uint32_t head[2], again;

		memcpy(head, f->at + at, sizeof(head));
		assert_in_range(head[1], 12, f->len - at);
		assert_int_equal(head[1] % 4, 0);
		memcpy(&again, f->at + at + head[1] - 4, sizeof(again));
		assert_int_equal(again, head[1]);
		*len = head[1] - 12;
		if (head[0] == type && n-- == 0)
			return f->at + at + 8;
		at += head[1];
	}
	*len = 0;
	return NULL;
}

/* The nth option of a code, from 0, as text; or NULL. */
static inline const char *find_option(const uint8_t *options, uint32_t len, uint16_t code,
				      unsigned n)
{
	static char text[4][1024];
	static unsigned turn;

	for (uint32_t at = 0; at + 4 <= len;) {
		uint16_t head[2];

		memcpy(head, options + at, sizeof(head));
		if (head[0] == 0) {
			assert_int_equal(at + 4, len);
			return NULL;
		}
		if (head[0] == code && n-- == 0) {
			assert_in_range(head[1], 0, sizeof(text[0]) - 1);
			memset(text[++turn % 4], 0, sizeof(text[0]));
			memcpy(text[turn % 4], options + at + 4, head[1]);
			return text[turn % 4];
		}
		at += 4 + (head[1] + 3u) / 4 * 4;
	}
	assert_int_equal(len, 0); /* else there is an end of options */
	return NULL;
}

/* Options of the nth packet, whose frame has 42 octets and its payload. */
static inline const char *of_packet(const struct file *f, unsigned n, uint16_t code, unsigned nth,
				    uint32_t payload_len)
{
	const uint32_t body_len = 20 + (42 + payload_len + 3) / 4 * 4;
	uint32_t len;
	const uint8_t *body = find_block(f, 6, n, &len);

	assert_non_null(body);
	return find_option(body + body_len, len - body_len, code, nth);
}

#endif
