/* SPDX-License-Identifier: BSD-3-Clause */
/* To which line of a feed, and to which stream of it, a message of one channel belongs: by its
 * group, port, source and interface. What was found is remembered, in a table of fixed size that a
 * hostile sender can make slower, and not larger. */
#ifndef MCR_FEED_FLOWS_H
#define MCR_FEED_FLOWS_H

#include <stdint.h>
#include <string.h>

#include <mcring/consumer.h>

#include "core/address_hash.h"
#include "core/feed/feed_config.h"

#define MCR_FEED_NO_LINE    0xffu /* the message is not of this feed */
#define MCR_FEED_REFUSED    0xfeu /* it is of one publisher more than there is room for */
#define MCR_FEED_INTERFACES 64    /* of an engine */

/* A flow that was seen, in a cache line of its own. */
struct mcr_feed_seen {
	uint64_t group[2], source[2]; /* as in struct mcr_address */
	uint16_t port, interface;
	uint8_t is_taken;
	uint8_t line;   /* or MCR_FEED_NO_LINE, MCR_FEED_REFUSED */
	uint16_t flow;  /* index in the line */
	uint64_t scope; /* for packet->scope[1] */
	uint64_t pad[2];
};

/* The publishers of a feed whose streams depend on the source. All channels share them. */
struct mcr_feed_publishers {
	struct mcr_feed_publisher *places; /* n, a power of two, at most half in use */
	uint32_t n, used;
	struct mcr_address_hash hash;
};

struct mcr_feed_flows {
	struct mcr_feed_seen *seen; /* n_seen, a power of two */
	struct mcr_feed_declared *declared;
	uint32_t n_seen, n_declared, n_names;
	struct mcr_address_hash group_hash, source_hash;
	uint64_t port_multiplier;
	char (*names)[MCR_NAME_MAX]; /* of interfaces that flows name; number 0 is any */
	uint32_t interfaces[MCR_FEED_INTERFACES]; /* which name the engine's interface has */
	int by_group, by_source;                  /* streams depend on them */
	struct mcr_feed_publishers *publishers;
};

/* mcr_feed_flows_create takes the flows of those lines (bits) of a feed. seed: a secret. Errors:
 * -ENOMEM. mcr_feed_flows_destroy frees it in any case. */
int mcr_feed_flows_create(struct mcr_feed_flows *out, const struct mcr_feed_config *config,
			  uint32_t lines, struct mcr_feed_publishers *publishers, uint64_t seed);
void mcr_feed_flows_destroy(struct mcr_feed_flows *flows);

/* mcr_feed_publishers_create makes room for so many. Errors: -ENOMEM. */
int mcr_feed_publishers_create(struct mcr_feed_publishers *out, uint32_t most, uint64_t seed);
void mcr_feed_publishers_destroy(struct mcr_feed_publishers *p);

/* mcr_feed_publishers_at looks for the publisher of a number, from 1. *flow: whose streams also
 * depend on the group; else 0. Returns 1 or 0. */
int mcr_feed_publishers_at(const struct mcr_feed_publishers *p, uint32_t number,
			   struct mcr_address *source, uint32_t *flow);

/* mcr_feed_flows_name says what the engine's interface i is called; mcr_feed_flows_forget, that all
 * of that may be different now. */
void mcr_feed_flows_name(struct mcr_feed_flows *flows, uint32_t i, const char *name);
void mcr_feed_flows_forget(struct mcr_feed_flows *flows);

/* mcr_feed_flows_find finds a message's flow. What it returns is good until the next call. */
const struct mcr_feed_seen *mcr_feed_flows_find(struct mcr_feed_flows *flows,
						const struct mcr_msg *m);

/* mcr_feed_seen_is: whether a message is of this flow. */
static inline int mcr_feed_seen_is(const struct mcr_feed_seen *seen, const struct mcr_msg *m)
{
	uint64_t group[2], source[2];

	memcpy(group, &m->group, sizeof(group));
	memcpy(source, &m->source, sizeof(source));
	return ((seen->group[0] ^ group[0]) | (seen->group[1] ^ group[1]) |
		(seen->source[0] ^ source[0]) | (seen->source[1] ^ source[1]) |
		(uint64_t)(seen->port ^ m->dst_port) |
		(uint64_t)(seen->interface ^ m->interface)) == 0;
}

#endif
