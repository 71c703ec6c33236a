/* SPDX-License-Identifier: BSD-3-Clause */
/* broker_driver URL STREAM NAME [KEY=VALUE...]: hands units to a broker as mcring-sink does,
 * through broker.h. STREAM is "-" for Kafka. Keys: prefix, credentials, tls_ca, tls_cert, tls_key,
 * give_up_ms, load=no, check=yes; set has a KEY=VALUE of --set, any number of times. It opens and
 * loads, prints what came of that, and obeys the lines of standard input; an object of JSON answers
 * each:
 *
 *   send FIRST COUNT OCTETS    units with the numbers FIRST...; sent when there is room
 *   sent                       answers when all are sent, or the broker's info is fatal
 *   wait                       answers when all are given back, or the broker's info is fatal
 *   checkpoint TEXT            {"taken": whether}
 *   stored N                   answers when N checkpoints are stored, or the info is fatal
 *   info
 *   close                      and ends; so does the end of the input
 *
 * Every answer has the broker's info, what was given back how ("twice": more than once, "mine":
 * never sent), and the processor time and the time of day that have passed since send. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/clock.h"
#include "mcring-sink/broker.h"

#define NUMBERS_MAX 4000000
#define HELD_MAX    20000 /* units in memory: what mcring-sink's --memory bounds */
#define BATCH       256
#define SETS_MAX    16

struct held {
	struct sink_unit unit;
	struct held *next;
	uint32_t number;
	char subject[64], id[32], header[120];
	char body[];
};

static const struct sink_broker_calls *calls;
static struct sink_broker *broker;
static struct held *spare; /* of one size */
static uint32_t spare_size;
static uint64_t next, end;         /* numbers to be sent */
static uint64_t stored_wanted;     /* checkpoints */
static int is_sent_enough;         /* to be given back is not waited for */
static uint8_t state[NUMBERS_MAX]; /* 1 = sent, 2 = given back */
static uint64_t counts[3], out, twice, longest_ns;
static uint64_t began_ns, began_cpu_ns;
static char why[SINK_WHY_MAX];
static const char *prefix = "mcring";

static uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void answer(const char *key, json_t *value)
{
	struct sink_broker_info i = {0};

	if (broker)
		calls->info(broker, &i);
	json_t *o = json_pack(
	    "{sI sI sI sI sI sI ss sI sI si ss ss ss si sI sI sI sI sI sI sI sI sI}", "sent",
	    (json_int_t)next, "out", (json_int_t)out, "stored", (json_int_t)counts[SINK_STORED],
	    "stored_before", (json_int_t)counts[SINK_STORED_BEFORE], "refused",
	    (json_int_t)counts[SINK_REFUSED], "twice", (json_int_t)twice, "why", why, "ns",
	    (json_int_t)(monotonic_ns() - began_ns), "cpu_ns",
	    (json_int_t)(cpu_ns() - began_cpu_ns), "is_connected", i.is_connected, "server",
	    i.server, "error", i.error, "fatal", i.fatal, "is_taken_over", i.is_taken_over,
	    "connects", (json_int_t)i.connects, "disconnects", (json_int_t)i.disconnects, "retried",
	    (json_int_t)i.retried, "checkpoints", (json_int_t)i.checkpoints, "once_ns",
	    (json_int_t)i.once_ns, "perhaps_twice", (json_int_t)i.perhaps_twice, "in_flight",
	    (json_int_t)i.in_flight, "longest_ns", (json_int_t)longest_ns, "aborted",
	    (json_int_t)i.aborted);

	json_object_set_new(o, key, value);
	json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
	putchar('\n');
	fflush(stdout);
}

static struct held *make(uint32_t number, uint32_t octets)
{
	struct held *h = spare;

	if (h)
		spare = h->next;
	else
		h = malloc(sizeof(*h) + octets);
	h->number = number;
	snprintf(h->subject, sizeof(h->subject), "%s.md.239-1-1-%u.5000", prefix, number % 16);
	snprintf(h->id, sizeof(h->id), "1234567890ab.0.%u", number);
	snprintf(h->header, sizeof(h->header),
		 "v=1 channel=md pos=1234567890ab.0.%u n=1 rx=1700000000000000000 "
		 "src=10.0.0.1,4000",
		 number);
	memset(h->body, 'x', octets);
	snprintf(h->body, octets, "%u", number);
	h->unit = (struct sink_unit){.subject = h->subject,
				     .flow = h->subject,
				     .id = h->id,
				     .header = h->header,
				     .body = h->body,
				     .len = octets,
				     .messages = 1};
	return h;
}

static void give_back(const struct sink_done *done)
{
	struct held *h = (struct held *)done->unit;

	if (state[h->number] != 1)
		twice++;
	state[h->number] = 2;
	counts[done->result]++;
	if (done->result == SINK_REFUSED)
		snprintf(why, sizeof(why), "%s", done->why);
	h->next = spare;
	spare = h;
	out--;
}

/* What the sink does in a round. */
static void turn(void)
{
	static struct sink_done done[BATCH];
	const uint64_t before = monotonic_ns();
	unsigned n;

	for (unsigned i = 0; i < BATCH && next < end && out < HELD_MAX; i++) {
		struct held *h = make((uint32_t)next, spare_size);

		if (calls->send(broker, &h->unit)) {
			h->next = spare;
			spare = h;
			break;
		}
		state[next++] = 1;
		out++;
	}
	do {
		n = calls->poll(broker, done, BATCH);
		for (unsigned i = 0; i < n; i++)
			give_back(&done[i]);
	} while (n == BATCH);
	if (monotonic_ns() - before > longest_ns)
		longest_ns = monotonic_ns() - before;
}

static int is_over(void)
{
	struct sink_broker_info i;

	calls->info(broker, &i);
	if (stored_wanted)
		return i.checkpoints >= stored_wanted || i.fatal[0];
	return i.fatal[0] || (next == end && (!out || is_sent_enough));
}

static void begin_send(const char *line)
{
	unsigned first, count, octets;

	if (sscanf(line, "send %u %u %u", &first, &count, &octets) != 3 ||
	    first + (uint64_t)count > NUMBERS_MAX || octets < 16) {
		answer("error", json_string("send FIRST COUNT OCTETS"));
		return;
	}
	while (octets != spare_size && spare) {
		struct held *h = spare;

		spare = h->next;
		free(h);
	}
	spare_size = octets;
	memset(state + first, 0, count);
	next = first;
	end = first + count;
	began_ns = monotonic_ns();
	began_cpu_ns = cpu_ns();
	longest_ns = 0;
	answer("send", json_true());
}

static void wait_for_it(uint64_t checkpoints, int is_sent)
{
	stored_wanted = checkpoints;
	is_sent_enough = is_sent;
	while (!is_over()) {
		struct pollfd p = {.fd = calls->fd(broker), .events = POLLIN};

		turn();
		if (!is_over() && (next == end || out == HELD_MAX))
			poll(&p, 1, 500);
	}
	answer("wait", json_true());
}

static int obey(char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "send ", 5) == 0)
		begin_send(line);
	else if (strcmp(line, "wait") == 0)
		wait_for_it(0, 0);
	else if (strcmp(line, "sent") == 0)
		wait_for_it(0, 1);
	else if (strncmp(line, "stored ", 7) == 0)
		wait_for_it(strtoull(line + 7, NULL, 10), 0);
	else if (strncmp(line, "checkpoint ", 11) == 0)
		answer("taken", json_boolean(calls->checkpoint(broker, line + 11) == 0));
	else if (strcmp(line, "info") == 0)
		answer("info", json_true());
	else
		return 0;
	return 1;
}

static int start(int argc, char **argv)
{
	static const char *sets[SETS_MAX];
	static struct sink_broker_config config; /* the broker's, too */
	struct mcr_error err = {""};
	char *text = NULL;
	int is_loaded = 1, rc;

	config = (struct sink_broker_config){
	    .url = argv[1],
	    .stream = strcmp(argv[2], "-") ? argv[2] : NULL,
	    .name = argv[3],
	    .sets = sets,
	    .commit_ns = 1000000000,
	    .give_up_ns = 10000000000,
	};
	for (int i = 4; i < argc && config.n_sets < SETS_MAX; i++) {
		char *value = strchr(argv[i], '=') + 1;

		if (strncmp(argv[i], "prefix=", 7) == 0)
			prefix = value;
		else if (strncmp(argv[i], "credentials=", 12) == 0)
			config.credentials = value;
		else if (strncmp(argv[i], "tls_ca=", 7) == 0)
			config.tls_ca = value;
		else if (strncmp(argv[i], "tls_cert=", 9) == 0)
			config.tls_cert = value;
		else if (strncmp(argv[i], "tls_key=", 8) == 0)
			config.tls_key = value;
		else if (strncmp(argv[i], "give_up_ms=", 11) == 0)
			config.give_up_ns = strtoull(value, NULL, 10) * 1000000;
		else if (strncmp(argv[i], "set=", 4) == 0)
			sets[config.n_sets++] = value;
		else if (strcmp(argv[i], "check=yes") == 0)
			config.is_check = 1;
		else if (strcmp(argv[i], "load=no") == 0)
			is_loaded = 0;
		else
			return -EINVAL;
	}
	config.prefix = prefix;
	rc = calls->open(&broker, &config, &err);
	if (!rc && is_loaded)
		rc = calls->load(broker, &text, &err);
	if (rc)
		answer("failed", json_pack("[i, s]", -rc, err.text));
	else
		answer("loaded", text ? json_string(text) : json_null());
	free(text);
	return rc;
}

/* NULL: not built. */
static const struct sink_broker_calls *calls_of(const char *url)
{
#if SINK_WITH_KAFKA
	if (strncmp(url, "kafka:", 6) == 0)
		return &sink_kafka;
#endif
#if SINK_WITH_NATS
	if (strncmp(url, "kafka:", 6) != 0)
		return &sink_nats;
#endif
	return NULL;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t cap = 0;
	int rc;

	if (argc < 4)
		return 2;
	calls = calls_of(argv[1]);
	if (!calls)
		return 2;
	began_ns = monotonic_ns();
	rc = start(argc, argv);
	for (;;) {
		/* A line at a time from a pipe: what stdio has read ahead, poll does not see. */
		struct pollfd p[2] = {{.fd = 0, .events = POLLIN}};

		if (rc)
			break;
		p[1] = (struct pollfd){.fd = calls->fd(broker), .events = POLLIN};
		if (poll(p, 2, next < end && out < HELD_MAX ? 0 : 500) > 0 && p[0].revents &&
		    (getline(&line, &cap, stdin) < 0 || !obey(line)))
			break;
		turn();
	}
	if (broker)
		calls->close(broker);
	broker = NULL;
	answer("closed", json_true());
	free(line);
	while (spare) {
		struct held *h = spare;

		spare = h->next;
		free(h);
	}
	return rc ? 1 : 0;
}
