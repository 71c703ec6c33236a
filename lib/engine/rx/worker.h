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

struct mcr_relay_lcore;
struct mcr_sightings;

/* What packets of one port and VLAN have in common. */
struct mcr_arrival {
	uint64_t tail;         /* of their records: word 4, but for the packet's own */
	uint64_t key;          /* of the group table, but for the packet's own */
	uint32_t broadcast_be; /* the interface's, which no host may send from */
	uint16_t vlan;
};

/* In mcr_burst.dropped: a bit per reason; all packets are to be looked at; a bit per packet. */
#define MCR_BURST_REASONS    UINT64_C(0x7fffffff)
#define MCR_BURST_LOOK       (UINT64_C(1) << 31)
#define MCR_BURST_DROPPED(i) (UINT64_C(1) << (32 + (i)))

_Static_assert(MCR_DROP_COUNT <= 31 && MCR_BURST <= 32, "they have room in one word");

/* What a burst's packets have in common, and what becomes of them. Private to the lcore. The first
 * part changes with the view only. */
struct mcr_burst {
	uint64_t rx_ns;
	const uint8_t *interface_of_vlan;
	uint8_t mac[6]; /* of the port */
	uint64_t own;   /* mcr_parse_own of it */
	uint64_t own_ipv6;
	uint64_t suspect; /* offload flags of a UDP checksum that the NIC found bad */
	uint64_t
	    odd; /* `suspect`, of a stripped VLAN tag, of a buffer that is not freed as usual */
	uint8_t verify;                       /* each packet's UDP checksum is computed */
	uint32_t all_take, all_take_ipv6;     /* octets of payload that each ring can hold */
	const struct mcr_packet_clock *clock; /* the queue's */
	struct rte_mempool *pool;             /* of the first buffer */
	int mixed; /* not all are usual buffers of that pool, or some were punted */
	uint16_t flags;
	uint64_t dropped;                    /* MCR_BURST_REASONS and so on, for rx_look.h */
	uint8_t drop_packet[MCR_DROP_COUNT]; /* last packet of each reason in `dropped` */
	uint8_t reasons[MCR_BURST];          /* of each packet in `dropped` */
	/* Of the chunk. */
	uint64_t channels; /* bit per channel that got a packet */
	int handled;       /* one of them has a handler */
	struct mcr_arrival untagged, tagged;
	struct mcr_queue_trailers *trailers; /* the queue's */
};

struct mcr_queue {
	uint16_t port, queue;
	uint8_t udp_checksum;                 /* enum mcr_udp_checksum */
	uint8_t behind;                       /* the last poll filled a burst: there may be more */
	uint8_t pieces;                       /* 1: then it is received in pieces */
	const struct mcr_packet_clock *clock; /* of its timestamps; NULL = none */
	struct mcr_burst burst;               /* the lcore's */
	struct mcr_queue_trailers *trailers;  /* where times come from a switch; else NULL */
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
	struct mcr_sightings *sightings;      /* flows that were seen, of the lcore's NUMA node */
	struct mcr_relay_lcore *relay;        /* of the lcore, destroyed with the worker; NULL: the
					       * engine does not relay */

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
	uint64_t busy_from;                /* TSC: up to here busy_cycles are counted */
	int busy;                          /* the last look at a queue found packets */
	uint64_t last_ns;                  /* the latest time in a message or a watermark */
	uint64_t polled_tsc, polled_every; /* TSC of the last watermark, and from one to the next */
	uint64_t look;     /* MCR_BURST_LOOK when the next burst is to be looked at, else 0 */
	uint32_t unlooked; /* watermarks since it was set */
	uint32_t link_changes[RTE_MAX_ETHPORTS];
	uint32_t empty_polls;
	struct mcr_totals totals;
	uint8_t rare; /* other totals moved than those of each burst: mcr_account_show */
	struct mcr_gap gap;
	struct rte_mbuf *mbufs[MCR_BURST + MCR_PREFETCH_AHEAD];
	struct mcr_packet packets[MCR_BURST]; /* those that take_any saw (rx_chunk.c) */
	struct mcr_outlet outlets[MCR_CHANNELS_MAX];
	uint32_t broadcast_be[MCR_INTERFACES_MAX]; /* as the view has it */

	/* Writer: the lcore. Readers: control. */
	struct mcr_lcore_account shared;
	/* By interface: copies for the kernel that found no room, of packets that were delivered.
	 * Relaxed. */
	uint64_t kernel_copies_lost[MCR_INTERFACES_MAX];
} __rte_cache_aligned;

/* mcr_worker_create makes the worker of an lcore, in memory of the lcore's NUMA node. Returns 0, or
 * with err filled -EBUSY (another engine has the lcore) or -ENOMEM. Thread: control. */
int mcr_worker_create(struct mcr_worker **out, unsigned index, unsigned lcore,
		      struct mcr_error *err);

/* mcr_worker_destroy frees it, its relay and the packets that wait in their rings. The lcore does
 * not run it. NULL is allowed. */
void mcr_worker_destroy(struct mcr_worker *w);

/* mcr_worker_serve_kernel makes the ring for frames to the kernel. Returns 0, or with err filled
 * -ENOMEM. Call it before the launch. */
int mcr_worker_serve_kernel(struct mcr_worker *w, struct mcr_error *err);

#endif
