/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "settings/words.h"

const struct mcr_word *mcr_word_find(const struct mcr_word *words, const char *text)
{
	for (const struct mcr_word *w = words; w && w->text; w++)
		if (strcmp(w->text, text) == 0)
			return w;
	return NULL;
}

const char *mcr_word_of(const struct mcr_word *words, uint64_t value)
{
	for (const struct mcr_word *w = words; w && w->text; w++)
		if (w->value == value)
			return w->text;
	return NULL;
}

/* Returns the next word that is the first one of its value, or NULL. */
static const struct mcr_word *next_value(const struct mcr_word *words, const struct mcr_word *w)
{
	while (w->text && mcr_word_of(words, w->value) != w->text)
		w++;
	return w->text ? w : NULL;
}

void mcr_words_list(const struct mcr_word *words, const char *between, const char *last, char *buf,
		    size_t cap)
{
	const struct mcr_word *w = next_value(words, words), *next;
	const char *before = "";
	size_t used = 0;

	buf[0] = '\0';
	for (; w && used < cap; w = next) {
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", before, w->text);
		next = next_value(words, w + 1);
		before = next && next_value(words, next + 1) ? between : last;
	}
}
