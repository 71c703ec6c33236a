/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a sink's position stands in Kafka: the newest record of its name in partition 0 of one
 * topic, which is to be compacted. Always that partition: so it does not matter how many there
 * are, or whether more are added. */
#ifndef MCR_SINK_KAFKA_POSITION_H
#define MCR_SINK_KAFKA_POSITION_H

#include <librdkafka/rdkafka.h>
#include <mcring/types.h>

#include "broker.h"

#define KAFKA_POSITION_TOPIC     "mcring-sink"
#define KAFKA_POSITION_PARTITION 0

/* kafka_position_prepare makes the topic if there is none: compacted, or, with a broker that
 * cannot be told so, as the broker makes topics. Waits until deadline_ns (CLOCK_MONOTONIC).
 * Errors: -EACCES, -ENOENT (there is none and the broker makes none), -ETIMEDOUT, -ENOMEM. */
int kafka_position_prepare(rd_kafka_t *producer, uint64_t deadline_ns, struct mcr_error *err);

/* kafka_position_read reads the newest committed position of config->name. A transaction of
 * another sink that is still open is waited for: what comes after it is not to be read before.
 * *text is malloc'd; NULL if there is no position, or no topic.
 * Errors: -EINVAL (configuration), -EACCES, -ETIMEDOUT, -EPROTO, -ENOMEM. */
int kafka_position_read(const struct sink_broker_config *config, uint64_t deadline_ns, char **text,
			struct mcr_error *err);

#endif
