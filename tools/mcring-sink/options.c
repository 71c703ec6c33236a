/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/consumer.h>

#include "../common/fail.h"
#include "../common/usage.h"
#include "broker.h"
#include "core/feed/duration.h"
#include "sets.h"
#include "settings/keys.h"
#include "settings/option_text.h"
#include "settings/settings.h"
#include "subject.h"

#define PACK_MAX       4096
#define MEMORY_MIN_MB  8
#define MEMORY_MAX_MB  65536
#define SECOND_NS      UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)
#define LINGER_MAX_NS  (10 * SECOND_NS)

static const char USAGE[] =
    "usage: mcring-sink --channel NAME|--feed NAME... --to URL [OPTION]...\n"
    "Hands the messages of channels and feeds to NATS JetStream or Kafka (docs/sink.md).\n"
    "\n"
    "What is handed over:\n"
    "  --channel NAME         a channel of the engine; repeatable\n"
    "  --feed NAME            a feed, each message once; repeatable\n"
    "  --engine NAME          the engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR          the engine's run directory\n"
    "  --start oldest|newest  where to begin when the broker has no position: with what the rings\n"
    "                         hold, or with what comes (oldest)\n"
    "\n"
    "To whom:\n"
    "  --to URL               nats://HOST[:PORT],... or kafka://HOST[:PORT],...\n"
    "  --name NAME            the sink's, under which the broker keeps the position (sink)\n"
    "  --prefix TEXT          what subjects and topics begin with (mcring)\n"
    "  --stream NAME[,create][,KEY=VALUE]...  NATS: the stream; with the rest, how it is made:\n"
    "      create             if it is not there\n"
    "      replicas=N         on so many servers (1)\n"
    "      storage=file|memory  where these keep it (file)\n"
    "      window=TIME        for so long they find a second copy of a message (2m)\n"
    "      max_age=TIME, max_bytes=N  what is older, or too many, goes (all stays)\n"
    "  --topic-by group|channel  Kafka: a topic for each group and port, or one for a channel\n"
    "                         (group)\n"
    "  --credentials FILE     NATS: of the user\n"
    "  --tls-ca FILE          whom to trust: certificates\n"
    "  --tls-cert FILE        the sink's own certificate\n"
    "  --tls-key FILE         its key\n"
    "  --set KEY=VALUE        Kafka: a property of librdkafka; repeatable\n"
    "  --set-file FILE        Kafka: such properties, one a line; for secrets\n"
    "\n"
    "How:\n"
    "  --pack N               up to N messages in one of the broker's (1)\n"
    "  --linger TIME          with --pack: for so long messages are packed (1ms)\n"
    "  --memory MB            for what is under way (64)\n"
    "  --commit TIME          between two positions (1s; Kafka: 100ms)\n"
    "  --state-dir DIR        for the socket `stats` (/run/mcring/sink-NAME or, where that cannot\n"
    "                         be written, a folder of the user's)\n"
    "  --stats [mode=MODE][,group=GROUP]  who may ask what is known (0660)\n"
    "\n"
    "  --check                only say what would be handed over, and what the broker has\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 at a signal, when all is stored; 1 on an error; 2 on one of the command "
    "line;\n"
    "3 when another sink of this name has taken over.\n";

static _Noreturn void usage_error(const char *option, const char *value, const char *expected)
{
	fail("--%s %s: expected %s", option, value, expected);
	exit(SINK_EXIT_USAGE);
}

static _Noreturn void refuse(const char *why)
{
	fail("%s", why);
	exit(SINK_EXIT_USAGE);
}

static uint64_t duration(const char *option, const char *value, uint64_t min_ns, uint64_t max_ns)
{
	uint64_t ns = 0;
	char expected[96], least[32], most[32];

	if (mcr_duration_parse(value, strlen(value), &ns) == 0 && ns >= min_ns && ns <= max_ns)
		return ns;
	snprintf(expected, sizeof(expected), "%s to %s: " MCR_DURATION_FORM,
		 mcr_duration_format(min_ns, least, sizeof(least)),
		 mcr_duration_format(max_ns, most, sizeof(most)));
	usage_error(option, value, expected);
}

static uint64_t number(const char *option, const char *value, uint64_t min, uint64_t max)
{
	char expected[64];
	uint64_t n = 0;

	if (usage_number(&n, value, min, max) == 0)
		return n;
	snprintf(expected, sizeof(expected), "a number from %llu to %llu", (unsigned long long)min,
		 (unsigned long long)max);
	usage_error(option, value, expected);
}

/* The first or the second word: 0 or 1. */
static int one_of(const char *option, const char *value, const char *first, const char *second)
{
	char expected[64];

	if (strcmp(value, first) == 0 || strcmp(value, second) == 0)
		return strcmp(value, second) == 0;
	snprintf(expected, sizeof(expected), "%s or %s", first, second);
	usage_error(option, value, expected);
}

static void add_name(const char **list, unsigned *n, const char *option)
{
	for (unsigned i = 0; i < *n; i++)
		if (strcmp(list[i], optarg) == 0)
			usage_error(option, optarg, "each name once");
	if (*n == SINK_NAMES_MAX)
		usage_error(option, optarg, "64 of them at most");
	if (optarg[0] == '\0' || strlen(optarg) >= MCR_NAME_MAX)
		usage_error(option, optarg, "a name of 1 to 31 octets");
	list[(*n)++] = optarg;
}

/* A key of NATS's store and a part of Kafka's transactional.id. */
static const char *sink_name(const char *value)
{
	char token[SINK_NAME_MAX];

	subject_token(token, sizeof(token), value);
	if (strcmp(token, value) != 0)
		usage_error("name", value, "1 to 63 letters, digits, '_' and '-'");
	return value;
}

static void add_set(struct sink_options *o, const char *option, const char *value)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value) /* the value may be a secret */
		refuse("--set and lines of --set-file: expected KEY=VALUE");
	if (o->n_sets == SINK_SETS_MAX)
		usage_error(option, "KEY=VALUE", "128 of them at most");
	o->sets[o->n_sets++] = value;
}

static void add_set_file(struct sink_options *o, const char *path)
{
	struct mcr_error err;

	if (sets_read(path, o->sets, &o->n_sets, SINK_SETS_MAX, &err) < 0)
		refuse(err.text);
}

static void who_may(struct sink_options *o, const char *value)
{
	struct mcr_stats_setting setting = {0};
	struct mcr_error err;
	char *copy = strdup(value);

	if (!copy || mcr_option_keys(copy, &mcr_stats_keys, &setting, &err) < 0) {
		fail("--stats %s: %s", value, copy ? err.text : "no memory");
		exit(SINK_EXIT_USAGE);
	}
	free(copy);
	mcr_keys_complete(&mcr_stats_keys, &setting);
	o->stats_mode = setting.mode.value;
	o->stats_gid = setting.gid.set ? setting.gid.value : UINT32_MAX;
}

static const char *prefix(const char *value)
{
	struct mcr_error err;

	if (subject_check(value, &err) == 0)
		return value;
	fail("--prefix %s", err.text);
	exit(SINK_EXIT_USAGE);
}

/* Returns 0, or -1 for another option. */
static int take_what(struct sink_options *o, int c)
{
	switch (c) {
	case 'c':
		add_name(o->channels, &o->n_channels, "channel");
		break;
	case 'f':
		add_name(o->feeds, &o->n_feeds, "feed");
		break;
	case 'e':
		o->engine = optarg;
		break;
	case 'r':
		o->run_dir = optarg;
		break;
	case 'b':
		o->start = one_of("start", optarg, "newest", "oldest") ? MCR_START_OLDEST
								       : MCR_START_NEWEST;
		break;
	case 'n':
		o->name = sink_name(optarg);
		break;
	case 'p':
		o->prefix = prefix(optarg);
		break;
	case 'C':
		o->is_check = 1;
		break;
	default:
		return -1;
	}
	return 0;
}

/* Returns 0, or -1 for another option. */
static int take_broker(struct sink_options *o, int c)
{
	switch (c) {
	case 't':
		o->to = optarg;
		break;
	case 's':
		o->stream = optarg;
		break;
	case 'T':
		o->topics = one_of("topic-by", optarg, "group", "channel") ? SINK_TOPIC_CHANNEL
									   : SINK_TOPIC_GROUP;
		break;
	case 'u':
		o->credentials = optarg;
		break;
	case 'A':
		o->tls_ca = optarg;
		break;
	case 'E':
		o->tls_cert = optarg;
		break;
	case 'K':
		o->tls_key = optarg;
		break;
	case 'S':
		add_set(o, "set", optarg);
		break;
	case 'F':
		add_set_file(o, optarg);
		break;
	default:
		return -1;
	}
	return 0;
}

static void take_how(struct sink_options *o, int c)
{
	switch (c) {
	case 'P':
		o->pack = (uint32_t)number("pack", optarg, 1, PACK_MAX);
		break;
	case 'l':
		o->linger_ns = duration("linger", optarg, 1000, LINGER_MAX_NS);
		break;
	case 'm':
		o->memory = (size_t)number("memory", optarg, MEMORY_MIN_MB, MEMORY_MAX_MB) << 20;
		break;
	case 'i':
		o->commit_ns = duration("commit", optarg, MILLISECOND_NS, 60 * SECOND_NS);
		break;
	case 'd':
		o->state_dir = optarg;
		break;
	case 'w':
		who_may(o, optarg);
		break;
	case 'h':
		fputs(USAGE, stdout);
		exit(0);
	case 'V':
		usage_version();
		exit(0);
	default:
		exit(SINK_EXIT_USAGE);
	}
}

static const struct option OPTIONS[] = {{"channel", required_argument, NULL, 'c'},
					{"feed", required_argument, NULL, 'f'},
					{"engine", required_argument, NULL, 'e'},
					{"run-dir", required_argument, NULL, 'r'},
					{"start", required_argument, NULL, 'b'},
					{"to", required_argument, NULL, 't'},
					{"name", required_argument, NULL, 'n'},
					{"prefix", required_argument, NULL, 'p'},
					{"stream", required_argument, NULL, 's'},
					{"topic-by", required_argument, NULL, 'T'},
					{"credentials", required_argument, NULL, 'u'},
					{"tls-ca", required_argument, NULL, 'A'},
					{"tls-cert", required_argument, NULL, 'E'},
					{"tls-key", required_argument, NULL, 'K'},
					{"set", required_argument, NULL, 'S'},
					{"set-file", required_argument, NULL, 'F'},
					{"pack", required_argument, NULL, 'P'},
					{"linger", required_argument, NULL, 'l'},
					{"memory", required_argument, NULL, 'm'},
					{"commit", required_argument, NULL, 'i'},
					{"state-dir", required_argument, NULL, 'd'},
					{"stats", required_argument, NULL, 'w'},
					{"check", no_argument, NULL, 'C'},
					{"help", no_argument, NULL, 'h'},
					{"version", no_argument, NULL, 'V'},
					{NULL, 0, NULL, 0}};

/* The broker of the URL's scheme. */
static void choose_broker(struct sink_options *o)
{
	if (!o->to)
		refuse("--to is missing: nats://HOST[:PORT],... or kafka://HOST[:PORT],...");
	if (strncmp(o->to, "nats://", 7) == 0 || strncmp(o->to, "tls://", 6) == 0) {
#if SINK_WITH_NATS
		o->calls = &sink_nats;
#else
		refuse("--to nats://...: this program was built without NATS: libnats was missing");
#endif
	} else if (strncmp(o->to, "kafka://", 8) == 0) {
#if SINK_WITH_KAFKA
		o->calls = &sink_kafka;
		o->is_kafka = 1;
#else
		refuse("--to kafka://...: this program was built without Kafka: librdkafka was "
		       "missing");
#endif
	} else { /* without its value, which may have a password */
		refuse("--to: expected nats://HOST[:PORT],... or kafka://HOST[:PORT],...");
	}
}

/* What belongs together. */
static void complete(struct sink_options *o)
{
	choose_broker(o);
	if (o->n_channels + o->n_feeds == 0)
		refuse("nothing is to be handed over: give --channel NAME or --feed NAME");
	if (!o->is_kafka && !o->stream)
		refuse(
		    "--stream is missing: the name of the stream, and ,create if it is not there");
	if (!o->is_kafka && (o->n_sets > 0 || o->topics == SINK_TOPIC_CHANNEL))
		refuse("--set, --set-file and --topic-by are for kafka:// only");
	if (o->is_kafka && (o->stream || o->credentials))
		refuse("--stream and --credentials are for nats:// only");
	if (!o->tls_cert != !o->tls_key)
		refuse("--tls-cert and --tls-key belong together");
	if (o->commit_ns == 0)
		o->commit_ns = o->is_kafka ? 100 * MILLISECOND_NS : SECOND_NS;
}

void sink_options_parse(struct sink_options *o, int argc, char **argv)
{
	*o = (struct sink_options){
	    .name = "sink",
	    .prefix = "mcring",
	    .pack = 1,
	    .linger_ns = MILLISECOND_NS,
	    .memory = (size_t)64 << 20,
	    .start = MCR_START_OLDEST,
	    .stats_mode = 0660,
	    .stats_gid = UINT32_MAX,
	};
	for (int c; (c = usage_next(argc, argv, "", OPTIONS, NULL)) != -1;)
		if (take_what(o, c) < 0 && take_broker(o, c) < 0)
			take_how(o, c);
	if (optind < argc) {
		usage_unexpected(argv[optind]);
		exit(SINK_EXIT_USAGE);
	}
	complete(o);
}
