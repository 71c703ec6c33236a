/* SPDX-License-Identifier: BSD-3-Clause */
/* The transactional producer of a sink, from its start to the position it goes on from. Thread: who
 * calls open and load; later the broker's own. */
#ifndef MCR_SINK_KAFKA_PRODUCER_H
#define MCR_SINK_KAFKA_PRODUCER_H

#include "kafka_state.h"

/* kafka_producer_open makes b->rk. Errors: -EINVAL, -ENOMEM. */
int kafka_producer_open(struct sink_broker *b, struct mcr_error *err);

/* kafka_producer_reach waits for a broker's answer, until deadline_ns (CLOCK_MONOTONIC).
 * Errors: -EACCES, -ETIMEDOUT. */
int kafka_producer_reach(struct sink_broker *b, uint64_t deadline_ns, struct mcr_error *err);

/* kafka_producer_load fences older producers of the name, and reads its position: malloc'd, NULL =
 * none. Where there is no topic for it, one is made. With is_check, only reads.
 * Errors: -EACCES, -ENOENT, -ETIMEDOUT, -EPROTO, -ENOMEM. */
int kafka_producer_load(struct sink_broker *b, uint64_t deadline_ns, char **text,
			struct mcr_error *err);

/* Ends it at once: units that it had are untouched from here on. */
void kafka_producer_close(struct sink_broker *b);

/* After KAFKA_LOST. If that is because the transaction was open for longer than brokers allow, in
 * an outage, say, begins anew with another producer: *is_stored says whether position, which was
 * being committed (or NULL), is what the broker has now. Returns 0, or -errno with err: else, or
 * if another process has written a position since; -ECANCELED: is_closing. */
int kafka_producer_renew(struct sink_broker *b, const char *position, int *is_stored,
			 struct mcr_error *err);

#endif
