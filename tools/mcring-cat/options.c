/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/join.h>

#include "../common/endpoint.h"
#include "../common/fail.h"
#include "../common/usage.h"
#include "core/join_meant.h"

static const char USAGE[] =
    "usage: mcring-cat [OPTION]...\n"
    "Prints the messages of a channel of a running mcring.\n"
    "\n"
    "  --name NAME          the engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR        the run directory itself; without both, $MCRING_RUN_DIR\n"
    "  --channel NAME       the channel (default)\n"
    "  --from newest|oldest|N  where to begin (newest); N: a sequence number\n"
    "  --ring N             only this ring of the channel; needed with a sequence number when\n"
    "                       the channel has several\n"
    "  --merge              print the messages of several rings in the order of arrival\n"
    "  --join JOIN          join a group into the channel while this runs, if the engine's\n"
    "                       configuration allows it; repeatable\n"
    "  --group ADDRESS[:PORT]  only messages of this group, as 239.1.1.1:5000 or\n"
    "                       [ff15::1]:5000; repeatable\n"
    "  --id N               only messages with this id, and those of the groups given; repeatable\n"
    "  --count N            end after N messages\n"
    "  --timeout SECONDS    end after this time, fractions allowed; if nothing came, a line on\n"
    "                       standard error says why (mcring-ctl why says more)\n"
    "  --reattach           when the engine ends, wait for the next one and go on with it; a line\n"
    "                       says from when to when messages may be missing\n"
    "  --stall SECONDS      how long to wait for an engine that hangs (10)\n"
    "  --format text|hex|json|raw|pcapng\n"
    "                       how messages are printed (text); json: an object a line; raw: the\n"
    "                       payloads alone; pcapng: a capture, for mcring-replay and others, "
    "which\n"
    "                       means --merge\n"
    "  --summary            end with a JSON object: received, lost, first_seq, last_seq (0: "
    "none);\n"
    "                       on standard error with --format raw or pcapng\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 when --count was reached, or without it at the end (signal, timeout, engine\n"
    "stopped); 1 when --count was not reached; 2 on an error.\n";

static void usage_error(const char *option, const char *value, const char *expected)
{
	fail("--%s %s: expected %s", option, value, expected);
	exit(CAT_EXIT_ERROR);
}

static uint64_t number(const char *option, const char *value, uint64_t max)
{
	uint64_t n = 0;

	if (usage_number(&n, value, 0, max) < 0)
		usage_error(option, value, "a number");
	return n;
}

static uint64_t seconds(const char *value)
{
	char *end;
	double s = strtod(value, &end);

	if (end == value || *end != '\0' || !(s > 0 && s < 1e9))
		usage_error("timeout", value, "seconds above 0");
	return (uint64_t)(s * 1e9);
}

static enum cat_format format(const char *value)
{
	static const char *const names[] = {"text", "hex", "json", "raw", "pcapng"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0)
			return (enum cat_format)i;
	usage_error("format", value, "text, hex, json, raw or pcapng");
	return CAT_FORMAT_TEXT;
}

static void from(struct mcr_consumer_opts *opts, const char *value)
{
	if (strcmp(value, "newest") == 0) {
		opts->start = MCR_START_NEWEST;
	} else if (strcmp(value, "oldest") == 0) {
		opts->start = MCR_START_OLDEST;
	} else if (value[0] >= '0' && value[0] <= '9') {
		opts->start = MCR_START_SEQ;
		opts->seq = number("from", value, UINT64_MAX);
	} else {
		usage_error("from", value, "oldest, newest or a sequence number");
	}
}

static void select_group(struct cat_options *o, const char *value)
{
	struct mcr_select_group *group = &o->groups[o->opts.n_groups];
	char meant[MCR_JOIN_MEANT_MAX];

	if (o->opts.n_groups == SELECT_MAX)
		usage_error("group", value, "1024 groups at most");
	if (endpoint_parse(&group->group, &group->port, value) < 0 &&
	    mcr_join_meant(meant, value) && endpoint_parse(&group->group, &group->port, meant) == 0)
		usage_error("group", value, meant);
	if (endpoint_parse(&group->group, &group->port, value) < 0)
		usage_error("group", value,
			    "an address with a port or without, as 239.1.1.1:5000, [ff15::1]:5000 "
			    "or [ff15::1]");
	o->opts.n_groups++;
}

static void select_id(struct cat_options *o, const char *value)
{
	if (o->opts.n_ids == SELECT_MAX)
		usage_error("id", value, "1024 ids at most");
	o->ids[o->opts.n_ids++] = (uint32_t)number("id", value, UINT32_MAX);
}

static void add_join(struct cat_options *o, const char *value)
{
	if (o->n_joins == JOIN_MAX)
		usage_error("join", value, "256 joins at most");
	o->joins[o->n_joins++] = value;
}

static void count(struct cat_options *o, const char *value)
{
	o->count = number("count", value, UINT64_MAX);
	if (o->count == 0)
		usage_error("count", value, "a number above 0");
}

static _Noreturn void answer(const char *text)
{
	fputs(text, stdout);
	exit(0);
}

static void take_option(struct cat_options *o, int c)
{
	struct mcr_consumer_opts *opts = &o->opts;

	switch (c) {
	case 'n':
		opts->name = optarg;
		break;
	case 'd':
		opts->run_dir = optarg;
		break;
	case 'c':
		opts->channel = optarg;
		break;
	case 'f':
		from(opts, optarg);
		break;
	case 'r':
		opts->ring = (uint32_t)number("ring", optarg, UINT32_MAX - 1);
		break;
	case 'm':
		opts->order = MCR_ORDER_MERGED;
		break;
	case 'j':
		add_join(o, optarg);
		break;
	case 'g':
		select_group(o, optarg);
		break;
	case 'i':
		select_id(o, optarg);
		break;
	case 'N':
		count(o, optarg);
		break;
	case 't':
		o->timeout_ns = seconds(optarg);
		break;
	case 'F':
		o->format = format(optarg);
		if (o->format == CAT_FORMAT_PCAPNG)
			opts->order = MCR_ORDER_MERGED;
		break;
	case 's':
		o->summary = 1;
		break;
	case 'R':
		o->reattach = 1;
		break;
	case 'S':
		opts->stall_ns = seconds(optarg);
		break;
	case 'h':
		answer(USAGE);
	case 'V':
		usage_version();
		exit(0);
	default:
		exit(CAT_EXIT_ERROR);
	}
}

/* A group is what a program of this kind is mostly given. */
static void not_an_option(const char *word)
{
	struct mcr_join_list list = {0};
	char meant[MCR_JOIN_MEANT_MAX];
	int is_join = mcr_join_parse(&list, word, NULL) == 0;

	if (!is_join && mcr_join_meant(meant, word) && mcr_join_parse(&list, meant, NULL) == 0) {
		is_join = 1;
		word = meant;
	}
	mcr_join_list_clear(&list);
	if (is_join)
		fail("a group is given with an option: --join %s", word);
	else
		usage_unexpected(word);
}

void cat_options_parse(struct cat_options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},    {"run-dir", required_argument, NULL, 'd'},
	    {"join", required_argument, NULL, 'j'},    {"merge", no_argument, NULL, 'm'},
	    {"group", required_argument, NULL, 'g'},   {"id", required_argument, NULL, 'i'},
	    {"channel", required_argument, NULL, 'c'}, {"from", required_argument, NULL, 'f'},
	    {"ring", required_argument, NULL, 'r'},    {"count", required_argument, NULL, 'N'},
	    {"timeout", required_argument, NULL, 't'}, {"format", required_argument, NULL, 'F'},
	    {"summary", no_argument, NULL, 's'},       {"reattach", no_argument, NULL, 'R'},
	    {"stall", required_argument, NULL, 'S'},   {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0}};

	*o = (struct cat_options){.opts = MCR_CONSUMER_OPTS_INIT};
	o->opts.groups = o->groups;
	o->opts.ids = o->ids;
	for (int c; (c = usage_next(argc, argv, "", options, NULL)) != -1;)
		take_option(o, c);
	if (optind < argc) {
		not_an_option(argv[optind]);
		exit(CAT_EXIT_ERROR);
	}
}
