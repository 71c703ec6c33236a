/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/attach/attach_sockets.h"

/* Copies what a report may hold: printable ASCII, lines of bounded length and number. */
static void clean(char *to, const char *from)
{
	unsigned lines = 0, len = 0;

	for (; *from != '\0' && lines < MCR_SOCKETS_LINES_MAX; from++) {
		if (*from == '\n') {
			if (len > 0) { /* else it is empty */
				*to++ = '\n';
				lines++;
			}
			len = 0;
		} else if (len < MCR_SOCKETS_LINE_MAX) {
			*to++ = *from;
			if (*from < 0x20 || *from > 0x7e)
				to[-1] = '?';
			len++;
		}
	}
	*to = '\0';
}

void mcr_attach_take_sockets(struct mcr_attach_slot *slot, const char *text, uint64_t now_ns)
{
	char *kept = malloc(strlen(text) + 1);

	if (!kept)
		return;
	clean(kept, text);
	free(slot->sockets);
	slot->sockets = kept;
	slot->sockets_ns = now_ns;
}

int mcr_attach_server_sockets(const struct mcr_attach_server *s, size_t i, uint64_t now_ns,
			      struct mcr_consumer_sockets *out)
{
	for (size_t at = 0; at < MCR_ATTACH_SLOTS; at++) {
		const struct mcr_attach_slot *slot = &s->slots[at];

		if (slot->state != MCR_SLOT_ATTACHED || i-- > 0)
			continue;
		memset(out, 0, sizeof(*out));
		out->id = slot->id;
		out->age_ns = UINT64_MAX;
		if (slot->sockets) {
			out->age_ns = now_ns - slot->sockets_ns;
			snprintf(out->text, sizeof(out->text), "%s", slot->sockets);
		}
		return 0;
	}
	return -ENOENT;
}
