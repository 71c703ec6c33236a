/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the text form of joins. The grammar is in mcring/join.h. */
#include <mcring/join.h>

#include <stdarg.h>
#include <stdio.h>

#include "core/address.h"

/* snprintf to the end of what buf already holds. *len goes on growing when buf is full. */
__attribute__((format(printf, 4, 5))) static void append(char *buf, size_t cap, int *len,
							 const char *fmt, ...)
{
	const size_t used = (size_t)*len < cap ? (size_t)*len : cap;
	va_list args;

	va_start(args, fmt);
	*len += vsnprintf(cap > used ? buf + used : NULL, cap - used, fmt, args);
	va_end(args);
}

int mcr_join_format(char *buf, size_t cap, const struct mcr_join *join)
{
	char ip[MCR_ADDRESS_BRACKETED];
	int len = 0;

	append(buf, cap, &len, "%s", mcr_address_format_bracketed(ip, join->group));
	if (join->port)
		append(buf, cap, &len, ":%u", join->port);
	for (uint32_t i = 0; join->sources && i < join->n_sources && i < MCR_JOIN_SOURCES_MAX; i++)
		append(buf, cap, &len, "@%s%s", join->mode == MCR_FILTER_EXCLUDE ? "!" : "",
		       mcr_address_format_bracketed(ip, join->sources[i]));
	if (join->interface[0])
		append(buf, cap, &len, ",interface=%.*s", MCR_NAME_MAX - 1, join->interface);
	if (join->channel[0])
		append(buf, cap, &len, ",channel=%.*s", MCR_NAME_MAX - 1, join->channel);
	if (join->id)
		append(buf, cap, &len, ",id=%u", join->id);
	return len;
}
