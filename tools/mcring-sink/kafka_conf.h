/* SPDX-License-Identifier: BSD-3-Clause */
/* librdkafka's configuration, made of the sink's: addresses, TLS, and the properties of --set. */
#ifndef MCR_SINK_KAFKA_CONF_H
#define MCR_SINK_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>
#include <mcring/types.h>

#include "broker.h"

#define KAFKA_URL "kafka://"

enum kafka_role {
	KAFKA_PRODUCER,
	KAFKA_READER
};

/* kafka_conf_make makes the configuration of a transactional producer, or of a reader of committed
 * messages, in *out, which is the caller's or, later, rd_kafka_new's.
 * Returns 0, -EINVAL with an err that names the property but no secret, or -ENOMEM. */
int kafka_conf_make(rd_kafka_conf_t **out, const struct sink_broker_config *config,
		    enum kafka_role role, struct mcr_error *err);

/* kafka_conf_servers puts the addresses of url into out, without user name and password. */
void kafka_conf_servers(char *out, size_t size, const char *url);

#endif
