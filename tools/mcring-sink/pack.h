/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages become units. A unit holds up to --pack messages of one flow and one cell of its lane.
 * Cells are cut by content, so that a sink that starts again at the end of a cell makes the same
 * units with the same ids: `lane_end` is called where a cell ends, and makes this place part of the
 * position once its units are sent. Until then the units of the cell wait. Without packs (--pack 1)
 * each message is a unit and may be a cell. Thread: the sink's. */
#ifndef MCR_SINK_PACK_H
#define MCR_SINK_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "sink.h"

#define PACK_OCTETS_MAX (256u << 10) /* of a pack's body; a single message may have more */

#define PACK_CELL_MAX (1u << 20) /* of a cell: see lane_is_full */

/* Messages that may share a unit: the source makes and owns it, from zeros, and may free it when
 * nothing is open. */
struct sink_flow {
	const char *subject, *key; /* struct sink_unit says what they are; units have copies */
	struct unit *open;         /* pack.c's */
	uint32_t usual;            /* likewise: room that its last pack took */
};

struct pack_message {
	struct sink_lane *lane;
	struct sink_flow *flow;
	struct sink_place place; /* .next: its own seq, or number of the first message in it */
	uint32_t count;          /* messages in it: of a channel 1 */
	uint32_t len;            /* octets of payload */
	uint64_t rx_ns, hw_ns;   /* hw_ns: 0 = none */
	uint32_t skip, flags;    /* of a feed, as in struct mcr_sink_record */
	const uint8_t *source;   /* and source_port: another one than that of the message before of
				  * this flow; NULL = the same */
	uint32_t source_port;
	const void *msg; /* for source_calls.more: the source's own */
};

/* pack_reserve finds room for the payload of m in its flow's unit, which it makes if none is open;
 * it closes the one that is full. *body: m->len octets to write to. Follow it with pack_commit or
 * pack_cancel, before the next pack_reserve. Returns 0, or -ENOBUFS: no memory now; nothing has
 * changed. */
int pack_reserve(struct sink *s, const struct pack_message *m, uint8_t **body);

/* pack_commit: the payload is there, and whole. The message is counted as read. */
void pack_commit(struct sink *s, const struct pack_message *m);

/* pack_cancel: it was overwritten. As if pack_reserve had not been called. */
void pack_cancel(struct sink *s, const struct pack_message *m);

/* pack_close closes the flow's open unit, if there is one. The cell goes on. */
void pack_close(struct sink *s, struct sink_flow *flow);

/* lane_has: the lane's open cell has units. lane_is_full: it has so much that it has to end, though
 * its time is not over: so the memory has room for the cells of all lanes. Being by content, that
 * cuts where it cut before. */
static inline int lane_has(const struct sink_lane *lane)
{
	return lane->cell.head != NULL;
}

static inline int lane_is_full(const struct sink_lane *lane)
{
	return lane->cell_octets >= PACK_CELL_MAX;
}

/* lane_end ends the lane's cell at `place`: its units are closed and sent, in the order in which
 * they were begun, and then the position has `place`, also if there are none. last_ns:
 * arrival of the last message below the place; 0 = as before. */
void lane_end(struct sink *s, struct sink_lane *lane, const struct sink_place *place,
	      uint64_t last_ns);

/* pack_notice makes a unit without messages, closed, which is in no list yet; loss.c sends it. id
 * and header: their texts. Returns NULL when there is no memory; must: as unit_new. */
struct unit *pack_notice(struct sink *s, struct sink_lane *lane, const char *id, const char *header,
			 int must);

/* pack_settle: the broker gave it back, or never got it: it is nobody's any more, and freed. */
void pack_settle(struct sink *s, struct unit *u);

#endif
