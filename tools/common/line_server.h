/* SPDX-License-Identifier: BSD-3-Clause */
/* A socket that answers requests: a line of JSON each, and a line of JSON back, as the engine's
 * (docs/control.md). Nothing waits: long answers are made piece by piece as the client
 * reads them. When all places are taken, a newcomer gets that of the user who has most. */
#ifndef MCR_TOOLS_LINE_SERVER_H
#define MCR_TOOLS_LINE_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include <mcring/types.h>

#include "reply.h"

#define LINE_CLIENTS_MAX 32
#define LINE_REQUEST_MAX 4096          /* octets of one request */
#define LINE_PATIENCE_NS 5000000000ull /* a client without progress is cut off then */

struct line_server;

struct line_client {
	uid_t uid;
	pid_t pid;
};

/* What answers. more, end: NULL = `ask` appends whole answers alone. */
struct line_server_calls {
	/* A request of len octets. It appends a whole answer to out, or sets *answer to what `more`
	 * is to be called with. Returns 0 or -errno, for which the client is cut off. */
	int (*ask)(void *ctx, const struct line_client *who, const char *text, size_t len,
		   struct reply_text *out, void **answer);
	/* Appends to out. Returns 1 while more is to come, when out has grown or, to be asked again
	 * a little later, has not; 0 when the answer is whole; or -errno. */
	int (*more)(void *ctx, void *answer, struct reply_text *out);
	/* The answer is whole, or its client gone. */
	void (*end)(void *ctx, void *answer);
};

struct line_server_config {
	const char *program;     /* whose socket it is: "mcring-watch"; borrowed */
	const char *path, *what; /* what: "stats socket", begins the text of an error */
	uint32_t mode, gid;      /* gid: UINT32_MAX = the process's own */
	const struct line_server_calls *calls; /* borrowed, as ctx is */
	void *ctx;
};

/* line_server_create listens. Errors: those of mcr_listener_open, -ENOMEM, with err filled. */
int line_server_create(struct line_server **out, const struct line_server_config *config,
		       struct mcr_error *err);

/* line_server_fd is readable when line_server_poll has something to do. */
int line_server_fd(const struct line_server *s);

/* line_server_poll does what is due: one request at most, or a piece of an answer; clients have
 * their turn. Call it 10 times a second, too. now_ns: monotonic. */
void line_server_poll(struct line_server *s, uint64_t now_ns);

/* line_server_destroy closes everything and removes the socket. NULL is allowed. */
void line_server_destroy(struct line_server *s);

#endif
