/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-cat's reader of an answer to why, against jansson: where jansson reads an object whose
 * members before "first" are plain, both read the same text. What has come in part is never read as
 * something else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "mcring-cat/first.h"

#define CAP 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(int ok)
{
	if (!ok)
		abort();
}

/* The text with ? for each character that steers a terminal. All of it is UTF-8. */
static char *harmless(const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *at = out;

	check(out != NULL);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];

		if (strchr("\b\f\n\r\t", c)) {
			*at++ = ' '; /* escaped, or jansson had refused it */
		} else if (c < 0x20 || c == 0x7f) {
			*at++ = '?';
		} else if (c == 0xc2 && next < 0xa0) {
			*at++ = '?';
			text++;
		} else {
			*at++ = (char)c;
		}
	}
	return out;
}

/* The text of "first", or NULL when jansson sees none that cat_first promises to read. */
static const char *expected(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		if (strcmp(key, "first") == 0)
			return json_string_value(value);
		if (json_is_object(value) || json_is_array(value))
			return NULL;
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK;
	static char out[CAP], part[CAP];
	char *text = malloc(len + !len);
	const char *first;
	json_t *object;
	int ret;

	check(text != NULL);
	memcpy(text, data, len);
	ret = cat_first(out, sizeof(out), text, len);
	check(ret >= -1 && ret <= 1 && (ret < 1 || memchr(out, 0, sizeof(out)) != NULL));
	for (size_t n = 0; n < len; n += 1 + n / 16) {
		const int so_far = cat_first(part, sizeof(part), text, n);

		check(so_far == 0 || (so_far == ret && (ret < 1 || strcmp(part, out) == 0)));
	}
	object = json_loadb(text, len, flags, NULL);
	first = json_is_object(object) ? expected(object) : NULL;
	if (first) {
		char *clean = harmless(first);

		check(ret == 1 && strcmp(out, clean) == 0);
		free(clean);
	}
	json_decref(object);
	free(text);
	return 0;
}
