/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a join text belongs: to which interface of the engine's, and to which of the kernel's. */
#ifndef MCR_SOCKET_MCR_RECEIVE_PLACE_H
#define MCR_SOCKET_MCR_RECEIVE_PLACE_H

#include <net/if.h>
#include <stdint.h>

#include <mcring/join.h>
#include <mcring/receive.h>

#include "core/interface_list.h"

/* The engine's interfaces, whether it runs or not. */
struct mcr_received_interfaces {
	struct mcr_listed_interface items[MCR_LISTED_INTERFACES_MAX];
	size_t n;
};

struct mcr_received_place {
	char name[MCR_NAME_MAX];  /* of the engine's interface; "" = none known */
	uint16_t interface;       /* the engine's index of it, or MCR_RECEIVE_NO_INTERFACE */
	uint16_t slot;            /* equal for equal interfaces, also of the kernel's alone */
	unsigned ifindex;         /* the kernel's interface; 0 = the kernel cannot receive there */
	char device[IF_NAMESIZE]; /* its name */
	int fault;                /* why ifindex is 0: -ENODEV, -ENETDOWN */
};

/* mcr_received_interfaces_read reads what the engine has left in its run directory. None there: it
 * owns nothing. With a consumer of it, it is what the engine says; what its file does not list, the
 * kernel does not see. */
void mcr_received_interfaces_read(struct mcr_received_interfaces *out, const char *run_dir,
				  struct mcr_consumer *consumer);

/* mcr_received_place_find finds the place of a join. It may be taken by name from either side, the
 * engine's first; without a name it is the engine's only interface, else the one that the route to
 * the group gives. trusts: whether the kernel may receive where perhaps nothing arrives. */
void mcr_received_place_find(struct mcr_received_place *out,
			     const struct mcr_received_interfaces *list, const char *run_dir,
			     const struct mcr_join *join, int trusts);

#endif
