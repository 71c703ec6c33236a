/* SPDX-License-Identifier: BSD-3-Clause */
/* How many packet buffers a port needs, and the error when there is no memory for them. No DPDK. */
#ifndef MCR_ENGINE_POOL_PLAN_H
#define MCR_ENGINE_POOL_PLAN_H

#include <stddef.h>
#include <stdint.h>

#define MCR_POOL_CACHE 256 /* buffers in an lcore's cache of a pool */

/* What the relay may hold of buffers. */
struct mcr_relay_hold {
	unsigned n_lcores; /* that relay, at most */
	unsigned n_ports;  /* to which they do */
	uint32_t frames;   /* in all Tx rings there, and on the way to them */
};

struct mcr_pool_wants {
	unsigned n_queues, rx_descs; /* a full queue holds a buffer for each descriptor */
	unsigned n_lcores;           /* that poll the queues */
	unsigned tx_descs;           /* of the control thread's Tx queue */
	uint8_t is_beside_kernel;    /* frames wait for the kernel, too: kernel= */
	struct mcr_relay_hold relay; /* zeros: its frames are not relayed */
};

/* mcr_pool_plan: as many buffers as may be in use at a time, so that a queue is never left without
 * one. */
uint32_t mcr_pool_plan(const struct mcr_pool_wants *wants);

/* mcr_relay_hold_add: one more port to which hold->n_lcores lcores relay, with rings of tx_descs.
 * Each lcore fills a Tx queue there, or a ring to its owner. */
void mcr_relay_hold_add(struct mcr_relay_hold *hold, unsigned tx_descs);

/* mcr_copy_pool_plan: buffers of the pool of the relay's copies. */
uint32_t mcr_copy_pool_plan(const struct mcr_relay_hold *hold);

/* mcr_pool_bytes: memory for n objects of object_bytes, none of which crosses a page unless it is
 * larger than one. page_bytes: 0 = they may. */
uint64_t mcr_pool_bytes(uint32_t n, size_t object_bytes, size_t page_bytes);

/* A pool that could not be made. */
struct mcr_pool_lack {
	const char *port; /* NULL: the pool of the relay's copies */
	unsigned n_queues, rx_descs;
	uint32_t buffers;
	uint16_t buffer_bytes;
	uint64_t need_bytes;
	int node;                        /* < 0: any */
	uint64_t heap_bytes, free_bytes; /* of EAL's memory there */
	int has_hugepages;
};

/* mcr_pool_lack_text writes one line into buf: what is missing, and what to give. */
void mcr_pool_lack_text(char *buf, size_t cap, const struct mcr_pool_lack *lack);

#endif
