/* SPDX-License-Identifier: BSD-3-Clause */
/* kafka_driver URL NAME [KEY=VALUE...]: hands units to Kafka as mcring-sink does, by broker.h.
 * Opens, loads, prints "position TEXT" ("-" = none), then obeys the commands of standard input,
 * each answered by a line:
 *
 *   send TOPIC FLOW FIRST COUNT OCTETS  units with the ids FIRST... ; each body begins with its id
 *   checkpoint TEXT                     waits until it is taken
 *   settle                              waits until all is given back, and the checkpoint stored
 *   poll                                takes what is given back now
 *   info
 *   end                                 closes; the end of the commands does not: it exits
 *
 * Answers to settle and poll: "stored N before N refused N[ WHY]" of all so far; fatal is said as
 * "fatal WHY". */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcring-sink/broker.h"

#define ALL_MAX 1000000

struct held {
	struct sink_unit unit;
	char subject[128], flow[64], id[64], header[64];
};

static struct sink_broker *broker;
static uint64_t n_sent, counts[3];
static char why[SINK_WHY_MAX], text[4096];

static void take_back(void)
{
	struct sink_done done[256];
	unsigned n;

	do {
		n = sink_kafka.poll(broker, done, 256);
		for (unsigned i = 0; i < n; i++) {
			counts[done[i].result]++;
			if (done[i].result == SINK_REFUSED)
				snprintf(why, sizeof(why), "%s", done[i].why);
			free(done[i].unit);
		}
	} while (n == 256);
}

/* Waits until something happened, or for a while. Returns whether it is over. */
static int wait_a_while(void)
{
	struct pollfd p = {.fd = sink_kafka.fd(broker), .events = POLLIN};
	struct sink_broker_info info;

	poll(&p, 1, 100);
	take_back();
	sink_kafka.info(broker, &info);
	if (info.fatal[0])
		printf("fatal %s\n", info.fatal);
	return !!info.fatal[0];
}

static void send_units(const char *subject, const char *flow, unsigned long first, unsigned long n,
		       unsigned octets)
{
	for (unsigned long i = first; i < first + n; i++) {
		struct held *held = calloc(1, sizeof(*held) + octets + 1);

		if (!held)
			exit(1);
		snprintf(held->subject, sizeof(held->subject), "%s", subject);
		snprintf(held->flow, sizeof(held->flow), "%s", flow);
		snprintf(held->id, sizeof(held->id), "%lu", i);
		snprintf(held->header, sizeof(held->header), "v=1 pos=%lu n=1", i);
		memset(held + 1, '.', octets);
		memcpy(held + 1, held->id, strlen(held->id) < octets ? strlen(held->id) : octets);
		held->unit = (struct sink_unit){.subject = held->subject,
						.flow = held->flow,
						.id = held->id,
						.header = held->header,
						.body = held + 1,
						.len = octets,
						.messages = 1};
		while (sink_kafka.send(broker, &held->unit) != 0)
			if (wait_a_while())
				return;
		n_sent++;
	}
	printf("ok\n");
}

static void print_counts(void)
{
	printf("stored %lu before %lu refused %lu%s%s\n", counts[SINK_STORED],
	       counts[SINK_STORED_BEFORE], counts[SINK_REFUSED], why[0] ? " " : "", why);
}

static void settle(void)
{
	struct sink_broker_info info;

	do {
		if (wait_a_while())
			return;
		sink_kafka.info(broker, &info);
	} while (info.in_flight);
	print_counts();
}

static void print_info(void)
{
	struct sink_broker_info i;

	sink_kafka.info(broker, &i);
	printf("connected %d connects %lu disconnects %lu retried %lu aborted %lu checkpoints %lu "
	       "in_flight %lu server %s error %s\n",
	       i.is_connected, i.connects, i.disconnects, i.retried, i.aborted, i.checkpoints,
	       i.in_flight, i.server, i.error[0] ? i.error : "-");
}

static int obey(const char *line)
{
	char subject[128], flow[64];
	unsigned long first, n;
	unsigned octets;

	if (sscanf(line, "send %127s %63s %lu %lu %u", subject, flow, &first, &n, &octets) == 5) {
		send_units(subject, flow, first, n, octets);
	} else if (sscanf(line, "checkpoint %4095s", text) == 1) {
		while (sink_kafka.checkpoint(broker, text) != 0)
			if (wait_a_while())
				return 0;
		printf("ok\n");
	} else if (!strncmp(line, "settle", 6)) {
		settle();
	} else if (!strncmp(line, "poll", 4)) {
		take_back();
		print_counts();
	} else if (!strncmp(line, "info", 4)) {
		print_info();
	} else if (!strncmp(line, "end", 3)) {
		sink_kafka.close(broker);
		printf("ok\n");
		return -1;
	} else {
		printf("what?\n");
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sink_broker_config config = {
	    .prefix = "mcring", .commit_ns = 100000000, .give_up_ns = 10000000000};
	struct mcr_error err;
	char line[5000], *position;

	if (argc < 3)
		return 2;
	config.url = argv[1];
	config.name = argv[2];
	config.sets = (const char *const *)argv + 3;
	config.n_sets = (unsigned)argc - 3;
	setlinebuf(stdout);
	if (sink_kafka.open(&broker, &config, &err) != 0) {
		printf("cannot open: %s\n", err.text);
		return 1;
	}
	if (sink_kafka.load(broker, &position, &err) != 0) {
		printf("cannot load: %s\n", err.text);
		sink_kafka.close(broker);
		return 1;
	}
	printf("position %s\n", position ? position : "-");
	free(position);
	while (fgets(line, sizeof(line), stdin) && obey(line) == 0)
		;
	return 0;
}
