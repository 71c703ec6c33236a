/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-cat prints the messages of a channel. It is a consumer like any other: docs/ring.md. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "print.h"

#ifndef MCR_VERSION
#define MCR_VERSION "unknown"
#endif

#define BATCH       64
#define IDLE_POLLS  200       /* empty ones, then it sleeps */
#define SLEEP_NS    200000000 /* then it looks for signals and the engine's heartbeat */
#define NAP_NS      50000
#define REATTACH_NS 50000000
#define SELECT_MAX  1024 /* of --group and of --id */
#define JOIN_MAX    256  /* of --join */

enum exit_status {
	EXIT_REACHED = 0, /* also: ended without --count */
	EXIT_NOT_REACHED = 1,
	EXIT_ERROR = 2,
};

struct cat {
	struct mcr_consumer_opts opts;
	uint32_t groups_be[SELECT_MAX], ids[SELECT_MAX];
	const char *joins[JOIN_MAX];
	unsigned n_joins;
	uint64_t count;      /* 0 = no --count */
	uint64_t timeout_ns; /* 0 = no --timeout */
	int summary, reattach;

	uint64_t end_ns; /* of --timeout */
	uint64_t received, lost, first_seq, last_seq;
	int write_errno; /* why standard output failed first */
	struct cat_printer print;
};

static volatile sig_atomic_t stopped; /* all that the signal handler touches */

static void on_signal(int signal)
{
	stopped = 1;
}

static const char USAGE[] =
    "usage: mcring-cat [OPTION]...\n"
    "Prints the messages of a channel of a running mcring.\n"
    "\n"
    "  --name NAME          the engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR        the run directory itself\n"
    "  --channel NAME       the channel (default)\n"
    "  --from WHERE         newest (default), oldest, or a sequence number\n"
    "  --ring N             only this ring of the channel; needed with a sequence number when\n"
    "                       the channel has several\n"
    "  --merge              print the messages of several rings in the order of arrival\n"
    "  --join JOIN          join a group into the channel while this runs, if the engine's\n"
    "                       configuration allows it; repeatable\n"
    "  --group ADDRESS      only messages of this group; repeatable\n"
    "  --id N               only messages with this id, and those of the groups given; repeatable\n"
    "  --count N            end after N messages\n"
    "  --timeout SECONDS    end after this time, fractions allowed\n"
    "  --reattach           when the engine ends, wait for the next one and go on with it; a line\n"
    "                       says from when to when messages may be missing\n"
    "  --stall SECONDS      how long to wait for an engine that hangs (10)\n"
    "  --format FORMAT      text (default), hex, json (an object a line), raw (payloads only)\n"
    "  --summary            end with a JSON object: received, lost, first_seq, last_seq (0: "
    "none);\n"
    "                       on standard error with --format raw\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 when --count was reached, or without it at the end (signal, timeout, engine\n"
    "stopped); 1 when --count was not reached; 2 on an error.\n";

/* ---- options ---- */

static void usage_error(const char *option, const char *value, const char *expected)
{
	fail("--%s %s: expected %s", option, value, expected);
	exit(EXIT_ERROR);
}

static uint64_t number(const char *option, const char *value, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n > max)
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
	static const char *const names[] = {"text", "hex", "json", "raw"};

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(value, names[i]) == 0)
			return (enum cat_format)i;
	usage_error("format", value, "text, hex, json or raw");
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

static void select_group(struct cat *cat, const char *value)
{
	struct in_addr in;

	if (inet_pton(AF_INET, value, &in) != 1)
		usage_error("group", value, "an IPv4 address");
	if (cat->opts.n_groups == SELECT_MAX)
		usage_error("group", value, "1024 groups at most");
	cat->groups_be[cat->opts.n_groups++] = in.s_addr;
}

static void select_id(struct cat *cat, const char *value)
{
	if (cat->opts.n_ids == SELECT_MAX)
		usage_error("id", value, "1024 ids at most");
	cat->ids[cat->opts.n_ids++] = (uint32_t)number("id", value, UINT32_MAX);
}

static void add_join(struct cat *cat, const char *value)
{
	if (cat->n_joins == JOIN_MAX)
		usage_error("join", value, "256 joins at most");
	cat->joins[cat->n_joins++] = value;
}

static void count(struct cat *cat, const char *value)
{
	cat->count = number("count", value, UINT64_MAX);
	if (cat->count == 0)
		usage_error("count", value, "a number above 0");
}

static _Noreturn void answer(const char *text)
{
	fputs(text, stdout);
	exit(0);
}

static void take_option(struct cat *cat, int c)
{
	struct mcr_consumer_opts *opts = &cat->opts;

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
		add_join(cat, optarg);
		break;
	case 'g':
		select_group(cat, optarg);
		break;
	case 'i':
		select_id(cat, optarg);
		break;
	case 'N':
		count(cat, optarg);
		break;
	case 't':
		cat->timeout_ns = seconds(optarg);
		break;
	case 'F':
		cat->print.format = format(optarg);
		break;
	case 's':
		cat->summary = 1;
		break;
	case 'R':
		cat->reattach = 1;
		break;
	case 'S':
		opts->stall_ns = seconds(optarg);
		break;
	case 'h':
		answer(USAGE);
	case 'V':
		answer("mcring-cat " MCR_VERSION "\n");
	default:
		fail("see --help");
		exit(EXIT_ERROR);
	}
}

static void parse_args(struct cat *cat, int argc, char **argv)
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

	cat->opts.groups_be = cat->groups_be;
	cat->opts.ids = cat->ids;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		take_option(cat, c);
	if (optind < argc) {
		fail("%s: not an option; see --help", argv[optind]);
		exit(EXIT_ERROR);
	}
}

static void take(struct cat *cat, struct mcr_consumer *c, const struct mcr_msg *m)
{
	if (m->kind == MCR_LOST) {
		cat->lost += m->lost;
		cat_print_lost(&cat->print, m->pos.ring, m->pos.seq, m->lost);
	} else if (m->kind == MCR_LINK) {
		cat_print_link(&cat->print, m);
	} else if (m->kind == MCR_STALL) {
		cat_print_stall(&cat->print, m);
	} else if (m->kind == MCR_ENGINE_STALL) {
		cat_print_engine_stall(&cat->print, m);
	} else if (m->kind == MCR_RESTART) {
		cat_print_restart(&cat->print, m);
	} else if (m->kind == MCR_DATA) {
		if (mcr_consumer_read(c, m, cat->print.payload, sizeof(cat->print.payload)) < 0 ||
		    m->len > sizeof(cat->print.payload)) {
			cat->lost++;
			cat_print_lost(&cat->print, m->pos.ring, m->pos.seq, 1);
			return;
		}
		cat->received++;
		cat->last_seq = m->pos.seq;
		if (cat->first_seq == 0)
			cat->first_seq = m->pos.seq;
		cat_print_data(&cat->print, m);
	}
}

/* ---- the loop ---- */

static int done(struct cat *cat)
{
	if (ferror(stdout) && cat->write_errno == 0)
		cat->write_errno = errno != 0 ? errno : EIO;
	return stopped || cat->write_errno != 0 || (cat->count != 0 && cat->received >= cat->count);
}

/* Sleeps until something comes, and finds out when the reader of the output has gone. */
static void rest(struct cat *cat, struct mcr_consumer *c)
{
	struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.fd = mcr_consumer_fd(c), .events = POLLIN}};
	uint64_t now = monotonic_ns(), left = cat->end_ns > now ? cat->end_ns - now : 0;
	struct timespec pause = {0, (long)(left < SLEEP_NS ? left : SLEEP_NS)};

	if (mcr_consumer_arm(c)) /* something is there, or will be without a notice */
		pause.tv_nsec = NAP_NS;
	if (ppoll(fds, 2, &pause, NULL) > 0 && fds[0].revents != 0)
		cat->write_errno = EPIPE;
}

static int timed_out(const struct cat *cat)
{
	return cat->end_ns != UINT64_MAX && monotonic_ns() >= cat->end_ns;
}

/* Joins what --join names; also with the next engine, which knows nothing of it. */
static int join_all(struct cat *cat, struct mcr_consumer *c, struct mcr_error *err)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < cat->n_joins; i++)
		ret = mcr_consumer_join(c, cat->joins[i], err);
	return ret;
}

/* Returns 0, or what mcr_consumer_poll gave at the end. */
static int follow(struct cat *cat, struct mcr_consumer *c)
{
	struct mcr_msg msgs[BATCH];
	unsigned idle = 0;

	while (!done(cat)) {
		int n = mcr_consumer_poll(c, msgs, BATCH);

		if (n < 0)
			return n;
		for (int i = 0; i < n && !done(cat); i++)
			take(cat, c, &msgs[i]);
		mcr_consumer_release(c);
		if (timed_out(cat))
			break;
		idle = n == 0 ? idle + 1 : 0;
		if (idle == 1)
			fflush(stdout); /* the reader sees everything there is */
		if (idle > IDLE_POLLS)
			rest(cat, c);
	}
	return 0;
}

/* Waits for the next engine. Returns 0 (also at the end of the wait), or an error when the next one
 * is not for us. */
static int follow_next(struct cat *cat, struct mcr_consumer *c, struct mcr_error *err)
{
	const struct timespec pause = {0, REATTACH_NS};

	fputs("mcring-cat: the engine has ended; waiting for the next\n", stderr);
	fflush(stdout);
	while (!done(cat) && !timed_out(cat)) {
		int ret = mcr_consumer_reattach(c, err);

		/* Not there yet, or not ready. Any other error would come again. */
		if (ret == 0)
			return join_all(cat, c, err);
		if (ret != -ENOENT && ret != -ECONNREFUSED && ret != -ETIMEDOUT && ret != -EBUSY)
			return ret;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct cat cat = {.opts = MCR_CONSUMER_OPTS_INIT};
	struct sigaction action = {.sa_handler = on_signal};
	struct mcr_consumer *c;
	struct mcr_error err;
	int ret;

	parse_args(&cat, argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (mcr_consumer_open(&c, &cat.opts, &err) < 0) {
		fail("%s", err.text);
		return EXIT_ERROR;
	}
	if (join_all(&cat, c, &err) < 0) {
		fail("%s", err.text);
		mcr_consumer_close(c);
		return EXIT_ERROR;
	}
	cat.end_ns = cat.timeout_ns != 0 ? monotonic_ns() + cat.timeout_ns : UINT64_MAX;
	do {
		err.text[0] = '\0';
		ret = follow(&cat, c);
		if (ret == -EPIPE && cat.reattach)
			ret = follow_next(&cat, c, &err);
		else
			break;
	} while (ret == 0 && !done(&cat) && !timed_out(&cat));
	mcr_consumer_close(c);
	if (ret < 0 && err.text[0] != '\0')
		fail("%s", err.text);
	else if (ret == -EPIPE)
		fail("the engine has ended");
	else if (ret < 0)
		fail("the ring makes no sense: %s", strerror(-ret));
	if (cat.summary)
		fprintf(cat.print.format == CAT_FORMAT_RAW ? stderr : stdout,
			"{\"received\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"first_seq\":%" PRIu64
			",\"last_seq\":%" PRIu64 "}\n",
			cat.received, cat.lost, cat.first_seq, cat.last_seq);
	if (fflush(stdout) != 0 && cat.write_errno == 0)
		cat.write_errno = errno;
	/* The reader may have had enough: head -1. */
	if (cat.write_errno != 0 && cat.write_errno != EPIPE) {
		fail("standard output: %s", strerror(cat.write_errno));
		return EXIT_ERROR;
	}
	if (ret < 0 && ret != -EPIPE)
		return EXIT_ERROR;
	return cat.count != 0 && cat.received < cat.count ? EXIT_NOT_REACHED : EXIT_REACHED;
}
