/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection to a stats socket: it asks, and collects the line that is the answer. No call waits.
 */
#ifndef MCR_EXPORTER_QUESTION_H
#define MCR_EXPORTER_QUESTION_H

#include <stddef.h>

struct question {
	int fd; /* -1 = none is open */
	char *text;
	size_t len, cap;
	size_t limit; /* of an answer, in octets */
};

/* question_open connects. Returns 0 or -errno: -EAGAIN when others wait to be accepted, and there
 * is no room for one more. */
int question_open(struct question *q, const char *path, size_t limit);

/* question_ask sends a request, a line with its newline, and forgets the answer before. Returns 0
 * or -errno. */
int question_ask(struct question *q, const char *request);

/* question_more receives what has come. Returns 1 when the answer is whole: text holds len octets
 * without the newline; 0 when more is to come; or -errno: -EPIPE for a connection that ended,
 * -EMSGSIZE for an answer above the limit. */
int question_more(struct question *q);

void question_close(struct question *q);

#endif
