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

#ifndef MCR_VERSION
#define MCR_VERSION "unknown"
#endif

#define BATCH       64
#define IDLE_POLLS  200       /* empty ones, then it sleeps */
#define SLEEP_NS    200000000 /* then it looks for signals and the engine's heartbeat */
#define NAP_NS      50000
#define REATTACH_NS 50000000
#define PAYLOAD_MAX 65536
#define SELECT_MAX  1024 /* of --group and of --id */
#define JOIN_MAX    256  /* of --join */

enum format {
	FORMAT_TEXT,
	FORMAT_HEX,
	FORMAT_JSON,
	FORMAT_RAW
};

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
	enum format format;
	int summary, reattach;

	uint64_t end_ns; /* of --timeout */
	uint64_t received, lost, first_seq, last_seq;
	int write_errno; /* why standard output failed first */
	uint8_t payload[PAYLOAD_MAX];
	char line[2 * PAYLOAD_MAX + 1];
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
    "  --name NAME          engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR        run directory itself\n"
    "  --channel NAME       channel (default)\n"
    "  --from WHERE         newest (default), oldest, or a sequence number\n"
    "  --ring N             only this ring of the channel; needed with a sequence number when\n"
    "                       the channel has several\n"
    "  --merge              the messages of several rings in the order of arrival\n"
    "  --join JOIN          join a group into the channel while this runs, where the engine's\n"
    "                       configuration allows it; several add up\n"
    "  --group ADDRESS      only messages of this group; several make a list\n"
    "  --id N               only messages with this id; several make a list, which adds to that\n"
    "                       of the groups\n"
    "  --count N            end after N messages\n"
    "  --timeout SECONDS    end after so long, fractions allowed\n"
    "  --reattach           when the engine ends, wait for the next one and go on with it; from "
    "when\n"
    "                       to when messages may be missing is said in between\n"
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
	fprintf(stderr, "mcring-cat: --%s %s: expected %s\n", option, value, expected);
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

static enum format format(const char *value)
{
	static const char *const names[] = {"text", "hex", "json", "raw"};

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(value, names[i]) == 0)
			return (enum format)i;
	usage_error("format", value, "text, hex, json or raw");
	return FORMAT_TEXT;
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

static void parse_args(struct cat *cat, int argc, char **argv)
{
	static const struct option options[] = {{"name", required_argument, NULL, 'n'},
						{"run-dir", required_argument, NULL, 'd'},
						{"join", required_argument, NULL, 'j'},
						{"merge", no_argument, NULL, 'm'},
						{"group", required_argument, NULL, 'g'},
						{"id", required_argument, NULL, 'i'},
						{"channel", required_argument, NULL, 'c'},
						{"from", required_argument, NULL, 'f'},
						{"ring", required_argument, NULL, 'r'},
						{"count", required_argument, NULL, 'N'},
						{"timeout", required_argument, NULL, 't'},
						{"format", required_argument, NULL, 'F'},
						{"summary", no_argument, NULL, 's'},
						{"reattach", no_argument, NULL, 'R'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'V'},
						{NULL, 0, NULL, 0}};
	struct mcr_consumer_opts *opts = &cat->opts;

	opts->groups_be = cat->groups_be;
	opts->ids = cat->ids;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
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
			if (cat->n_joins == JOIN_MAX)
				usage_error("join", optarg, "256 joins at most");
			cat->joins[cat->n_joins++] = optarg;
			break;
		case 'g':
			select_group(cat, optarg);
			break;
		case 'i':
			select_id(cat, optarg);
			break;
		case 'N':
			cat->count = number("count", optarg, UINT64_MAX);
			if (cat->count == 0)
				usage_error("count", optarg, "a number above 0");
			break;
		case 't':
			cat->timeout_ns = seconds(optarg);
			break;
		case 'F':
			cat->format = format(optarg);
			break;
		case 's':
			cat->summary = 1;
			break;
		case 'R':
			cat->reattach = 1;
			break;
		case 'h':
			fputs(USAGE, stdout);
			exit(0);
		case 'V':
			puts("mcring-cat " MCR_VERSION);
			exit(0);
		default:
			fputs("mcring-cat: see --help\n", stderr);
			exit(EXIT_ERROR);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "mcring-cat: %s: not an option; see --help\n", argv[optind]);
		exit(EXIT_ERROR);
	}
}

/* ---- printing ---- */

static const char *address(uint32_t be, char text[INET_ADDRSTRLEN])
{
	struct in_addr in = {be};

	inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
	return text;
}

static const char *time_text(uint64_t ns, char text[40])
{
	time_t s = (time_t)(ns / 1000000000u);
	struct tm tm;
	size_t len;

	gmtime_r(&s, &tm);
	len = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, 40 - len, ".%09uZ", (unsigned)(ns % 1000000000u));
	return text;
}

static void to_hex(struct cat *cat, uint32_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < len; i++) {
		cat->line[2 * i] = digits[cat->payload[i] >> 4];
		cat->line[2 * i + 1] = digits[cat->payload[i] & 15];
	}
	cat->line[2 * (size_t)len] = '\0';
}

static void to_printable(struct cat *cat, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		uint8_t c = cat->payload[i];

		cat->line[i] = c >= 0x20 && c <= 0x7e ? (char)c : '.';
	}
	cat->line[len] = '\0';
}

static void print_data(struct cat *cat, const struct mcr_msg *m)
{
	char group[INET_ADDRSTRLEN], source[INET_ADDRSTRLEN], when[40], hw_when[40];
	uint64_t hw_ns = m->flags & MCR_FLAG_HW_TIME ? m->hw_ns : 0;
	int is_synced = (m->flags & MCR_FLAG_HW_TIME_SYNCED) != 0;

	if (cat->format == FORMAT_RAW) {
		fwrite(cat->payload, 1, m->len, stdout);
		return;
	}
	address(m->group_be, group);
	address(m->source_be, source);
	if (cat->format == FORMAT_TEXT)
		to_printable(cat, m->len);
	else
		to_hex(cat, m->len);
	if (cat->format == FORMAT_JSON)
		printf("{\"ring\":%u,\"seq\":%" PRIu64 ",\"rx_ns\":%" PRIu64 ",\"hw_ns\":%" PRIu64
		       ",\"hw_synced\":%s,\"group\":\"%s\",\"port\":%u,\"source\":\"%s\",\"source_"
		       "port\":%u,"
		       "\"vlan\":%u,\"id\":%u,\"len\":%u,\"data\":\"%s\"}\n",
		       m->pos.ring, m->pos.seq, m->rx_ns, hw_ns, is_synced ? "true" : "false",
		       group, m->dst_port, source, m->src_port, m->vlan, m->id, m->len, cat->line);
	else
		printf("%s%s%s %s:%u from %s:%u ring %u seq %" PRIu64 " len %u: %s\n",
		       time_text(m->rx_ns, when), hw_ns ? (is_synced ? " synced " : " hw ") : "",
		       hw_ns ? time_text(hw_ns, hw_when) : "", group, m->dst_port, source,
		       m->src_port, m->pos.ring, m->pos.seq, m->len, cat->line);
}

static void print_lost(const struct cat *cat, uint32_t ring, uint64_t seq, uint64_t lost)
{
	if (cat->format == FORMAT_JSON)
		printf("{\"event\":\"lost\",\"ring\":%u,\"seq\":%" PRIu64 ",\"lost\":%" PRIu64
		       "}\n",
		       ring, seq, lost);
	else
		fprintf(cat->format == FORMAT_RAW ? stderr : stdout,
			"lost %" PRIu64 " from seq %" PRIu64 " of ring %u\n", lost, seq, ring);
}

static void print_link(const struct cat *cat, const struct mcr_msg *m)
{
	int up = (m->flags & MCR_FLAG_LINK_UP) != 0;
	int removed = (m->flags & MCR_FLAG_LINK_GONE) != 0;

	if (cat->format == FORMAT_JSON)
		printf("{\"event\":\"link\",\"ring\":%u,\"seq\":%" PRIu64
		       ",\"dpdk_port\":%u,\"up\":%s,\"removed\":%s}\n",
		       m->pos.ring, m->pos.seq, m->id, up ? "true" : "false",
		       removed ? "true" : "false");
	else
		fprintf(cat->format == FORMAT_RAW ? stderr : stdout, "link of port %u %s\n", m->id,
			removed ? "removed"
			: up    ? "up"
				: "down");
}

static void print_stall(const struct cat *cat, const struct mcr_msg *m)
{
	if (cat->format == FORMAT_JSON)
		printf("{\"event\":\"stall\",\"ring\":%u,\"seq\":%" PRIu64 ",\"rx_ns\":%" PRIu64
		       "}\n",
		       m->pos.ring, m->pos.seq, m->rx_ns);
	else
		fprintf(cat->format == FORMAT_RAW ? stderr : stdout,
			"ring %u is silent: the others go on without it\n", m->pos.ring);
}

static void print_restart(const struct cat *cat, const struct mcr_msg *m)
{
	char since[40], until[40];

	if (cat->format == FORMAT_JSON)
		printf("{\"event\":\"restart\",\"since_ns\":%" PRIu64 ",\"until_ns\":%" PRIu64
		       "}\n",
		       m->since_ns, m->rx_ns);
	else
		fprintf(cat->format == FORMAT_RAW ? stderr : stdout,
			"restart: what arrived from %s to %s may be missing\n",
			time_text(m->since_ns, since), time_text(m->rx_ns, until));
}

static void take(struct cat *cat, struct mcr_consumer *c, const struct mcr_msg *m)
{
	if (m->kind == MCR_LOST) {
		cat->lost += m->lost;
		print_lost(cat, m->pos.ring, m->pos.seq, m->lost);
	} else if (m->kind == MCR_LINK) {
		print_link(cat, m);
	} else if (m->kind == MCR_STALL) {
		print_stall(cat, m);
	} else if (m->kind == MCR_RESTART) {
		print_restart(cat, m);
	} else if (m->kind == MCR_DATA) {
		if (mcr_consumer_read(c, m, cat->payload, sizeof(cat->payload)) < 0 ||
		    m->len > sizeof(cat->payload)) {
			cat->lost++;
			print_lost(cat, m->pos.ring, m->pos.seq, 1);
			return;
		}
		cat->received++;
		cat->last_seq = m->pos.seq;
		if (cat->first_seq == 0)
			cat->first_seq = m->pos.seq;
		print_data(cat, m);
	}
}

/* ---- the loop ---- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int done(struct cat *cat)
{
	if (ferror(stdout) && cat->write_errno == 0)
		cat->write_errno = errno != 0 ? errno : EIO;
	return stopped || cat->write_errno != 0 || (cat->count != 0 && cat->received >= cat->count);
}

/* Sleeps until something comes, and finds out when nobody reads the output any more. */
static void rest(struct cat *cat, struct mcr_consumer *c)
{
	struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.fd = mcr_consumer_fd(c), .events = POLLIN}};
	uint64_t now = now_ns(), left = cat->end_ns > now ? cat->end_ns - now : 0;
	struct timespec pause = {0, (long)(left < SLEEP_NS ? left : SLEEP_NS)};

	if (mcr_consumer_arm(c)) /* something is there, or will be without a word */
		pause.tv_nsec = NAP_NS;
	if (ppoll(fds, 2, &pause, NULL) > 0 && fds[0].revents != 0)
		cat->write_errno = EPIPE;
}

static int timed_out(const struct cat *cat)
{
	return cat->end_ns != UINT64_MAX && now_ns() >= cat->end_ns;
}

/* What --join says; also with the next engine, which knows nothing of it. */
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
			fflush(stdout); /* whoever reads sees everything there is */
		if (idle > IDLE_POLLS)
			rest(cat, c);
	}
	return 0;
}

/* Waits for the next engine. Returns 0 (also at the end of the wait), or an error that says that
 * the next one is not for us. */
static int follow_next(struct cat *cat, struct mcr_consumer *c, struct mcr_error *err)
{
	const struct timespec pause = {0, REATTACH_NS};

	fputs("mcring-cat: the engine has ended; waiting for the next\n", stderr);
	fflush(stdout);
	while (!done(cat) && !timed_out(cat)) {
		int ret = mcr_consumer_reattach(c, err);

		/* Not there yet, or not ready: all others would be the same the next time. */
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
		fprintf(stderr, "mcring-cat: %s\n", err.text);
		return EXIT_ERROR;
	}
	if (join_all(&cat, c, &err) < 0) {
		fprintf(stderr, "mcring-cat: %s\n", err.text);
		mcr_consumer_close(c);
		return EXIT_ERROR;
	}
	cat.end_ns = cat.timeout_ns != 0 ? now_ns() + cat.timeout_ns : UINT64_MAX;
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
		fprintf(stderr, "mcring-cat: %s\n", err.text);
	else if (ret == -EPIPE)
		fputs("mcring-cat: the engine has ended\n", stderr);
	else if (ret < 0)
		fprintf(stderr, "mcring-cat: the ring makes no sense: %s\n", strerror(-ret));
	if (cat.summary)
		fprintf(cat.format == FORMAT_RAW ? stderr : stdout,
			"{\"received\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"first_seq\":%" PRIu64
			",\"last_seq\":%" PRIu64 "}\n",
			cat.received, cat.lost, cat.first_seq, cat.last_seq);
	if (fflush(stdout) != 0 && cat.write_errno == 0)
		cat.write_errno = errno;
	/* Whoever reads may have had enough: head -1. */
	if (cat.write_errno != 0 && cat.write_errno != EPIPE) {
		fprintf(stderr, "mcring-cat: standard output: %s\n", strerror(cat.write_errno));
		return EXIT_ERROR;
	}
	if (ret < 0 && ret != -EPIPE)
		return EXIT_ERROR;
	return cat.count != 0 && cat.received < cat.count ? EXIT_NOT_REACHED : EXIT_REACHED;
}
