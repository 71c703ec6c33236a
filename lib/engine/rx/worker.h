/* SPDX-License-Identifier: BSD-3-Clause */
/* One rx lcore: its queues, its rings, its counters. rx_loop.c runs on it; control makes it,
 * launches it and reads its counters. */
#ifndef MCR_ENGINE_WORKER_H
#define MCR_ENGINE_WORKER_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <mcring/engine.h>

#include "core/parse.h"
#include "engine/clock/clock.h"
#include "engine/clock/packet_clock.h"
#include "engine/plan/limits.h"
#include "engine/rx/account.h"
#include "engine/rx/inline.h"
#include "engine/rx/view.h"

#define MCR_PREFETCH_AHEAD 4 /* packets whose headers are fetched before their turn; even */
#define MCR_FIRST_CHUNK    1 /* default of mcr_engine_config.first_chunk; docs/benchmarks.md */

struct mcr_queue {
	uint16_t port, queue;
	uint8_t udp_checksum;                 /* enum mcr_udp_checksum */
	uint8_t behind;                       /* the last poll filled a burst: there may be more */
	const struct mcr_packet_clock *clock; /* of its timestamps; NULL = none */
};

/* Where a channel's messages leave this lcore. */
struct mcr_outlet {
	struct mcr_ring_writer *ring; /* as the view has it; NULL: there is no such channel */
	struct mcr_inline *handler;   /* the same; NULL = none */
	uint64_t clock_steps;         /* at the ring's last message: mcr_rx_step_flag */
};

_Static_assert(MCR_BURST <= MCR_INLINE_MSGS, "a handler gets a chunk of a burst at once");

struct mcr_worker {
	/* Set by control before the launch, then constant. */
	unsigned index, lcore;
	uint8_t idle; /* enum mcr_idle */
	uint16_t first_chunk;
	const struct mcr_clock *clock;
	struct rte_rcu_qsbr *qsbr;
	struct rte_ring *punt;   /* producer: this lcore; consumer: control */
	struct rte_ring *kernel; /* the same, for the kernel's frames; NULL: no kernel= */
	struct mcr_group_count *group_counts; /* MCR_MEMBERSHIPS_MAX, by membership index */

	/* Writer: control. */
	const struct mcr_view *published
	    __rte_cache_aligned; /* release; pairs with the rx loop's acquire */
	uint32_t stop;

	/* Private to the lcore. */
	const struct mcr_view *view __rte_cache_aligned;
	uint64_t view_serial;
	uint16_t n_queues; /* set by control before the launch; those of removed ports drop out */
	struct mcr_queue queues[MCR_QUEUES_PER_WORKER];
	uint64_t last_poll_tsc, clock_steps;
	uint64_t last_ns;        /* the latest time in a message or a watermark */
	uint64_t last_polled_ns; /* the watermark */
	uint32_t link_changes[RTE_MAX_ETHPORTS];
	uint32_t empty_polls;
	struct mcr_totals totals;
	struct mcr_gap gap;
	struct rte_mbuf *mbufs[MCR_BURST + MCR_PREFETCH_AHEAD];
	struct mcr_packet packets[MCR_BURST]; /* those that take_any saw (rx_chunk.c) */
	struct mcr_outlet outlets[MCR_CHANNELS_MAX];
	uint32_t broadcast_be[MCR_INTERFACES_MAX]; /* as the view has it */

	/* Writer: the lcore. Readers: control. */
	struct mcr_lcore_account shared;
} __rte_cache_aligned;

/* mcr_worker_create makes the worker of an lcore, in memory of the lcore's NUMA node. Returns 0, or
 * with err filled -EBUSY (another engine has the lcore) or -ENOMEM. Thread: control. */
int mcr_worker_create(struct mcr_worker **out, unsigned index, unsigned lcore,
		      struct mcr_error *err);

/* mcr_worker_destroy frees it and the packets that wait in its rings. The lcore does not run it.
 * NULL is allowed. */
void mcr_worker_destroy(struct mcr_worker *w);

/* mcr_worker_serve_kernel makes the ring for frames to the kernel. Returns 0, or with err filled
 * -ENOMEM. Call it before the launch. */
int mcr_worker_serve_kernel(struct mcr_worker *w, struct mcr_error *err);

#endif
