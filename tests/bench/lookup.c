/* SPDX-License-Identifier: BSD-3-Clause */
/* lookup GROUPS LOOKUPS: what a match costs by the number of groups. Each of the groups 239.0.0.0
 * and up is joined on a port of its own; packets ask for them in an order that no prefetcher knows.
 * Prints nanoseconds a lookup, the loop and the choice of the group included; docs/design.md has
 * the figures and how to count instructions. Exit status 1: a lookup found nothing. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <core/group_table.h>
#include <mcring/engine.h>

#define FIRST 0xef000000u /* 239.0.0.0 */
#define PORT  5000

static struct mcr_group_table *make_table(uint32_t n)
{
	struct mcr_join *joins = calloc(n, sizeof(*joins));
	struct mcr_rule *rules = calloc(n, sizeof(*rules));
	struct mcr_group_table *table = NULL;

	for (uint32_t i = 0; joins && rules && i < n; i++) {
		joins[i].group = mcr_address_from_ipv4(htonl(FIRST + i));
		joins[i].port = PORT;
		rules[i] = (struct mcr_rule){.join = &joins[i], .membership = i};
	}
	if (!joins || !rules || mcr_group_table_create(&table, rules, n) < 0)
		fprintf(stderr, "lookup: no memory\n");
	free(rules);
	free(joins);
	return table;
}

/* Returns how many were found. */
static uint64_t look_up(const struct mcr_group_table *table, uint32_t n, uint64_t lookups)
{
	struct mcr_target targets[MCR_CHANNELS_MAX];
	uint64_t found = 0, random = 1;
	uint32_t membership;

	for (uint64_t i = 0; i < lookups; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint32_t group = (uint32_t)((random >> 32) * n >> 32);

		found += mcr_group_table_match(table, 0, htonl(FIRST + group), PORT,
					       htonl(0x0a000001), targets, &membership) == 1 &&
			 membership == group;
	}
	return found;
}

int main(int argc, char **argv)
{
	uint32_t n = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	uint64_t lookups = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, found;
	struct mcr_group_table *table;
	struct timespec start, end;

	if (n == 0 || lookups == 0) {
		fprintf(stderr, "usage: lookup GROUPS LOOKUPS\n");
		return EXIT_FAILURE;
	}
	table = make_table(n);
	if (!table)
		return EXIT_FAILURE;
	clock_gettime(CLOCK_MONOTONIC, &start);
	found = look_up(table, n, lookups);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%u groups: %.2f ns a lookup\n", n,
	       ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
		   (double)lookups);
	mcr_group_table_destroy(table);
	return found == lookups ? EXIT_SUCCESS : EXIT_FAILURE;
}
