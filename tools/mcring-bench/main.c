/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "../common/fail.h"
#include "../common/usage.h"
#include "bench.h"
#include "core/nearest.h"

static const struct {
	const char *name;
	int (*run)(const struct bench_options *options);
} measurements[] = {
    {"engine", bench_engine},       {"burst", bench_burst}, {"hop", bench_hop},
    {"receive", bench_receive},     {"join", bench_join},   {"copy", bench_copy},
    {"stall", bench_stall},         {"drain", bench_drain}, {"relay", bench_relay},
    {"replicate", bench_replicate}, {"feed", bench_feed},
};

static int measure(int argc, char **argv)
{
	struct bench_options options;
	struct mcr_nearest search;
	char hint[MCR_NEAREST_HINT];
	int ret = bench_options_parse(&options, argc, argv);

	if (ret != 0)
		return ret;
	for (size_t i = 0; i < sizeof(measurements) / sizeof(measurements[0]); i++)
		if (strcmp(argv[0], measurements[i].name) == 0)
			return measurements[i].run(&options);
	search = mcr_nearest_to(argv[0]);
	for (size_t i = 0; i < sizeof(measurements) / sizeof(measurements[0]); i++)
		mcr_nearest_try(&search, measurements[i].name);
	return fail("no measurement \"%s\"%s: see mcring-bench --help", argv[0],
		    mcr_nearest_hint(hint, &search));
}

static int has_dashes(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int used, ret;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		bench_options_usage();
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		usage_version();
		return EXIT_SUCCESS;
	}
	if (!has_dashes(argc, argv)) {
		fail("EAL options, then --, then a measurement: see mcring-bench --help");
		return EXIT_FAILURE;
	}
	used = rte_eal_init(argc, argv);
	if (used < 0) {
		fail("EAL does not start: %s (without hugepages: --no-huge -m 512)",
		     rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	argc -= used + 1;
	argv += used + 1;
	ret = argc < 1 ? fail("no measurement is named behind --") : measure(argc, argv);
	rte_eal_cleanup();
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
