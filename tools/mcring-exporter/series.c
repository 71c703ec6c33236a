/* SPDX-License-Identifier: BSD-3-Clause */
#include "series.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int series_init(struct series *s, size_t n_max)
{
	*s = (struct series){.n_max = n_max, .n_slots = 16};
	while (s->n_slots < n_max * 2)
		s->n_slots *= 2;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	return s->slots ? 0 : -ENOMEM;
}

void series_clear(struct series *s)
{
	free(s->text);
	free(s->slots);
	memset(s, 0, sizeof(*s));
}

static void append(struct series *s, const char *text, size_t len)
{
	size_t cap = s->cap ? s->cap : 65536;
	char *bigger;

	while (cap < s->len + len)
		cap *= 2;
	if (cap != s->cap) {
		bigger = realloc(s->text, cap);
		if (!bigger) {
			s->failed = 1;
			return;
		}
		s->text = bigger;
		s->cap = cap;
	}
	memcpy(s->text + s->len, text, len);
	s->len += len;
}

static void append_text(struct series *s, const char *text)
{
	append(s, text, strlen(text));
}

void series_family(struct series *s, const char *name, const char *type, const char *help)
{
	s->name = name;
	append_text(s, "# HELP ");
	append_text(s, name);
	append_text(s, " ");
	append_text(s, help);
	append_text(s, "\n# TYPE ");
	append_text(s, name);
	append_text(s, " ");
	append_text(s, type);
	append_text(s, "\n");
}

static void append_value(struct series *s, const char *value)
{
	char text[SERIES_LABEL_MAX];
	const char *rest = text;

	text_copy(text, sizeof(text), value);
	for (;;) {
		size_t plain = strcspn(rest, "\\\"");

		append(s, rest, plain);
		rest += plain;
		if (!*rest)
			return;
		append_text(s, "\\");
		append(s, rest++, 1);
	}
}

static void append_labels(struct series *s, const struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		append_text(s, i == 0 ? "{" : ",");
		append_text(s, labels[i].name);
		append_text(s, "=\"");
		append_value(s, labels[i].value);
		append_text(s, "\"");
	}
	if (n > 0)
		append_text(s, "}");
}

/* FNV-1a */
static uint64_t hash(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return h;
}

/* Returns 0 when the text from `at` on is no series that was there before, and remembers it. */
static int remember(struct series *s, size_t at)
{
	const size_t len = s->len - at, mask = s->n_slots - 1;
	size_t i = hash(s->text + at, len) & mask;

	for (; s->slots[i].len > 0; i = (i + 1) & mask)
		if (s->slots[i].len == len &&
		    memcmp(s->text + s->slots[i].at, s->text + at, len) == 0)
			return -1;
	s->slots[i] = (struct series_slot){at, len};
	return 0;
}

static void add(struct series *s, const struct label *labels, size_t n_labels, const char *value)
{
	const size_t at = s->len;

	if (s->failed || s->n >= s->n_max) {
		s->left_out++;
		return;
	}
	append_text(s, s->name);
	append_labels(s, labels, n_labels);
	if (s->failed || remember(s, at) < 0) {
		s->len = at;
		s->left_out++;
		return;
	}
	append_text(s, value);
	s->n++;
}

void series_add(struct series *s, const struct label *labels, size_t n_labels, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), " %" PRIu64 "\n", value);
	add(s, labels, n_labels, text);
}

void series_add_ns(struct series *s, const struct label *labels, size_t n_labels, uint64_t ns)
{
	char text[48];

	snprintf(text, sizeof(text), " %" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000,
		 ns % 1000000000);
	add(s, labels, n_labels, text);
}
