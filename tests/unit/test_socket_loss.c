/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet sockets on the loopback of a network namespace of the test's own. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "engine/netdev/socket_loss.h"

static uint32_t lo;

static int open_bound(void)
{
	struct sockaddr_ll address = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)lo};
	int fd;

	if (lo == 0) {
		printf("skipped: no network namespaces, nor user namespaces to make one in\n");
		skip();
	}
	fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* A small receive buffer that n frames overrun. */
static void overrun(int fd, unsigned n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int small = 1, udp = socket(AF_INET, SOCK_DGRAM, 0);
	char payload[1000] = {0};

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (unsigned i = 0; i < n; i++)
		sendto(udp, payload, sizeof(payload), 0, (struct sockaddr *)&to, sizeof(to));
	close(udp);
}

static unsigned waiting(int fd)
{
	char frame[2048];
	unsigned n = 0;

	while (recv(fd, frame, sizeof(frame), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static void sockets_that_were_there_before_are_never_asked(void **state)
{
	struct mcr_socket_loss loss;
	struct mcr_sockets *before;
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);
	int theirs = open_bound(), drivers;

	(void)state;
	assert_int_equal(mcr_sockets_note(&before, NULL), 0);
	drivers = open_bound();
	assert_int_equal(mcr_socket_loss_claim(&loss, before, lo, 8), 0);
	assert_int_equal(loss.n, 1);
	assert_int_equal(loss.fds[0], drivers);
	overrun(theirs, 50);
	mcr_socket_loss_begin(&loss);
	assert_int_equal(mcr_socket_loss_read(&loss), 0);
	assert_int_equal(getsockopt(theirs, SOL_PACKET, PACKET_STATISTICS, &stats, &len), 0);
	assert_true(stats.tp_drops > 0); /* nobody took it */
	mcr_sockets_destroy(before);
	close(theirs);
	close(drivers);
}

static void what_is_lost_is_summed_up_from_the_begin_on(void **state)
{
	struct mcr_socket_loss loss;
	struct mcr_sockets *before;
	unsigned received;
	uint64_t dropped;
	int fd;

	(void)state;
	assert_int_equal(mcr_sockets_note(&before, NULL), 0);
	fd = open_bound();
	assert_int_equal(mcr_socket_loss_claim(&loss, before, lo, 8), 0);
	overrun(fd, 50);
	waiting(fd);
	mcr_socket_loss_begin(&loss);
	assert_int_equal(mcr_socket_loss_read(&loss), 0);
	overrun(fd, 40); /* loopback: each frame comes twice, as sent and as received */
	dropped = mcr_socket_loss_read(&loss);
	received = waiting(fd);
	overrun(fd, 20);
	mcr_socket_loss_end(&loss);
	received += waiting(fd);
	assert_true(dropped > 0);
	assert_true(loss.dropped > dropped);
	/* And the answers of ICMP: nobody listens on that port. */
	assert_true(received + loss.dropped >= 120);
	assert_int_equal(mcr_socket_loss_read(&loss), loss.dropped);
	mcr_sockets_destroy(before);
	close(fd);
}

static void two_ports_on_one_interface_share_no_socket(void **state)
{
	struct mcr_socket_loss a, b, c;
	struct mcr_sockets *before;
	int fds[3];

	(void)state;
	assert_int_equal(mcr_sockets_note(&before, NULL), 0);
	for (int i = 0; i < 3; i++)
		fds[i] = open_bound();
	assert_int_equal(mcr_socket_loss_claim(&a, before, lo, 2), 0);
	assert_int_equal(mcr_socket_loss_claim(&b, before, lo, 2), 0);
	assert_int_equal(mcr_socket_loss_claim(&c, before, lo + 1, 2), 0);
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 1);
	assert_int_equal(c.n, 0);
	assert_int_equal(b.fds[0], fds[2]);
	mcr_sockets_destroy(before);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void without_a_note_no_socket_is_taken(void **state)
{
	struct mcr_socket_loss loss;
	int fd = open_bound();

	(void)state;
	assert_int_equal(mcr_socket_loss_claim(&loss, NULL, lo, 8), 0);
	assert_int_equal(loss.n, 0);
	close(fd);
}

static int own_namespace(void **state)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd;

	(void)state;
	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	lo = if_nametoindex("lo");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sockets_that_were_there_before_are_never_asked),
	    cmocka_unit_test(what_is_lost_is_summed_up_from_the_begin_on),
	    cmocka_unit_test(two_ports_on_one_interface_share_no_socket),
	    cmocka_unit_test(without_a_note_no_socket_is_taken),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
