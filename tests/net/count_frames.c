/* SPDX-License-Identifier: BSD-3-Clause */
/* count_frames INTERFACE GROUP COUNT: receives mcsend's datagrams to an IPv4 group on a packet
 * socket, the payloads numbered from 1, until number COUNT has come or SIGTERM. Prints "ready",
 * then as JSON what came: how often (received), numbers that never came below the highest
 * (missing), that came again (doubled) or behind a higher one (late), and frames that the socket
 * dropped. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define BATCH      256
#define HEADERS    42 /* octets before the payload */
#define ROOM       64 /* of each frame that is looked at */
#define BUFFER_MAX (1 << 28)

static void die(const char *what)
{
	fprintf(stderr, "count_frames: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void end(int signo)
{
}

static int open_socket(const char *interface, const char *group)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETHERTYPE_IP),
				      .sll_ifindex = (int)if_nametoindex(interface)};
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 30), /* the destination */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(inet_addr(group)), 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, ROOM),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {.len = 4, .filter = code};
	int size = BUFFER_MAX, ignore = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || address.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(interface);
	return fd;
}

struct counts {
	uint64_t received, highest, seen, doubled, late;
	uint8_t *came; /* by number */
	uint64_t max;
};

static void count(struct counts *c, const uint8_t *frame)
{
	uint64_t number;

	memcpy(&number, frame + HEADERS, sizeof(number));
	number = be64toh(number);
	if (number == 0 || number > c->max)
		return;
	c->received++;
	c->doubled += c->came[number];
	c->seen += !c->came[number];
	c->late += !c->came[number] && number < c->highest;
	c->came[number] = 1;
	if (number > c->highest)
		c->highest = number;
}

int main(int argc, char **argv)
{
	static uint8_t octets[BATCH][ROOM];
	struct iovec where[BATCH];
	struct mmsghdr batch[BATCH] = {0};
	struct tpacket_stats dropped = {0};
	struct sigaction action = {.sa_handler = end};
	struct counts c = {0};
	socklen_t len = sizeof(dropped);
	int fd, n = 0;

	if (argc != 4)
		die("usage: count_frames INTERFACE GROUP COUNT");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGTERM, &action, NULL);
	c.max = strtoull(argv[3], NULL, 10);
	c.came = calloc(c.max + 1, 1);
	if (!c.came)
		die("calloc");
	for (unsigned i = 0; i < BATCH; i++) {
		where[i] = (struct iovec){octets[i], ROOM};
		batch[i].msg_hdr.msg_iov = &where[i];
		batch[i].msg_hdr.msg_iovlen = 1;
	}
	fd = open_socket(argv[1], argv[2]);
	printf("ready\n");
	fflush(stdout);
	while (c.highest < c.max && (n = recvmmsg(fd, batch, BATCH, MSG_WAITFORONE, NULL)) > 0)
		for (int i = 0; i < n; i++)
			count(&c, octets[i]);
	if (n < 0 && errno != EINTR)
		die("recvmmsg");
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &dropped, &len);
	printf("{\"received\": %" PRIu64 ", \"highest\": %" PRIu64 ", \"missing\": %" PRIu64
	       ", \"doubled\": %" PRIu64 ", \"late\": %" PRIu64 ", \"dropped\": %u}\n",
	       c.received, c.highest, c.highest - c.seen, c.doubled, c.late, dropped.tp_drops);
	return 0;
}
