/* SPDX-License-Identifier: BSD-3-Clause */
/* A listening Unix socket of the run directory: its file, and the connections that wait at it.
 *
 * When the process has no descriptor left, a spare one is given up for as long as it takes to tell
 * the client so. Otherwise such clients would stay at the head of the backlog, before everybody,
 * and the socket would be readable all the time. Thread: control. */
#ifndef MCR_ENGINE_LISTENER_H
#define MCR_ENGINE_LISTENER_H

#include <stdint.h>

#include <mcring/types.h>

#include "engine/os/socket_file.h"

/* What a server does with connections. */
struct mcr_listener_calls {
	/* Takes a connection, which is non-blocking and close-on-exec, and owns it. */
	void (*take)(void *ctx, int fd, uint64_t now_ns);
	/* Answers a client that no descriptor is left for it, and closes fd. */
	void (*refuse)(void *ctx, int fd, uint64_t now_ns);
	/* Whether the server can take one more; others wait in the backlog. NULL = always. */
	int (*has_room)(void *ctx, uint64_t now_ns);
	/* Nothing is accepted for a while; code: -errno. NULL = the server does not care. */
	void (*fail)(void *ctx, int code, uint64_t now_ns);
};

struct mcr_listener_config {
	const char *path, *what; /* what: "attach socket", begins the text of an error */
	int type;                /* SOCK_SEQPACKET or SOCK_STREAM */
	int backlog;
	uint32_t mode, gid; /* of the file; gid: UINT32_MAX = the process's own */
	int epoll_fd;       /* watches the socket; borrowed */
	uint64_t data;      /* of its epoll events */
	const struct mcr_listener_calls *calls; /* borrowed, as ctx is */
	void *ctx;
};

struct mcr_listener {
	int fd;       /* -1 = none */
	int spare_fd; /* -1 = there is none now */
	int epoll_fd;
	int watched; /* epoll asks for it */
	uint64_t data;
	uint64_t rest_until_ns; /* nothing is accepted before, since not even the spare helped */
	const struct mcr_listener_calls *calls;
	void *ctx;
	struct mcr_socket_file file;
};

#define MCR_LISTENER_CLOSED              \
	{                                \
		.fd = -1, .spare_fd = -1 \
	}

/* mcr_listener_open makes the socket and its file, listens, and has epoll watch it. The file must
 * not exist. Returns 0 or, with err filled, what mcr_socket_file_bind or a system call gave. Close
 * it in either case. */
int mcr_listener_open(struct mcr_listener *l, const struct mcr_listener_config *config,
		      struct mcr_error *err);

/* mcr_listener_close closes the socket and removes its file, unless another one stands in its
 * place. A closed listener is allowed. */
void mcr_listener_close(struct mcr_listener *l);

/* mcr_listener_accept accepts up to `most` connections that wait, as far as the server has room. */
void mcr_listener_accept(struct mcr_listener *l, uint64_t now_ns, unsigned most);

/* mcr_listener_watch has epoll look for connections as long as the server has room for them; call
 * it in each round. */
void mcr_listener_watch(struct mcr_listener *l, uint64_t now_ns);

#endif
