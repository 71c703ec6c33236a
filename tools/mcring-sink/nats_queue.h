/* SPDX-License-Identifier: BSD-3-Clause */
/* A queue between two threads: one puts, the other takes. Its owner bounds what is in it. */
#ifndef MCR_SINK_NATS_QUEUE_H
#define MCR_SINK_NATS_QUEUE_H

#include <stdint.h>

#define NATS_QUEUE_SIZE (1u << 16)

struct nats_entry {
	void *item;
	char *text; /* malloc'd, goes along; NULL = none */
	int kind;   /* of its users' */
};

struct nats_queue {
	/* The writer's: */
	uint64_t put __attribute__((aligned(64)));
	/* The reader's: */
	uint64_t taken __attribute__((aligned(64)));
	struct nats_entry entries[NATS_QUEUE_SIZE] __attribute__((aligned(64)));
};

/* The caller knows that there is room. */
static inline void nats_queue_put(struct nats_queue *q, struct nats_entry e)
{
	q->entries[q->put % NATS_QUEUE_SIZE] = e;
	/* Pairs with the acquire in nats_queue_has. */
	__atomic_store_n(&q->put, q->put + 1, __ATOMIC_RELEASE);
}

/* How many wait. */
static inline uint64_t nats_queue_has(const struct nats_queue *q)
{
	return __atomic_load_n(&q->put, __ATOMIC_ACQUIRE) - q->taken;
}

static inline struct nats_entry nats_queue_take(struct nats_queue *q)
{
	return q->entries[q->taken++ % NATS_QUEUE_SIZE];
}

#endif
