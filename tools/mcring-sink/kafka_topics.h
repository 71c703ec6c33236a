/* SPDX-License-Identifier: BSD-3-Clause */
/* The topics that a producer has written to, by name: librdkafka itself would walk through all of
 * them for each message. Thread: one. */
#ifndef MCR_SINK_KAFKA_TOPICS_H
#define MCR_SINK_KAFKA_TOPICS_H

#include <librdkafka/rdkafka.h>

struct kafka_topic {
	rd_kafka_topic_t *rkt;
	rd_kafka_resp_err_t refusal; /* bodies of so many octets and more are refused; 0 = none */
	uint32_t refused;
	uint64_t since_ns; /* CLOCK_MONOTONIC of that */
};

struct kafka_topics {
	struct kafka_topic **slots; /* open addressing; size is a power of two, or 0 */
	uint32_t size, n;
};

/* kafka_topics_find finds a topic, or makes it. It stays where it is until kafka_topics_clear.
 * Returns NULL if librdkafka does not take the name. */
struct kafka_topic *kafka_topics_find(struct kafka_topics *topics, rd_kafka_t *rk,
				      const char *name);

/* Before rd_kafka_destroy. */
void kafka_topics_clear(struct kafka_topics *topics);

#endif
