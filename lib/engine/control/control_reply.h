/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of the control socket, in pieces: each is one line of JSON, an object that
 * begins with "ok" and "schema". */
#ifndef MCR_ENGINE_CONTROL_REPLY_H
#define MCR_ENGINE_CONTROL_REPLY_H

#include <stddef.h>

#include "engine/control/control_info.h"

/* What docs/control.md promises of the members. */
#define MCR_CONTROL_SCHEMA 1

/* An answer that is being made: text[sent..len) waits to be sent, the rest is still to come. */
struct mcr_control_reply {
	char *text;
	size_t len, cap, sent;
	const struct mcr_control_section *section; /* the next to write; NULL = all is in text */
	size_t item;                               /* of an array section ... */
	size_t moved; /* ... which is so much further in the engine than it was, modulo 2^64 */
	struct mcr_control_snapshot snapshot;
};

/* mcr_control_reply_begin begins an answer of sections, which mcr_control_reply_more writes.
 * Returns 0 or -ENOMEM. */
int mcr_control_reply_begin(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const struct mcr_control_section *sections);

/* mcr_control_reply_choose_groups has an answer that was begun show at most n groups, those of
 * mcr_engine_groups_to_show. Returns 0 or -ENOMEM. */
int mcr_control_reply_choose_groups(struct mcr_control_reply *reply,
				    const struct mcr_control_source *src, size_t n);

/* mcr_control_reply_routes begins the answer with all routes. mcr_control_reply_more collects them
 * first, in some calls that append nothing. Returns 0 or -ENOMEM. */
int mcr_control_reply_routes(struct mcr_control_reply *reply, const struct mcr_control_source *src);

/* mcr_control_reply_why begins the answer to a question. mcr_control_reply_more looks for it first,
 * in some calls that append nothing. Returns 0 or -ENOMEM. */
int mcr_control_reply_why(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			  const struct mcr_why_query *query);

/* An answer to a question is to look for it, then is looking, which takes memory, then has it. */
int mcr_control_reply_is_to_look(const struct mcr_control_reply *reply);
int mcr_control_reply_is_looking(const struct mcr_control_reply *reply);

/* mcr_control_reply_more appends a bounded number of pieces. Returns 0 or -ENOMEM. */
int mcr_control_reply_more(struct mcr_control_reply *reply, const struct mcr_control_source *src);

/* Short answers, whole at once: an error, n joins that were made or left, for how many seconds
 * filters are to be open, what a reload came to. Each returns 0 or -ENOMEM. */
int mcr_control_reply_refuse(struct mcr_control_reply *reply, const char *why);
int mcr_control_reply_joins(struct mcr_control_reply *reply, size_t n);
int mcr_control_reply_seconds(struct mcr_control_reply *reply, unsigned seconds);
int mcr_control_reply_reload(struct mcr_control_reply *reply, int result,
			     const struct mcr_error *report);

void mcr_control_reply_clear(struct mcr_control_reply *reply);

#endif
