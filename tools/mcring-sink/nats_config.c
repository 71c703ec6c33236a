/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nats_config.h"

#define SCHEME     "nats://"
#define SCHEME_TLS "tls://"

static int refuse(struct mcr_error *err, const char *what, const char *text, const char *do_this)
{
	snprintf(err->text, sizeof(err->text), "%s '%s': %s", what, text, do_this);
	return -EINVAL;
}

/* duplicate copies a text that may be NULL. Returns whether there was memory for it. */
static int duplicate(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

/* add_server appends a server of the list; login: that of the first, with its '@', which others
 * have, too, unless they name one. */
static int add_server(struct nats_config *c, const char *one, const char *login)
{
	if (strchr(one, '@'))
		login = "";
	if (asprintf(&c->servers[c->n_servers], SCHEME "%s%s", login, one) < 0)
		return -ENOMEM;
	c->n_servers++;
	return 0;
}

/* read_servers: nats://[LOGIN@]HOST[:PORT],[SCHEME][LOGIN@]HOST[:PORT],... */
static int read_servers(struct nats_config *c, const char *url, struct mcr_error *err)
{
	char *list = strdup(url), *rest = list, *one, *login = NULL;
	int rc = list ? 0 : -ENOMEM;

	while (!rc && (one = strsep(&rest, ","))) {
		char shown[128];

		if (strncmp(one, SCHEME_TLS, strlen(SCHEME_TLS)) == 0) {
			c->is_tls = 1;
			one += strlen(SCHEME_TLS);
		} else if (strncmp(one, SCHEME, strlen(SCHEME)) == 0) {
			one += strlen(SCHEME);
		}
		char *at = strrchr(one, '@');
		const char *host = at ? at + 1 : one;

		if (c->n_servers == NATS_SERVERS_MAX)
			rc = refuse(err, "--to", nats_config_server(url, shown, sizeof(shown)),
				    "more than 32 servers");
		else if (!*host || strpbrk(host, "/ ?#") || strstr(one, "://"))
			rc = refuse(err, "--to: server", host,
				    "expected nats://HOST[:PORT][,HOST[:PORT]]...");
		if (!rc && at && !login)
			login = strndup(one, (size_t)(at + 1 - one));
		if (!rc)
			rc = add_server(c, one, login ? login : "");
	}
	free(login);
	free(list);
	return rc;
}

/* read_time: digits and ms, s, m, h or d. */
static int read_time(const char *text, int64_t *ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"ms", 1000000},
		     {"s", 1000000000},
		     {"m", 60000000000},
		     {"h", 3600000000000},
		     {"d", 86400000000000}};
	char *end;

	errno = 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	const unsigned long long n = strtoull(text, &end, 10);
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (errno || n > INT64_MAX / (unsigned long long)units[i].ns)
			return -EINVAL;
		*ns = (int64_t)n * units[i].ns;
		return *ns ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static int read_number(const char *text, int64_t max, int64_t *n)
{
	char *end;

	errno = 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	*n = strtoll(text, &end, 10);
	return errno || *end || *n < 1 || *n > max ? -EINVAL : 0;
}

static int read_stream_word(struct nats_stream_option *s, char *word, struct mcr_error *err)
{
	char *value = strchr(word, '=');
	int rc = -EINVAL;

	if (value)
		*value++ = '\0';
	if (!value) {
		if (strcmp(word, "create") != 0)
			return refuse(err, "--stream", word, "expected create or KEY=VALUE");
		s->is_made = 1;
		return 0;
	}
	if (strcmp(word, "replicas") == 0) {
		rc = read_number(value, 5, &s->replicas);
	} else if (strcmp(word, "max_bytes") == 0) {
		rc = read_number(value, INT64_MAX, &s->max_bytes);
	} else if (strcmp(word, "window") == 0) {
		rc = read_time(value, &s->window_ns);
	} else if (strcmp(word, "max_age") == 0) {
		rc = read_time(value, &s->max_age_ns);
	} else if (strcmp(word, "storage") == 0) {
		rc = strcmp(value, "file") == 0 || strcmp(value, "memory") == 0 ? 0 : -EINVAL;
		s->storage = *value;
	} else {
		return refuse(err, "--stream", word,
			      "expected create, replicas, storage, window, max_age or max_bytes");
	}
	if (!rc)
		return 0;
	value[-1] = '=';
	return refuse(
	    err, "--stream", word,
	    "replicas are 1 to 5, storage is file or memory, bytes are a number, a time is "
	    "a number and ms, s, m, h or d");
}

static int read_stream(struct nats_stream_option *s, const char *text, struct mcr_error *err)
{
	char *list = strdup(text ? text : ""), *rest = list, *word;
	int rc = list ? 0 : -ENOMEM;

	if (rc)
		return rc;
	word = strsep(&rest, ",");
	if (!*word || strpbrk(word, " \t.*>/\\=")) /* as the server does */
		rc = refuse(
		    err, "--stream", text ? text : "",
		    "it begins with the name of a JetStream stream: no blanks, none of .*>/\\=");
	else
		rc = duplicate(&s->name, word) ? 0 : -ENOMEM;
	while (!rc && (word = strsep(&rest, ",")))
		rc = read_stream_word(s, word, err);
	free(list);
	return rc;
}

int nats_config_init(struct nats_config *c, const struct sink_broker_config *from,
		     struct mcr_error *err)
{
	int rc;

	*c = (struct nats_config){.is_check = from->is_check};
	if (from->n_sets)
		return refuse(err, "--set", from->sets[0], "it is for Kafka alone");
	rc = read_servers(c, from->url, err);
	if (!rc)
		rc = read_stream(&c->stream, from->stream, err);
	if (rc)
		return rc;
	if (!from->tls_cert != !from->tls_key)
		return refuse(err, "--tls-cert and --tls-key",
			      from->tls_cert ? from->tls_cert : from->tls_key,
			      "one needs the other");
	if (from->tls_ca || from->tls_cert)
		c->is_tls = 1;
	if (!duplicate(&c->name, from->name) || !duplicate(&c->prefix, from->prefix) ||
	    !duplicate(&c->credentials, from->credentials) ||
	    !duplicate(&c->tls_ca, from->tls_ca) || !duplicate(&c->tls_cert, from->tls_cert) ||
	    !duplicate(&c->tls_key, from->tls_key))
		return -ENOMEM;
	return 0;
}

void nats_config_free(struct nats_config *c)
{
	for (int i = 0; i < c->n_servers; i++)
		free(c->servers[i]);
	free(c->stream.name);
	free(c->name);
	free(c->prefix);
	free(c->credentials);
	free(c->tls_ca);
	free(c->tls_cert);
	free(c->tls_key);
}

char *nats_config_add_login(const struct nats_config *c, const char *url)
{
	const char *first = c->servers[0] + strlen(SCHEME), *at = strrchr(first, '@');
	char server[256], *out;

	nats_config_server(url, server, sizeof(server));
	return asprintf(&out, SCHEME "%.*s%s", at ? (int)(at + 1 - first) : 0, first,
			server + strlen(SCHEME)) < 0
		   ? NULL
		   : out;
}

const char *nats_config_server(const char *url, char *out, size_t cap)
{
	const char *host = strstr(url, "://");
	const char *at = strrchr(url, '@');

	host = at ? at + 1 : host ? host + 3 : url;
	snprintf(out, cap, SCHEME "%s", host);
	return out;
}
