/* SPDX-License-Identifier: BSD-3-Clause */
#include "subject.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "put.h"

static int is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-';
}

char *subject_token(char *out, size_t cap, const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < cap; text++)
		out[n++] = is_plain(*text) ? *text : '-';
	if (n == 0 && cap > 1)
		out[n++] = '-';
	out[n] = '\0';
	return out + n;
}

char *subject_flow(char *out, struct mcr_address group, uint16_t port)
{
	char text[MCR_ADDRESS_TEXT];

	mcr_address_format(text, group);
	out = subject_token(out, MCR_ADDRESS_TEXT, text);
	*out++ = '.';
	return put_number(out, port);
}

int subject_check(const char *prefix, struct mcr_error *err)
{
	const size_t len = strlen(prefix);
	int is_right = len > 0 && len < SUBJECT_PREFIX_MAX && prefix[0] != '.' &&
		       prefix[len - 1] != '.' && !strstr(prefix, "..");

	for (const char *c = prefix; *c; c++)
		is_right &= is_plain(*c) || *c == '.';
	if (is_right)
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "'%.80s': expected letters, digits, '_' and '-', with '.' between, %d "
			     "octets at most",
			     prefix, SUBJECT_PREFIX_MAX - 1);
}
