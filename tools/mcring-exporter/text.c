/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

size_t text_copy(char *out, size_t cap, const char *text)
{
	size_t n = 0;

	while (text[n] && n < cap - 1) {
		const unsigned char c = (unsigned char)text[n];

		out[n++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	/* No part of a character stays at the end. */
	while (n > 0 && text[n] && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	out[n] = '\0';
	return n;
}
