/* SPDX-License-Identifier: BSD-3-Clause */
/* What of an engine this user may read (core/attach_wire.h, MCR_HELLO_LIST). */
#ifndef MCR_WATCH_ENGINE_LIST_H
#define MCR_WATCH_ENGINE_LIST_H

#include <mcring/types.h>

#include "core/attach_wire.h"

/* Octets of the longest text of a channel's readers, with the NUL: 12 for an id and ", ". */
#define ENGINE_READERS_MAX (2 * MCR_ACCESS_IDS_MAX * 12 + 32)

struct engine_list {
	int fd;                   /* the question; -1 = there is none */
	struct mcr_listed *items; /* the answer; NULL = none has come */
	unsigned n;
};

#define ENGINE_LIST_NONE \
	{                \
		.fd = -1 \
	}

/* engine_list_ask asks the engine in run_dir, and waits for nobody. Errors: -ENOENT (no engine),
 * -ECONNREFUSED, -EACCES, -ETIMEDOUT (it takes no connection now), -EPROTO, or another error of a
 * system call: there is nothing to close then. */
int engine_list_ask(struct engine_list *out, const char *run_dir, struct mcr_error *err);

/* engine_list_take takes the answer, and does not wait for it: l->fd is readable when it has come.
 * Returns 0 with the items, the channels first; the question is over then. Errors: -EAGAIN (it has
 * not come), -EOPNOTSUPP (the engine is older than lists), -ECONNREFUSED (it is ending), -EPROTO,
 * -ENOMEM, or what the engine says. Close the list after another error than -EAGAIN. */
int engine_list_take(struct engine_list *l, struct mcr_error *err);

/* engine_list_close frees it; it can be used again. */
void engine_list_close(struct engine_list *l);

/* engine_list_find returns NULL when there is no such item. */
const struct mcr_listed *engine_list_find(const struct engine_list *l, enum mcr_listed_kind kind,
					  const char *name);

/* engine_readers writes who may read a channel: "users 0, 1001; groups 50"; "" = everybody. The
 * same readers have the same text. Returns text. */
const char *engine_readers(char text[ENGINE_READERS_MAX], const struct mcr_listed *channel);

#endif
