/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to a NATS server, without threads of the library's: its thread reads and writes
 * when the socket lets it (the library's event loop mode), and answers lie ready for it. With TLS
 * the library may wait for the other side amid a record, so nats_link_cut is for another thread,
 * which sees that this one does not go on. */
#ifndef MCR_SINK_NATS_LINK_H
#define MCR_SINK_NATS_LINK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <nats/nats.h>

#include <mcring/types.h>

#include "nats_config.h"

#define NATS_TOKEN_MAX 32   /* with the NUL */
#define NATS_SPENT_MAX 2048 /* messages to be destroyed */

struct nats_link {
	const struct nats_config *config;
	natsOptions *options;
	char *found[NATS_SERVERS_MAX]; /* servers of the cluster that config does not name */
	int n_found;
	natsConnection *nc; /* NULL = there is none */
	natsSubscription *answers;
	int epoll_fd; /* the socket, and what its owner adds */
	int socket;
	int is_lost;      /* nothing more comes, nothing can be sent */
	int wants_write;  /* the library has octets for the socket ... */
	int awaits_write; /* ... which has no room now: epoll_fd says when */
	char server[128]; /* without user and password */
	char inbox[96];   /* with a dot behind; a token follows */
	size_t inbox_len;
	natsMsg *spent[NATS_SPENT_MAX];
	unsigned n_spent;
	size_t spent_bytes;
	uint64_t busy_ns; /* CLOCK_MONOTONIC: within the library since; 0 = it is not */
	pthread_mutex_t mu;
	int handle; /* the socket again, of nats_link_cut; under mu. -1 = none */
};

/* nats_link_init makes it, without a connection. c is borrowed for its life. Returns 0, or an error
 * of nats_options with err, or -errno of epoll. */
int nats_link_init(struct nats_link *l, const struct nats_config *c, struct mcr_error *err);
void nats_link_destroy(struct nats_link *l);

/* nats_link_connect connects to the first server that can be reached, of those that the options
 * name and then of those that the last server knew; it waits for 2 s for each. */
natsStatus nats_link_connect(struct nats_link *l);

/* nats_link_drop ends the connection without waiting. */
void nats_link_drop(struct nats_link *l);

/* nats_link_publish puts a message into the library's buffer. token: the end of the subject that
 * the answer comes to, NULL = none comes. header, value: pairs, n of them. Returns what the library
 * does. */
natsStatus nats_link_publish(struct nats_link *l, const char *subject, const char *token,
			     const char *const *headers, unsigned n, const void *body, int len);

/* nats_link_echo has the server send us an empty message back, after it has read all before. */
natsStatus nats_link_echo(struct nats_link *l, const char *token);

/* nats_link_write writes what the socket takes. */
void nats_link_write(struct nats_link *l);

/* nats_link_read reads once from the socket; answers then wait for nats_link_next. */
void nats_link_read(struct nats_link *l);

/* nats_link_next gives an answer that was read: its token, and *msg, which the caller spends.
 * Returns NATS_OK, NATS_TIMEOUT (no more), NATS_NO_RESPONDERS (nobody takes one of the messages
 * that were sent; which is not known) or what ended the connection. */
natsStatus nats_link_next(struct nats_link *l, natsMsg **msg, const char **token);

/* nats_link_why: the last that the server said against us, "" = nothing: what this user may not
 * publish, why it ends the connection. It holds until nats_link_drop. */
const char *nats_link_why(const struct nats_link *l);

/* nats_link_spend has a message destroyed: the library has a thread of its own that frees them,
 * which each of them alone would wake, and which waits with this one for the same memory. So they
 * are kept until nats_link_rest, or until there are many. */
void nats_link_spend(struct nats_link *l, natsMsg *msg);

/* nats_link_rest: this thread is about to sleep, and the other one may free what was spent. */
void nats_link_rest(struct nats_link *l);

/* nats_link_buffered: octets that wait for the socket. */
int nats_link_buffered(const struct nats_link *l);

/* nats_link_cut ends the connection from below if its thread has been in the library since before
 * before_ns. Thread: any. */
void nats_link_cut(struct nats_link *l, uint64_t before_ns);

#endif
