/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the lines of the log go. */
#include <stdarg.h>
#include <stdio.h>

#include "engine/state/log.h"
#include "engine/state/state.h"

void mcr_engine_log(const struct mcr_engine *e, enum mcr_log_level level, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (e->config.log)
		e->config.log(e->config.ctx, level, line);
	else if (level <= MCR_LOG_WARNING)
		fprintf(stderr, "mcring: %s\n", line);
}
