/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "engine/portless/portless_state.h"

void mcr_portless_log(const struct mcr_portless *p, enum mcr_log_level level, const char *format,
		      ...)
{
	char line[512];
	va_list args;

	if (!p->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	p->log(p->ctx, level, line);
}

struct mcr_group_table *mcr_portless_show(struct mcr_portless *p, struct mcr_group_table *table)
{
	struct mcr_group_table *old;

	pthread_mutex_lock(&p->view);
	old = p->table != table ? p->table : NULL;
	p->table = table;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		p->writers[c] =
		    p->channels[c] && p->channels[c]->rings.n > 0 ? &p->channels[c]->writer : NULL;
	p->view_serial++;
	pthread_mutex_unlock(&p->view);
	return old;
}
