/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring of a channel, with the cursor that reads it. Thread: the sink's. */
#ifndef MCR_SINK_CHANNEL_RING_H
#define MCR_SINK_CHANNEL_RING_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "flows.h"
#include "sink.h"

#define CHANNEL_BATCH 64

struct pack_message;

struct channel_ring {
	struct sink_lane lane; /* the first member: a ring is found by it */
	uint32_t index;
	struct mcr_consumer *cursor; /* NULL = it is not read */
	struct sink_place at;        /* of the next message to take; all 0 = nothing is known */
	uint64_t last_ns;            /* arrival of the last message taken */
	uint64_t cell_ns;            /* of that: when its cell began, by --linger */
	uint64_t until_ns;           /* mcr_consumer_until, as it was last ... */
	uint64_t stands_ns;          /* ... and CLOCK_MONOTONIC since when it is that */
	int is_over;                 /* its engine has ended, and all was taken */
	struct mcr_msg batch[CHANNEL_BATCH];
	int n, taken; /* in batch, and of them */
	struct flows flows;
	uint64_t text_epoch; /* of these, which are made once: */
	char text[160];      /* what `where` begins with ... */
	char id_text[32];    /* ... and `id` */
};

/* channel_ring_create makes it; nothing is read. subject, is_one: as flows_create. Returns NULL
 * when there is no memory. channel_ring_destroy: NULL is allowed. */
struct channel_ring *channel_ring_create(struct sink_source *src, uint32_t index,
					 const char *subject, int is_one);
void channel_ring_destroy(struct channel_ring *r);

/* channel_ring_open begins to read at r->at, which is of the engine of base, or at the oldest
 * message behind it that the ring holds. Errors: those of mcr_consumer_cursor. channel_ring_close
 * ends that.
 */
int channel_ring_open(struct channel_ring *r, struct mcr_consumer *base, struct mcr_error *err);
void channel_ring_close(struct channel_ring *r);

/* channel_ring_read takes what has come, some hundred messages at most, and ends cells. *took is
 * increased by how many messages and events there were. Returns 0, -ENOBUFS (no memory for more
 * now), -EPIPE (all was taken, and the engine has ended), -EPROTO (as mcr_consumer_poll). */
int channel_ring_read(struct sink *s, struct channel_ring *r, unsigned *took);

/* channel_ring_has: something has come that was not taken. It polls. */
int channel_ring_has(struct channel_ring *r);

/* channel_ring_end ends the open cell where the ring was read to. */
void channel_ring_end(struct sink *s, struct channel_ring *r);

/* channel_ring_behind: messages in the ring that were not taken. */
uint64_t channel_ring_behind(const struct channel_ring *r);

/* As struct sink_source_calls has them. */
char *channel_ring_where(const struct sink_lane *lane, const struct sink_place *place, char *out);
char *channel_ring_id(const struct sink_lane *lane, const struct sink_place *place, char *out);
char *channel_ring_more(const struct sink_lane *lane, const struct pack_message *m, char *out);

#endif
