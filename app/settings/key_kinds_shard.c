/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of hosts, and what they weigh. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/shard.h"
#include "settings/fail.h"
#include "settings/key_kinds.h"
#include "settings/settings.h"
#include "settings/values.h"

static int parse_host(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	if (mcr_shard_name(field, text) == 0)
		return 0;
	return mcr_fail(err, -EINVAL,
			"'%.64s': expected the name of a host: at most %d letters, digits, '.', "
			"'_' and '-'",
			text, MCR_SHARD_NAME_MAX - 1);
}

static void print_host(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", (const char *)field);
}

/* Two forms of one host's name would be two hosts to the hash. */
static int is_new(const char *host, const char *other, struct mcr_error *err)
{
	if (!mcr_shard_is_same(host, other))
		return 0;
	if (strcmp(host, other) == 0)
		return mcr_fail(err, -EINVAL, "'%s' stands here twice", host);
	return mcr_fail(err, -EINVAL, "'%s' and '%s' may be the same host: write all in full",
			other, host);
}

static int too_many(struct mcr_error *err)
{
	return mcr_fail(err, -E2BIG, "more than %d hosts", MCR_SHARD_HOSTS_MAX);
}

static int parse_hosts(const struct mcr_key *key, void *field, const char *text,
		       struct mcr_error *err)
{
	char(*hosts)[MCR_SHARD_NAME_MAX] = (void *)((char *)field + 1), name[MCR_SHARD_NAME_MAX];
	uint8_t *n = field;
	int ret = parse_host(key, name, text, err);

	for (unsigned i = 0; ret == 0 && i < *n; i++)
		ret = is_new(name, hosts[i], err);
	if (ret < 0)
		return ret;
	if (*n == MCR_SHARD_HOSTS_MAX)
		return too_many(err);
	memset(hosts[*n], 0, sizeof(hosts[*n]));
	strcpy(hosts[(*n)++], name);
	return 0;
}

static void print_hosts(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const char *hosts = (const char *)field + 1;
	size_t used = 0;

	for (unsigned i = 0; i < *(const uint8_t *)field && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", used ? "+" : "",
					 hosts + i * MCR_SHARD_NAME_MAX);
}

static int parse_weights(const struct mcr_key *key, void *field, const char *text,
			 struct mcr_error *err)
{
	struct mcr_shard_weight *list = (void *)((char *)field + 1), one = {.weight = 0};
	const char *colon = strrchr(text, ':');
	char host[MCR_SHARD_NAME_MAX + 1];
	uint64_t weight = 0;
	uint8_t *n = field;
	int ret;

	if (!colon)
		return mcr_fail(err, -EINVAL, "'%.64s': expected a host and its weight, as in a:2",
				text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	ret = parse_host(key, one.host, host, err);
	if (ret == 0)
		ret = mcr_value_uint(&weight, colon + 1, key->min, key->max, err);
	for (unsigned i = 0; ret == 0 && i < *n; i++)
		ret = is_new(one.host, list[i].host, err);
	if (ret < 0)
		return ret;
	if (*n == MCR_SHARD_HOSTS_MAX)
		return too_many(err);
	one.weight = (uint8_t)weight;
	list[(*n)++] = one;
	return 0;
}

static void print_weights(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const struct mcr_shard_weight *list = (const void *)((const char *)field + 1);
	size_t used = 0;

	for (unsigned i = 0; i < *(const uint8_t *)field && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s:%u", used ? "+" : "",
					 list[i].host, list[i].weight);
}

const struct mcr_key_kind mcr_kind_host = {parse_host, print_host, 0};
const struct mcr_key_kind mcr_kind_hosts = {parse_hosts, print_hosts, '+'};
const struct mcr_key_kind mcr_kind_weights = {parse_weights, print_weights, '+'};
