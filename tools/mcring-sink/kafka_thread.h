/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread that speaks with Kafka. */
#ifndef MCR_SINK_KAFKA_THREAD_H
#define MCR_SINK_KAFKA_THREAD_H

#include "kafka_state.h"

/* So many units that wait wake the thread: it is slower to take each by itself. */
#define KAFKA_WAKE_AT 256

/* Starts it; from here on rk is the thread's. Returns 0 or -errno. */
int kafka_thread_start(struct sink_broker *b);

/* Ends it, with is_closing. */
void kafka_thread_stop(struct sink_broker *b);

#endif
