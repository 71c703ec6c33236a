/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-gen: a port, its frames, and what it sent. All of it runs on the main lcore. */
#ifndef MCR_GEN_H
#define MCR_GEN_H

#include <signal.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "../common/frame.h"
#include "options.h"

struct gen {
	struct gen_options options;
	struct frames frames;
	struct rte_mempool *tx_pool, *rx_pool;
	uint16_t port;
	int started;
	const volatile sig_atomic_t *stop; /* not 0: SIGINT or SIGTERM came */

	/* What the last gen_send did. */
	uint64_t sent, retries;
	uint64_t *flow_sent; /* of each flow */
	uint64_t elapsed_ns;
};

/* gen_start_port makes the buffers, starts the port and waits for its link. gen->frames exist.
 * Returns 0, or -1 after a line on stderr; gen->started says whether the caller is to stop it. */
int gen_start_port(struct gen *gen);

/* gen_send sends so much and waits until the driver has sent it; gen->stop ends it earlier. The
 * flows' numbers begin at 1 each time. */
void gen_send(struct gen *gen, const struct gen_load *load);

/* gen_send_last sends a few more with pauses. Drivers above the kernel (net_af_packet) keep frames
 * that it had no room for, and try them again only when they are given another. */
void gen_send_last(struct gen *gen);

/* gen_put hands buffers to a Tx queue until it has taken all; the TSC's deadline or gen->stop ends
 * it earlier, and the rest is freed. Returns how many the driver took. */
unsigned gen_put(struct gen *gen, uint16_t queue, struct rte_mbuf **mbufs, unsigned n,
		 uint64_t deadline);

/* gen_drain throws away what came in: the peer's queue must not fill up. */
void gen_drain(const struct gen *gen);

/* gen_flush waits until the driver has sent what its queues hold, 200 ms at most. */
void gen_flush(const struct gen *gen);

/* gen_trials looks for the highest rate without loss, and prints each trial and the result. Returns
 * 0, or -1 after a line on stderr. */
int gen_trials(struct gen *gen);

#endif
