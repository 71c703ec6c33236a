/* SPDX-License-Identifier: BSD-3-Clause */
/* What info tells, written by the thread that speaks with Kafka. */
#ifndef MCR_SINK_KAFKA_NOTE_H
#define MCR_SINK_KAFKA_NOTE_H

#include "kafka_state.h"

uint64_t kafka_now_ns(void); /* CLOCK_MONOTONIC */
int kafka_is_closing(struct sink_broker *b);

/* The fd becomes readable. Call it with the lock held. */
void kafka_wake_caller(struct sink_broker *b);

/* A broker has answered: what was wrong has passed. */
void kafka_note_answer(struct sink_broker *b);

/* What is wrong, until an answer. */
__attribute__((format(printf, 2, 3))) void kafka_note_error(struct sink_broker *b,
							    const char *format, ...);

/* All brokers that are known are gone. */
void kafka_note_down(struct sink_broker *b);

/* Nothing goes on; is_taken_over: as another process of the name does. */
__attribute__((format(printf, 3, 4))) void
kafka_note_fatal(struct sink_broker *b, int is_taken_over, const char *format, ...);

/* Gives a unit back that Kafka never takes. */
__attribute__((format(printf, 3, 4))) void
kafka_note_refused(struct sink_broker *b, struct sink_unit *unit, const char *format, ...);

#endif
