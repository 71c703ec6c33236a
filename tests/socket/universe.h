/* SPDX-License-Identifier: BSD-3-Clause */
/* The addresses, ports and interfaces that scripts speak of: numbers in a script, the same on both
 * hosts. */
#ifndef MCR_TEST_UNIVERSE_H
#define MCR_TEST_UNIVERSE_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

/* Places: an index of an address. */
enum place {
	ANY4,
	GROUP0,
	GROUP1,
	GROUP2,
	GROUP3, /* the engine does not let its programs join it: the kernel receives it */
	OWN4,
	OWN4_SECOND, /* of the interface that the engine does not have */
	SENDER0,
	SENDER1,
	SENDER2,
	ABSENT4, /* nobody's */
	ANY6,
	GROUP6_0,
	GROUP6_1,
	OWN6,
	SENDER6_0,
	SENDER6_1,
	ABSENT6,
	MAPPED_ANY,
	MAPPED_GROUP0,
	MAPPED_OWN,
	MAPPED_SENDER0,
	UNSPEC,
	MARKER, /* a group that no script uses */
	PLACES,
};
#define GROUPS4 4
#define GROUPS6 2

/* Interfaces by their number in a script. */
enum where {
	BY_ROUTE,
	ENGINES,  /* eth0 */
	KERNELS,  /* eth1: the engine does not have it */
	NO_WHERE, /* an index and an address that no interface has */
	WHERES,
};
extern const char *const where_names[WHERES];

#define PORTS 3 /* the last is 0 */
extern const unsigned short ports[PORTS];
#define SENDER_PORTS 2
extern const unsigned short sender_ports[SENDER_PORTS];

#define MARKER_PORT 9999 /* nor this port */

int place_family(enum place place);
const char *place_text(enum place place);

/* place_fill writes the socket address of a place; returns its length. */
socklen_t place_fill(struct sockaddr_storage *out, enum place place, unsigned short port);

unsigned where_index(enum where where); /* the kernel's index of an interface */
enum place where_address(enum where where);

#endif
