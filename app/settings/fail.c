/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "settings/fail.h"
#include "settings/settings.h"

/* Makes one line of a text; len: before it was cut to its room. */
static void finish(struct mcr_error *err, int len)
{
	const size_t cap = sizeof(err->text);

	if (len >= 0 && (size_t)len >= cap)
		strcpy(err->text + cap - sizeof("..."), "...");
	for (char *text = err->text; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

int mcr_fail(struct mcr_error *err, int code, const char *fmt, ...)
{
	va_list ap;
	int len;

	if (!err)
		return code;
	va_start(ap, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	finish(err, len);
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
		n += snprintf(all.text + n, sizeof(all.text) - (size_t)n, "%s", err->text);
	finish(&all, n);
	*err = all;
	return code;
}

int mcr_fail_memory(struct mcr_error *err)
{
	return mcr_fail(err, -ENOMEM, "out of memory");
}

int mcr_settings_locate(struct mcr_origin origin, struct mcr_error *err, int code)
{
	if (!origin.file)
		return code;
	return mcr_fail_prefix(err, code, "%s:%u: ", origin.file, origin.line);
}

int mcr_settings_name_taken(const char *kind, const char *name, struct mcr_origin first,
			    struct mcr_error *err)
{
	if (!first.file)
		return mcr_fail(err, -EEXIST, "%s '%s' is defined already, on the command line",
				kind, name);
	return mcr_fail(err, -EEXIST, "%s '%s' is defined already, at %s:%u", kind, name,
			first.file, first.line);
}
