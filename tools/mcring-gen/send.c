/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "../common/clock.h"
#include "gen.h"

#define FLUSH_MS 200
#define LAST_MS  2 /* the kernel works off its backlog ... */
#define LAST_N   8 /* ... which is smaller than net_af_packet's ring */

void gen_drain(const struct gen *gen)
{
	struct rte_mbuf *mbufs[32];

	for (uint16_t q = 0; q < gen->options.queues; q++)
		rte_pktmbuf_free_bulk(mbufs, rte_eth_rx_burst(gen->port, q, mbufs, RTE_DIM(mbufs)));
}

unsigned gen_put(struct gen *gen, uint16_t queue, struct rte_mbuf **mbufs, unsigned n,
		 uint64_t deadline)
{
	unsigned done = 0;

	for (;;) {
		done += rte_eth_tx_burst(gen->port, queue, mbufs + done, (uint16_t)(n - done));
		if (done == n || *gen->stop || rte_rdtsc() >= deadline)
			break;
		gen->retries++;
		rte_pause();
	}
	rte_pktmbuf_free_bulk(mbufs + done, n - done);
	return done;
}

/* Of a burst whose first datagram has the number gen->sent. */
static unsigned send_flows(struct gen *gen, struct rte_mbuf **mbufs, unsigned n, uint64_t deadline)
{
	struct rte_mbuf *of_queue[GEN_BURST_MAX];
	uint64_t flows[GEN_BURST_MAX];
	unsigned done = 0;

	for (uint16_t q = 0; q < gen->options.queues; q++) {
		unsigned sent, k = 0;

		for (unsigned i = 0; i < n; i++) {
			flows[k] = (gen->sent + i) % gen->frames.n_flows;
			of_queue[k] = mbufs[i];
			k += flows[k] % gen->options.queues == q;
		}
		sent = gen_put(gen, q, of_queue, k, deadline);
		for (unsigned i = 0; i < sent; i++)
			gen->flow_sent[flows[i]]++;
		done += sent;
	}
	return done;
}

/* The payload stays where its pattern is, whatever the length of the header in front of it. */
static void write_frame(const struct gen *gen, struct rte_mbuf *mbuf, uint64_t number,
			uint64_t stamp)
{
	uint8_t *start = mbuf->buf_addr;
	uint8_t *payload = start + RTE_PKTMBUF_HEADROOM + gen->frames.header_max;
	uint8_t *frame = frames_write(&gen->frames, payload, number, stamp);

	mbuf->data_off = (uint16_t)(frame - start);
	mbuf->data_len = (uint16_t)(payload - frame + gen->options.plan.size);
	mbuf->pkt_len = mbuf->data_len;
}

/* Returns how many of n the driver took: fewer only when the deadline or a signal came first. */
static unsigned send_burst(struct gen *gen, unsigned n, uint64_t deadline)
{
	struct rte_mbuf *mbufs[GEN_BURST_MAX];
	uint64_t stamp = realtime_ns();

	if (rte_pktmbuf_alloc_bulk(gen->tx_pool, mbufs, n)) {
		/* The driver holds them all; some give buffers back only when they are called. */
		for (uint16_t q = 0; q < gen->options.queues; q++)
			rte_eth_tx_done_cleanup(gen->port, q, 0);
		gen->retries++;
		return 0;
	}
	for (unsigned i = 0; i < n; i++)
		write_frame(gen, mbufs[i], gen->sent + i, stamp);
	return send_flows(gen, mbufs, n, deadline);
}

__extension__ typedef unsigned __int128 uint128;

/* How many datagrams are due by the clock; 128 bits, since rate times cycles outgrows 64. */
static uint64_t due(const struct gen_load *load, uint64_t cycles, uint64_t hz)
{
	uint64_t n = UINT64_MAX;

	if (load->rate)
		n = (uint64_t)((uint128)cycles * load->rate / hz) + 1;
	return load->count ? RTE_MIN(n, load->count) : n;
}

static void send_all(struct gen *gen, const struct gen_load *load)
{
	uint64_t hz = rte_get_tsc_hz(), start = rte_rdtsc(), now = start, deadline = UINT64_MAX;

	if (load->duration_ns)
		deadline = start + (uint64_t)((double)load->duration_ns * 1e-9 * (double)hz);
	for (unsigned turn = 0; !*gen->stop && now < deadline; turn++) {
		uint64_t n = due(load, now - start, hz) - gen->sent;

		if (n)
			gen->sent +=
			    send_burst(gen, (unsigned)RTE_MIN(n, gen->options.burst), deadline);
		else
			rte_pause();
		if (turn % 256 == 0)
			gen_drain(gen);
		now = rte_rdtsc();
		if (load->count && gen->sent == load->count)
			break;
	}
	gen->elapsed_ns = (uint64_t)((double)(now - start) * 1e9 / (double)hz);
}

/* Closing a port throws away what its queue still holds, and that was counted as sent. The buffers
 * come back once it is out; some drivers keep the last ones, hence the limit. */
void gen_flush(const struct gen *gen)
{
	for (int i = 0; i < FLUSH_MS && rte_mempool_in_use_count(gen->tx_pool) > 0; i++) {
		for (uint16_t q = 0; q < gen->options.queues; q++)
			rte_eth_tx_done_cleanup(gen->port, q, 0);
		rte_delay_us_sleep(1000);
	}
}

void gen_send(struct gen *gen, const struct gen_load *load)
{
	gen->sent = 0;
	gen->retries = 0;
	memset(gen->flow_sent, 0, gen->frames.n_flows * sizeof(*gen->flow_sent));
	send_all(gen, load);
	gen_flush(gen);
}

void gen_send_last(struct gen *gen)
{
	for (unsigned i = 0; i < LAST_N; i++) {
		rte_delay_us_sleep(LAST_MS * 1000);
		gen->sent += send_burst(gen, 1, UINT64_MAX);
	}
	gen_flush(gen);
}
