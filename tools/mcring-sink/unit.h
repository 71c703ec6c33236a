/* SPDX-License-Identifier: BSD-3-Clause */
/* Units: messages for the broker, and their memory, which is bounded. Thread: the sink's. */
#ifndef MCR_SINK_UNIT_H
#define MCR_SINK_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "broker.h"
#include "place.h"

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
	struct sink_flow *flow;    /* whose open pack it is; NULL = it is closed */
	struct sink_place first;   /* of its first message */
	struct sink_place end;     /* if has_place: the position, once the unit is sent */
	uint64_t rx_ns, last_ns;   /* arrivals of its first and its last message */
	uint64_t end_ns;           /* if has_place: sink_lane.sent_ns then */
	uint8_t kind;              /* enum unit_kind */
	uint8_t is_end;            /* a checkpoint may be made behind it: a cell of its lane ends */
	uint8_t has_place;         /* it moves the position */
	char *id_end, *header_end; /* of the texts of to_broker, where they are gone on with */
	uint8_t *body;             /* that of to_broker, to be written */
	uint32_t cap;              /* octets of room for the body */
	uint32_t texts_cap, texts_len;
	size_t held;   /* octets of the pool's, the body's included when it has grown out of here */
	size_t octets; /* ... of these alone, without that */
};

/* Units in a row, linked by unit->next. All zeros = it is empty. */
struct unit_list {
	struct unit *head, *last; /* last: means nothing in an empty list */
};

#define UNIT_SPARE_STEP  256 /* octets, between two sizes of spare units */
#define UNIT_SPARE_SIZES 16

/* The memory of all units: octets in use, and how many may be. Units of a few sizes that are not in
 * use are kept, since malloc costs more than all else that is done for a unit; together with those
 * in use they are within max, too. All zeros but for max = it is empty. */
struct unit_pool {
	size_t used, max;
	size_t spare_octets;
	struct unit *spare[UNIT_SPARE_SIZES];
};

/* unit_new makes a unit with room for texts of so many octets, and for a body of cap octets.
 * Returns NULL when the pool or the machine has no memory for it. must: it is made even if the pool
 * then has more than its maximum. */
struct unit *unit_new(struct unit_pool *pool, uint32_t texts, uint32_t cap, int must);

/* unit_text copies len octets of text into the unit, where `more` octets can be put behind them,
 * and ends it with a NUL. The texts of unit_new must have room for len + more + 1. */
char *unit_text(struct unit *u, const char *text, size_t len, size_t more);

/* unit_grow makes room for cap octets of body at least; what the body has stays. Returns 0, or
 * -ENOBUFS (no memory: the unit is as before). */
int unit_grow(struct unit_pool *pool, struct unit *u, uint32_t cap);

/* unit_free gives it back. */
void unit_free(struct unit_pool *pool, struct unit *u);

/* unit_pool_clear frees what is kept. */
void unit_pool_clear(struct unit_pool *pool);

void unit_list_add(struct unit_list *list, struct unit *u);
struct unit *unit_list_take(struct unit_list *list); /* the first; NULL = it is empty */

/* unit_list_join moves all of `from` to the end of list. */
void unit_list_join(struct unit_list *list, struct unit_list *from);

#endif
