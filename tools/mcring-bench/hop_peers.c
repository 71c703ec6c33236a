/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program could use instead: DPDK's ring with mbufs, a byte ring, a Unix datagram socket.
 * They hold the writer up when they are full, and have one reader. */
#include "hop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "../common/fail.h"

/* ---- rte_ring, one producer, one consumer, mbufs ---- */

#define RTE_RING_SLOTS 4096

struct mbuf_carrier {
	struct rte_ring *ring;
	struct rte_mempool *pool;
};

static void rte_ring_destroy(struct hop *h)
{
	struct mbuf_carrier *c = h->carrier;

	rte_ring_free(c->ring);
	rte_mempool_free(c->pool);
	free(c);
}

static int rte_ring_make(struct hop *h)
{
	struct mbuf_carrier *c = calloc(1, sizeof(*c));

	h->carrier = c;
	if (!c)
		return fail("out of memory");
	c->pool = rte_pktmbuf_pool_create("hop", 2 * RTE_RING_SLOTS, 256, 0,
					  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	c->ring =
	    rte_ring_create("hop", RTE_RING_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (c->pool && c->ring)
		return 0;
	rte_ring_destroy(h);
	return fail("no memory: give EAL more (-m MEGABYTES)");
}

static unsigned rte_ring_send(struct hop *h, unsigned n)
{
	struct mbuf_carrier *c = h->carrier;
	struct rte_mbuf *mbufs[HOP_BURST];
	unsigned done;

	if (rte_pktmbuf_alloc_bulk(c->pool, mbufs, n) != 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		mbufs[i]->data_len = (uint16_t)h->options->size;
		memcpy(rte_pktmbuf_mtod(mbufs[i], void *), h->payload, h->options->size);
	}
	done = rte_ring_sp_enqueue_burst(c->ring, (void **)mbufs, n, NULL);
	rte_pktmbuf_free_bulk(mbufs + done, n - done);
	return done;
}

static int rte_ring_write(void *h)
{
	return hop_write(h, rte_ring_send);
}

static int rte_ring_read(void *arg)
{
	struct hop *h = arg;
	struct mbuf_carrier *c = h->carrier;
	struct rte_mbuf *mbufs[HOP_BURST];
	uint8_t payload[BENCH_PAYLOAD_MAX];

	while (!__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED)) {
		unsigned n = rte_ring_sc_dequeue_burst(c->ring, (void **)mbufs, HOP_BURST, NULL);

		for (unsigned i = 0; i < n; i++) {
			memcpy(payload, rte_pktmbuf_mtod(mbufs[i], void *), mbufs[i]->data_len);
			hop_took(h, payload);
		}
		if (n > 0)
			rte_pktmbuf_free_bulk(mbufs, n);
	}
	return 0;
}

const struct hop_carrier hop_rte_ring = {"rte_ring", rte_ring_make, rte_ring_destroy,
					 rte_ring_write, rte_ring_read};

/* ---- bytes: a length and the payload behind each other, head and tail ---- */

#define BYTES (UINT64_C(1) << 24)

struct byte_carrier {
	uint64_t head
	    __rte_cache_aligned; /* the writer's; release, pairs with the reader's acquire */
	uint64_t known_tail;
	uint64_t pad0[14];
	uint64_t tail
	    __rte_cache_aligned; /* the reader's; release, pairs with the writer's acquire */
	uint64_t pad1[15];
	uint8_t data[BYTES + BENCH_PAYLOAD_MAX +
		     16] __rte_cache_aligned; /* records may run over its end */
};

static int bytes_make(struct hop *h)
{
	return hop_make_memory(h, sizeof(struct byte_carrier));
}

static unsigned bytes_send(struct hop *h, unsigned n)
{
	struct byte_carrier *c = h->carrier;
	uint64_t span = RTE_ALIGN_CEIL(h->options->size + 8u, 8u), head = c->head;

	if (head + n * span - c->known_tail > BYTES) {
		c->known_tail = __atomic_load_n(&c->tail, __ATOMIC_ACQUIRE);
		if (head + n * span - c->known_tail > BYTES)
			return 0;
	}
	for (unsigned i = 0; i < n; i++, head += span) {
		uint8_t *to = c->data + (head & (BYTES - 1));

		memcpy(to, &h->options->size, sizeof(h->options->size));
		memcpy(to + 8, h->payload, h->options->size);
	}
	__atomic_store_n(&c->head, head, __ATOMIC_RELEASE);
	return n;
}

static int bytes_write(void *h)
{
	return hop_write(h, bytes_send);
}

static int bytes_read(void *arg)
{
	struct hop *h = arg;
	struct byte_carrier *c = h->carrier;
	uint64_t tail = 0;
	uint8_t payload[BENCH_PAYLOAD_MAX];

	while (!__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED)) {
		uint64_t head = __atomic_load_n(&c->head, __ATOMIC_ACQUIRE);

		for (unsigned i = 0; tail != head && i < HOP_BURST; i++) {
			const uint8_t *from = c->data + (tail & (BYTES - 1));
			uint32_t len;

			memcpy(&len, from, sizeof(len));
			memcpy(payload, from + 8, len);
			hop_took(h, payload);
			tail += RTE_ALIGN_CEIL(len + 8u, 8u);
		}
		if (__atomic_load_n(&c->tail, __ATOMIC_RELAXED) != tail)
			__atomic_store_n(&c->tail, tail, __ATOMIC_RELEASE);
	}
	return 0;
}

const struct hop_carrier hop_bytes = {"bytes", bytes_make, hop_free_memory, bytes_write,
				      bytes_read};

/* ---- a Unix datagram socket, the reader polling ---- */

struct unix_carrier {
	int fds[2];
};

static void unix_destroy(struct hop *h)
{
	struct unix_carrier *c = h->carrier;

	close(c->fds[0]);
	close(c->fds[1]);
	free(c);
}

static int unix_make(struct hop *h)
{
	struct unix_carrier *c = calloc(1, sizeof(*c));

	h->carrier = c;
	if (!c || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, c->fds) < 0) {
		free(c);
		return fail("socketpair: %s", strerror(errno));
	}
	return 0;
}

static unsigned unix_send(struct hop *h, unsigned n)
{
	struct unix_carrier *c = h->carrier;
	unsigned done = 0;

	while (done < n && send(c->fds[0], h->payload, h->options->size, 0) >= 0)
		done++;
	return done;
}

static int unix_write(void *h)
{
	return hop_write(h, unix_send);
}

static int unix_read(void *arg)
{
	struct hop *h = arg;
	struct unix_carrier *c = h->carrier;
	uint8_t payload[BENCH_PAYLOAD_MAX];

	while (!__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED))
		if (recv(c->fds[1], payload, sizeof(payload), 0) >= 0)
			hop_took(h, payload);
	return 0;
}

const struct hop_carrier hop_unix = {"unix", unix_make, unix_destroy, unix_write, unix_read};
