/* SPDX-License-Identifier: BSD-3-Clause */
/* storm: sends whole Ethernet frames round and round at a steady pace, as fast as a hundred
 * thousand a second, and prints as JSON how many went out. Frames come as lines of hexadecimal. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "../../tools/common/clock.h"

#define FRAMES_MAX 64
#define FRAME_MAX  1514
#define BATCH      64

static void die(const char *what)
{
	fprintf(stderr, "storm: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

static void sleep_until(uint64_t ns)
{
	struct timespec at = {.tv_sec = (time_t)(ns / 1000000000u),
			      .tv_nsec = (long)(ns % 1000000000u)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static unsigned read_frames(struct iovec *frames)
{
	static uint8_t bytes[FRAMES_MAX][FRAME_MAX];
	static char line[2 * FRAME_MAX + 2];
	unsigned n = 0;

	while (n < FRAMES_MAX && fgets(line, sizeof(line), stdin)) {
		size_t len = 0;

		while (len < FRAME_MAX && sscanf(line + 2 * len, "%2hhx", &bytes[n][len]) == 1)
			len++;
		frames[n].iov_base = bytes[n];
		frames[n++].iov_len = len;
	}
	return n;
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_ifindex = (int)if_nametoindex(interface)};
	int bypass = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || address.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(interface);
	return fd;
}

int main(int argc, char **argv)
{
	struct iovec frames[FRAMES_MAX];
	struct mmsghdr batch[BATCH];
	uint64_t rate, count, sent = 0, start;
	unsigned n;
	int fd;

	if (argc != 4)
		die("usage: storm INTERFACE RATE COUNT <FRAMES");
	prctl(PR_SET_PDEATHSIG, 9);
	rate = strtoull(argv[2], NULL, 10);
	count = strtoull(argv[3], NULL, 10);
	n = read_frames(frames);
	fd = open_socket(argv[1]);
	if (n == 0 || rate == 0)
		die("no frames or no rate");
	start = monotonic_ns();
	while (sent < count) {
		unsigned len = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
		int done;

		memset(batch, 0, sizeof(batch));
		for (unsigned i = 0; i < len; i++) {
			batch[i].msg_hdr.msg_iov = &frames[(sent + i) % n];
			batch[i].msg_hdr.msg_iovlen = 1;
		}
		done = sendmmsg(fd, batch, len, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN)
			die("sendmmsg");
		sent += done > 0 ? (uint64_t)done : 0;
		sleep_until(start + sent * 1000000000u / rate);
	}
	printf("{\"sent\": %" PRIu64 ", \"elapsed_ns\": %" PRIu64 "}\n", sent,
	       monotonic_ns() - start);
	return 0;
}
