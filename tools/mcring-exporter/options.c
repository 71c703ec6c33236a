/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "../common/usage.h"

#define GROUPS_MAX 10000
#define SERIES_MIN 1000
#define SERIES_MAX 1000000

static const char help_text[] =
    "usage: mcring-exporter [OPTION]...\n"
    "Serves what the engines of this host say over HTTP: /metrics for Prometheus, /health,\n"
    "/data.json, and / for people. It needs no privileges: run it as a user in the group of the\n"
    "engines' stats sockets (docs/monitoring.md).\n"
    "\n"
    "  --listen ADDRESS:PORT  where it serves (127.0.0.1:9810); [ADDRESS]:PORT for IPv6\n"
    "  --run-dir DIR          the run directory of an engine, several times for several; without\n"
    "                         it $MCRING_RUN_DIR, or each directory below /run/mcring\n"
    "  --groups N             groups of an engine that have series (100): those of its\n"
    "                         configuration, then those with the most packets\n"
    "  --series N             series at most, in all (50000)\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 at a signal; 1 on an error.\n";

static int add_run_dir(struct options *o, const char *dir)
{
	if (dir[0] == '\0' || strlen(dir) + sizeof("/stats") > SOURCE_PATH)
		return fail("--run-dir %s: expected a path of at most %zu octets", dir,
			    (size_t)SOURCE_PATH - sizeof("/stats"));
	if (o->n_run_dirs == RUN_DIRS_MAX)
		return fail("--run-dir %s: at most %d of them", dir, RUN_DIRS_MAX);
	o->run_dirs[o->n_run_dirs++] = dir;
	return 0;
}

static int parse_number(unsigned *out, const char *option, const char *text, unsigned min,
			unsigned max)
{
	uint64_t n;

	if (usage_number(&n, text, min, max) < 0)
		return fail("--%s %s: expected a number from %u to %u", option, text, min, max);
	*out = (unsigned)n;
	return 0;
}

static int parse_option(struct options *o, int option)
{
	switch (option) {
	case 'l':
		o->listen = optarg;
		return 0;
	case 'r':
		return add_run_dir(o, optarg);
	case 'g':
		return parse_number(&o->groups, "groups", optarg, 0, GROUPS_MAX);
	case 's':
		return parse_number(&o->series, "series", optarg, SERIES_MIN, SERIES_MAX);
	case 'v':
		usage_version();
		exit(EXIT_SUCCESS);
	case 'h':
		fputs(help_text, stdout);
		exit(EXIT_SUCCESS);
	default:
		return -1; /* usage_next said it */
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
						{"run-dir", required_argument, NULL, 'r'},
						{"groups", required_argument, NULL, 'g'},
						{"series", required_argument, NULL, 's'},
						{"version", no_argument, NULL, 'v'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *dir;
	int option;

	*o = (struct options){.listen = "127.0.0.1:9810", .groups = 100, .series = 50000};
	while ((option = usage_next(argc, argv, "", options, NULL)) != -1)
		if (parse_option(o, option) < 0)
			return -1;
	if (optind < argc)
		return fail("unexpected '%s': see mcring-exporter --help", argv[optind]);
	dir = secure_getenv("MCRING_RUN_DIR");
	if (o->n_run_dirs == 0 && dir && dir[0] != '\0')
		return add_run_dir(o, dir);
	return 0;
}
