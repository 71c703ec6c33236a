/* SPDX-License-Identifier: BSD-3-Clause */
/* mcsend: sends numbered UDP multicast from plain kernel sockets at a steady pace and prints what
 * it sent as JSON. It is the independent side of the tests: nothing of mcring is in it but the
 * payload's format. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <netdb.h>
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
    "Nth round only). GROUP is an IPv4 address or an IPv6 address in brackets; both may be mixed.\n"
    "  --interface NAME  leave by this interface\n"
    "  --source ADDR     bind to this address; once for each family\n"
    "  --count N         rounds (1000); SIGTERM ends it earlier\n"
    "  --rate N          rounds a second (1000)\n"
    "  --size N          octets of payload, at least 16 (100)\n"
    "  --ttl N           and hop limit (4)\n";

/* An address of either family and a port, as the kernel takes them. */
union endpoint {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct flow {
	union endpoint to;
	uint64_t every;
	uint64_t sent, failed;
};

struct sender {
	struct flow flows[FLOWS_MAX];
	unsigned n_flows;
	const char *interface;
	const char *sources[AF_MAX]; /* by family, as fds */
	int fds[AF_MAX];             /* 0: nothing is sent to this family */
	unsigned ifindex;
	uint64_t count, rate;
	uint32_t size;
	int ttl;
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

/* The family of an address, which is written to *out. */
static int read_address(const char *text, union endpoint *out)
{
	if (inet_pton(AF_INET, text, &out->ipv4.sin_addr) == 1)
		return out->any.sa_family = AF_INET;
	if (inet_pton(AF_INET6, text, &out->ipv6.sin6_addr) == 1)
		return out->any.sa_family = AF_INET6;
	die("bad address", text);
	return -1;
}

static socklen_t endpoint_len(const union endpoint *endpoint)
{
	return endpoint->any.sa_family == AF_INET ? sizeof(endpoint->ipv4) : sizeof(endpoint->ipv6);
}

static void add_flow(struct sender *sender, const char *text)
{
	struct flow *flow = &sender->flows[sender->n_flows];
	char group[INET6_ADDRSTRLEN] = "";
	unsigned port = 0;
	uint64_t every = 1;
	int bracket = text[0] == '[', end = 0;

	if (sender->n_flows == FLOWS_MAX)
		die("too many destinations at", text);
	if (sscanf(text + bracket,
		   bracket ? "%45[^]]]:%u%n/%" SCNu64 "%n" : "%45[0-9.]:%u%n/%" SCNu64 "%n", group,
		   &port, &end, &every, &end) < 2 ||
	    text[bracket + end] || !port || port > UINT16_MAX || !every ||
	    (read_address(group, &flow->to) == AF_INET6) != bracket)
		die("bad destination", text);
	flow->to.ipv4.sin_port = htons((uint16_t)port); /* at the same place in both */
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
			sender->sources[read_address(optarg, &(union endpoint){0})] = optarg;
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

static int set_route(const struct sender *sender, int family, int fd)
{
	struct ip_mreqn out = {.imr_ifindex = (int)sender->ifindex};

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)) ||
		       setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &sender->ttl,
				  sizeof(sender->ttl));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &sender->ifindex,
			  sizeof(sender->ifindex)) ||
	       setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &sender->ttl, sizeof(sender->ttl));
}

static int open_socket(const struct sender *sender, int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 8 << 20;
	union endpoint from = {0};

	if (fd < 0 || set_route(sender, family, fd))
		die("socket", "");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (!sender->sources[family])
		return fd;
	if (read_address(sender->sources[family], &from) == AF_INET6)
		from.ipv6.sin6_scope_id =
		    sender->ifindex; /* a link-local one means nothing without */
	if (bind(fd, &from.any, endpoint_len(&from)))
		die("bind", sender->sources[family]);
	return fd;
}

static void open_sockets(struct sender *sender)
{
	sender->ifindex = if_nametoindex(sender->interface);
	if (!sender->ifindex)
		die("no interface", sender->interface);
	for (unsigned i = 0; i < sender->n_flows; i++) {
		int family = sender->flows[i].to.any.sa_family;

		if (!sender->fds[family])
			sender->fds[family] = open_socket(sender, family);
	}
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
		n = sendto(sender->fds[flow->to.any.sa_family], sender->payload, sender->size, 0,
			   &flow->to.any, endpoint_len(&flow->to));
		if (n == (ssize_t)sender->size)
			flow->sent++;
		else
			flow->failed++;
	}
}

static void print_account(const struct sender *sender, uint64_t elapsed_ns)
{
	char text[INET6_ADDRSTRLEN];

	printf("{\"elapsed_ns\": %" PRIu64 ", \"size\": %u, \"flows\": [", elapsed_ns,
	       sender->size);
	for (unsigned i = 0; i < sender->n_flows; i++) {
		const struct flow *flow = &sender->flows[i];

		getnameinfo(&flow->to.any, endpoint_len(&flow->to), text, sizeof(text), NULL, 0,
			    NI_NUMERICHOST);
		printf("%s{\"group\": \"%s\", \"port\": %u, \"sent\": %" PRIu64
		       ", \"failed\": %" PRIu64 "}",
		       i ? ", " : "", text, ntohs(flow->to.ipv4.sin_port), flow->sent,
		       flow->failed);
	}
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static struct sender sender = {.count = 1000, .rate = 1000, .size = 100, .ttl = 4};
	uint64_t start;

	parse(&sender, argc, argv);
	open_sockets(&sender);
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
