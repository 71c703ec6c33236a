/* SPDX-License-Identifier: BSD-3-Clause */
/* What JetStream answers, and the tokens by which an answer finds what it is for. */
#ifndef MCR_SINK_NATS_ACK_H
#define MCR_SINK_NATS_ACK_H

#include <stddef.h>
#include <stdint.h>

/* err_code of JetStream's answers (ADR-7). */
enum {
	NATS_ERR_NO_MESSAGE = 10037,
	NATS_ERR_TOO_LARGE = 10054,
	NATS_ERR_REVISION = 10071,
};

enum nats_ack_kind {
	NATS_ACK_STORED,
	NATS_ACK_STORED_BEFORE,
	NATS_ACK_ERROR,
};

struct nats_ack {
	enum nats_ack_kind kind;
	uint64_t seq;
	int code; /* err_code; 0 = the answer makes no sense */
	char text[200];
};

/* nats_ack_prefix writes how the usual answer of a stream begins: nats_ack_read is quick then. */
void nats_ack_prefix(const char *stream, char *out, size_t cap);

/* nats_ack_read reads an answer to a message. stream: who should have stored it; another one is an
 * error. */
void nats_ack_read(struct nats_ack *a, const char *prefix, const char *stream, const char *text,
		   size_t len);

/* nats_ack_message reads an answer to STREAM.MSG.GET, and whether the message that it shows has
 * this body: NATS_ACK_STORED, with seq, or an error: of the server's, or code 0 = it has another.
 */
void nats_ack_message(struct nats_ack *a, const char *body, size_t body_len, const char *text,
		      size_t len);

/* A token: what it is for, the place of a unit, and which use of that place. */
struct nats_token {
	char kind;
	uint32_t place; /* below 2^18 */
	uint32_t use;   /* below 2^30 */
};

void nats_token_write(const struct nats_token *t, char out[10]);

/* nats_token_read returns 0, or -EINVAL: it is none of ours. */
int nats_token_read(struct nats_token *t, const char *text);

#endif
