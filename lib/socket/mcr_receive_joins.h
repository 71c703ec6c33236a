/* SPDX-License-Identifier: BSD-3-Clause */
/* The joins of a mcr_receive: what their texts say, where each of them is received, and which of
 * them a message belongs to. */
#ifndef MCR_SOCKET_MCR_RECEIVE_JOINS_H
#define MCR_SOCKET_MCR_RECEIVE_JOINS_H

#include <stdint.h>

#include <mcring/join.h>
#include <mcring/receive.h>

#include "core/group_table.h"
#include "socket/mcr_receive_place.h"

/* One text. Its elementary joins are those of the list from `first` on: by group, then by port. */
struct mcr_received_join {
	const char *text;
	size_t first, n_groups, n_ports;
	struct mcr_received_place place;
	char why[256];     /* MCR_RECEIVE_KERNEL: why it is not the engine */
	uint32_t way;      /* MCR_RECEIVE_ENGINE, _KERNEL, _NOWHERE; 0 = not decided yet */
	uint64_t since_ns; /* CLOCK_REALTIME: what arrives from then on may be missing; 0 = nothing
			    */
};

struct mcr_received_joins {
	struct mcr_received_join *items;
	size_t n;
	struct mcr_join_list list;
	uint32_t *owner; /* of each elementary join: the index of its text */
	struct mcr_group_table *table;
};

/* mcr_received_joins_parse reads the texts. Clear it in any case. Errors: -EINVAL, -E2BIG, -ENOMEM,
 * with err filled. */
int mcr_received_joins_parse(struct mcr_received_joins *joins, const char *const *texts, size_t n,
			     struct mcr_error *err);

/* mcr_received_joins_index: places or ways have changed. Only joins that somebody receives take
 * messages. Errors: -ENOMEM. */
int mcr_received_joins_index(struct mcr_received_joins *joins);

void mcr_received_joins_clear(struct mcr_received_joins *joins);

/* mcr_received_joins_match returns the elementary join that takes a message, as the engine chooses
 * it, and which text that is of; NULL: none. slot: as in struct mcr_received_place. */
const struct mcr_join *mcr_received_joins_match(const struct mcr_received_joins *joins,
						uint16_t slot, const struct mcr_msg *m,
						size_t *text);

#endif
