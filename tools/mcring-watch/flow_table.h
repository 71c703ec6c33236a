/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the messages of a flow go: a table by group, port, source and interface. A hostile sender
 * makes it slower at most: it has a limit, and its hash a secret. Pure. */
#ifndef MCR_WATCH_FLOW_TABLE_H
#define MCR_WATCH_FLOW_TABLE_H

#include <stdint.h>
#include <string.h>

#include <mcring/consumer.h>

#include "core/address_hash.h"

#define FLOWS_MAX 65536 /* that are remembered */

/* A cache line. */
struct flow {
	uint64_t group[2], source[2]; /* as in struct mcr_address */
	uint16_t port, interface;     /* interface: the engine's */
	uint32_t index;               /* of its group, or GROUPS_NONE; set by the caller, as are: */
	uint32_t recorded;            /* its interface in the recording, or RECORDING_NONE */
	uint16_t slot;                /* of its line, or LINES_NONE */
	uint8_t has_hw;               /* its messages have a NIC's or switch's time */
	uint8_t is_taken;             /* the table's */
	uint64_t scope;               /* lines_id */
	uint64_t ns;                  /* the last message's time */
};

struct flow_table {
	struct flow *flows; /* n, a power of two */
	struct flow *last;
	uint32_t n, used, turn;
	struct mcr_address_hash group_hash, source_hash;
	uint64_t port_multiplier;
};

/* flow_table_create: seeds are secrets. Returns 0 or -ENOMEM. flow_table_destroy frees it in any
 * case. */
int flow_table_create(struct flow_table *t, const uint64_t seeds[3]);
void flow_table_destroy(struct flow_table *t);

/* flow_table_forget makes all flows new ones. flow_table_grow makes room for more, and forgets; it
 * does nothing when that is not needed, cannot be, or there is no memory. */
void flow_table_forget(struct flow_table *t);
void flow_table_grow(struct flow_table *t);

/* flow_table_peek gives where a message's flow stands most likely, and flow_is says whether it
 * does: to have it in the caches in time. */
const struct flow *flow_table_peek(const struct flow_table *t, const struct mcr_msg *m);

/* flow_table_find finds a message's flow. *is_new: the caller is to fill it in; the table may have
 * forgotten another one for it. It is good until the next call. */
struct flow *flow_table_find(struct flow_table *t, const struct mcr_msg *m, int *is_new);

static inline int flow_is(const struct flow *f, const struct mcr_msg *m)
{
	uint64_t group[2], source[2];

	memcpy(group, &m->group, sizeof(group));
	memcpy(source, &m->source, sizeof(source));
	return ((f->group[0] ^ group[0]) | (f->group[1] ^ group[1]) | (f->source[0] ^ source[0]) |
		(f->source[1] ^ source[1]) | (uint64_t)(f->port ^ m->dst_port) |
		(uint64_t)(f->interface ^ m->interface) | (uint64_t)(f->is_taken ^ 1)) == 0;
}

#endif
