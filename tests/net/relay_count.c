/* SPDX-License-Identifier: BSD-3-Clause */
/* relay_count FROM_NETNS INTERFACE TO_NETNS INTERFACE COUNT FRAME: sends a frame COUNT times, each
 * with its number from 1 in its last eight octets, and receives it elsewhere, where it has another
 * Ethernet header and TTL. So few are under way at a time that no queue of the kernel or a driver
 * runs out of room, however busy the machine is: what is lost, a relay has lost.
 *
 * It ends when everything has come, or nothing for twenty seconds: others may have taken the lcore
 * away. Prints as JSON what came: how often (received), numbers that never came (missing), that
 * came again (doubled), that came behind a higher one (late), and frames that its socket dropped.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define BATCH      64
#define WINDOW     512
#define FRAME_MAX  1514
#define SILENCE_MS 20000
#define BUFFER_MAX (1 << 26)

static void die(const char *what)
{
	fprintf(stderr, "relay_count: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_socket(const char *netns, const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int size = BUFFER_MAX, on = 1, ns = open(netns, O_RDONLY), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		die(netns);
	address.sll_protocol = htobe16(ETH_P_ALL);
	address.sll_ifindex = (int)if_nametoindex(interface);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || address.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(interface);
	return fd;
}

struct frame {
	uint8_t octets[FRAME_MAX];
	size_t len;
};

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec where[BATCH];
	struct frame frames[BATCH];
};

static void make_batch(struct batch *b, const struct frame *frame)
{
	for (unsigned i = 0; i < BATCH; i++) {
		b->frames[i] = *frame;
		b->where[i] = (struct iovec){b->frames[i].octets, frame->len};
		b->messages[i].msg_hdr.msg_iov = &b->where[i];
		b->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

struct counts {
	uint64_t sent, received, highest, seen, doubled, late, max;
	uint8_t *came; /* by number */
};

static void send_some(struct counts *c, struct batch *b, int fd)
{
	unsigned n = 0;
	int done;

	while (n < BATCH && c->sent + n < c->max && c->sent + n - c->highest < WINDOW) {
		uint64_t number = htobe64(c->sent + n + 1);

		memcpy(b->frames[n].octets + b->frames[n].len - sizeof(number), &number,
		       sizeof(number));
		n++;
	}
	done = n ? sendmmsg(fd, b->messages, n, 0) : 0;
	if (done < 0)
		die("sendmmsg");
	c->sent += (uint64_t)done;
}

/* Whether it is the frame: the same from behind the MAC addresses, TTL and header checksum to the
 * number. */
static int is_ours(const struct frame *frame, const uint8_t *octets, size_t len)
{
	return len == frame->len && memcmp(octets + 26, frame->octets + 26, len - 34) == 0;
}

static void count(struct counts *c, const uint8_t *where)
{
	uint64_t number;

	memcpy(&number, where, sizeof(number));
	number = be64toh(number);
	if (number == 0 || number > c->max)
		return;
	c->received++;
	c->doubled += c->came[number];
	c->seen += !c->came[number];
	c->late += number < c->highest;
	c->came[number] = 1;
	if (number > c->highest)
		c->highest = number;
}

static int receive_some(struct counts *c, struct batch *b, int fd, const struct frame *frame)
{
	int n = recvmmsg(fd, b->messages, BATCH, MSG_DONTWAIT, NULL);

	if (n < 0 && errno != EAGAIN)
		die("recvmmsg");
	for (int i = 0; i < n; i++)
		if (is_ours(frame, b->frames[i].octets, b->messages[i].msg_len))
			count(c, b->frames[i].octets + frame->len - sizeof(uint64_t));
	return n > 0;
}

int main(int argc, char **argv)
{
	static struct batch out, in;
	struct frame frame = {.len = 0};
	struct tpacket_stats dropped = {0};
	struct counts c = {0};
	socklen_t len = sizeof(dropped);
	int from, to;

	if (argc != 7)
		die("usage: relay_count FROM_NETNS INTERFACE TO_NETNS INTERFACE COUNT FRAME");
	prctl(PR_SET_PDEATHSIG, 9);
	while (frame.len < FRAME_MAX &&
	       sscanf(argv[6] + 2 * frame.len, "%2hhx", &frame.octets[frame.len]) == 1)
		frame.len++;
	c.max = strtoull(argv[5], NULL, 10);
	c.came = calloc(c.max + 1, 1);
	if (!c.came || frame.len < 60)
		die("no memory, or no frame");
	make_batch(&out, &frame);
	make_batch(&in, &frame);
	from = open_socket(argv[1], argv[2]);
	to = open_socket(argv[3], argv[4]);
	while (c.highest < c.max) {
		struct pollfd ready = {.fd = to, .events = POLLIN};

		send_some(&c, &out, from);
		if (!receive_some(&c, &in, to, &frame) &&
		    (c.sent == c.max || c.sent - c.highest >= WINDOW) &&
		    poll(&ready, 1, SILENCE_MS) == 0)
			break;
	}
	getsockopt(to, SOL_PACKET, PACKET_STATISTICS, &dropped, &len);
	printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"missing\": %" PRIu64
	       ", \"doubled\": %" PRIu64 ", \"late\": %" PRIu64 ", \"dropped\": %u}\n",
	       c.sent, c.received, c.sent - c.seen, c.doubled, c.late, dropped.tp_drops);
	return 0;
}
