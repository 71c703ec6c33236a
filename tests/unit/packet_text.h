/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets written as words: be4:7 and le4:7 are numbers of four octets, t:ABC is text, z:3 zeros,
 * x:0aff octets. */
#ifndef UNIT_PACKET_TEXT_H
#define UNIT_PACKET_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t packet_number(uint8_t *out, const char *word)
{
	const unsigned width = (unsigned)(word[2] - '0');
	const uint64_t v = strtoull(word + 4, NULL, 0);

	for (unsigned i = 0; i < width; i++)
		out[word[0] == 'l' ? i : width - 1 - i] = (uint8_t)(v >> 8 * i);
	return width;
}

static size_t packet_octets(uint8_t *out, const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
		out[n++] = (uint8_t)v;
	return n;
}

/* Returns how many octets. */
static size_t packet_of_text(uint8_t *out, size_t cap, const char *text)
{
	char word[256];
	size_t len = 0;
	int used;

	for (; sscanf(text, "%255s%n", word, &used) == 1; text += used) {
		const char *value = strchr(word, ':') + 1;

		assert_true(len + strlen(word) < cap);
		if (word[0] == 't') {
			memcpy(out + len, value, strlen(value));
			len += strlen(value);
		} else if (word[0] == 'z') {
			memset(out + len, 0, (size_t)atoi(value));
			len += (size_t)atoi(value);
		} else if (word[0] == 'x') {
			len += packet_octets(out + len, value);
		} else {
			len += packet_number(out + len, word);
		}
	}
	return len;
}

#endif
