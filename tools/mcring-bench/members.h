/* SPDX-License-Identifier: BSD-3-Clause */
/* A host behind an output that reports the feed's groups (IGMPv3). Its reports come in with the
 * port's receive bursts: to the engine they are from the wire. */
#ifndef MCR_BENCH_MEMBERS_H
#define MCR_BENCH_MEMBERS_H

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "outputs.h"

struct members {
	const struct output *output;
	struct rte_mempool *pool; /* of the reports */
	unsigned subnet;          /* the host is 10.0.subnet.9 */
	unsigned groups;
	unsigned reported; /* so far; writer: the rx lcore */
	const void *callback;
};

/* members_create: for a port that the engine has opened and not started. The callback also drains
 * the output. Returns 0, or -1 after a line on stderr. */
int members_create(struct members *members, const struct output *output, struct rte_mempool *pool,
		   unsigned subnet, unsigned groups);
void members_destroy(struct members *members);

#endif
