/* SPDX-License-Identifier: BSD-3-Clause */
/* What else is known of the drop reasons of mcring/stats.h: a row for each, in any order. A reason
 * without a row does not compile (drop.c), nor does one with two. */
#ifndef MCR_CORE_DROP_H
#define MCR_CORE_DROP_H

#include <mcring/stats.h>

/* Reason, its name in statistics and JSON, whether mcr_parse finds it, whether the kernel gets the
 * packet instead (kernel=): what no channel wants may be the kernel's, but a broken frame is not,
 * and of a source the kernel decides for itself whether it is a good one. */
#define MCR_DROP_TABLE(ROW)                             \
	ROW(TRUNCATED, "truncated", 1, 0)               \
	ROW(OWN_FRAME, "own_frame", 1, 0)               \
	ROW(VLAN_DEPTH, "vlan_depth", 1, 0)             \
	ROW(VLAN_UNKNOWN, "vlan_unknown", 0, 0)         \
	ROW(NOT_IP, "not_ip", 1, 1)                     \
	ROW(BAD_IP_HEADER, "bad_ip_header", 1, 0)       \
	ROW(BAD_IP_CHECKSUM, "bad_ip_checksum", 1, 0)   \
	ROW(FRAGMENT, "fragment", 1, 1)                 \
	ROW(NOT_MULTICAST, "not_multicast", 1, 1)       \
	ROW(NOT_UDP, "not_udp", 1, 1)                   \
	ROW(BAD_UDP_LENGTH, "bad_udp_length", 1, 0)     \
	ROW(BAD_UDP_CHECKSUM, "bad_udp_checksum", 0, 0) \
	ROW(UNKNOWN_GROUP, "unknown_group", 0, 1)       \
	ROW(UNKNOWN_PORT, "unknown_port", 0, 1)         \
	ROW(WRONG_SOURCE, "wrong_source", 0, 1)         \
	ROW(TOO_LARGE, "too_large", 0, 1)               \
	ROW(PUNT_OVERFLOW, "punt_overflow", 0, 0)       \
	ROW(KERNEL_OVERFLOW, "kernel_overflow", 0, 0)   \
	ROW(BAD_SOURCE, "bad_source", 1, 1)             \
	ROW(NO_UDP_CHECKSUM, "no_udp_checksum", 1, 1)   \
	ROW(WRONG_INTERFACE, "wrong_interface", 0, 1)   \
	ROW(LOOPED, "looped", 0, 1)

/* Sets of reasons: bit 1 << reason. */
#define MCR_DROP_PARSER_BIT(reason, name, parser, kernel) | (parser##u) << MCR_DROP_##reason
#define MCR_DROP_KERNEL_BIT(reason, name, parser, kernel) | (kernel##u) << MCR_DROP_##reason
#define MCR_DROPS_OF_PARSER                               (0u MCR_DROP_TABLE(MCR_DROP_PARSER_BIT))
#define MCR_DROPS_FOR_KERNEL                              (0u MCR_DROP_TABLE(MCR_DROP_KERNEL_BIT))

_Static_assert(MCR_DROP_COUNT <= 32, "a set of reasons is a uint32_t, also in the rx loop");

#endif
