/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sink was told of NATS: servers, the stream, what proves who it is. Its own copy of all
 * texts, since the thread of nats.c may outlive what it was made from. */
#ifndef MCR_SINK_NATS_CONFIG_H
#define MCR_SINK_NATS_CONFIG_H

#include <stdint.h>

#include <mcring/types.h>

#include "broker.h"

#define NATS_SERVERS_MAX 32

/* --stream NAME[,create][,replicas=N][,storage=file|memory][,window=TIME][,max_age=TIME]
 * [,max_bytes=N] */
struct nats_stream_option {
	char *name;
	int is_made;        /* create: where there is none */
	int64_t replicas;   /* 0 = not given */
	int storage;        /* 'f', 'm', or 0 = not given */
	int64_t window_ns;  /* of duplicates; 0 = not given */
	int64_t max_age_ns; /* likewise */
	int64_t max_bytes;  /* likewise */
};

struct nats_config {
	char *servers[NATS_SERVERS_MAX]; /* nats://[USER[:PASSWORD]@]HOST[:PORT] */
	int n_servers;
	int is_tls;
	struct nats_stream_option stream;
	char *name, *prefix;
	int is_check; /* look only: make nothing, write nothing */
	char *credentials, *tls_ca, *tls_cert, *tls_key; /* NULL = none */
};

/* nats_config_init reads what the sink's command line says. Returns 0, -EINVAL with err, or
 * -ENOMEM. In every case nats_config_free frees what was made. */
int nats_config_init(struct nats_config *c, const struct sink_broker_config *from,
		     struct mcr_error *err);
void nats_config_free(struct nats_config *c);

/* nats_config_add_login makes the URL of another server (nats://HOST:PORT) of the cluster, with the
 * user and the password of the first. Returns it, malloc'd, or NULL. */
char *nats_config_add_login(const struct nats_config *c, const char *url);

/* nats_config_server writes a server's URL without user and password. Returns out. */
const char *nats_config_server(const char *url, char *out, size_t cap);

#endif
