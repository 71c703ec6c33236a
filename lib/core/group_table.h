/* SPDX-License-Identifier: BSD-3-Clause */
/* The group table: which channels want a packet. An immutable snapshot that the control thread
 * builds from all rules and the rx lcores look up; it is replaced as a whole and freed after a
 * grace period, which is the caller's business.
 *
 * Open addressing on one 64-bit key (group, UDP port, interface). A group that has rules always has
 * an entry for port 0 (any port), without targets when no rule wants any port: so a miss tells
 * MCR_DROP_UNKNOWN_PORT from MCR_DROP_UNKNOWN_GROUP. The union of exact and any-port rules is
 * computed at build time; a packet goes once to each channel, with the id of the most specific rule
 * that takes it: exact port before any port, then a listed source before an unlisted one, then the
 * earlier rule. */
#ifndef MCR_CORE_GROUP_TABLE_H
#define MCR_CORE_GROUP_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/join.h>
#include <mcring/stats.h>

/* A join with its names resolved to indices. */
struct mcr_rule {
	const struct mcr_join *join; /* borrowed during the build: group, port, mode, sources, id */
	uint16_t interface;          /* index, < MCR_INTERFACES_MAX */
	uint16_t channel;            /* index, < MCR_CHANNELS_MAX */
	uint32_t membership;         /* index of the (interface, group) counters */
};

struct mcr_group_table;

/* What one packet is to be given to. */
struct mcr_target {
	uint32_t id; /* user id of the rule */
	uint16_t channel;
};

/* mcr_group_table_create builds a snapshot. Thread: control. Returns 0 or -ENOMEM. rules may be
 * NULL when n is 0. */
int mcr_group_table_create(struct mcr_group_table **out, const struct mcr_rule *rules, size_t n);

/* mcr_group_table_destroy: the caller knows that no lcore looks at it any more. NULL is allowed. */
void mcr_group_table_destroy(struct mcr_group_table *table);

/* mcr_group_table_match finds the channels of one packet.
 * targets: room for MCR_CHANNELS_MAX entries. *membership: the counters' index when the result is >
 * 0. Thread: any rx lcore. Returns the number of targets, or -(1 + enum mcr_drop) with
 * MCR_DROP_UNKNOWN_GROUP, MCR_DROP_UNKNOWN_PORT or MCR_DROP_WRONG_SOURCE. */
static inline int mcr_group_table_match(const struct mcr_group_table *table, uint16_t interface,
					uint32_t group_be, uint16_t port, uint32_t source_be,
					struct mcr_target *targets, uint32_t *membership);

/* mcr_group_table_prefetch touches the line that a match will read first. */
static inline void mcr_group_table_prefetch(const struct mcr_group_table *table, uint16_t interface,
					    uint32_t group_be, uint16_t port);

#endif
