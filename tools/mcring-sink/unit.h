/* SPDX-License-Identifier: BSD-3-Clause */
/* Units: messages for the broker, and their memory, which is bounded. Thread: the sink's. */
#ifndef MCR_SINK_UNIT_H
#define MCR_SINK_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "broker.h"
#include "place.h"

#define UNIT_ID_MAX     256 /* with the NUL */
#define UNIT_HEADER_MAX 768 /* with the NUL */

struct sink_lane;
struct sink_flow;

enum unit_kind {
	UNIT_DATA,
	UNIT_NOTICE, /* of a loss, a gap, a restart: no message is in it */
};

struct unit {
	struct sink_unit to_broker;         /* the first member: a unit is found by it */
	struct unit *next;                  /* of the list that it is in */
	struct unit *live_prev, *live_next; /* of its source's */
	struct sink_lane *lane;
	struct sink_flow *flow;  /* whose open pack it is; NULL = it is closed */
	struct sink_place first; /* of its first message */
	struct sink_place end;   /* if is_end: the place up to which all was in units now */
	uint64_t rx_ns, last_ns; /* arrivals of its first and its last message */
	size_t held;             /* octets of the pool's */
	uint32_t cap;            /* octets of room for the body */
	uint8_t kind;            /* enum unit_kind */
	uint8_t is_end;          /* a cell of its lane ends with it */
	uint16_t id_len, header_len;
	char *id, *header; /* what to_broker.id and .header point to, to be written */
	uint8_t *body;     /* likewise; malloc'd when it grows */
};

/* Units in a row, which are linked by unit->next. */
struct unit_list {
	struct unit *head, **tail; /* tail: NULL = it was never used */
	uint32_t n;
};

/* The memory of all units: octets, and how many may be in use. */
struct unit_pool {
	size_t used, max;
};

/* unit_new makes a unit with room for cap octets of body, an id and a header. Returns NULL when the
 * pool or the memory has no room for it. must: what it takes above pool->max is given all the same.
 */
struct unit *unit_new(struct unit_pool *pool, uint32_t cap, int must);

/* unit_grow makes room for cap octets of body at least; what the body has stays. Returns 0, or
 * -ENOBUFS (no room in the pool: the unit is as before). */
int unit_grow(struct unit_pool *pool, struct unit *u, uint32_t cap);

/* unit_free gives it back. */
void unit_free(struct unit_pool *pool, struct unit *u);

void unit_list_add(struct unit_list *list, struct unit *u);
struct unit *unit_list_take(struct unit_list *list); /* the first; NULL = it is empty */

/* unit_list_join moves all of `from` to the end of list. */
void unit_list_join(struct unit_list *list, struct unit_list *from);

#endif
