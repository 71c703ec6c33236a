/* SPDX-License-Identifier: BSD-3-Clause */
/* What may not move: the layouts that a program, a client library and an engine of different builds
 * share. Those of the region and the record are asserted where they are declared
 * (core/ring_layout.h); those of consumer.h, feed.h, address.h and receive.h stand in
 * lib/bindings/abi/mcring_abi.json, where tools/abi sees to it that none moves.
 *
 * When an assertion fails: a field may be added where nothing was (reserved words, the end of what
 * begins with its size, but not in the padding there, which programs do not set) and gets a line
 * here; any other change needs a new MCR_RING_ABI, MCR_ATTACH_VERSION or soname. */
#include <stddef.h>

#include <mcring/address.h>
#include <mcring/consumer.h>
#include <mcring/engine.h>
#include <mcring/receive.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring.h"

/* A hello says which versions of the exchange a client reads, and that is all that an engine knows
 * of it: a region of another layout needs a new version of the exchange as well. */
_Static_assert(MCR_ATTACH_VERSION >= MCR_RING_ABI, "raise MCR_ATTACH_VERSION, too");

#define AT(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved")
#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), "struct " #type " has another size")

_Static_assert(MCR_FLAG_KERNEL > MCR_FLAG_STALL_OVER, "a flag of the consumer's is another");
_Static_assert((int)MCR_RECEIVE_ENGINE > MCR_ENGINE_STALL, "a kind of the consumer's is another");

/* A program's: mcring/engine.h and what it includes. These grow at the end, too: the sizes are here
 * so that nobody changes them unawares. */
#define GROWS(type, bytes) \
	AT(type, size, 0); \
	SIZE(type, bytes)
GROWS(mcr_engine_config, 256);
AT(mcr_engine_config, list_ports, 236);
AT(mcr_engine_config, reserved, 237);
AT(mcr_engine_config, stats, 240); /* not in the padding of before */
SIZE(mcr_stats_config, 8);
GROWS(mcr_interface_config, 8752);
AT(mcr_interface_config, query_interval_s, 244); /* not in the padding of before */
AT(mcr_interface_config, querier, 268);
AT(mcr_interface_config, fast_leave, 275);
AT(mcr_interface_config, role, 276);
AT(mcr_interface_config, scopes, 282);
AT(mcr_interface_config, rpf_sources, 419);
AT(mcr_interface_config, static_groups, 558);
SIZE(mcr_prefix, 17);
SIZE(mcr_static_group, 32);
GROWS(mcr_channel_config, 616);
GROWS(mcr_lcore_info, 592);
GROWS(mcr_control_info, 40);
GROWS(mcr_port_info, 664);
AT(mcr_port_info, rx_last_ns, 560);
GROWS(mcr_sighting, 96);
GROWS(mcr_interface_info, 992);
AT(mcr_interface_info, unreported, 984);
GROWS(mcr_channel_info, 152);
GROWS(mcr_group_info, 384);
GROWS(mcr_consumer_info, 176);
GROWS(mcr_querier_info, 592);
AT(mcr_querier_info, rx_by, 208);
AT(mcr_querier_info, reserved, 560);
GROWS(mcr_member_info, 120);
AT(mcr_member_source, left_ns, 16);
AT(mcr_member_source, is_forwarded, 24);
SIZE(mcr_member_source, 32);
GROWS(mcr_relay_info, 240);
AT(mcr_relay_info, out, 112);
AT(mcr_relay_info, tx_queues, 200);
AT(mcr_relay_info, reserved, 208);
SIZE(mcr_relay_counts, 56);
GROWS(mcr_route_info, 152);
AT(mcr_route_info, packets, 72);
AT(mcr_route_info, reserved, 120);
AT(mcr_route_output, packets, 32);
AT(mcr_route_output, is_forwarded, 40);
SIZE(mcr_route_output, 48);
GROWS(mcr_consumer_sockets, 4112);
GROWS(mcr_drop_sample, 80);

/* These do not grow. */
SIZE(mcr_membership_info, 408);
AT(mcr_join, group, 64);
AT(mcr_join, sources, 80);
AT(mcr_join, n_sources, 88);
AT(mcr_join, id, 92);
AT(mcr_join, port, 96);
AT(mcr_join, mode, 98);
AT(mcr_join, reserved, 99);
SIZE(mcr_join, 128);
SIZE(mcr_join_list, 32);
AT(mcr_join_owner, maker, 8);
SIZE(mcr_join_owner, 16);
AT(mcr_account, drops, 24);
AT(mcr_account, relayed_only, 24 + 8 * 62);
AT(mcr_account, relayed, 24 + 8 * 63);
SIZE(mcr_account, 24 + 8 * 64);
AT(mcr_inline_msg, data, 0);
AT(mcr_inline_msg, data_len, 8);
AT(mcr_inline_msg, len, 12);
AT(mcr_inline_msg, rx_ns, 16);
AT(mcr_inline_msg, hw_ns, 24);
AT(mcr_inline_msg, group, 32);
AT(mcr_inline_msg, source, 48);
AT(mcr_inline_msg, id, 64);
AT(mcr_inline_msg, dst_port, 68);
AT(mcr_inline_msg, src_port, 70);
AT(mcr_inline_msg, vlan, 72);
AT(mcr_inline_msg, flags, 74);
AT(mcr_inline_msg, ttl, 76);
AT(mcr_inline_msg, traffic_class, 77);
AT(mcr_inline_msg, interface, 78);
AT(mcr_inline_msg, offset, 80);
AT(mcr_inline_msg, packet, 88);
SIZE(mcr_inline_msg, 120);

/* The attach socket's: core/attach_wire.h. */
AT(mcr_hello, magic, 0);
AT(mcr_hello, version, 8);
AT(mcr_hello, oldest, 12);
AT(mcr_hello, channel, 16);
AT(mcr_hello, label, 48);
SIZE(mcr_hello, 128);

AT(mcr_welcome, magic, 0);
AT(mcr_welcome, version, 8);
AT(mcr_welcome, status, 12);
AT(mcr_welcome, n_rings, 16);
AT(mcr_welcome, flags, 20);
AT(mcr_welcome, epoch, 24);
AT(mcr_welcome, text, 32);
SIZE(mcr_welcome, 512);

AT(mcr_request, serial, 4);
AT(mcr_request, text, 8);
AT(mcr_request, index, 8);
SIZE(mcr_request, 4096);

AT(mcr_reply, serial, 4);
AT(mcr_reply, status, 8);
AT(mcr_reply, text, 16);
AT(mcr_reply, interface, 16);
SIZE(mcr_reply, 512);

AT(mcr_wire_interface, address, 0);
AT(mcr_wire_interface, dpdk_port, 16);
AT(mcr_wire_interface, vlan, 18);
AT(mcr_wire_interface, prefix_len, 20);
AT(mcr_wire_interface, name, 24);
AT(mcr_wire_interface, port, 56);
AT(mcr_wire_interface, netdev, 120);
AT(mcr_wire_interface, kernel, 136);
SIZE(mcr_wire_interface, 152);

/* The consumer's page: core/consumer_page.h. */
AT(mcr_consumer_page, abi, 0);
AT(mcr_consumer_page, pid, 4);
AT(mcr_consumer_page, received, 64);
AT(mcr_consumer_page, lost, 72);
AT(mcr_consumer_page, stale, 80);
AT(mcr_consumer_page, heartbeat_ns, 88);
AT(mcr_consumer_page, skipped, 96);
AT(mcr_consumer_page, rings, 128);
AT(mcr_consumer_page, rings[0].next_offset, 136);
AT(mcr_consumer_page, rings[0].armed, 144);
AT(mcr_consumer_page, rings[1].next_seq, 160);
AT(mcr_consumer_page, armed, 128 + 32 * MCR_RINGS_MAX);
SIZE(mcr_consumer_page, 128 + 32 * MCR_RINGS_MAX + 128);
