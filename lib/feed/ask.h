/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's side of a feed's declaration (core/attach_wire.h, MCR_HELLO_FEED). */
#ifndef MCR_FEED_ASK_H
#define MCR_FEED_ASK_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

struct mcr_feed_ask {
	int fd;          /* the connection, over which a notice may come; -1 = none */
	int is_answered; /* an engine said yes or no */
	uint64_t digest;
	char *text; /* the caller's to free */
	size_t len;
};

/* mcr_feed_ask asks the engine in run_dir for its feed of this name (NULL: its only one). Each
 * answer may take answer_ns. Errors: -ENOENT (no engine, or no such feed), -ECONNREFUSED, -EACCES,
 * -EPROTO, -EOPNOTSUPP (the engine is older than feeds), -ETIMEDOUT, -ENOMEM, or another error of a
 * system call; *out is then without text and connection. mcr_feed_ask_close closes the connection
 * and frees the text. */
int mcr_feed_ask(struct mcr_feed_ask *out, const char *run_dir, const char *feed, const char *label,
		 uint64_t answer_ns, struct mcr_error *err);
void mcr_feed_ask_close(struct mcr_feed_ask *ask);

/* mcr_feed_ask_changed: whether the engine has another declaration of the feed now. Once. The
 * connection is closed when the engine has closed it. */
int mcr_feed_ask_changed(struct mcr_feed_ask *ask);

#endif
