/* SPDX-License-Identifier: BSD-3-Clause */
/* From a request's text to the pieces of its answer. */
#ifndef MCR_ENGINE_CONTROL_REPLY_H
#define MCR_ENGINE_CONTROL_REPLY_H

#include <stddef.h>

#include "engine/control/control_server.h"

/* What the answers are made from. */
struct mcr_control_source {
	struct mcr_engine *engine;
	const char *name;
	uint64_t started_ns;
	int (*reload)(void *ctx, int dry_run, struct mcr_error *report);
	void *ctx;
	int is_reloading; /* reload() said MCR_RELOAD_LATER: it is not called until that ended */
};

struct mcr_control_section; /* a member of an answer: control_json.h */

/* An answer that is being made: text[sent..len) waits to be sent, the rest is still to come. */
struct mcr_control_reply {
	char *text;
	size_t len, cap, sent;
	const struct mcr_control_section *section; /* the next to write; NULL = all is in text */
	size_t item;                               /* of an array section */
	struct mcr_account account;                /* one snapshot for the whole answer */
};

/* mcr_control_reply_start carries a request out (len octets, one line) and begins its answer.
 * Returns 0; MCR_RELOAD_LATER: there is none yet, mcr_control_reply_reload begins it; -ENOMEM. */
int mcr_control_reply_start(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const char *request, size_t len);

/* mcr_control_reply_reload begins the answer to a reload. Returns 0 or -ENOMEM. */
int mcr_control_reply_reload(struct mcr_control_reply *reply, int result,
			     const struct mcr_error *report);

/* mcr_control_reply_refuse begins an answer that is an error. Returns 0 or -ENOMEM. */
int mcr_control_reply_refuse(struct mcr_control_reply *reply, const char *why);

/* mcr_control_reply_more appends the next pieces, a bounded number of them. Returns 0 or -ENOMEM.
 */
int mcr_control_reply_more(struct mcr_control_reply *reply, const struct mcr_control_source *src);

void mcr_control_reply_clear(struct mcr_control_reply *reply);

#endif
