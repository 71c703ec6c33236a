/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a host can have an address on a LAN. Pure. Thread: any. */
#ifndef MCR_CORE_OWN_ADDRESS_H
#define MCR_CORE_OWN_ADDRESS_H

#include <mcring/address.h>

enum mcr_own_address_fault {
	MCR_OWN_ADDRESS_OK,
	MCR_OWN_ADDRESS_MULTICAST,
	MCR_OWN_ADDRESS_LOOPBACK,
	MCR_OWN_ADDRESS_NO_HOST,   /* none, 0.0.0.0/8, 240.0.0.0/4 or IPv4 in IPv6 */
	MCR_OWN_ADDRESS_NETWORK,   /* the subnet's own (RFC 1122 §3.2.1.3) */
	MCR_OWN_ADDRESS_BROADCAST, /* the same, all ones */
	MCR_OWN_ADDRESS_ROUTERS,   /* the subnet's routers' anycast address (RFC 4291 §2.6.1) */
};

/* mcr_own_address_fault: what is wrong with an address of a subnet of prefix_len. 0: the subnet is
 * not known. In an IPv4 /31 (RFC 3021) and /32, and in an IPv6 /127 (RFC 6164) and /128, all
 * addresses are hosts. */
enum mcr_own_address_fault mcr_own_address_fault(struct mcr_address address, unsigned prefix_len);

#endif
