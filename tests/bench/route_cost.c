/* SPDX-License-Identifier: BSD-3-Clause */
/* route_cost GROUPS ipv4|ipv6 any|sources [ROUNDS]: what routes cost. Two downstream interfaces
 * want each of the groups, of any source or of three sources each. Packets come in an order that no
 * prefetcher knows. Prints one JSON object: medians over the rounds (9), in CPU time of the thread.
 *
 * For instructions, of one round:
 * valgrind --tool=callgrind --toggle-collect='phase_lookup*' route_cost ... 1 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/route/route_set.h"
#include "core/route/route_table.h"

#define INTERFACES 3u /* 0 is upstream */
#define SOURCES    3u
#define LOOKUPS    100000u
#define ROUNDS_MAX 99u
#define NOINLINE   __attribute__((noinline))

enum phase {
	FIRST,  /* each group's first member: its route */
	CHANGE, /* a second output of each */
	TABLE,  /* a snapshot of all */
	LOOKUP,
	PHASES
};

static const char *const names[PHASES] = {"first_ns_a_group", "change_ns_a_group",
					  "table_ns_a_group", "lookup_ns_a_packet"};

struct packet {
	struct mcr_route_address group, source;
};

struct bench {
	struct mcr_interface_config configs[INTERFACES];
	struct mcr_route_set *set;
	struct mcr_route_table *table;
	uint32_t groups, with_sources;
	int is_ipv6;
	unsigned members; /* interfaces from 1 on that want the groups */
	struct mcr_address sources[SOURCES];
	struct packet *packets;
	double ns[PHASES][ROUNDS_MAX];
};

static void die(const char *what)
{
	fprintf(stderr, "route_cost: %s\n", what);
	exit(EXIT_FAILURE);
}

static struct mcr_address address(const struct bench *b, uint32_t ipv4, uint16_t prefix)
{
	const uint32_t be = htobe32(ipv4);
	struct mcr_address a = mcr_address_from_ipv4(be);

	if (!b->is_ipv6)
		return a;
	memset(a.octets, 0, 12);
	a.octets[0] = (uint8_t)(prefix >> 8);
	a.octets[1] = (uint8_t)prefix;
	return a;
}

static struct mcr_address group(const struct bench *b, uint32_t i)
{
	return b->with_sources ? address(b, 0xe8010000u + i, 0xff35)
			       : address(b, 0xef010000u + i, 0xff15);
}

static void wants(void *ctx, unsigned interface, struct mcr_address g,
		  struct mcr_source_filter *out)
{
	const struct bench *b = ctx;

	(void)g;
	*out = (struct mcr_source_filter){.mode = MCR_FILTER_INCLUDE};
	if (interface > b->members)
		return;
	if (b->with_sources)
		*out = (struct mcr_source_filter){MCR_FILTER_INCLUDE, b->sources, SOURCES};
	else
		out->mode = MCR_FILTER_EXCLUDE;
}

static void prepare(struct bench *b)
{
	uint64_t random = 1;

	b->packets = calloc(LOOKUPS, sizeof(*b->packets));
	if (!b->packets)
		die("no memory");
	for (uint32_t i = 0; i < INTERFACES; i++)
		b->configs[i].role = i == 0 ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
	for (uint32_t i = 0; i < SOURCES; i++)
		b->sources[i] = address(b, 0x0a000001u + i, 0x2001);
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		b->packets[i].group =
		    mcr_route_address_of(group(b, (uint32_t)((random >> 32) * b->groups >> 32)));
		b->packets[i].source = mcr_route_address_of(b->sources[random >> 40 & 1]);
	}
}

static NOINLINE void phase_update(struct bench *b)
{
	for (uint32_t i = 0; i < b->groups; i++)
		if (mcr_route_set_note(b->set, group(b, i)) < 0)
			die("no memory");
	if (mcr_route_set_update(b->set, SIZE_MAX) != (int)b->groups)
		die("routes are missing");
}

static NOINLINE void phase_table(struct bench *b)
{
	if (mcr_route_table_create(&b->table, b->set, NULL, NULL) < 0)
		die("no memory");
}

/* Returns how many go to both outputs. */
static NOINLINE uint32_t phase_lookup(const struct bench *b)
{
	uint32_t found = 0;
	int rings;

	for (uint32_t i = 0; i < LOOKUPS; i++)
		found += mcr_route_outputs(b->table, 0, b->packets[i].group, b->packets[i].source,
					   &rings) == 6;
	return found;
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void run_round(struct bench *b, unsigned round)
{
	double start;

	if (mcr_route_set_create(&b->set, b->configs, INTERFACES, wants, b, round) < 0)
		die("no memory");
	for (b->members = 1; b->members < INTERFACES; b->members++) {
		start = cpu_ns();
		phase_update(b);
		b->ns[b->members == 1 ? FIRST : CHANGE][round] = (cpu_ns() - start) / b->groups;
	}
	start = cpu_ns();
	phase_table(b);
	b->ns[TABLE][round] = (cpu_ns() - start) / b->groups;
	start = cpu_ns();
	if (phase_lookup(b) != LOOKUPS)
		die("a packet goes nowhere");
	b->ns[LOOKUP][round] = (cpu_ns() - start) / LOOKUPS;
	mcr_route_table_destroy(b->table);
	mcr_route_set_destroy(b->set);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static struct bench b;
	unsigned rounds = argc > 4 ? (unsigned)atoi(argv[4]) : 9;

	if (argc < 4 || rounds == 0 || rounds > ROUNDS_MAX || atoi(argv[1]) < 1)
		die("usage: route_cost GROUPS ipv4|ipv6 any|sources [ROUNDS]");
	b.groups = (uint32_t)atoi(argv[1]);
	b.is_ipv6 = strcmp(argv[2], "ipv6") == 0;
	b.with_sources = strcmp(argv[3], "sources") == 0;
	prepare(&b);
	for (unsigned round = 0; round < rounds; round++)
		run_round(&b, round);
	printf("{\"groups\": %u", b.groups);
	for (unsigned i = 0; i < PHASES; i++) {
		qsort(b.ns[i], rounds, sizeof(b.ns[i][0]), compare);
		printf(", \"%s\": %.1f", names[i], b.ns[i][rounds / 2]);
	}
	printf("}\n");
	free(b.packets);
	return EXIT_SUCCESS;
}
