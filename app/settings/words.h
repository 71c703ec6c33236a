/* SPDX-License-Identifier: BSD-3-Clause */
/* Words that stand for values. A value may have several words; the first one is printed. Thread:
 * any. */
#ifndef MCR_APP_WORDS_H
#define MCR_APP_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mcr_word {
	const char *text; /* NULL ends an array of them */
	uint32_t value;
};

/* mcr_word_find: the word equal to text, or NULL. words may be NULL. */
const struct mcr_word *mcr_word_find(const struct mcr_word *words, const char *text);

/* mcr_word_of: the text of a value, or NULL. */
const char *mcr_word_of(const struct mcr_word *words, uint64_t value);

/* mcr_words_list writes one word for each value, with between between them and last before the last
 * one: "auto, 1 or 2". */
void mcr_words_list(const struct mcr_word *words, const char *between, const char *last, char *buf,
		    size_t cap);

#endif
