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
	char *text; /* NULL = none has come yet */
	size_t len;
};

#define MCR_FEED_ASK_NONE \
	{                 \
		.fd = -1  \
	}

/* mcr_feed_ask_begin asks the engine in run_dir for its feed of this name (NULL: its only one). It
 * waits as mcr_feed_dial does. Errors: those of mcr_feed_dial, -ENOENT (no feed has such a name).
 */
int mcr_feed_ask_begin(struct mcr_feed_ask *out, const char *run_dir, const char *feed,
		       const char *label, uint64_t wait_ns, struct mcr_error *err);

/* mcr_feed_ask_take takes the answer, and does not wait for it. Errors: -EAGAIN (it has not come
 * yet), -ENOENT (no such feed), -ECONNREFUSED, -EACCES, -EPROTO, -EOPNOTSUPP (the engine is older
 * than feeds), -EMFILE, -ENOMEM, or another error of a system call. mcr_feed_ask_await is the same,
 * but waits at most wait_ns (-ETIMEDOUT). Close it after another error than -EAGAIN. */
int mcr_feed_ask_take(struct mcr_feed_ask *ask, struct mcr_error *err);
int mcr_feed_ask_await(struct mcr_feed_ask *ask, uint64_t wait_ns, struct mcr_error *err);

/* mcr_feed_ask_close closes the connection and frees the text. */
void mcr_feed_ask_close(struct mcr_feed_ask *ask);

/* mcr_feed_ask_changed: 1 when the engine has another declaration of the feed now, which it says
 * once; 0; or -EPIPE: it has closed the connection. */
int mcr_feed_ask_changed(struct mcr_feed_ask *ask);

#endif
