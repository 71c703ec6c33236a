/* SPDX-License-Identifier: BSD-3-Clause */
/* MCRING_GROUPS: the groups to accelerate. */
#ifndef MCR_SOCKET_PREFIXES_H
#define MCR_SOCKET_PREFIXES_H

#include <mcring/address.h>

/* mcr_prefixes_have: whether a list such as "239.1.0.0/16,[ff15::]/16,239.2.0.1:5000" has a group.
 * A port is passed over: a socket joins a group for whatever port it is bound to. NULL has all. An
 * item that is no address has none. */
int mcr_prefixes_have(const char *list, struct mcr_address group);

#endif
