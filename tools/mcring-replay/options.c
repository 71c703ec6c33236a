/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/types.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../common/usage.h"
#include "when.h"

#define SECOND 1e9

static const char USAGE[] =
    "usage: mcring-replay [OPTION]... FILE...\n"
    "Makes captures live channels, which programs read as those of a running mcring.\n"
    "\n"
    "FILE is pcap or pcapng, as it is or packed with gzip or zstd; - is standard input. Several\n"
    "files, as of line A and of line B, are merged by their times.\n"
    "\n"
    "What is served, and where:\n"
    "  --join JOIN            as mcring's; without one, and without --feed or --config, `default`\n"
    "                         gets everything in the files; repeatable\n"
    "  --channel NAME[,KEY=VALUE]...  as mcring's; repeatable\n"
    "  --feed TEXT            as mcring's: 'feed NAME; declaration TEXT; line A; join JOIN; ...';\n"
    "                         repeatable\n"
    "  --config FILE          channels, joins and feeds of mcring's configuration file\n"
    "  --interface NAME=WHAT  what was captured by WHAT, a file or an interface that is named in\n"
    "                         one, came by the interface NAME of joins and configuration;\n"
    "                         without it they belong together in their order; repeatable\n"
    "  --name NAME            of the engine (mcring)\n"
    "  --run-dir DIR          for its sockets; without both $MCRING_RUN_DIR, else\n"
    "                         /run/mcring/NAME or, where that cannot be written, a folder of\n"
    "                         the user's\n"
    "\n"
    "When it is sent:\n"
    "  --speed X|max          X times as fast as captured (1); max: as fast as it can be read\n"
    "  --pace readers         wait for the slowest reader, so that nobody misses anything\n"
    "  --max-gap SECONDS      cut a longer silence in the capture to this\n"
    "  --wait-readers N       begin when there are N readers\n"
    "  --start-at TIME        begin at this time: 09:30, 09:30:00.5 (the next, local time),\n"
    "                         2026-11-30T09:30:00, the same with Z for UTC, +SECONDS from now\n"
    "  --loop N|forever       send it N times (1); times of the capture go on\n"
    "  --times capture|now    what messages say when they arrived: when they were captured\n"
    "                         (capture), or when they were sent\n"
    "  --linger SECONDS|forever  serve what was sent for so long, or until all readers have read\n"
    "                         it (1)\n"
    "\n"
    "  --quiet                no statistics at the end\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 when all was sent, or at a signal; 2 on an error.\n";

static void usage_error(const char *option, const char *value, const char *expected)
{
	fail("--%s %s: expected %s", option, value, expected);
	exit(REPLAY_EXIT_ERROR);
}

static uint64_t number(const char *option, const char *value, uint64_t max, const char *expected)
{
	uint64_t n = 0;

	if (usage_number(&n, value, 1, max) < 0)
		usage_error(option, value, expected);
	return n;
}

/* A number without a sign, of decimals. */
static int decimal(const char *text, double *value)
{
	char *end;

	if (strspn(text, "0123456789.") != strlen(text))
		return -1;
	*value = strtod(text, &end);
	return end != text && *end == '\0' ? 0 : -1;
}

static uint64_t seconds(const char *option, const char *value, const char *expected)
{
	double s;

	if (decimal(value, &s) < 0 || !(s >= 0 && s < 1e9))
		usage_error(option, value, expected);
	return (uint64_t)(s * SECOND);
}

static double speed(const char *value)
{
	double x;

	if (strcmp(value, "max") == 0)
		return 0;
	if (decimal(value, &x) < 0 || !(x >= 1e-6 && x <= 1e6))
		usage_error("speed", value, "max, or a number from 0.000001 to 1000000");
	return x;
}

static void start_at(struct replay_options *o, const char *value)
{
	const uint64_t now_ns = realtime_ns();

	if (when_parse(&o->start_at_ns, value, now_ns) < 0)
		usage_error("start-at", value,
			    "09:30, 09:30:00.5, 2026-11-30T09:30:00, 2026-11-30T14:30:00Z or "
			    "+SECONDS");
	if (o->start_at_ns <= now_ns)
		usage_error("start-at", value, "a time that is still to come");
}

static void add_text(const char **texts, unsigned *n, const char *option)
{
	if (*n == REPLAY_TEXTS_MAX)
		usage_error(option, optarg, "1024 at most");
	texts[(*n)++] = optarg;
}

static void add_interface(struct replay_options *o, const char *value)
{
	struct replay_interface *interface = &o->interfaces[o->n_interfaces];
	const char *is = strchr(value, '=');
	const size_t len = is ? (size_t)(is - value) : 0;

	if (o->n_interfaces == CAPTURE_INTERFACES_MAX)
		usage_error("interface", value, "256 at most");
	if (len == 0 || len >= sizeof(interface->name) || is[1] == '\0')
		usage_error("interface", value,
			    "NAME=FILE, or NAME=INTERFACE as a file names it: feed-a=A.pcap");
	memcpy(interface->name, value, len);
	interface->name[len] = '\0';
	for (unsigned i = 0; i < o->n_interfaces; i++)
		if (strcmp(o->interfaces[i].name, interface->name) == 0)
			usage_error("interface", value, "a name that is not used yet");
	interface->where = is + 1;
	o->n_interfaces++;
}

static void pace(struct replay_options *o, const char *value)
{
	if (strcmp(value, "readers") != 0)
		usage_error("pace", value, "readers");
	o->pace_readers = 1;
}

static enum pace_times times(const char *value)
{
	if (strcmp(value, "now") == 0)
		return PACE_TIMES_NOW;
	if (strcmp(value, "capture") != 0)
		usage_error("times", value, "capture or now");
	return PACE_TIMES_CAPTURE;
}

static _Noreturn void answer(const char *text)
{
	fputs(text, stdout);
	exit(0);
}

/* What is served, and where. Returns 0, or -1 for another option. */
static int take_what(struct replay_options *o, int c)
{
	switch (c) {
	case 'j':
		add_text(o->joins, &o->n_joins, "join");
		break;
	case 'c':
		add_text(o->channels, &o->n_channels, "channel");
		break;
	case 'e':
		add_text(o->feeds, &o->n_feeds, "feed");
		break;
	case 'f':
		o->config = optarg;
		break;
	case 'i':
		add_interface(o, optarg);
		break;
	case 'n':
		o->name = optarg;
		break;
	case 'd':
		o->run_dir = optarg;
		break;
	case 'q':
		o->is_quiet = 1;
		break;
	default:
		return -1;
	}
	return 0;
}

/* When it is sent, and the rest. */
static void take_when(struct replay_options *o, int c)
{
	switch (c) {
	case 's':
		o->speed = speed(optarg);
		break;
	case 'p':
		pace(o, optarg);
		break;
	case 'g':
		o->max_gap_ns = seconds("max-gap", optarg, "seconds");
		if (o->max_gap_ns == 0)
			usage_error("max-gap", optarg, "seconds above 0");
		break;
	case 'w':
		o->wait_readers =
		    (uint32_t)number("wait-readers", optarg, 65535, "a number from 1 to 65535");
		break;
	case 'a':
		start_at(o, optarg);
		break;
	case 'l':
		o->loops = strcmp(optarg, "forever") == 0
			       ? 0
			       : number("loop", optarg, UINT64_MAX, "forever or a number above 0");
		break;
	case 't':
		o->times = times(optarg);
		break;
	case 'L':
		o->linger_ns = strcmp(optarg, "forever") == 0
				   ? UINT64_MAX
				   : seconds("linger", optarg, "forever or seconds");
		break;
	case 'h':
		answer(USAGE);
	case 'V':
		usage_version();
		exit(0);
	default:
		exit(REPLAY_EXIT_ERROR);
	}
}

static void take_file(struct replay_options *o, const char *file)
{
	if (o->n_files == CAPTURE_FILES_MAX) {
		fail("%s: expected at most %u files", file, CAPTURE_FILES_MAX);
		exit(REPLAY_EXIT_ERROR);
	}
	if (strcmp(file, "-") == 0 && o->loops != 1) {
		fail("--loop: standard input can be read only once");
		exit(REPLAY_EXIT_ERROR);
	}
	o->files[o->n_files++] = file;
}

void replay_options_parse(struct replay_options *o, int argc, char **argv)
{
	static const struct option options[] = {{"join", required_argument, NULL, 'j'},
						{"channel", required_argument, NULL, 'c'},
						{"feed", required_argument, NULL, 'e'},
						{"config", required_argument, NULL, 'f'},
						{"interface", required_argument, NULL, 'i'},
						{"name", required_argument, NULL, 'n'},
						{"run-dir", required_argument, NULL, 'd'},
						{"speed", required_argument, NULL, 's'},
						{"pace", required_argument, NULL, 'p'},
						{"max-gap", required_argument, NULL, 'g'},
						{"wait-readers", required_argument, NULL, 'w'},
						{"start-at", required_argument, NULL, 'a'},
						{"loop", required_argument, NULL, 'l'},
						{"times", required_argument, NULL, 't'},
						{"linger", required_argument, NULL, 'L'},
						{"quiet", no_argument, NULL, 'q'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'V'},
						{NULL, 0, NULL, 0}};

	*o = (struct replay_options){.speed = 1, .loops = 1, .linger_ns = (uint64_t)SECOND};
	for (int c; (c = usage_next(argc, argv, "", options, NULL)) != -1;)
		if (take_what(o, c) < 0)
			take_when(o, c);
	for (; optind < argc; optind++)
		take_file(o, argv[optind]);
	if (o->n_files > 0)
		return;
	fail("no FILE is given: see mcring-replay --help");
	exit(REPLAY_EXIT_ERROR);
}
