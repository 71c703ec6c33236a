/* SPDX-License-Identifier: BSD-3-Clause */
/* sock_peer HOW INTERFACE PORT GROUP: a program on sockets, which knows nothing of mcring, as
 * tools/bench runs it with mcring-run and without. HOW is recvfrom, recvmmsg, poll or epoll (each
 * followed by recvfrom). Prints "ready"; then obeys orders on standard input, each answered by a
 * JSON object:
 *
 *     drain N   receive N datagrams, which have arrived: wall_ns and cpu_ns a datagram
 *     await N   receive N datagrams, asleep before each: p50_ns and p99_ns since they were sent
 *     other N   N calls on a descriptor that is no UDP socket: wall_ns a call */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/common/probe.h"

#define BATCH        32
#define BUFFER_BYTES (256 << 20)
#define AWAIT_MAX    100000

static uint8_t payloads[BATCH][2048];
static int fd, set;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "sock_peer: %s: %s\n", what, strerror(errno));
	return 1;
}

/* ---- ways to receive: each returns how many datagrams ---- */

static int by_recvfrom(void)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	return recvfrom(fd, payloads[0], sizeof(payloads[0]), 0, (struct sockaddr *)&from, &len) < 0
		   ? -1
		   : 1;
}

static int by_recvmmsg(void)
{
	static struct sockaddr_in from[BATCH];
	struct mmsghdr msgs[BATCH];
	struct iovec parts[BATCH];

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){payloads[i], sizeof(payloads[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
						  .msg_namelen = sizeof(from[i]),
						  .msg_iov = &parts[i],
						  .msg_iovlen = 1};
	}
	return recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
}

static int by_poll(void)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, -1) == 1 ? by_recvfrom() : -1;
}

static int by_epoll(void)
{
	struct epoll_event event;

	return epoll_wait(set, &event, 1, -1) == 1 ? by_recvfrom() : -1;
}

static int (*find_way(const char *name))(void)
{
	static const struct {
		const char *name;
		int (*receive)(void);
	} ways[] = {{"recvfrom", by_recvfrom},
		    {"recvmmsg", by_recvmmsg},
		    {"poll", by_poll},
		    {"epoll", by_epoll}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(name, ways[i].name) == 0)
			return ways[i].receive;
	return NULL;
}

static int open_all(const char *interface, const char *port, const char *group)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)atoi(port))};
	struct ip_mreqn join = {.imr_ifindex = (int)if_nametoindex(interface)};
	struct epoll_event event = {.events = EPOLLIN};
	struct timeval patience = {.tv_sec = 30};
	int bytes = BUFFER_BYTES;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, group, &join.imr_multiaddr);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) < 0)
		return fail(group);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("bind");
	set = epoll_create1(0);
	return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0 ? fail("epoll_ctl") : 0;
}

/* ---- orders ---- */

static int drain(int (*receive)(void), unsigned wanted)
{
	uint64_t wall = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	unsigned got = 0;

	while (got < wanted) {
		int n = receive();

		if (n < 0)
			return fail("receive");
		got += (unsigned)n;
	}
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	printf("{\"wall_ns\": %.2f, \"cpu_ns\": %.2f}\n", (double)wall / got, (double)cpu / got);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int await(int (*receive)(void), unsigned wanted)
{
	static int64_t late[AWAIT_MAX];
	unsigned got = 0;

	while (got < wanted && got < AWAIT_MAX) {
		uint64_t sent;

		if (receive() < 0)
			return fail("receive");
		memcpy(&sent, payloads[0] + sizeof(sent), sizeof(sent));
		late[got++] = (int64_t)(now_ns(CLOCK_REALTIME) - be64toh(sent));
	}
	qsort(late, got, sizeof(late[0]), by_size);
	printf("{\"p50_ns\": %ld, \"p99_ns\": %ld, \"max_ns\": %ld}\n", (long)late[got / 2],
	       (long)late[got * 99 / 100], (long)late[got - 1]);
	return 0;
}

static int other(unsigned calls)
{
	int pair[2];
	uint64_t wall;
	char octet;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return fail("socketpair");
	wall = now_ns(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < calls; i++)
		if (recv(pair[0], &octet, 1, MSG_DONTWAIT) >= 0)
			return fail("it received");
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	printf("{\"wall_ns\": %.2f}\n", (double)wall / calls);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

int main(int argc, char **argv)
{
	int (*receive)(void) = argc == 5 ? find_way(argv[1]) : NULL;
	char order[64], what[16];
	unsigned n;

	if (!receive) {
		fprintf(stderr, "usage: sock_peer recvfrom|recvmmsg|poll|epoll INTERFACE PORT "
				"GROUP\n");
		return 2;
	}
	if (open_all(argv[2], argv[3], argv[4]) != 0)
		return 1;
	puts("ready");
	fflush(stdout);
	while (fgets(order, sizeof(order), stdin)) {
		int ret;

		if (sscanf(order, "%15s %u", what, &n) != 2 || n == 0)
			return 2;
		ret = strcmp(what, "drain") == 0   ? drain(receive, n)
		      : strcmp(what, "await") == 0 ? await(receive, n)
						   : other(n);
		if (ret != 0)
			return ret;
		fflush(stdout);
	}
	return 0;
}
