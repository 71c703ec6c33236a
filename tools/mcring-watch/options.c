/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/fail.h"
#include "../common/usage.h"
#include "core/feed/duration.h"
#include "request.h"
#include "settings/keys.h"
#include "settings/option_text.h"
#include "settings/settings.h"

#define SECOND_NS UINT64_C(1000000000)

static const char USAGE[] =
    "usage: mcring-watch [OPTION]...\n"
    "       mcring-watch snap [RECORDING]... [--comment TEXT] [--state-dir DIR]\n"
    "Watches the feeds and groups that the engines of this host receive: gaps and whose loss they\n"
    "are, lead and lag of lines, silence, bursts. Records what came before and after "
    "(docs/watch.md).\n"
    "snap asks one that runs to write what its recordings have, and prints the files' paths.\n"
    "\n"
    "What is watched:\n"
    "  --run-dir DIR          the run directory of an engine, several times for several; without\n"
    "                         it and --name $MCRING_RUN_DIR, or each directory below /run/mcring\n"
    "  --name NAME            the engine whose run directory is /run/mcring/NAME\n"
    "  --feed NAME            this feed, without it all that this user may read; repeatable\n"
    "  --channel NAME         this channel likewise, or ENGINE/NAME; repeatable\n"
    "  --silence TIME         a group is silent when nothing came for so long: 500ms, 10s (off)\n"
    "  --one-clock            the NICs or switches of all lines stamp packets by one clock, or by\n"
    "                         clocks that are kept equal: lead and lag are by their times\n"
    "\n"
    "What is shown:\n"
    "  --table, --log, --json  a live table, lines of what happens, or an object a line; without\n"
    "                         one of them a table on a terminal, else lines\n"
    "  --interval TIME        between two tables or objects (1s)\n"
    "  --state-dir DIR        for the sockets `stats` and `snap` (/run/mcring/watch or, where "
    "that\n"
    "                         cannot be written, a folder of the user's)\n"
    "  --stats [mode=MODE][,group=GROUP]  who may ask what is known (0660)\n"
    "  --snap [mode=MODE][,group=GROUP]   who may have recordings written (0660)\n"
    "\n"
    "Alarms:\n"
    "  --alarm COMMAND        a program's path and arguments, such as {message}; no shell\n"
    "  --alarm-rate N/UNIT    so often at most: 6/min; s, min or h\n"
    "  --alarm-timeout TIME   for so long (10s)\n"
    "  --alarm-on KIND+KIND   of these kinds: gap, mismatch, reset, silence, line-down,\n"
    "                         group-silent, implausible, blind, recorder, or all (all)\n"
    "\n"
    "Recordings:\n"
    "  --record NAME,dir=DIR[,KEY=VALUE]...  keep the last messages in memory, and write them to "
    "a\n"
    "                         file below DIR when something happens; repeatable:\n"
    "      channels=A+B, feeds=A+B  of these (all)\n"
    "      megabytes=N        of memory (256)\n"
    "      on=KIND+KIND       when (gap+mismatch+reset+silence); mcring-watch snap: always\n"
    "      after=TIME         a file goes on for so long (5s)\n"
    "      holdoff=TIME       until the next one may begin (10s)\n"
    "      snaplen=N          octets of a payload (all)\n"
    "      times=arrival|hw   by the host's clock (arrival), or of the NIC or switch\n"
    "      files=N            so many at most, then the oldest goes (100)\n"
    "      file_megabytes=N, all_megabytes=N  of one (1024), of all together (10240)\n"
    "      group=GROUP        whose members may read the files\n"
    "      continuous         write everything\n"
    "\n"
    "  --check                only say what would be watched and recorded, and what memory it "
    "takes\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 at a signal; 2 on an error.\n";

static _Noreturn void usage_error(const char *option, const char *value, const char *expected)
{
	fail("--%s %s: expected %s", option, value, expected);
	exit(WATCH_EXIT_ERROR);
}

static _Noreturn void answer(const char *text)
{
	fputs(text, stdout);
	exit(0);
}

static uint64_t duration(const char *option, const char *value)
{
	uint64_t ns = 0;

	if (mcr_duration_parse(value, strlen(value), &ns) < 0 || ns == 0)
		usage_error(option, value, "a time above 0: " MCR_DURATION_FORM);
	return ns;
}

static void add(const char **list, unsigned *n, unsigned max, const char *option)
{
	if (*n == max)
		usage_error(option, optarg, "fewer of them");
	list[(*n)++] = optarg;
}

static struct watch_socket who_may(const char *option, const char *value)
{
	struct mcr_stats_setting setting = {0};
	struct mcr_error err;
	char *copy = strdup(value);

	if (!copy || mcr_option_keys(copy, &mcr_stats_keys, &setting, &err) < 0) {
		fail("--%s %s: %s", option, value, copy ? err.text : "no memory");
		exit(WATCH_EXIT_ERROR);
	}
	free(copy);
	mcr_keys_complete(&mcr_stats_keys, &setting);
	return (struct watch_socket){
	    .mode = setting.mode.value,
	    .gid = setting.gid.set ? setting.gid.value : UINT32_MAX,
	};
}

static void alarm_rate(struct watch_options *o, const char *value)
{
	static const struct {
		const char *word;
		uint64_t ns;
	} units[] = {{"s", SECOND_NS}, {"min", 60 * SECOND_NS}, {"h", 3600 * SECOND_NS}};
	const char *slash = strchr(value, '/');
	char digits[8] = "";
	uint64_t n = 0;

	if (slash && (size_t)(slash - value) < sizeof(digits))
		memcpy(digits, value, (size_t)(slash - value));
	if (usage_number(&n, digits, 1, 1000) < 0)
		slash = NULL;
	for (size_t i = 0; slash && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(slash + 1, units[i].word) != 0)
			continue;
		o->alarm_burst = (unsigned)n;
		o->alarm_every_ns = units[i].ns / n;
		return;
	}
	usage_error("alarm-rate", value, "a number from 1 to 1000 and a unit, such as 6/min");
}

static void alarm_on(struct watch_options *o, const char *value)
{
	struct mcr_error err;

	if (watch_kinds_parse(&o->alarm_on, value, &err) == 0)
		return;
	fail("--alarm-on %s", err.text);
	exit(WATCH_EXIT_ERROR);
}

static void record(struct watch_options *o, const char *value)
{
	struct watch_recording *r = &o->recordings[o->n_recordings];
	struct mcr_error err;

	if (o->n_recordings == WATCH_RECORDINGS)
		usage_error("record", value, "16 recordings at most");
	if (watch_recording_parse(r, value, &err) < 0) {
		fail("--record %s", err.text);
		exit(WATCH_EXIT_ERROR);
	}
	for (unsigned i = 0; i < o->n_recordings; i++)
		if (strcmp(o->recordings[i].config.name, r->config.name) == 0)
			usage_error("record", value, "a name that is not used yet");
	o->n_recordings++;
}

/* Returns 0, or -1 for another option. */
static int take_what(struct watch_options *o, int c)
{
	switch (c) {
	case 'r':
		add(o->run_dirs, &o->n_run_dirs, WATCH_RUN_DIRS_MAX, "run-dir");
		break;
	case 'n':
		o->name = optarg;
		break;
	case 'f':
		add(o->feeds, &o->n_feeds, WATCH_NAMES_MAX, "feed");
		break;
	case 'c':
		add(o->channels, &o->n_channels, WATCH_NAMES_MAX, "channel");
		break;
	case 's':
		o->silence_ns = strcmp(optarg, "off") == 0 ? 0 : duration("silence", optarg);
		break;
	case '1':
		o->one_clock = 1;
		break;
	case 'R':
		record(o, optarg);
		break;
	case 'C':
		o->action = WATCH_CHECK;
		break;
	default:
		return -1;
	}
	return 0;
}

static void take_how(struct watch_options *o, int c)
{
	switch (c) {
	case 't':
		o->output = WATCH_TABLE;
		break;
	case 'l':
		o->output = WATCH_LOG;
		break;
	case 'j':
		o->output = WATCH_JSON;
		break;
	case 'i':
		o->interval_ns = duration("interval", optarg);
		break;
	case 'd':
		o->state_dir = optarg;
		break;
	case 'S':
		o->stats = who_may("stats", optarg);
		break;
	case 'P':
		o->snap = who_may("snap", optarg);
		break;
	case 'a':
		o->alarm = optarg;
		break;
	case 'A':
		alarm_rate(o, optarg);
		break;
	case 'T':
		o->alarm_timeout_ns = duration("alarm-timeout", optarg);
		break;
	case 'O':
		alarm_on(o, optarg);
		break;
	case 'h':
		answer(USAGE);
	case 'V':
		usage_version();
		exit(0);
	default:
		exit(WATCH_EXIT_ERROR);
	}
}

static void parse_run(struct watch_options *o, int argc, char **argv)
{
	static const struct option options[] = {{"run-dir", required_argument, NULL, 'r'},
						{"name", required_argument, NULL, 'n'},
						{"feed", required_argument, NULL, 'f'},
						{"channel", required_argument, NULL, 'c'},
						{"silence", required_argument, NULL, 's'},
						{"one-clock", no_argument, NULL, '1'},
						{"table", no_argument, NULL, 't'},
						{"log", no_argument, NULL, 'l'},
						{"json", no_argument, NULL, 'j'},
						{"interval", required_argument, NULL, 'i'},
						{"state-dir", required_argument, NULL, 'd'},
						{"stats", required_argument, NULL, 'S'},
						{"snap", required_argument, NULL, 'P'},
						{"alarm", required_argument, NULL, 'a'},
						{"alarm-rate", required_argument, NULL, 'A'},
						{"alarm-timeout", required_argument, NULL, 'T'},
						{"alarm-on", required_argument, NULL, 'O'},
						{"record", required_argument, NULL, 'R'},
						{"check", no_argument, NULL, 'C'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'V'},
						{NULL, 0, NULL, 0}};

	for (int c; (c = usage_next(argc, argv, "", options, NULL)) != -1;)
		if (take_what(o, c) < 0)
			take_how(o, c);
	if (optind == argc)
		return;
	usage_unexpected(argv[optind]);
	exit(WATCH_EXIT_ERROR);
}

static void parse_snap(struct watch_options *o, int argc, char **argv)
{
	static const struct option options[] = {{"comment", required_argument, NULL, 'c'},
						{"state-dir", required_argument, NULL, 'd'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'V'},
						{NULL, 0, NULL, 0}};

	for (int c; (c = usage_next(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'c' && strlen(optarg) >= WATCH_COMMENT_MAX)
			usage_error("comment", optarg, "159 octets at most");
		if (c == 'c')
			o->comment = optarg;
		else
			take_how(o, c);
	}
	for (; optind < argc; optind++) {
		if (o->n_names == WATCH_RECORDINGS) {
			fail("'%.64s': 16 recordings at most", argv[optind]);
			exit(WATCH_EXIT_ERROR);
		}
		o->names[o->n_names++] = argv[optind];
	}
}

void watch_options_parse(struct watch_options *o, int argc, char **argv)
{
	*o = (struct watch_options){
	    .output = isatty(STDOUT_FILENO) ? WATCH_TABLE : WATCH_LOG,
	    .interval_ns = SECOND_NS,
	    .stats = {0660, UINT32_MAX},
	    .snap = {0660, UINT32_MAX},
	    .alarm_every_ns = 10 * SECOND_NS,
	    .alarm_burst = 6,
	    .alarm_timeout_ns = 10 * SECOND_NS,
	    .alarm_on = (1u << WATCH_ALARM_KINDS) - 1,
	};
	if (argc < 2 || strcmp(argv[1], "snap") != 0) {
		parse_run(o, argc, argv);
		return;
	}
	o->action = WATCH_SNAP;
	parse_snap(o, argc - 1, argv + 1);
}
