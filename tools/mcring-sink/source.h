/* SPDX-License-Identifier: BSD-3-Clause */
/* Where messages come from: a channel (channel.c) or a feed (feed.c). A source reads, hands each
 * message to pack.h and what is missing to loss.h, ends cells, and says and takes positions. It
 * waits for nothing. Thread: the sink's. */
#ifndef MCR_SINK_SOURCE_H
#define MCR_SINK_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <mcring/types.h>

#include "sink.h"

struct pack_message;

struct sink_source_calls {
	/* Makes src->state; attaches to nothing yet. src->name is set. Returns 0 or -errno with err
	 * filled. */
	int (*open)(struct sink *s, struct sink_source *src, struct mcr_error *err);

	/* Takes what the position has of this source, an object of `sources` (position.h), before
	 * the first read. at_ns: when it was written, CLOCK_REALTIME. The text comes from the
	 * broker and is not trusted. Returns 0, or -EINVAL with err filled: it makes no sense. */
	int (*load)(struct sink *s, struct sink_source *src, const json_t *position, uint64_t at_ns,
		    struct mcr_error *err);

	/* The object for the position: from lane->sent of its lanes, and from nothing else. A new
	 * reference; NULL = no memory. */
	json_t *(*position)(const struct sink_source *src);

	/* Attaches if it is due, reads, packs: some hundred messages at most. It ends the cells
	 * that are over, by messages or by time, also when nothing comes. It stops where
	 * pack_reserve or loss_tell say -ENOBUFS, keeps what it has polled, and goes on there with
	 * the next call. now_ns: CLOCK_MONOTONIC. Returns how many messages and events it took; 0 =
	 * nothing to do now. */
	unsigned (*read)(struct sink *s, struct sink_source *src, uint64_t now_ns);

	/* Says that the sink is about to sleep. Returns 0: what wakes it is in s->epoll_fd, or it
	 * looks again in 100 ms; 1: there is something, call read. */
	int (*arm)(struct sink *s, struct sink_source *src);

	/* Closes what is open and ends its cells, so that all that was read is on its way: the sink
	 * is about to end. No read follows. */
	void (*flush)(struct sink *s, struct sink_source *src);

	/* Messages in its rings that were not read yet. */
	uint64_t (*behind)(const struct sink_source *src);

	/* Arrival of the last message that was read, CLOCK_REALTIME; 0 = none. */
	uint64_t (*until_ns)(const struct sink_source *src);

	/* Where a lane's place is, as the header says it, and the id of what begins there:
	 *     where  "channel=md pos=<epoch>.<ring>.<seq>"
	 *     id     "<epoch>.<ring>.<seq>"
	 * out: room for SOURCE_WHERE_MAX or SOURCE_ID_MAX. Each returns the end, at the NUL. */
	char *(*where)(const struct sink_lane *lane, const struct sink_place *place, char *out);
	char *(*id)(const struct sink_lane *lane, const struct sink_place *place, char *out);

	/* What else the header of a unit says of its first message: "src=10.0.0.7,5000 vlan=7", no
	 * space around it. out: room for SOURCE_MORE_MAX. Returns the end. */
	char *(*more)(const struct sink_lane *lane, const struct pack_message *m, char *out);

	/* Frees src->state; NULL is allowed. The units of its lanes are gone by then. */
	void (*close)(struct sink *s, struct sink_source *src);
};

extern const struct sink_source_calls channel_calls, feed_calls;

#endif
