/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports to which packets go. Whatever is sent there is gone: net_null frees it at once, and what a
 * net_ring port has taken is freed in output_drain, as a NIC is done with it. */
#ifndef MCR_BENCH_OUTPUTS_H
#define MCR_BENCH_OUTPUTS_H

#include <rte_ethdev.h>
#include <rte_ring.h>

#include "bench.h"

struct output {
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port;
	struct rte_ring *rx, *tx; /* of a net_ring port; NULL: EAL has made the port */
};

/* outputs_create finds or makes options->outputs ports. Returns 0, or -1 after a line on stderr;
 * call outputs_destroy in both cases, when nobody uses them any more. */
int outputs_create(struct output *outputs, const struct bench_options *options);
void outputs_destroy(struct output *outputs, const struct bench_options *options);

/* output_drain. Thread: the lcore that sends there. */
void output_drain(const struct output *output);

#endif
