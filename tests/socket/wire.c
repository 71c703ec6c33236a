/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mcring/consumer.h>

#define SETTLE_MS 5000

void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", strerror(error));
	exit(2);
}

void wire_enter(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die("%s", path);
	close(fd);
}

static int open_packets(const char *interface)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("packets on %s", interface);
	return fd;
}

static int open_marker(void)
{
	struct ip_mreqn join = {.imr_ifindex = (int)if_nametoindex(where_names[ENGINES])};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage at;
	socklen_t len = place_fill(&at, MARKER, MARKER_PORT);

	join.imr_multiaddr = ((struct sockaddr_in *)&at)->sin_addr;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) < 0)
		die("the marker's socket");
	return fd;
}

static void pin(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		die("sched_setaffinity");
}

void wire_open(struct wire *w, const char *senders, const char *const hosts[HOSTS],
	       const char *run_dir)
{
	static const char *const ends[HOSTS][WHERES] = {{NULL, "k0", "k1", NULL},
							{NULL, "l0", "l1", NULL}};
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_error err = {0};

	memset(w, 0, sizeof(*w));
	pin();
	wire_enter(senders);
	for (int host = 0; host < HOSTS; host++)
		for (int where = ENGINES; where <= KERNELS; where++)
			w->packets[host][where] = open_packets(ends[host][where]);
	for (int host = 0; host < HOSTS; host++) {
		wire_enter(hosts[host]);
		w->markers[host] = open_marker();
	}
	if (!run_dir)
		return;
	opts.run_dir = run_dir;
	opts.channel = "marker";
	if (mcr_consumer_open(&w->rings, &opts, &err) < 0)
		die("the marker's channel: %s", err.text);
}

void wire_send(struct wire *w, enum where where, const struct datagram *d)
{
	uint8_t frame[FRAME_MAX];
	size_t len = frame_fill(frame, d);

	for (int host = 0; host < HOSTS; host++)
		if (send(w->packets[host][where], frame, len, 0) != (ssize_t)len)
			die("a frame of %zu", len);
}

static void send_marker(struct wire *w)
{
	struct datagram d = {.to = MARKER,
			     .from = SENDER0,
			     .to_port = MARKER_PORT,
			     .from_port = MARKER_PORT,
			     .ttl = 1,
			     .len = sizeof(w->n_markers),
			     .payload = &w->n_markers};

	w->n_markers++;
	wire_send(w, ENGINES, &d);
}

/* The marker's datagrams arrive in order: the last number is that of the last one sent. */
static void await_socket(const struct wire *w, int fd)
{
	struct pollfd ready = {fd, POLLIN, 0};
	uint64_t n = 0;

	while (n != w->n_markers) {
		if (recv(fd, &n, sizeof(n), 0) >= 0)
			continue;
		if (errno != EAGAIN)
			die("the marker");
		if (poll(&ready, 1, SETTLE_MS) == 0)
			die("the marker did not arrive at a socket");
	}
}

static void await_rings(struct wire *w)
{
	struct mcr_msg msgs[8];
	uint64_t n = 0;
	time_t end = time(NULL) + SETTLE_MS / 1000 + 1;

	while (n != w->n_markers) {
		int got = mcr_consumer_poll(w->rings, msgs, 8);

		if (got < 0 || time(NULL) > end)
			die("the marker did not arrive in the ring: %d", got);
		for (int i = 0; i < got; i++)
			if (msgs[i].kind == MCR_DATA)
				mcr_consumer_read(w->rings, &msgs[i], &n, sizeof(n));
		mcr_consumer_release(w->rings);
		if (got == 0)
			sched_yield();
	}
}

void wire_settle(struct wire *w)
{
	send_marker(w);
	for (int host = 0; host < HOSTS; host++)
		await_socket(w, w->markers[host]);
	if (!w->rings)
		return;
	/* What came in one burst is published ring by ring: the second marker is of a later one. */
	await_rings(w);
	send_marker(w);
	await_rings(w);
	for (int host = 0; host < HOSTS; host++)
		await_socket(w, w->markers[host]);
}
