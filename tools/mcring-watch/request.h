/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests on the sockets of the watch: one line of JSON.
 *     {"command":"stats"}  {"command":"stats","groups":N}                 the socket stats
 *     {"command":"snap","recordings":["itch"],"comment":"TEXT"}           the socket snap */
#ifndef MCR_WATCH_REQUEST_H
#define MCR_WATCH_REQUEST_H

#include <stddef.h>

#include <mcring/types.h>

#include "record/recorder.h"

#define WATCH_SNAP_MAX     16 /* recordings of one request */
#define WATCH_COMMENT_MAX  160
#define WATCH_GROUPS_MAX   65536
#define WATCH_GROUPS_WHOLE ((size_t)-1)

struct watch_stats_request {
	size_t groups; /* at most so many; WATCH_GROUPS_WHOLE */
};

struct watch_snap_request {
	char recordings[WATCH_SNAP_MAX][MCR_NAME_MAX];
	unsigned n_recordings;           /* 0 = all */
	char comment[WATCH_COMMENT_MAX]; /* what is no printable character is "?"; "" = none */
};

/* Each understands all of a request (len octets) or refuses it: -EINVAL with err filled. */
int watch_stats_parse(struct watch_stats_request *out, const char *text, size_t len,
		      struct mcr_error *err);
int watch_snap_parse(struct watch_snap_request *out, const char *text, size_t len,
		     struct mcr_error *err);

#endif
