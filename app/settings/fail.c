/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "settings/fail.h"

static void one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

int mcr_fail(struct mcr_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	one_line(err->text);
	return code;
}

int mcr_fail_prefix(struct mcr_error *err, int code, const char *fmt, ...)
{
	struct mcr_error all;
	va_list ap;
	int n;

	if (!err)
		return code;
	va_start(ap, fmt);
	n = vsnprintf(all.text, sizeof(all.text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(all.text))
		snprintf(all.text + n, sizeof(all.text) - (size_t)n, "%s", err->text);
	one_line(all.text);
	*err = all;
	return code;
}

int mcr_fail_memory(struct mcr_error *err)
{
	return mcr_fail(err, -ENOMEM, "out of memory");
}
