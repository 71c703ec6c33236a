/* SPDX-License-Identifier: BSD-3-Clause */
/* Fills a struct mcr_error and returns the code: return mcr_error_set(err, -EINVAL, ...). */
#ifndef MCR_CORE_ERROR_H
#define MCR_CORE_ERROR_H

#include <stdarg.h>
#include <stdio.h>

#include <mcring/types.h>

/* err may be NULL. Returns code. */
__attribute__((format(printf, 3, 4))) static inline int
mcr_error_set(struct mcr_error *err, int code, const char *format, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, format);
		vsnprintf(err->text, sizeof(err->text), format, ap);
		va_end(ap);
	}
	return code;
}

#endif
