/* SPDX-License-Identifier: BSD-3-Clause */
/* storm: sends whole Ethernet frames round and round at a steady pace, as fast as a hundred
 * thousand a second, and prints as JSON how many went out. When it was kept from running for long,
 * it goes on at its pace: all that is late, at once, would be more than a receive ring holds.
 * Frames come as lines of hexadecimal.
 * Behind a frame may stand " AT LEN CHECKSUM": each time the frame is sent, its LEN octets from AT
 * on, which are 0 on the line, are random, and the Internet checksum at CHECKSUM, which is right on
 * the line, is made to fit. */
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
#define LATE_NS    10000000 /* of which it makes up for so much */

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

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	unsigned random_at, random_len, checksum_at;
};

static unsigned read_frames(struct frame *frames)
{
	static char line[2 * FRAME_MAX + 64];
	unsigned n = 0;

	while (n < FRAMES_MAX && fgets(line, sizeof(line), stdin)) {
		struct frame *f = &frames[n++];

		while (f->len < FRAME_MAX && line[2 * f->len] != ' ' &&
		       sscanf(line + 2 * f->len, "%2hhx", &f->bytes[f->len]) == 1)
			f->len++;
		if (sscanf(line + 2 * f->len, " %u %u %u", &f->random_at, &f->random_len,
			   &f->checksum_at) == 3 &&
		    (f->random_at + f->random_len > f->len || f->checksum_at + 2 > f->len))
			die("random octets or checksum behind the frame");
	}
	return n;
}

/* The next copy of a frame: RFC 1624's update of a checksum, from zeros. */
static void copy_frame(uint8_t *to, const struct frame *f, uint64_t *seed)
{
	uint32_t sum;

	memcpy(to, f->bytes, f->len);
	if (f->random_len == 0)
		return;
	sum = (uint16_t) ~((unsigned)to[f->checksum_at] << 8 | to[f->checksum_at + 1]);
	for (unsigned i = f->random_at; i < f->random_at + f->random_len; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		to[i] = (uint8_t)(*seed >> 56);
		sum += (i - f->checksum_at) % 2 ? to[i] : (uint32_t)to[i] << 8;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	to[f->checksum_at] = (uint8_t)(~sum >> 8);
	to[f->checksum_at + 1] = (uint8_t)~sum;
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
	static struct frame frames[FRAMES_MAX];
	static uint8_t copies[BATCH][FRAME_MAX];
	struct iovec octets[BATCH];
	struct mmsghdr batch[BATCH];
	uint64_t rate, count, sent = 0, start, begun, due, now, seed = 1;
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
	start = begun = monotonic_ns();
	while (sent < count) {
		unsigned len = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
		int done;

		memset(batch, 0, sizeof(batch));
		for (unsigned i = 0; i < len; i++) {
			const struct frame *f = &frames[(sent + i) % n];

			copy_frame(copies[i], f, &seed);
			octets[i] = (struct iovec){copies[i], f->len};
			batch[i].msg_hdr.msg_iov = &octets[i];
			batch[i].msg_hdr.msg_iovlen = 1;
		}
		done = sendmmsg(fd, batch, len, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN)
			die("sendmmsg");
		sent += done > 0 ? (uint64_t)done : 0;
		due = start + sent * 1000000000u / rate;
		sleep_until(due);
		now = monotonic_ns();
		if (now > due + LATE_NS)
			start += now - due - LATE_NS;
	}
	printf("{\"sent\": %" PRIu64 ", \"elapsed_ns\": %" PRIu64 "}\n", sent,
	       monotonic_ns() - begun);
	return 0;
}
