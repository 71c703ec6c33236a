/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"

#define VALUE_MAX 4096

/* What the sink's guarantees rest on. */
static const struct {
	const char *key, *why;
} reserved[] = {
    {"bootstrap.servers", "--to has the brokers' addresses"},
    {"metadata.broker.list", "--to has the brokers' addresses"},
    {"transactional.id", "it is made of --name"},
    {"enable.idempotence", "a transaction needs it"},
    {"acks", "a transaction needs all"},
    {"request.required.acks", "a transaction needs all"},
    {"isolation.level", "the position is read from what was committed"},
    {"message.copy.max.bytes", "the sink decides who owns the octets of a message"},
    {"enable.partition.eof", "the sink has to see where its position's topic ends"},
    {"auto.offset.reset", "the sink reads its position's topic from where it says"},
};

enum {
	FOR_PRODUCER = 1 << KAFKA_PRODUCER,
	FOR_READER = 1 << KAFKA_READER
};

/* Where librdkafka's own default does not suit. What --set has comes later, and wins. */
static const struct {
	unsigned roles;
	const char *key, *value;
	const char *unless; /* this property is set, to whose value librdkafka adapts key then */
} defaults[] = {
    {FOR_PRODUCER | FOR_READER, "reconnect.backoff.max.ms", "1000", NULL},
    /* A broker that says nothing is given up before it ends a transaction of 60 s. */
    {FOR_PRODUCER | FOR_READER, "socket.timeout.ms", "10000", "transaction.timeout.ms"},
    {FOR_PRODUCER, "request.timeout.ms", "10000", NULL},
    /* How long a topic may be unknown before that is an error. */
    {FOR_PRODUCER, "topic.metadata.propagation.max.ms", "5000", NULL},
    /* A request in flight must not point into a unit that was given back. */
    {FOR_PRODUCER, "message.copy.max.bytes", "1000000000", NULL},
    {FOR_READER, "isolation.level", "read_committed", NULL},
    {FOR_READER, "enable.partition.eof", "true", NULL},
    {FOR_READER, "auto.offset.reset", "earliest", NULL},
    {FOR_READER, "fetch.wait.max.ms", "50", NULL},
};

static int holds_secret(const char *key)
{
	return strstr(key, "password") || strstr(key, "secret") || strstr(key, ".pem") ||
	       strstr(key, "oauthbearer.config");
}

/* Sets a property on behalf of option. */
static int set(rd_kafka_conf_t *conf, const char *key, const char *value, const char *option,
	       struct mcr_error *err)
{
	char why[256];

	switch (rd_kafka_conf_set(conf, key, value, why, sizeof(why))) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		return mcr_error_set(err, -EINVAL, "%s: librdkafka %s has no property \"%s\"",
				     option, rd_kafka_version_str(), key);
	default:
		return mcr_error_set(err, -EINVAL, "%s: librdkafka does not take this %s%s%s",
				     option, key, holds_secret(key) ? "" : ": ",
				     holds_secret(key) ? "" : why);
	}
}

/* One KEY=VALUE of --set, the number-th. Not shown without its key: it may be a secret. */
static int set_own(rd_kafka_conf_t *conf, const char *text, unsigned number, struct mcr_error *err)
{
	const char *equals = strchr(text, '=');
	char key[128];

	if (!equals || equals == text || (size_t)(equals - text) >= sizeof(key))
		return mcr_error_set(err, -EINVAL,
				     "--set, --set-file: expected KEY=VALUE, where KEY is one of "
				     "librdkafka's properties: number %u is none",
				     number);
	snprintf(key, sizeof(key), "%.*s", (int)(equals - text), text);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (!strcmp(key, reserved[i].key))
			return mcr_error_set(err, -EINVAL, "--set %s: cannot be set: %s", key,
					     reserved[i].why);
	return set(conf, key, equals + 1, "--set", err);
}

static int is_set(const struct sink_broker_config *config, const char *key)
{
	size_t len = strlen(key);

	for (unsigned i = 0; i < config->n_sets; i++)
		if (!strncmp(config->sets[i], key, len) && config->sets[i][len] == '=')
			return 1;
	return 0;
}

/* The part of a URL from text to end, %XX as the octet. Returns 0, or -EINVAL: too long. */
static int decode(char out[VALUE_MAX], const char *text, const char *end)
{
	size_t n = 0;

	for (; text < end && n < VALUE_MAX - 1; n++) {
		char hex[3] = {0};

		if (*text == '%' && end - text > 2 && isxdigit(text[1]) && isxdigit(text[2])) {
			memcpy(hex, text + 1, 2);
			out[n] = (char)strtol(hex, NULL, 16);
			text += 3;
		} else {
			out[n] = *text++;
		}
	}
	out[n] = '\0';
	return text < end ? -EINVAL : 0;
}

/* User name and password of the URL, which end before at. */
static int set_user(rd_kafka_conf_t *conf, const struct sink_broker_config *config, const char *at,
		    struct mcr_error *err)
{
	const char *user = config->url + strlen(KAFKA_URL);
	const char *colon = memchr(user, ':', (size_t)(at - user));
	char value[VALUE_MAX];
	int r;

	if (!colon)
		return mcr_error_set(err, -EINVAL,
				     "--to kafka://USER:PASSWORD@HOST:PORT: there is no password; "
				     "it can stand in --set-file as sasl.password, too");
	r = decode(value, user, colon);
	if (r == 0)
		r = set(conf, "sasl.username", value, "--to, the user name", err);
	if (r == 0)
		r = decode(value, colon + 1, at);
	if (r == 0)
		r = set(conf, "sasl.password", value, "--to, the password", err);
	explicit_bzero(value, sizeof(value));
	if (r == 0 && !is_set(config, "sasl.mechanism") && !is_set(config, "sasl.mechanisms"))
		r = set(conf, "sasl.mechanism", "PLAIN", "--to", err);
	return r;
}

static const char *end_of_user(const char *url)
{
	return strrchr(url + strlen(KAFKA_URL), '@');
}

void kafka_conf_servers(char *out, size_t size, const char *url)
{
	const char *at = end_of_user(url);

	snprintf(out, size, "%s", at ? at + 1 : url + strlen(KAFKA_URL));
}

static int set_file(rd_kafka_conf_t *conf, const char *key, const char *path, const char *option,
		    struct mcr_error *err)
{
	if (!path)
		return 0;
	if (access(path, R_OK) != 0)
		return mcr_error_set(err, -EINVAL, "%s %s: %s", option, path, strerror(errno));
	return set(conf, key, path, option, err);
}

/* Addresses, users and TLS. */
static int set_servers(rd_kafka_conf_t *conf, const struct sink_broker_config *config,
		       struct mcr_error *err)
{
	const char *at;
	char servers[VALUE_MAX];
	int has_tls = config->tls_ca || config->tls_cert || config->tls_key, r = 0;

	if (strncmp(config->url, KAFKA_URL, strlen(KAFKA_URL)))
		return mcr_error_set(err, -EINVAL, "--to: expected kafka://HOST:PORT,...");
	at = end_of_user(config->url);
	kafka_conf_servers(servers, sizeof(servers), config->url);
	if (!*servers || strpbrk(servers, "/ \t") || servers[strlen(servers) - 1] == ',')
		return mcr_error_set(err, -EINVAL,
				     "--to: expected kafka://HOST:PORT,... with the addresses of "
				     "some brokers, not \"kafka://%s\"",
				     servers);
	r = set(conf, "bootstrap.servers", servers, "--to", err);
	if (r == 0 && at)
		r = set_user(conf, config, at, err);
	if (r == 0 && (has_tls || at) && !is_set(config, "security.protocol"))
		r = set(conf, "security.protocol",
			has_tls && at ? "sasl_ssl" : (has_tls ? "ssl" : "sasl_plaintext"), "--to",
			err);
	if (r == 0)
		r = set_file(conf, "ssl.ca.location", config->tls_ca, "--tls-ca", err);
	if (r == 0)
		r = set_file(conf, "ssl.certificate.location", config->tls_cert, "--tls-cert", err);
	if (r == 0)
		r = set_file(conf, "ssl.key.location", config->tls_key, "--tls-key", err);
	return r;
}

static int fill(rd_kafka_conf_t *conf, const struct sink_broker_config *config,
		enum kafka_role role, struct mcr_error *err)
{
	char id[128];
	int r = 0;

	if (config->credentials)
		return mcr_error_set(err, -EINVAL,
				     "--credentials: NATS has such files; for Kafka put "
				     "sasl.username and sasl.password into a --set-file");
	snprintf(id, sizeof(id), "mcring-sink-%s", config->name);
	for (size_t i = 0; r == 0 && i < sizeof(defaults) / sizeof(*defaults); i++)
		if ((defaults[i].roles & 1u << role) &&
		    !(defaults[i].unless && is_set(config, defaults[i].unless)))
			r = set(conf, defaults[i].key, defaults[i].value, "mcring-sink", err);
	if (r == 0)
		r = set(conf, "client.id", id, "--name", err);
	for (unsigned i = 0; r == 0 && i < config->n_sets; i++)
		r = set_own(conf, config->sets[i], i + 1, err);
	if (r == 0)
		r = set_servers(conf, config, err);
	if (r == 0 && role == KAFKA_PRODUCER)
		r = set(conf, "transactional.id", id, "--name", err);
	/* What goes wrong comes by callbacks; the log is for who asked for it. */
	if (r == 0 && !is_set(config, "debug"))
		rd_kafka_conf_set_log_cb(conf, NULL);
	return r;
}

int kafka_conf_make(rd_kafka_conf_t **out, const struct sink_broker_config *config,
		    enum kafka_role role, struct mcr_error *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int r = fill(conf, config, role, err);

	if (r != 0)
		rd_kafka_conf_destroy(conf);
	else
		*out = conf;
	return r;
}
