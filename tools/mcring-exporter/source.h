/* SPDX-License-Identifier: BSD-3-Clause */
/* One stats socket: what it said last, and the question that is under way. It is asked only when
 * somebody wants to know, one question at a time and at most one a second, `why` at most one in 5
 * s. A source that did not answer in time is waited for by nobody until it does. */
#ifndef MCR_EXPORTER_SOURCE_H
#define MCR_EXPORTER_SOURCE_H

#include <stdint.h>
#include <sys/un.h>

#include <jansson.h>

#include "answer.h"
#include "question.h"
#include "readers.h"

#define SOURCE_PATH 108 /* octets, as in struct sockaddr_un */
#define SECOND_NS   1000000000u

enum source_stage {
	SOURCE_IDLE,
	SOURCE_KNOCKS, /* others wait to be accepted */
	SOURCE_STATS,  /* asked for stats */
	SOURCE_WHY,    /* asked why */
};

struct source {
	char path[SOURCE_PATH];
	char name[SOURCE_PATH]; /* the label `engine`: no other source has it */
	int is_there;           /* found by the last look at the run directories */
	unsigned groups;        /* to ask for */

	struct question question;
	enum source_stage stage;
	uint64_t asked_ns;     /* the last question began; 0 = never */
	uint64_t knocked_ns;   /* it was last tried to connect */
	uint64_t why_asked_ns; /* monotonic, like all here */

	int is_up;                /* it answered the last question in time */
	int is_slow;              /* it did not, and is not waited for */
	char error[ANSWER_ERROR]; /* why it is not up */
	json_t *stats, *why;      /* NULL = none, or no more */
	struct readers readers;   /* of stats */
	uint64_t answered_ns;     /* stats came */
	uint64_t took_ns;         /* from the question to the end of its last answer */
	uint64_t octets;          /* of the answers to the last question */
	uint64_t questions, failures;
};

/* source_ask begins a question when one is due. */
void source_ask(struct source *s, uint64_t now_ns);

/* source_go_on receives; has_more: the socket has something. Returns 1 when the question is
 * settled, by an answer, an error or the end of its time, else 0. */
int source_go_on(struct source *s, int has_more, uint64_t now_ns);

/* source_deadline_ns says when source_go_on is to be called, whatever comes before. */
uint64_t source_deadline_ns(const struct source *s);

void source_clear(struct source *s);

#endif
