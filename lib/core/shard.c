/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/shard.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/text_hash.h"

/* The finalizer of splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._-", c));
}

int mcr_shard_name(char out[MCR_SHARD_NAME_MAX], const char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len >= MCR_SHARD_NAME_MAX || text[0] == '.' || text[0] == '-')
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
		if (!is_of_name(out[i]))
			return -EINVAL;
	}
	out[len] = '\0';
	return 0;
}

int mcr_shard_is_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b || (!*a && *b == '.') || (!*b && *a == '.');
}

uint64_t mcr_shard_score(const struct mcr_shard_host *host, const char *key)
{
	const uint64_t of_host = mcr_text_hash(host->name), of_key = mix(mcr_text_hash(key));
	uint64_t best = 0;

	for (uint64_t i = 0; i < host->weight; i++) {
		uint64_t draw = mix(mix(of_host + i * UINT64_C(0x9e3779b97f4a7c15)) ^ of_key);

		best = draw > best ? draw : best;
	}
	return best;
}

uint64_t mcr_shard_owners(const struct mcr_shard *shard, const char *key)
{
	uint64_t scores[MCR_SHARD_HOSTS_MAX], owners = 0;

	for (unsigned i = 0; i < shard->n; i++)
		scores[i] = mcr_shard_score(&shard->hosts[i], key);
	for (unsigned k = 0; k < shard->copies; k++) {
		unsigned best = MCR_SHARD_HOSTS_MAX;

		for (unsigned i = 0; i < shard->n; i++) {
			if (owners >> i & 1)
				continue;
			if (best == MCR_SHARD_HOSTS_MAX || scores[i] > scores[best] ||
			    (scores[i] == scores[best] &&
			     strcmp(shard->hosts[i].name, shard->hosts[best].name) < 0))
				best = i;
		}
		if (best < MCR_SHARD_HOSTS_MAX)
			owners |= UINT64_C(1) << best;
	}
	return owners;
}

uint64_t mcr_shard_digest(const struct mcr_shard *shard)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < shard->n; i++)
		sum += mix(mcr_text_hash(shard->hosts[i].name) + mix(shard->hosts[i].weight));
	return mix(sum + shard->copies);
}
