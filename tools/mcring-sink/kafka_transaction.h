/* SPDX-License-Identifier: BSD-3-Clause */
/* The open transaction: its units are produced, then its position, then it is committed; or it is
 * aborted, and all of it produced again. Thread: the broker's own. Each call ends soon after
 * is_closing. */
#ifndef MCR_SINK_KAFKA_TRANSACTION_H
#define MCR_SINK_KAFKA_TRANSACTION_H

#include "kafka_state.h"

enum kafka_outcome {
	KAFKA_DONE,
	KAFKA_AGAIN, /* abort, and produce all of it again */
	KAFKA_LOST,  /* this producer can do nothing more: is_fenced, info.error */
	KAFKA_FATAL, /* info.fatal has why */
	KAFKA_CLOSING,
};

/* For rd_kafka_conf_set_dr_msg_cb; opaque is the struct sink_broker. */
void kafka_transaction_on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque);

/* Begins it if there is none, and produces what was not produced yet. What is never taken is given
 * back as refused. KAFKA_DONE: handed to librdkafka. */
enum kafka_outcome kafka_transaction_produce(struct sink_broker *b);

/* All units stored, then the position, then the commit. The position comes last, so that not even
 * who reads uncommitted messages sees one whose units are missing. */
enum kafka_outcome kafka_transaction_commit(struct sink_broker *b, const char *position);

/* KAFKA_DONE: nothing of it was stored, and all of it is to be produced again. KAFKA_AGAIN: call
 * it again, after a pause. */
enum kafka_outcome kafka_transaction_abort(struct sink_broker *b);

#endif
