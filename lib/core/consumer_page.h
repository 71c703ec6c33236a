/* SPDX-License-Identifier: BSD-3-Clause */
/* The one page that a consumer may write: how it describes itself to the engine. The engine trusts
 * no word of it, loads each word once, and uses it for statistics and for waking only. Words are
 * plain integers with __atomic access, relaxed but for `armed`; their one writer is the consumer.
 */
#ifndef MCR_CORE_CONSUMER_PAGE_H
#define MCR_CORE_CONSUMER_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/attach_wire.h"

#define MCR_CONSUMER_PAGE_BYTES 4096

struct mcr_consumer_page {
	/* Once, at the attach. */
	uint32_t abi; /* the attach version that both speak */
	int32_t pid;  /* as the consumer sees itself; SO_PEERCRED is what counts */
	uint64_t pad0[7];

	/* At a release, or each few polls. */
	uint64_t received;     /* messages that poll returned */
	uint64_t lost;         /* messages that MCR_LOST counted */
	uint64_t stale;        /* of those received, the ones that read found overtaken */
	uint64_t heartbeat_ns; /* CLOCK_MONOTONIC of a poll, at most about 1 ms before the last */
	uint64_t skipped;      /* messages that poll passed over: not selected */
	uint64_t pad1[3];

	struct {
		uint64_t next_seq;    /* of the first message not done with; 0: ring not read */
		uint64_t next_offset; /* where its bytes start */
		uint64_t armed;       /* while asleep: the seq that it waits for */
		uint64_t pad;
	} rings[MCR_RINGS_MAX];

	/* 0: awake. Else it sleeps, under another number each time; stored with release after
	 * rings[].armed. */
	uint64_t armed;
	uint64_t pad2[15];
};

_Static_assert(offsetof(struct mcr_consumer_page, received) == 64, "page layout");
_Static_assert(offsetof(struct mcr_consumer_page, heartbeat_ns) == 88, "page layout");
_Static_assert(offsetof(struct mcr_consumer_page, rings) == 128, "page layout");
_Static_assert(offsetof(struct mcr_consumer_page, armed) == 1152, "page layout");
_Static_assert(sizeof(struct mcr_consumer_page) <= MCR_CONSUMER_PAGE_BYTES, "page layout");

#endif
