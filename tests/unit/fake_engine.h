/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine that receives nothing: it keeps joins and channels as mcr_engine_update_as and its like
 * promise, so that what stands above it is tested without DPDK. */
#ifndef MCR_TEST_FAKE_ENGINE_H
#define MCR_TEST_FAKE_ENGINE_H

#include <mcring/engine.h>

#define FAKE_ROUTE_STEPS 3

struct mcr_engine {
	struct mcr_account account;
	struct mcr_join_list joins;
	uint8_t *makers; /* of each join: enum mcr_join_maker */
	struct mcr_channel_config channels[MCR_CHANNELS_MAX];
	size_t n_channels;
	size_t n_groups;           /* that mcr_engine_group_info makes up ... */
	uint32_t first_group;      /* ... from 239.0.0.0 + this on */
	size_t n_members;          /* groups that mcr_engine_member_info makes up */
	size_t n_relay;            /* interfaces of the relay */
	size_t n_routes;           /* that mcr_engine_route_collected makes up */
	unsigned collected;        /* how often they were, each time in FAKE_ROUTE_STEPS */
	size_t n_sources;          /* of each second of them; the first one is forwarded */
	unsigned updates;          /* calls of mcr_engine_update_as that succeeded */
	const char *refusal;       /* the next update, or open_filter, fails with this text */
	unsigned opened_s;         /* of the last mcr_engine_open_filter; 0 = there was none */
	unsigned opens_later;      /* how often its port is looked at before the filter is open */
	char opened[MCR_NAME_MAX]; /* its interface; "" = all */
	unsigned prepared;   /* channels that were made and are neither the engine's nor freed */
	unsigned *looks;     /* counts calls of mcr_engine_join_info; NULL = nobody wants to know */
	const char *sockets; /* the consumer's report; NULL = none */
	uint64_t frame_ns;   /* not 0: the port's link is up, and a frame came then */
	const char *no_memory_for;   /* a channel that cannot be prepared */
	unsigned keeps;              /* calls of mcr_engine_feeds_keep, each before an update */
	struct mcr_shard_info shard; /* size 0: nothing is shared */
	struct mcr_feeds *feeds; /* that it declares, each with 2 readers and 1 of an older one */
};

void fake_engine_clear(struct mcr_engine *e);

/* How often the engine holds what the text says. */
size_t fake_engine_count(const struct mcr_engine *e, const char *text);

#endif
