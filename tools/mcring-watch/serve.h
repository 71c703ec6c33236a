/* SPDX-License-Identifier: BSD-3-Clause */
/* A socket of the watch that answers requests: a line of JSON each, and a line of JSON back, as
 * the engine's (docs/control.md). Nothing waits: long answers are made piece by piece as the client
 * reads them. When all places are taken, a newcomer gets that of the user who has most. */
#ifndef MCR_WATCH_SERVE_H
#define MCR_WATCH_SERVE_H

#include <stdint.h>
#include <sys/types.h>

#include <mcring/types.h>

#include "text.h"

#define WATCH_CLIENTS_MAX 32
#define WATCH_REQUEST_MAX 4096          /* octets of one request */
#define WATCH_PATIENCE_NS 5000000000ull /* a client without progress is cut off then */

struct watch_server;

struct watch_client_id {
	uid_t uid;
	pid_t pid;
};

/* What answers. */
struct watch_server_calls {
	/* A request of len octets. It appends a whole answer to out, or sets *answer to what `more`
	 * is to be called with. Returns 0 or -errno, for which the client is cut off. */
	int (*ask)(void *ctx, const struct watch_client_id *who, const char *text, size_t len,
		   struct watch_text *out, void **answer);
	/* Appends to out. Returns 1 while more is to come, when out has grown or, to be asked again
	 * a little later, has not; 0 when the answer is whole; or -errno. */
	int (*more)(void *ctx, void *answer, struct watch_text *out);
	/* The answer is whole, or its client gone. */
	void (*end)(void *ctx, void *answer);
};

struct watch_server_config {
	const char *path, *what; /* what: "stats socket", begins the text of an error */
	uint32_t mode, gid;      /* gid: UINT32_MAX = the process's own */
	const struct watch_server_calls *calls; /* borrowed, as ctx is */
	void *ctx;
};

/* watch_server_create listens. Errors: those of mcr_listener_open, -ENOMEM, with err filled. */
int watch_server_create(struct watch_server **out, const struct watch_server_config *config,
			struct mcr_error *err);

/* watch_server_fd is readable when watch_server_poll has something to do. */
int watch_server_fd(const struct watch_server *s);

/* watch_server_poll does what is due: one request at most, or a piece of an answer; clients have
 * their turn. Call it 10 times a second, too. now_ns: monotonic. */
void watch_server_poll(struct watch_server *s, uint64_t now_ns);

/* watch_server_destroy closes everything and removes the socket. NULL is allowed. */
void watch_server_destroy(struct watch_server *s);

#endif
