/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules of either family, four octets of input each and from small ranges so that they meet,
 * against a literal reading of them for every group, port and interface there is. */
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
	struct mcr_address group, source;
};

static void check(int ok)
{
	if (!ok)
		abort();
}

static struct mcr_address address(int ipv6, uint8_t first, uint32_t number)
{
	struct mcr_address a = mcr_address_from_ipv4(0);

	if (ipv6)
		a = (struct mcr_address){.octets = {first, 0x15}};
	number = htobe32(number);
	memcpy(a.octets + 12, &number, sizeof(number));
	return a;
}

static void make_rule(struct mcr_join *join, struct mcr_address *sources, struct mcr_rule *rule,
		      const uint8_t *d)
{
	memset(join, 0, sizeof(*join));
	join->group = address(d[1] >> 5 & 1, 0xff, 0xef010100u + (d[0] & 3));
	join->sources = sources;
	join->port = (uint16_t)(d[0] >> 2 & 3);
	join->id = d[1] & 7;
	join->mode = d[0] >> 4 & 1;
	for (uint32_t s = 0; s < 16; s++) /* 16 sources: also lists for the binary search */
		if ((d[2] | d[3] << 8) >> s & 1)
			sources[join->n_sources++] =
			    address(d[1] >> 5 & 1, 0x20, 0x0a000000u + s * 2);
	*rule = (struct mcr_rule){.join = join,
				  .interface = d[0] >> 5 & 1,
				  .channel = d[1] >> 3 & 3,
				  .membership = d[0] & 3,
				  .is_shared = d[0] & 1};
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

		if (rules[i].interface != q->interface || !mcr_address_is_equal(j->group, q->group))
			continue;
		if (j->port == 0 || j->port == q->port)
			came = 2;
		*outcome = came > *outcome ? came : *outcome;
		for (unsigned k = 0; k < j->n_sources; k++)
			listed |= mcr_address_is_equal(j->sources[k], q->source);
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
	int got =
	    mcr_address_is_ipv4(q->group)
		? mcr_group_table_match(table, q->interface, mcr_address_ipv4_be(q->group), q->port,
					mcr_address_ipv4_be(q->source), targets, &membership)
		: mcr_group_table_match_ipv6(table, q->interface, q->group.octets, q->port,
					     q->source.octets, targets, &membership);

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
		check(membership == (q->group.octets[15] & 3u));
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
	for (uint32_t i = 0; i < 2 * 2 * 5 * 4; i++) { /* one group is unknown */
		for (uint32_t s = 0; s < 34; s += 1 + (i & 1)) {
			const struct query q = {.interface = (uint16_t)(i & 1),
						.port = (uint16_t)(i / 10 % 4),
						.group =
						    address(i >= 40, 0xff, 0xef010100u + i / 2 % 5),
						.source = address(i >= 40, 0x20, 0x0a000000u + s)};

			look_up(table, rules, n, &q);
		}
	}
	mcr_group_table_destroy(table);
	return 0;
}
