/* SPDX-License-Identifier: BSD-3-Clause */
/* compare: random scripts of socket calls run on two hosts, and all that comes of each call is
 * compared: results, errno, addresses, control messages, payloads, readiness, whether it sleeps and
 * what wakes it; not times. Host 0 is the kernel's; on host 1 a library stands between the program
 * and the kernel, or nothing does, which proves the comparison. compare.py makes the hosts. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "run.h"

#define SHRINK_RUNS 300

static const char usage[] =
    "usage: compare --hosts SENDERS,KERNEL,LIBRARY --workers PROGRAM,PROGRAM [options]\n"
    "SENDERS, KERNEL and LIBRARY are network namespaces.\n"
    "  --preload FILE    LD_PRELOAD of host 1's program\n"
    "  --run-dir DIR     the run directory of host 1's engine\n"
    "  --seed N          of the first script (1); the next ones follow\n"
    "  --scripts N       (100)\n"
    "  --steps N         of each (60)\n"
    "  --features BITS   of script.h (all but what may differ)\n"
    "  --whole           do not shrink a script that differs\n"
    "  --go-on           after a difference, too\n"
    "  --verbose         print the account of all scripts\n"
    "Exit status 0: no difference; 1: there was one; 2: it could not run.\n";

struct options {
	uint64_t seed, scripts;
	unsigned steps, features;
	int is_verbose, is_whole, goes_on;
};

static void print_account(const struct rig *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct text *t = r->texts[i];

		if (strcmp(t[0].s, t[1].s) == 0)
			printf("%3u %s\n", i, t[0].s);
		else
			printf("%3u KERNEL  %s\n    LIBRARY %s\n", i, t[0].s, t[1].s);
	}
	fflush(stdout);
}

/* The script without n steps from `from` on. Those that go with a step before them stay or go with
 * it. Returns how many it left out. */
static unsigned cut(struct script *out, const struct script *s, unsigned from, unsigned n)
{
	int leaves_out = 0;

	out->seed = s->seed;
	out->n = 0;
	for (unsigned i = 0; i < s->n; i++) {
		if (!s->steps[i].is_kept)
			leaves_out = i >= from && i < from + n;
		if (!leaves_out)
			out->steps[out->n++] = s->steps[i];
	}
	return s->n - out->n;
}

/* Leaves out what is not needed for a difference, half of the script first. */
static void shrink(struct rig *r, struct script *s)
{
	static struct script shorter;
	unsigned runs = 0;

	if (r->n < s->n)
		s->n = r->n;
	for (unsigned n = s->n / 2; n > 0; n /= 2) {
		for (unsigned from = 0; from + n <= s->n && runs < SHRINK_RUNS;) {
			if (cut(&shorter, s, from, n) == 0) {
				from += n;
				continue;
			}
			runs++;
			if (!run_script(r, &shorter)) {
				from += n;
				continue;
			}
			if (r->n < shorter.n)
				shorter.n = r->n;
			*s = shorter;
		}
	}
}

static int run_all(struct rig *r, const struct options *o)
{
	static struct script s;
	unsigned different = 0;
	struct timespec begin, now;
	double seconds;
	uint64_t i;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < o->scripts && (!different || o->goes_on); i++) {
		script_make(&s, o->seed + i, o->steps, o->features);
		if (!run_script(r, &s)) {
			if (o->is_verbose) {
				printf("---- seed %" PRIu64 "\n", s.seed);
				print_account(r);
			}
			continue;
		}
		different++;
		printf("---- seed %" PRIu64 " differs\n", s.seed);
		print_account(r);
		if (o->is_whole)
			continue;
		shrink(r, &s);
		if (run_script(r, &s)) {
			printf("---- seed %" PRIu64 " in short\n", s.seed);
			print_account(r);
		} else {
			printf("---- seed %" PRIu64 " in short did not differ again\n", s.seed);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%" PRIu64 " scripts from seed %" PRIu64 ", %u differed, %.1f s\n", i, o->seed,
	       different, seconds);
	return different > 0;
}

/* Splits "a,b,c" in place. */
static void split(char *list, const char **out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = strtok(i ? NULL : list, ",");
	if (!out[n - 1])
		die("%u names are wanted", n);
}

int main(int argc, char **argv)
{
	enum {
		HOSTS_ARE = 1,
		WORKERS,
		PRELOAD,
		RUN_DIR,
		SEED,
		SCRIPTS,
		STEPS,
		FEATURES,
		WHOLE,
		GO_ON,
		VERBOSE
	};
	static const struct option longs[] = {
	    {"hosts", 1, NULL, HOSTS_ARE}, {"workers", 1, NULL, WORKERS},
	    {"preload", 1, NULL, PRELOAD}, {"run-dir", 1, NULL, RUN_DIR},
	    {"seed", 1, NULL, SEED},       {"scripts", 1, NULL, SCRIPTS},
	    {"steps", 1, NULL, STEPS},     {"features", 1, NULL, FEATURES},
	    {"whole", 0, NULL, WHOLE},     {"go-on", 0, NULL, GO_ON},
	    {"verbose", 0, NULL, VERBOSE}, {NULL, 0, NULL, 0}};
	struct options o = {
	    .seed = 1, .scripts = 100, .steps = 60, .features = FEATURE_ALL & ~FEATURE_ALLOWED};
	static struct rig_options where;
	static struct rig r;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case HOSTS_ARE:
			split(optarg, where.namespaces, 3);
			break;
		case WORKERS:
			split(optarg, where.workers, 2);
			break;
		case PRELOAD:
			where.preload = optarg;
			break;
		case RUN_DIR:
			where.run_dir = optarg;
			break;
		case SEED:
			o.seed = strtoull(optarg, NULL, 0);
			break;
		case SCRIPTS:
			o.scripts = strtoull(optarg, NULL, 0);
			break;
		case STEPS:
			o.steps = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case FEATURES:
			o.features = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case WHOLE:
			o.is_whole = 1;
			break;
		case GO_ON:
			o.goes_on = 1;
			break;
		case VERBOSE:
			o.is_verbose = 1;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (!where.namespaces[0] || !where.workers[0] || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	r.options = &where;
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* side_stop waits for all */
	for (int host = 0; host < HOSTS; host++)
		rig_start(&r, host);
	wire_open(&r.wire, where.namespaces[0], &where.namespaces[1], where.run_dir);
	c = run_all(&r, &o);
	for (int host = 0; host < HOSTS; host++)
		side_stop(&r.sides[host]);
	return c;
}
