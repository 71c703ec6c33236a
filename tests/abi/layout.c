/* SPDX-License-Identifier: BSD-3-Clause */
/* What may not move: the layouts that a program, a client library and an engine of different builds
 * share. Those of the region and the descriptor are asserted where they are declared
 * (core/ring_layout.h).
 *
 * When an assertion fails: a field may be added where nothing was (reserved words, the end of the
 * options) and gets a line here; any other change needs a new MCR_RING_ABI, MCR_ATTACH_VERSION or
 * soname. */
#include <stddef.h>

#include <mcring/address.h>
#include <mcring/consumer.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring.h"

#define AT(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved")
#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), "struct " #type " has another size")

/* A program's: mcring/consumer.h. */
AT(mcr_pos, epoch, 0);
AT(mcr_pos, seq, 8);
AT(mcr_pos, ring, 16);
SIZE(mcr_pos, 24);

AT(mcr_msg, data, 0);
AT(mcr_msg, len, 8);
AT(mcr_msg, kind, 12);
AT(mcr_msg, flags, 14);
AT(mcr_msg, pos, 16);
AT(mcr_msg, rx_ns, 40);
AT(mcr_msg, hw_ns, 48);
AT(mcr_msg, lost, 56);
AT(mcr_msg, group_be, 64);
AT(mcr_msg, source_be, 68);
AT(mcr_msg, id, 72);
AT(mcr_msg, dst_port, 76);
AT(mcr_msg, src_port, 78);
AT(mcr_msg, vlan, 80);
AT(mcr_msg, ttl, 82);
AT(mcr_msg, family, 83);
AT(mcr_msg, offset, 88);
SIZE(mcr_msg, 128);

/* These grow at the end: their size says which a program has. */
AT(mcr_consumer_opts, size, 0);
AT(mcr_consumer_opts, run_dir, 8);
AT(mcr_consumer_opts, name, 16);
AT(mcr_consumer_opts, channel, 24);
AT(mcr_consumer_opts, label, 32);
AT(mcr_consumer_opts, fd, 40);
AT(mcr_consumer_opts, start, 44);
AT(mcr_consumer_opts, ring, 48);
AT(mcr_consumer_opts, seq, 56);
AT(mcr_consumer_opts, groups_be, 64);
AT(mcr_consumer_opts, ids, 72);
AT(mcr_consumer_opts, n_groups, 80);
AT(mcr_consumer_opts, n_ids, 88);
AT(mcr_consumer_opts, order, 96);
AT(mcr_consumer_opts, hold_ns, 104);
AT(mcr_consumer_opts, stall_ns, 112);

/* A program's: mcring/address.h. */
AT(mcr_address, octets, 0);
SIZE(mcr_address, 16);

SIZE(mcr_error, 512);

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
