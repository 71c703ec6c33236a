/* SPDX-License-Identifier: BSD-3-Clause */
/* What the socket options that join, leave and filter sources ask for. */
#ifndef MCR_SOCKET_JOIN_PARSE_H
#define MCR_SOCKET_JOIN_PARSE_H

#include <stdint.h>
#include <sys/socket.h>

#include <mcring/address.h>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

enum mcr_join_op {
	MCR_OP_JOIN,
	MCR_OP_LEAVE,
	MCR_OP_ADD_SOURCE,  /* joins if need be */
	MCR_OP_DROP_SOURCE, /* leaves with the last one */
	MCR_OP_BLOCK,
	MCR_OP_UNBLOCK,
	MCR_OP_FILTER, /* all sources at once */
};

/* How a program names an interface. Both 0: any. */
struct mcr_interface_asked {
	uint32_t ifindex;
	uint32_t address_be; /* IPv4 only; means nothing beside an ifindex */
};

struct mcr_join_request {
	uint8_t op;         /* enum mcr_join_op */
	uint8_t is_ipv4;    /* level IPPROTO_IP, whatever the socket is */
	uint8_t is_exclude; /* MCR_OP_FILTER */
	struct mcr_address group;
	struct mcr_interface_asked asked;
	uint32_t n_sources;
	struct mcr_address *sources; /* as the program lists them */
};

/* How many memberships and sources the kernel lets a socket have. */
struct mcr_join_limits {
	uint32_t memberships;   /* IPv4 */
	uint32_t sources[2];    /* IPv6, IPv4 */
	uint32_t option_octets; /* of a list of sources */
};

const struct mcr_join_limits *mcr_join_limits_get(void);

/* mcr_join_is_option: whether a socket option is one of these. */
int mcr_join_is_option(int level, int name);

/* mcr_join_read copies what such an option says; mcr_join_request_free frees it. Returns 1, or 0
 * for what the kernel refuses whatever the socket has joined, with an errno that it knows. */
int mcr_join_read(struct mcr_join_request *out, int level, int name, const void *value,
		  socklen_t len);
void mcr_join_request_free(struct mcr_join_request *request);

/* mcr_join_copy_in reads the program's memory. Returns 1; 0: it is not there. */
int mcr_join_copy_in(void *to, const void *from, size_t len);

#endif
