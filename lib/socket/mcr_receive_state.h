/* SPDX-License-Identifier: BSD-3-Clause */
/* A mcr_receive that runs. In the order of who may call whom: mcr_receive_place.c (where a join
 * belongs), mcr_receive_joins.c (texts, and whose a message is), mcr_receive_kernel.c (the kernel's
 * sockets), mcr_receive_way.c (who receives each join), mcr_receive.c (the loop). */
#ifndef MCR_SOCKET_MCR_RECEIVE_STATE_H
#define MCR_SOCKET_MCR_RECEIVE_STATE_H

#include <stdint.h>
#include <time.h>

#include <mcring/receive.h>

#include "socket/mcr_receive_joins.h"
#include "socket/mcr_receive_kernel.h"
#include "socket/mcr_receive_place.h"

#define MCR_RECEIVER_BATCH 32

struct mcr_receiver {
	struct mcr_receive_opts opts;
	int (*fn)(void *ctx, const struct mcr_msg *m, const void *payload);
	void *ctx;
	int result; /* of fn, or the error that ends it; 0 = it goes on */
	struct mcr_error *err;

	char run_dir[4096];
	struct mcr_received_interfaces interfaces;
	struct mcr_received_joins joins;
	struct mcr_kernel kernel;

	struct mcr_consumer *consumer; /* NULL until the first engine */
	uint8_t is_attached;
	uint8_t is_covered; /* the kernel received it all while no engine did */
	uint8_t was_empty;  /* the last look before a sleep said that there is something */
	size_t retry_from;  /* the join to begin with when those that were refused are tried again
			     */
	uint64_t retry_ns;  /* CLOCK_MONOTONIC: when that is due, or the engine is looked for */
	uint64_t joined_ns; /* CLOCK_REALTIME: when the engine had all joins */
	struct mcr_error refusal; /* why there is no engine, or why it refuses */

	struct mcr_msg msgs[MCR_RECEIVER_BATCH];
	uint8_t payload[65536];
};

static inline uint64_t mcr_receiver_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* mcr_receiver_give calls fn. Returns r->result. */
int mcr_receiver_give(struct mcr_receiver *r, const struct mcr_msg *m, const void *payload);

/* mcr_receiver_start decides who receives each join, and reports it. Errors, with r->err filled:
 * the first join that nobody can receive. */
int mcr_receiver_start(struct mcr_receiver *r);

/* mcr_receiver_tend looks for an engine, and moves joins to it. Call it often while a join is not
 * there; it does nothing until that is due. */
void mcr_receiver_tend(struct mcr_receiver *r, uint64_t now_ns);

/* mcr_receiver_lose: the engine has ended. The kernel takes over what it can. */
void mcr_receiver_lose(struct mcr_receiver *r);

/* mcr_receiver_is_settled: no join waits for an engine. */
int mcr_receiver_is_settled(const struct mcr_receiver *r);

#endif
