/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/attach/attach_log.h"

#define QUIET_NS UINT64_C(10000000000) /* between two lines of one kind */

void mcr_attach_server_log(struct mcr_attach_server *s, mcr_attach_log log, void *ctx)
{
	s->log = log;
	s->log_ctx = ctx;
}

static int may_warn(struct mcr_attach_server *s, uint64_t now_ns, enum mcr_attach_warning kind)
{
	if (s->log && now_ns >= s->warnings[kind].quiet_until_ns)
		return 1;
	s->warnings[kind].withheld++;
	return 0;
}

void mcr_attach_warn(struct mcr_attach_server *s, uint64_t now_ns, enum mcr_attach_warning kind,
		     const char *format, ...)
{
	struct mcr_attach_warning_rate *rate = &s->warnings[kind];
	char line[400];
	size_t len;
	va_list ap;

	if (!may_warn(s, now_ns, kind))
		return;
	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	len = strlen(line);
	if (rate->withheld > 0)
		snprintf(line + len, sizeof(line) - len, " (%u more like it before)",
			 rate->withheld);
	s->log(s->log_ctx, line);
	rate->quiet_until_ns = now_ns + QUIET_NS;
	rate->withheld = 0;
}

void mcr_attach_warn_descriptors(struct mcr_attach_server *s, uint64_t now_ns, int code,
				 const char *what)
{
	unsigned most = 0;
	uint32_t uid = 0;

	if (!may_warn(s, now_ns, MCR_ATTACH_WARNING_DESCRIPTORS))
		return;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		const struct mcr_attach_slot *slot = &s->slots[i];
		unsigned n = 0;

		if (slot->state == MCR_SLOT_FREE || slot->own || (most > 0 && slot->uid == uid))
			continue;
		for (size_t k = i; k < MCR_ATTACH_SLOTS; k++)
			n += s->slots[k].state != MCR_SLOT_FREE && s->slots[k].uid == slot->uid;
		if (n > most) {
			most = n;
			uid = slot->uid;
		}
	}
	mcr_attach_warn(s, now_ns, MCR_ATTACH_WARNING_DESCRIPTORS,
			"%s: %s; user %u has the most connections, %u: raise the limit of open "
			"files (LimitNOFILE= of systemd, ulimit -n), or set consumers_per_user",
			what, strerror(code), uid, most);
}
