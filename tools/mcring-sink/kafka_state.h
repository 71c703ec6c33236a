/* SPDX-License-Identifier: BSD-3-Clause */
/* What the calls of broker.h and the thread that speaks with Kafka share. */
#ifndef MCR_SINK_KAFKA_STATE_H
#define MCR_SINK_KAFKA_STATE_H

#include <pthread.h>

#include <librdkafka/rdkafka.h>

#include "broker.h"
#include "kafka_topics.h"

#define KAFKA_SUSPECTS 64

/* A list of units by their next. */
struct kafka_list {
	struct sink_unit *first, *last;
	uint64_t n;
};

/* A unit that Kafka never takes. */
struct kafka_refusal {
	struct sink_done done;
	struct kafka_refusal *next;
};

struct sink_broker {
	const struct sink_broker_config *config;
	int fd;         /* an eventfd: something was given back, or room was made */
	int is_running; /* the thread was started */
	pthread_t thread;
	pthread_cond_t wake; /* the thread waits on it; CLOCK_MONOTONIC */

	pthread_mutex_t lock;          /* of all up to the next line */
	struct kafka_list waiting;     /* taken by send, not yet by the thread */
	struct kafka_list stored;      /* to be given back */
	struct kafka_refusal *refused; /* to be given back */
	char *text;                    /* of the checkpoint that is not stored yet */
	uint64_t text_after;           /* it holds when so many units of all are stored */
	uint64_t sent, given_back;     /* units */
	int is_open;                   /* the thread has units of an open transaction */
	int is_closing;
	struct sink_broker_info info;

	/* The thread's; before it runs, who calls open and load. */
	rd_kafka_t *rk;
	struct kafka_topics topics;
	struct kafka_list transaction; /* the units of the open one, in order */
	struct sink_unit *produced;    /* the last of them that was produced; NULL = none yet */
	uint64_t taken;                /* units, of all */
	int has_begun;                 /* begin_transaction was called */
	uint64_t begun_ns;             /* then, CLOCK_MONOTONIC */
	char *committed;   /* the text of the last position known to be stored, or NULL */
	int has_failed;    /* the transaction has to be aborted */
	int is_fenced;     /* the broker has a newer producer of the name */
	int is_denied;     /* a broker does not take user and password */
	unsigned pause_ms; /* before the next try */
	/* A broker refuses a batch as a whole. Its units are suspects, and have a batch each when
	 * they are sent again: then the one that is refused is the guilty one. */
	struct sink_unit *suspects[KAFKA_SUSPECTS], *alone, *guilty;
	unsigned n_suspects;
	rd_kafka_resp_err_t guilt;
};

static inline void kafka_list_add(struct kafka_list *list, struct sink_unit *unit)
{
	unit->next = NULL;
	if (list->last)
		list->last->next = unit;
	else
		list->first = unit;
	list->last = unit;
	list->n++;
}

/* Moves all units of from behind those of to. */
static inline void kafka_list_move(struct kafka_list *to, struct kafka_list *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->n += from->n;
	*from = (struct kafka_list){0};
}

#endif
