/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#define ROW(level, name, kind, weight)                       \
	{                                                    \
		level, name, #name, OPTION_##kind, weight, 0 \
	}
#define ASK(level, name, kind, weight)                       \
	{                                                    \
		level, name, #name, OPTION_##kind, weight, 1 \
	}

const struct option options[] = {
    ROW(SOL_SOCKET, SO_REUSEADDR, INT, 6),
    ROW(SOL_SOCKET, SO_REUSEPORT, INT, 3),
    ROW(SOL_SOCKET, SO_RCVBUF, BUFFER, 2),
    ROW(SOL_SOCKET, SO_RCVTIMEO, TIMEOUT, 8),
    ASK(SOL_SOCKET, SO_TIMESTAMP, INT, 3),
    ASK(SOL_SOCKET, SO_TIMESTAMPNS, INT, 3),
    ASK(SOL_SOCKET, SO_TIMESTAMPING, STAMPING, 2),
    ASK(SOL_SOCKET, SO_RXQ_OVFL, INT, 2),
    ROW(SOL_SOCKET, SO_BINDTODEVICE, DEVICE, 2),
    ROW(SOL_SOCKET, SO_BROADCAST, INT, 1),
    ROW(SOL_SOCKET, SO_TYPE, READ_ONLY, 1),
    ROW(SOL_SOCKET, SO_DOMAIN, READ_ONLY, 1),
    ROW(SOL_SOCKET, SO_PROTOCOL, READ_ONLY, 1),
    ROW(SOL_SOCKET, SO_ERROR, READ_ONLY, 3),
    ROW(IPPROTO_IP, IP_MULTICAST_ALL, ALL, 8),
    ROW(IPPROTO_IP, IP_MULTICAST_LOOP, INT, 1),
    ROW(IPPROTO_IP, IP_MULTICAST_TTL, INT, 1),
    ASK(IPPROTO_IP, IP_PKTINFO, INT, 4),
    ASK(IPPROTO_IP, IP_RECVTTL, INT, 4),
    ASK(IPPROTO_IP, IP_RECVTOS, INT, 4),
    ASK(IPPROTO_IP, IP_RECVORIGDSTADDR, INT, 2),
    ROW(IPPROTO_IP, IP_RECVERR, INT, 1),
    ROW(IPPROTO_IP, IP_TOS, INT, 1),
    ROW(IPPROTO_IPV6, IPV6_V6ONLY, INT, 2),
    ROW(IPPROTO_IPV6, IPV6_MULTICAST_ALL, ALL, 3),
    ASK(IPPROTO_IPV6, IPV6_RECVPKTINFO, INT, 3),
    ASK(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, INT, 2),
    ASK(IPPROTO_IPV6, IPV6_RECVTCLASS, INT, 2),
    ASK(IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, INT, 1),
    ROW(IPPROTO_IPV6, IPV6_UNICAST_HOPS, INT, 1),
    ROW(IPPROTO_UDP, UDP_CORK, READ_ONLY, 1),
    ROW(SOL_SOCKET, 9999, INT, 1),
};
const unsigned n_options = sizeof(options) / sizeof(options[0]);
