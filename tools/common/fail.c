/* SPDX-License-Identifier: BSD-3-Clause */
#include "fail.h"

#include <err.h>
#include <stdarg.h>

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	return -1;
}
