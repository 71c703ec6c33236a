/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include <mcring/stats.h>

static const char *const names[MCR_DROP_COUNT] = {
    [MCR_DROP_TRUNCATED] = "truncated",
    [MCR_DROP_OWN_FRAME] = "own_frame",
    [MCR_DROP_VLAN_DEPTH] = "vlan_depth",
    [MCR_DROP_VLAN_UNKNOWN] = "vlan_unknown",
    [MCR_DROP_NOT_IPV4] = "not_ipv4",
    [MCR_DROP_BAD_IP_HEADER] = "bad_ip_header",
    [MCR_DROP_BAD_IP_CHECKSUM] = "bad_ip_checksum",
    [MCR_DROP_FRAGMENT] = "fragment",
    [MCR_DROP_NOT_MULTICAST] = "not_multicast",
    [MCR_DROP_NOT_UDP] = "not_udp",
    [MCR_DROP_BAD_UDP_LENGTH] = "bad_udp_length",
    [MCR_DROP_BAD_UDP_CHECKSUM] = "bad_udp_checksum",
    [MCR_DROP_UNKNOWN_GROUP] = "unknown_group",
    [MCR_DROP_UNKNOWN_PORT] = "unknown_port",
    [MCR_DROP_WRONG_SOURCE] = "wrong_source",
    [MCR_DROP_TOO_LARGE] = "too_large",
    [MCR_DROP_PUNT_OVERFLOW] = "punt_overflow",
    [MCR_DROP_KERNEL_OVERFLOW] = "kernel_overflow",
    [MCR_DROP_BAD_SOURCE] = "bad_source",
};

const char *mcr_drop_name(unsigned reason)
{
	return reason < MCR_DROP_COUNT ? names[reason] : NULL;
}
