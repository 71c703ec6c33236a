/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "engine/netdev/leave_watch.h"

#define IP_PROTOCOL     (ETH_HLEN + 9)
#define IPV6_NEXT       (ETH_HLEN + 6)
#define IPV6_HOP_BY_HOP (ETH_HLEN + 40) /* its first octet names what follows */
#define IP_HEADER       20
#define PROTO_IGMP      2
#define PROTO_ICMPV6    58

static int attach_filter(int fd)
{
	/* MLD is ICMPv6 behind a hop-by-hop header (0) with hop limit 1. */
	struct sock_filter program[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 9),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 2),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP_PROTOCOL),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_IGMP, 6, 5),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IPV6_NEXT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0001, 0, 2),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IPV6_HOP_BY_HOP),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_ICMPV6, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
	};
	const struct sock_fprog filter = {.len = sizeof(program) / sizeof(program[0]),
					  .filter = program};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

int mcr_leave_watch_open(uint32_t index)
{
	/* Without a protocol it gets nothing before the filter is there. Outgoing frames go to
	 * sockets of all protocols only. */
	const struct sockaddr_ll address = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	if (attach_filter(fd) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* An error of the socket (the interface went down) is taken off by the call. */
size_t mcr_leave_watch_read(int fd, uint8_t *frame, size_t cap)
{
	ssize_t n = recv(fd, frame, cap, 0);

	return n < MCR_LEAVE_WATCH_HEADER + IP_HEADER ? 0 : (size_t)n;
}
