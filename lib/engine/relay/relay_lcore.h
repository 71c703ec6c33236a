/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay of one rx lcore: what it has found out about the packets of a burst, the frames that
 * wait for the end of that burst, and its counters. rx/rx_relay.c decides, relay_copy.c makes the
 * frames, relay_tx.c sends them. */
#ifndef MCR_ENGINE_RELAY_LCORE_H
#define MCR_ENGINE_RELAY_LCORE_H

#include <stdint.h>

#include <rte_mbuf.h>

#include <mcring/info.h>

#include "core/handover.h"
#include "core/route/flow_cache.h"
#include "core/route/route_look.h"
#include "engine/plan/limits.h"
#include "engine/relay/relay_view.h"

_Static_assert(MCR_BURST <= 32, "a bit for each packet");

/* What becomes of a packet of the burst. */
struct mcr_relay_verdict {
	uint64_t outputs; /* to which it goes; 0 = it is not relayed */
	uint8_t reason;   /* 1 + enum mcr_drop: why the relay does not take it that would have;
			   * 0 = nothing to say */
	/* When the relay looks at it. */
	uint8_t interface; /* by which it came in */
	uint64_t start;    /* octets 6 to 13 of the frame: who sent it */
	union {
		struct mcr_flow_slot *flow;    /* that it may be of: what was decided before */
		const struct mcr_route *first; /* else where the lookup of its group begins */
	};
	struct mcr_route_packet packet;
};

/* A Tx queue that this lcore owns, and what others hand over for it. */
struct mcr_relay_owned {
	uint16_t port, queue;
	uint8_t is_gone; /* private to the lcore: the view that it has adopted lacks the port */
	unsigned n;      /* of `from` */
	struct mcr_handover *from[MCR_LCORES_MAX]; /* of other lcores: relayed frames */
	struct mcr_handover *control;              /* its frames; NULL: it has a queue of its own */
};

/* Where this lcore's frames for a port go. */
struct mcr_relay_way {
	uint16_t queue; /* its own, if ring is NULL */
	struct mcr_handover *ring;
	uint16_t n; /* frames that wait for the end of the burst */
	struct rte_mbuf *mbufs[MCR_RELAY_BATCH];
};

struct mcr_relay_lcore {
	/* Set by control before the launch, then constant. */
	struct rte_mempool *pool; /* of copies and headers */
	unsigned n_owned;
	struct mcr_relay_owned owned[RTE_MAX_ETHPORTS];
	struct mcr_flow_cache *flows;

	/* Private to the lcore. */
	const struct mcr_relay_view *view; /* of the view that it has adopted */
	uint64_t touched;                  /* outputs whose counts moved since they were shown */
	uint64_t waiting[(RTE_MAX_ETHPORTS + 63) / 64]; /* ports that have frames in `ways` */
	struct mcr_relay_counts counts[MCR_INTERFACES_MAX];
	struct mcr_relay_way ways[RTE_MAX_ETHPORTS]; /* by port; queue and ring: constant */
	struct mcr_relay_verdict verdicts[MCR_BURST];
	uint64_t serial;  /* of decisions: those of another one do not hold */
	uint32_t relayed; /* the burst's packets that have outputs: bit per packet */
	unsigned wanted;  /* buffers of the pool for what of the burst is still to be sent */
	unsigned n_spare; /* of these, those that were taken out of the pool already */
	struct rte_mbuf *spare[MCR_RELAY_SPARE];

	/* Writer: the lcore. Readers: control. */
	struct {
		struct mcr_relay_counts counts __rte_cache_aligned;
		uint64_t version;
	} shared[MCR_INTERFACES_MAX];                                             /* by output */
	uint64_t wrong_interface[MCR_INTERFACES_MAX], looped[MCR_INTERFACES_MAX]; /* by input,
										   * relaxed */
};

/* mcr_relay_lcore_create, in memory of the lcore's NUMA node. ways and owned are empty. Returns 0
 * or -ENOMEM. Thread: control. */
int mcr_relay_lcore_create(struct mcr_relay_lcore **out, unsigned lcore, uint64_t seed);

/* mcr_relay_lcore_destroy frees it, and the frames that wait in the rings of the queues that it
 * owns with the rings. The lcore does not run it. NULL is allowed. */
void mcr_relay_lcore_destroy(struct mcr_relay_lcore *r);

/* mcr_relay_counts_read copies what an lcore counted for an output, of one instant. Thread:
 * control. */
void mcr_relay_counts_read(const struct mcr_relay_lcore *r, unsigned interface,
			   struct mcr_relay_counts *out);

#endif
