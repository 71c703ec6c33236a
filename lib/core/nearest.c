/* SPDX-License-Identifier: BSD-3-Clause */
/* The distance is that of optimal string alignment (Damerau-Levenshtein, no part edited twice). */
#include "core/nearest.h"

#include <stdio.h>
#include <string.h>

#define BEGINNING_MIN 3 /* characters of a name that stand for all of it */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '_' ? '-' : c;
}

static int same(char a, char b)
{
	return fold(a) == fold(b);
}

static int begins_with(const char *name, const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && name[i] && same(name[i], text[i]))
		i++;
	return i == len;
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][MCR_NEAREST_MAX + 1];
	unsigned *older = rows[0], *old = rows[1], *now = rows[2], *spare;

	for (unsigned k = 0; k <= b_len; k++)
		old[k] = k;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = (unsigned)i;
		for (size_t k = 1; k <= b_len; k++) {
			now[k] = old[k - 1] + !same(a[i - 1], b[k - 1]);
			now[k] = least(now[k], least(old[k], now[k - 1]) + 1);
			if (i > 1 && k > 1 && same(a[i - 1], b[k - 2]) && same(a[i - 2], b[k - 1]))
				now[k] = least(now[k], older[k - 2] + 1);
		}
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b_len];
}

static unsigned most_edits(size_t len)
{
	return len < 4 ? 1 : len < 9 ? 2 : 3;
}

struct mcr_nearest mcr_nearest_to(const char *text)
{
	return (struct mcr_nearest){.text = text};
}

void mcr_nearest_try(struct mcr_nearest *search, const char *name)
{
	const size_t text_len = strlen(search->text), name_len = strlen(name);
	const size_t shorter = text_len < name_len ? text_len : name_len;
	unsigned d;

	if (text_len > MCR_NEAREST_MAX || name_len > MCR_NEAREST_MAX || shorter == 0)
		return;
	d = distance(search->text, text_len, name, name_len);
	if (text_len >= BEGINNING_MIN && begins_with(name, search->text, text_len))
		d = least(d, most_edits(shorter));
	/* Where all of it would change, it is another name. */
	if (d > most_edits(shorter) || d >= shorter)
		return;
	if (search->name && d >= search->distance)
		return;
	search->name = name;
	search->distance = d;
}

const char *mcr_nearest_hint(char hint[MCR_NEAREST_HINT], const struct mcr_nearest *search)
{
	hint[0] = '\0';
	if (search->name)
		snprintf(hint, MCR_NEAREST_HINT, " (did you mean %s?)", search->name);
	return hint;
}
