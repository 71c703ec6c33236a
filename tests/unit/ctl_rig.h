/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-ctl prints of an answer. */
#ifndef MCR_TEST_CTL_RIG_H
#define MCR_TEST_CTL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* An answer in JSON, with ' for ". */
static inline json_t *answer(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *reply;

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	reply = json_loads(copy, 0, &error);
	if (!reply)
		fail_msg("%s: %s", error.text, copy);
	free(copy);
	return reply;
}

#define NOW 1700000100000000000u

/* Prints the answer as `printer` does. The caller frees it. */
static inline char *printed_by(void (*printer)(FILE *out, const json_t *reply, uint64_t now_ns),
			       const char *text)
{
	json_t *reply = answer(text);
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	printer(out, reply, NOW);
	fclose(out);
	json_decref(reply);
	return printed;
}

static inline void prints_by(void (*printer)(FILE *out, const json_t *reply, uint64_t now_ns),
			     const char *text, const char *expected)
{
	char *printed = printed_by(printer, text);

	assert_string_equal(printed, expected);
	free(printed);
}

#endif
