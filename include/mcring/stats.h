/* SPDX-License-Identifier: BSD-3-Clause */
/* The account of every packet. In each struct mcr_account that the engine hands out, received ==
 * delivered + relayed_only + punted + sum of drops holds exactly, also while packets flow. */
#ifndef MCRING_STATS_H
#define MCRING_STATS_H

#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why a packet was not delivered. A packet has one reason, that of the first check that it fails;
 * own_frame comes before all others. The checks run roughly in this order, but reasons that were
 * added later stand at the end.
 *
 * The numbers are part of the ABI. A new reason stands in front of MCR_DROP_COUNT, and has a row in
 * lib/core/drop.h; names and sets of reasons follow from it, and a reason without a row does not
 * compile. */
enum mcr_drop {
	MCR_DROP_TRUNCATED,       /* shorter than its own headers or lengths say */
	MCR_DROP_OWN_FRAME,       /* source MAC is the port's own */
	MCR_DROP_VLAN_DEPTH,      /* more than two VLAN tags */
	MCR_DROP_VLAN_UNKNOWN,    /* no interface is configured for this VLAN of the port */
	MCR_DROP_NOT_IP,          /* an EtherType that is neither IP nor ARP */
	MCR_DROP_BAD_IP_HEADER,   /* version, IHL or total length makes no sense; IPv6: an extension
				   * header or an option in it that must not be skipped */
	MCR_DROP_BAD_IP_CHECKSUM, /* RFC 791 §3.1 */
	MCR_DROP_FRAGMENT,        /* first or later fragment of several */
	MCR_DROP_NOT_MULTICAST,   /* to a unicast or broadcast IP address, or in a unicast frame to
				   * another host's MAC address */
	MCR_DROP_NOT_UDP, /* multicast, but neither UDP nor IGMP, MLD or neighbour discovery */
	MCR_DROP_BAD_UDP_LENGTH, /* below 8 or beyond the IP payload */
	MCR_DROP_BAD_UDP_CHECKSUM,
	MCR_DROP_UNKNOWN_GROUP,   /* no join of this group on this interface */
	MCR_DROP_UNKNOWN_PORT,    /* group joined, but not on this UDP port */
	MCR_DROP_WRONG_SOURCE,    /* source not included, or excluded (RFC 4607 §4.3) */
	MCR_DROP_TOO_LARGE,       /* payload beyond what any ring that wants it can hold */
	MCR_DROP_PUNT_OVERFLOW,   /* meant for the control thread, whose ring was full */
	MCR_DROP_KERNEL_OVERFLOW, /* meant for the kernel (kernel=), whose ring was full */
	MCR_DROP_BAD_SOURCE,      /* multicast UDP from an address that no host may send from (RFC
				   * 1122 §3.2.1.3): 0/8 (except to 224.0.0.0/24), 127/8, 224/4,
				   * 240/4, or the broadcast address of the interface's subnet;
				   * in IPv6 :: (except to a group of link-local scope), ::1,
				   * multicast, or an IPv4 address in IPv6 form (RFC 4291
				   * §2.5, §2.7) */
	MCR_DROP_NO_UDP_CHECKSUM, /* IPv6 without a UDP checksum (RFC 8200 §8.1) */
	MCR_DROP_WRONG_INTERFACE, /* the relay would forward it, but its source does not belong to
				   * the interface that it came in by */
	MCR_DROP_LOOPED,          /* the relay has forwarded it before (loop_guard) */
	MCR_DROP_COUNT
};

#define MCR_DROPS_MAX 62 /* room for reasons of later versions */

/* The packets of one lcore, or the sum over lcores. */
struct mcr_account {
	uint64_t received;
	uint64_t delivered; /* taken by at least one channel, whether or not the kernel (kernel=)
			     * got a copy */
	uint64_t punted;    /* to the control thread: IGMP, MLD, ARP, ICMP and neighbour discovery;
			     * with kernel= also what goes to the kernel. struct mcr_interface_info
			     * says what became of it. */
	uint64_t drops[MCR_DROPS_MAX]; /* by enum mcr_drop; 0 from MCR_DROP_COUNT on, unless the
					* library is newer */
	uint64_t relayed_only; /* that an output of the relay was for, and no channel: whatever
				* became of the copies. struct mcr_relay_info says that */
	uint64_t relayed;      /* relayed_only, and of `delivered` those that an output was for */
};

#define MCR_DROP_NO_INTERFACE UINT16_MAX /* interface of a sample: none */

/* The last packet that was dropped for a reason. Fields beyond what could be parsed are 0. */
struct mcr_drop_sample {
	uint32_t size;                    /* sizeof(struct mcr_drop_sample) */
	uint64_t time_ns;                 /* CLOCK_REALTIME; 0 = none yet */
	struct mcr_address group, source; /* none, too, if the packet has 0.0.0.0 */
	uint16_t port, source_port;       /* UDP, host order */
	uint16_t vlan;
	uint16_t dpdk_port;
	uint16_t ether_type;
	uint16_t interface;                        /* index, as in mcr_engine_interface_info;
						    * MCR_DROP_NO_INTERFACE = the port has none for
						    * this VLAN */
	uint32_t len;                              /* octets of the frame */
	uint8_t destination_mac[6], source_mac[6]; /* 0 beyond the frame's end */
};

/* mcr_drop_name returns a reason as statistics, JSON and the documentation spell it, such as
 * "unknown_group"; NULL from MCR_DROP_COUNT on. Thread: any. */
MCR_API const char *mcr_drop_name(unsigned reason);

#ifdef __cplusplus
}
#endif
#endif
