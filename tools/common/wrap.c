/* SPDX-License-Identifier: BSD-3-Clause */
#include "wrap.h"

#include <string.h>

/* Octets of UTF-8 that only continue a character take no column. */
static int is_column(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t columns_of(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (size_t)is_column(text[i]);
	return n;
}

static void put(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fputc((unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i], out);
}

void ctl_wrap(FILE *out, const char *head, unsigned indent, const char *text)
{
	size_t used = columns_of(head, strlen(head)), len, n;
	int is_first = 1; /* of its line */

	fputs(head, out);
	for (text += strspn(text, " "); *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		n = columns_of(text, len);
		if (!is_first && used + 1 + n > CTL_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			used = indent;
		} else if (!is_first) {
			fputc(' ', out);
			used++;
		}
		put(out, text, len);
		used += n;
		is_first = 0;
	}
	fputc('\n', out);
}
