/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "core/error.h"
#include "engine/control/control_limits.h"

/* The offset after the string whose opening quote is before at. */
static size_t skip_string(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] != '"')
		at += text[at] == '\\' ? 2 : 1;
	return at + 1;
}

int mcr_control_limits_check(const char *text, size_t len, struct mcr_error *err)
{
	size_t depth = 0, values = 1;

	for (size_t at = 0; at < len;) {
		char c = text[at++];
		int opens = c == '[' || c == '{';

		depth += (size_t)opens;
		values += opens || c == ',';
		if (depth > MCR_CONTROL_DEPTH_MAX)
			return mcr_error_set(err, -E2BIG,
					     "column %zu: more than %d nested lists and objects",
					     at, MCR_CONTROL_DEPTH_MAX);
		if (values > MCR_CONTROL_VALUES_MAX)
			return mcr_error_set(err, -E2BIG, "column %zu: more than %d values", at,
					     MCR_CONTROL_VALUES_MAX);
		if (c == '"')
			at = skip_string(text, len, at);
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return 0;
}
