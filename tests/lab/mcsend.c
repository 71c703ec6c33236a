/* SPDX-License-Identifier: BSD-3-Clause */
/* mcsend: sends numbered UDP multicast from plain kernel sockets at a steady pace and prints what
 * it sent as JSON. It is the independent side of the tests: nothing of mcring is in it but the
 * payload's format. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "../../tools/common/clock.h"
#include "../../tools/common/probe.h"

#define FLOWS_MAX      64
#define SIZE_MAX_BYTES 65000

static const char usage[] =
    "usage: mcsend --interface NAME --to GROUP:PORT[/EVERY]... [options]\n"
    "Goes round: each round sends one datagram to every destination (to one with /N in every\n"
    "Nth round only).\n"
    "  --interface NAME  leave by this interface\n"
    "  --source ADDR     bind to this address\n"
    "  --count N         rounds (1000); SIGTERM ends it earlier\n"
    "  --rate N          rounds a second (1000)\n"
    "  --size N          octets of payload, at least 16 (100)\n"
    "  --ttl N           (4)\n";

struct flow {
	struct sockaddr_in to;
	uint64_t every;
	uint64_t sent, failed;
};

struct sender {
	struct flow flows[FLOWS_MAX];
	unsigned n_flows;
	const char *interface, *source;
	uint64_t count, rate;
	uint32_t size;
	int ttl, fd;
	uint8_t payload[SIZE_MAX_BYTES];
};

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

static void die(const char *what, const char *text)
{
	fprintf(stderr, "mcsend: %s %s%s%s\n", what, text, errno ? ": " : "",
		errno ? strerror(errno) : "");
	exit(1);
}

static uint64_t number(const char *name, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	errno = 0;
	if (end == text || *end || value < min || value > max)
		die(name, text);
	return value;
}

static void add_flow(struct sender *sender, const char *text)
{
	struct flow *flow = &sender->flows[sender->n_flows];
	char group[INET_ADDRSTRLEN + 1] = "";
	unsigned port = 0;
	uint64_t every = 1;
	int end = 0;

	if (sender->n_flows == FLOWS_MAX)
		die("too many destinations at", text);
	if (sscanf(text, "%16[0-9.]:%u%n/%" SCNu64 "%n", group, &port, &end, &every, &end) < 2 ||
	    text[end] || inet_pton(AF_INET, group, &flow->to.sin_addr) != 1 || !port ||
	    port > UINT16_MAX || !every)
		die("bad destination", text);
	flow->to.sin_family = AF_INET;
	flow->to.sin_port = htons((uint16_t)port);
	flow->every = every;
	sender->n_flows++;
}

static void parse(struct sender *sender, int argc, char **argv)
{
	static const struct option options[] = {
	    {"interface", required_argument, NULL, 'i'}, {"to", required_argument, NULL, 't'},
	    {"source", required_argument, NULL, 's'},    {"count", required_argument, NULL, 'n'},
	    {"rate", required_argument, NULL, 'r'},      {"size", required_argument, NULL, 'z'},
	    {"ttl", required_argument, NULL, 'l'},       {0},
	};
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == 'i')
			sender->interface = optarg;
		else if (id == 't')
			add_flow(sender, optarg);
		else if (id == 's')
			sender->source = optarg;
		else if (id == 'n')
			sender->count = number("--count", optarg, 1, UINT64_MAX);
		else if (id == 'r')
			sender->rate = number("--rate", optarg, 1, 10000000);
		else if (id == 'z')
			sender->size =
			    (uint32_t)number("--size", optarg, PROBE_MIN_BYTES, SIZE_MAX_BYTES);
		else if (id == 'l')
			sender->ttl = (int)number("--ttl", optarg, 1, 255);
		else
			exit(1);
	}
	if (optind < argc || !sender->n_flows || !sender->interface) {
		fputs(usage, stderr);
		exit(1);
	}
}

static void open_socket(struct sender *sender)
{
	struct ip_mreqn out = {.imr_ifindex = (int)if_nametoindex(sender->interface)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int bytes = 8 << 20;

	if (!out.imr_ifindex)
		die("no interface", sender->interface);
	sender->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sender->fd < 0 ||
	    setsockopt(sender->fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)) ||
	    setsockopt(sender->fd, IPPROTO_IP, IP_MULTICAST_TTL, &sender->ttl, sizeof(sender->ttl)))
		die("socket", "");
	setsockopt(sender->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (!sender->source)
		return;
	if (inet_pton(AF_INET, sender->source, &from.sin_addr) != 1)
		die("bad address", sender->source);
	if (bind(sender->fd, (struct sockaddr *)&from, sizeof(from)))
		die("bind", sender->source);
}

/* Sleeps while far from the moment and spins only the last stretch: two cores are all there is. */
static void wait_until(uint64_t at_ns)
{
	struct timespec at = {(time_t)(at_ns / 1000000000u), (long)(at_ns % 1000000000u)};

	if (monotonic_ns() + 20000 < at_ns)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	while (monotonic_ns() < at_ns)
		;
}

static void send_round(struct sender *sender, uint64_t round)
{
	for (unsigned i = 0; i < sender->n_flows; i++) {
		struct flow *flow = &sender->flows[i];
		ssize_t n;

		if (round % flow->every)
			continue;
		probe_stamp(sender->payload, flow->sent + 1, realtime_ns());
		n = sendto(sender->fd, sender->payload, sender->size, 0,
			   (struct sockaddr *)&flow->to, sizeof(flow->to));
		if (n == (ssize_t)sender->size)
			flow->sent++;
		else
			flow->failed++;
	}
}

static void print_account(const struct sender *sender, uint64_t elapsed_ns)
{
	char text[INET_ADDRSTRLEN];

	printf("{\"elapsed_ns\": %" PRIu64 ", \"size\": %u, \"flows\": [", elapsed_ns,
	       sender->size);
	for (unsigned i = 0; i < sender->n_flows; i++) {
		const struct flow *flow = &sender->flows[i];

		inet_ntop(AF_INET, &flow->to.sin_addr, text, sizeof(text));
		printf("%s{\"group\": \"%s\", \"port\": %u, \"sent\": %" PRIu64
		       ", \"failed\": %" PRIu64 "}",
		       i ? ", " : "", text, ntohs(flow->to.sin_port), flow->sent, flow->failed);
	}
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static struct sender sender = {.count = 1000, .rate = 1000, .size = 100, .ttl = 4};
	uint64_t start;

	parse(&sender, argc, argv);
	open_socket(&sender);
	probe_fill(sender.payload, sender.size);
	prctl(PR_SET_TIMERSLACK, 1);
	signal(SIGTERM, on_signal);
	start = monotonic_ns();
	for (uint64_t round = 0; round < sender.count && !stop; round++) {
		wait_until(start + (uint64_t)((double)round * 1e9 / (double)sender.rate));
		send_round(&sender, round);
	}
	print_account(&sender, monotonic_ns() - start);
	return 0;
}
