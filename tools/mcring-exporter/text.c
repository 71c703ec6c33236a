/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <string.h>

/* Octets of the character that begins here (RFC 3629 §4); 0 = none does. */
static size_t character(const unsigned char *at)
{
	const unsigned char lead = at[0];
	const size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a form, a surrogate, beyond the last character. */
	if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f) ||
	    (lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] > 0x8f))
		return 0;
	return n;
}

size_t text_copy(char *out, size_t cap, const char *text)
{
	size_t n = 0;

	while (*text) {
		const unsigned char c = (unsigned char)*text;
		const size_t octets = character((const unsigned char *)text);
		const size_t taken = octets ? octets : 1;

		if (n + taken >= cap)
			break;
		memcpy(out + n, text, taken);
		if (octets == 0)
			out[n] = '?';
		else if (c < ' ' || c == 0x7f)
			out[n] = ' ';
		text += taken;
		n += taken;
	}
	out[n] = '\0';
	return n;
}
