/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules, four octets of input each and from small ranges so that they meet, against a literal
 * reading of them for every group, port and interface there is. */
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <core/group_table.h>
#include <mcring/engine.h>

#define RULES_MAX 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct query {
	uint16_t interface, port;
	uint32_t group_be, source_be;
};

static void check(int ok)
{
	if (!ok)
		abort();
}

static void make_rule(struct mcr_join *join, struct mcr_address *sources, struct mcr_rule *rule,
		      const uint8_t *d)
{
	memset(join, 0, sizeof(*join));
	join->group = mcr_address_from_ipv4(htobe32(0xef010100u + (d[0] & 3)));
	join->sources = sources;
	join->port = (uint16_t)(d[0] >> 2 & 3);
	join->id = d[1] & 7;
	join->mode = d[0] >> 4 & 1;
	for (uint32_t s = 0; s < 16; s++) /* 16 sources: also lists for the binary search */
		if ((d[2] | d[3] << 8) >> s & 1)
			sources[join->n_sources++] =
			    mcr_address_from_ipv4(htobe32(0x0a000000u + s * 2));
	*rule = (struct mcr_rule){join, d[0] >> 5 & 1, d[1] >> 3 & 3, d[0] & 3};
}

/* The id that a channel gets, or -1; *outcome grows with how far the best rule came. */
static int64_t wanted(const struct mcr_rule *rules, size_t n, unsigned channel,
		      const struct query *q, int *outcome)
{
	int64_t id = -1;
	int best = 0;

	for (size_t i = 0; i < n; i++) {
		const struct mcr_join *j = rules[i].join;
		int listed = 0, score, came = 1;

		if (rules[i].interface != q->interface ||
		    mcr_address_ipv4_be(j->group) != q->group_be)
			continue;
		if (j->port == 0 || j->port == q->port)
			came = 2;
		*outcome = came > *outcome ? came : *outcome;
		for (unsigned k = 0; k < j->n_sources; k++)
			listed |= mcr_address_ipv4_be(j->sources[k]) == q->source_be;
		score = 1 + 2 * (j->port != 0) + listed;
		if (came < 2 || rules[i].channel != channel || listed != j->mode || score <= best)
			continue;
		best = score;
		id = j->id;
	}
	return id;
}

static void look_up(const struct mcr_group_table *table, const struct mcr_rule *rules, size_t n,
		    const struct query *q)
{
	static const int reasons[] = {MCR_DROP_UNKNOWN_GROUP, MCR_DROP_UNKNOWN_PORT,
				      MCR_DROP_WRONG_SOURCE};
	struct mcr_target targets[MCR_CHANNELS_MAX];
	uint32_t membership = UINT32_MAX;
	int outcome = 0, n_wanted = 0;
	int got = mcr_group_table_match(table, q->interface, q->group_be, q->port, q->source_be,
					targets, &membership);

	for (unsigned channel = 0; channel < 4; channel++) {
		const int64_t id = wanted(rules, n, channel, q, &outcome);
		int64_t found = -1;

		for (int i = 0; i < got; i++)
			if (targets[i].channel == channel)
				found = targets[i].id;
		check(found == id);
		n_wanted += id >= 0;
	}
	if (n_wanted > 0) {
		check(got == n_wanted);
		check(membership == (be32toh(q->group_be) & 3));
	} else {
		check(got == -(1 + reasons[outcome]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_address sources[RULES_MAX][16];
	struct mcr_join joins[RULES_MAX];
	struct mcr_rule rules[RULES_MAX];
	struct mcr_group_table *table = NULL;
	size_t n = 0, want;

	if (size < 1)
		return 0;
	want = data[0] % (RULES_MAX + 1);
	for (data++, size--; n < want && size >= 4; n++, data += 4, size -= 4)
		make_rule(&joins[n], sources[n], &rules[n], data);
	check(mcr_group_table_create(&table, rules, n) == 0);
	for (uint32_t i = 0; i < 2 * 5 * 4; i++) { /* one group is unknown */
		for (uint32_t s = 0; s < 34; s += 1 + (i & 1)) {
			const struct query q = {.interface = (uint16_t)(i & 1),
						.port = (uint16_t)(i / 10),
						.group_be = htobe32(0xef010100u + i / 2 % 5),
						.source_be = htobe32(0x0a000000u + s)};

			look_up(table, rules, n, &q);
		}
	}
	mcr_group_table_destroy(table);
	return 0;
}
