/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"

#include <stdio.h>

#define SCHEMA    1
#define DEPTH_MAX 12

static json_t *refuse(json_t *answer, char error[ANSWER_ERROR], const char *why)
{
	snprintf(error, ANSWER_ERROR, "%s", why);
	json_decref(answer);
	return NULL;
}

/* A value takes 20 times the memory of its text, so they are counted before they are made. What
 * stands in strings does not count. */
static int is_small(const char *text, size_t len, size_t values_max)
{
	size_t values = 1;
	unsigned depth = 0;
	int in_string = 0;

	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		in_string = c == '"';
		values += c == ',' || c == '{' || c == '[';
		depth += c == '{' || c == '[';
		depth -= (c == '}' || c == ']') && depth > 0;
		if (depth > DEPTH_MAX || values > values_max)
			return 0;
	}
	return 1;
}

json_t *answer_parse(const char *text, size_t len, size_t values_max, char error[ANSWER_ERROR])
{
	json_t *answer;
	const char *why;

	error[0] = '\0';
	if (!is_small(text, len, values_max))
		return refuse(NULL, error, "the answer has too many values");
	answer = json_loadb(text, len, 0, NULL);
	if (!json_is_object(answer))
		return refuse(answer, error, "the answer is not a JSON object");
	if (!json_is_true(json_object_get(answer, "ok"))) {
		why = json_string_value(json_object_get(answer, "error"));
		return refuse(answer, error, why ? why : "refused without a reason");
	}
	if (json_integer_value(json_object_get(answer, "schema")) != SCHEMA)
		return refuse(
		    answer, error,
		    "the answer is not of schema 1: use the exporter of the engine's version");
	json_object_del(answer, "ok");
	return answer;
}
