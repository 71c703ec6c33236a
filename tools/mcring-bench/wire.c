/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_lcore.h>
#include <rte_ring_peek_zc.h>

#include "../common/fail.h"

#define QUEUE 16384 /* a power of two above the largest burst */

static void fill(struct rte_mempool *pool, void *ctx, void *object, unsigned index)
{
	const struct feed *feed = ctx;
	struct rte_mbuf *m = object;

	probe_fill((uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM + feed->frames.header_max,
		   feed->plan.size);
}

int wire_create(struct wire *wire, struct feed *feed)
{
	int node = (int)rte_socket_id(), port;

	wire->feed = feed;
	wire->rx = rte_ring_create("wire_rx", QUEUE, node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	wire->tx = rte_ring_create("wire_tx", 64, node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	wire->pool = rte_pktmbuf_pool_create("wire", 2 * WIRE_BURST_MAX, 0, 0,
					     RTE_MBUF_DEFAULT_BUF_SIZE, node);
	if (!wire->rx || !wire->tx || !wire->pool)
		return fail("no memory: give EAL more (-m MEGABYTES)");
	port = rte_eth_from_rings("wire", &wire->rx, 1, &wire->tx, 1, (unsigned)node);
	if (port < 0 || rte_eth_dev_get_name_by_port((uint16_t)port, wire->port) < 0)
		return fail("DPDK makes no net_ring port");
	if (feed->captured.n == 0)
		rte_mempool_obj_iter(wire->pool, fill, feed);
	return 0;
}

void wire_destroy(struct wire *wire)
{
	rte_ring_free(wire->rx);
	rte_ring_free(wire->tx);
	rte_mempool_free(wire->pool);
}

static void write_frame(struct wire *wire, struct rte_mbuf *m)
{
	struct feed *feed = wire->feed;
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t len = feed->frames.frame_max;

	if (feed->captured.n > 0) {
		const struct capture_frame *f =
		    &feed->captured.frames[wire->sent % feed->captured.n];

		memcpy(data, f->data, f->len);
		len = f->len;
	} else {
		frames_write(&feed->frames, data + feed->frames.header_max, wire->sent, 0);
	}
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	wire->sent++;
}

int wire_prepare(struct wire *wire, unsigned n)
{
	if (rte_pktmbuf_alloc_bulk(wire->pool, wire->mbufs, n) != 0)
		return fail("out of buffers: the receiver keeps them");
	if (wire->feed->captured.n > 0)
		wire->sent = 0; /* every burst, a lone packet too, begins as the capture does */
	for (unsigned i = 0; i < n; i++)
		write_frame(wire, wire->mbufs[i]);
	return 0;
}

/* The pointers are in the queue before the clock is read: that they are many is not the receiver's
 * delay. It sees them with the store in rte_ring_enqueue_zc_finish. */
uint64_t wire_send(struct wire *wire, unsigned n)
{
	struct rte_ring_zc_data room = {0};
	uint64_t now;

	if (rte_ring_enqueue_zc_bulk_start(wire->rx, n, &room, NULL) != n) {
		rte_pktmbuf_free_bulk(wire->mbufs, n); /* counted as lost */
		return rte_rdtsc();
	}
	memcpy(room.ptr1, wire->mbufs, room.n1 * sizeof(*wire->mbufs));
	if (room.n1 < n)
		memcpy(room.ptr2, wire->mbufs + room.n1, (n - room.n1) * sizeof(*wire->mbufs));
	now = rte_rdtsc();
	rte_ring_enqueue_zc_finish(wire->rx, n);
	return now;
}
