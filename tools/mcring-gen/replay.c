/* SPDX-License-Identifier: BSD-3-Clause */
/* The lcore waits for each frame awake. While it does, it reads the next ones into buffers, so that
 * a frame that is due costs no reading; and close to that time it does nothing else. */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../mcring-replay/capture.h"
#include "../mcring-replay/pace.h"

#define AHEAD     512u   /* frames that are read before they are due; a power of two */
#define QUIET_NS  50000u /* before a frame is due: nothing that takes long */
#define FRAME_MAX 16000u /* a buffer's length has 16 bits */

/* A frame in a buffer. */
struct ready {
	struct rte_mbuf *mbuf;
	uint64_t time_ns; /* of the capture */
};

struct replay {
	struct gen *gen;
	struct capture *capture;
	struct pace pace;
	struct ready ready[AHEAD];
	uint64_t head, tail; /* the next to send, the next to fill */
	uint64_t loops_left;
	uint64_t n_read, n_octets; /* into buffers; sent */
	struct rte_ether_addr mac;
	bool has_ended; /* nothing more is to be read */
};

/* ---- before the start ---- */

static int refuse(uint64_t number, const struct capture_frame *frame)
{
	if (frame->cut > 0)
		return fail("--replay: frame %" PRIu64 " was cut to %u of %u octets when it was "
			    "captured, so it cannot be sent as it was: capture whole frames "
			    "(tcpdump -s 0)",
			    number, frame->len, frame->len + frame->cut);
	if (frame->len > FRAME_MAX)
		return fail("--replay: frame %" PRIu64 " has %u octets, more than a wire carries: "
			    "the capturing host had joined several: capture with ethtool -K DEVICE "
			    "gro off lro off tso off",
			    number, frame->len);
	return fail("--replay: frame %" PRIu64 " has %u octets, less than an Ethernet header",
		    number, frame->len);
}

int gen_replay_look(const struct gen_options *options, uint32_t *longest)
{
	struct capture_frame frame;
	struct capture *capture;
	struct mcr_error err;
	uint64_t n = 0;
	int ret = capture_open(&capture, options->files, options->n_files, &err);

	if (ret < 0)
		return fail("--replay: %s", err.text);
	*longest = 0;
	while ((ret = capture_next(capture, &frame, &err)) > 0) {
		n++;
		if (frame.cut > 0 || frame.len > FRAME_MAX ||
		    frame.len < sizeof(struct rte_ether_hdr)) {
			ret = refuse(n, &frame);
			break;
		}
		*longest = RTE_MAX(*longest, frame.len);
	}
	capture_close(capture);
	if (ret == 0 && n == 0)
		return fail("--replay: there is no frame in it");
	return ret == 0 || ret == -1 ? ret : fail("--replay: %s", err.text);
}

/* ---- buffers ---- */

/* A capture of raw IP or of the interface "any" has no addresses of Ethernet. */
static void set_source(const struct replay *r, struct rte_ether_hdr *ethernet)
{
	if (r->gen->options.own_mac || rte_is_zero_ether_addr(&ethernet->src_addr))
		ethernet->src_addr = r->mac;
}

/* Returns 1; 0 when the next frame cannot be had now, or never; or -1 after a line. */
static int fill_one(struct replay *r)
{
	struct ready *slot = &r->ready[r->tail % AHEAD];
	struct capture_frame frame;
	struct mcr_error err;
	int ret = 1;

	if (!slot->mbuf)
		slot->mbuf = rte_pktmbuf_alloc(r->gen->tx_pool);
	if (!slot->mbuf) { /* the driver has them all */
		rte_eth_tx_done_cleanup(r->gen->port, 0, 0);
		return 0;
	}
	ret = capture_next(r->capture, &frame, &err);
	if (ret == 0 && --r->loops_left > 0) {
		ret = capture_repeat(r->capture, &err);
		if (ret == 0)
			ret = capture_next(r->capture, &frame, &err);
	}
	if (ret < 0)
		return fail("--replay: %s", err.text);
	if (ret == 0 || frame.len > rte_pktmbuf_tailroom(slot->mbuf)) {
		r->has_ended = true;
		return ret == 0 ? 0 : fail("--replay: a file was changed while it was sent");
	}
	memcpy(rte_pktmbuf_append(slot->mbuf, (uint16_t)frame.len), frame.data, frame.len);
	set_source(r, rte_pktmbuf_mtod(slot->mbuf, struct rte_ether_hdr *));
	slot->time_ns = frame.time_ns;
	r->tail++;
	r->n_read++;
	return 1;
}

/* Reads on as long as there is time. Returns 0, or -1 after a line. */
static int fill(struct replay *r, uint64_t until_ns)
{
	const uint64_t limit = r->gen->options.load.count;
	int ret = 1;

	while (ret > 0 && !r->has_ended && r->tail - r->head < AHEAD &&
	       (r->tail == r->head || monotonic_ns() + QUIET_NS < until_ns)) {
		ret = fill_one(r);
		if (limit > 0 && r->n_read == limit)
			r->has_ended = true;
	}
	return ret < 0 ? -1 : 0;
}

/* ---- sending ---- */

/* Sends what is due now of the frames that are ready. Returns when the next one is due, or 0 after
 * it has sent some. */
static uint64_t send_due(struct replay *r)
{
	struct rte_mbuf *mbufs[GEN_BURST_MAX];
	uint64_t due_ns[GEN_BURST_MAX], next_ns = 0, now_ns;
	unsigned n = 0, sent;

	for (; n < r->gen->options.burst && r->head + n != r->tail; n++) {
		const struct ready *slot = &r->ready[(r->head + n) % AHEAD];

		due_ns[n] = next_ns = pace_due(&r->pace, slot->time_ns);
		if (next_ns > monotonic_ns())
			break;
		mbufs[n] = slot->mbuf;
	}
	if (n == 0)
		return next_ns;
	for (unsigned i = 0; i < n; i++) {
		r->n_octets += mbufs[i]->pkt_len;
		r->ready[(r->head + i) % AHEAD].mbuf = NULL;
	}
	now_ns = monotonic_ns();
	sent = gen_put(r->gen, 0, mbufs, n, UINT64_MAX);
	for (unsigned i = 0; i < sent; i++)
		pace_sent(&r->pace, due_ns[i], now_ns);
	r->gen->sent += sent;
	r->head += n;
	return 0;
}

static int run(struct replay *r)
{
	const uint64_t start_ns = monotonic_ns(), duration_ns = r->gen->options.load.duration_ns;
	uint64_t next_ns = 0, now_ns = start_ns;
	unsigned turn = 0;
	int ret = 0;

	while (ret == 0 && !*r->gen->stop &&
	       (duration_ns == 0 || now_ns - start_ns < duration_ns)) {
		ret = fill(r, r->pace.speed > 0 ? next_ns : UINT64_MAX);
		if (ret < 0 || (r->has_ended && r->head == r->tail))
			break;
		if (r->head != r->tail)
			next_ns = send_due(r);
		now_ns = monotonic_ns();
		if (turn++ % 256 == 0 && (next_ns == 0 || now_ns + QUIET_NS < next_ns))
			gen_drain(r->gen);
	}
	r->gen->elapsed_ns = monotonic_ns() - start_ns;
	return ret;
}

/* ---- account ---- */

static void print_account(const struct replay *r)
{
	const struct gen *gen = r->gen;
	const uint64_t mean_ns = r->pace.n_sent ? r->pace.late_sum_ns / r->pace.n_sent : 0;
	const double s = (double)gen->elapsed_ns * 1e-9, rate = s > 0 ? (double)gen->sent / s : 0;
	struct rte_eth_stats nic = {0};
	struct capture_counts counts;

	capture_counts(r->capture, &counts);
	rte_eth_stats_get(gen->port, &nic);
	if (gen->options.json)
		printf("{\"sent\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"repetitions\": %u"
		       ", \"elapsed_ns\": %" PRIu64 ", \"rate\": %.0f, \"retries\": %" PRIu64
		       ", \"late_mean_ns\": %" PRIu64 ", \"late_max_ns\": %" PRIu64
		       ", \"went_back\": %" PRIu64 ", \"nic\": {\"packets\": %" PRIu64
		       ", \"errors\": %" PRIu64 "}}\n",
		       gen->sent, r->n_octets, counts.repetition + 1, gen->elapsed_ns, rate,
		       gen->retries, mean_ns, r->pace.late_most_ns, counts.went_back, nic.opackets,
		       nic.oerrors);
	else
		printf("sent %" PRIu64 " frames, %" PRIu64 " octets, in %.3f s (%.0f/s), late by "
		       "%.1f us on average, %.1f us at most; tx ring full %" PRIu64
		       " times; the driver counts %" PRIu64 " sent, %" PRIu64 " errors\n",
		       gen->sent, r->n_octets, s, rate, (double)mean_ns / 1e3,
		       (double)r->pace.late_most_ns / 1e3, gen->retries, nic.opackets, nic.oerrors);
}

static void warn(const struct replay *r)
{
	struct capture_counts counts;
	const char *name;
	unsigned i = 0;

	capture_counts(r->capture, &counts);
	while ((name = capture_cut(r->capture, &i)))
		fail("%s ends within a frame: the frames before it were sent", name);
	if (counts.went_back > 0)
		fail("the times of %" PRIu64 " frames lie before that of the frame before them, by "
		     "%" PRIu64 " ns at most: they were sent right behind it",
		     counts.went_back, counts.back_most_ns);
}

int gen_replay(struct gen *gen)
{
	struct replay *r = calloc(1, sizeof(*r));
	struct mcr_error err;
	int ret;

	if (!r)
		return fail("out of memory");
	r->gen = gen;
	r->pace.speed = gen->options.speed;
	r->loops_left = gen->options.loops;
	rte_eth_macaddr_get(gen->port, &r->mac);
	if (capture_open(&r->capture, gen->options.files, gen->options.n_files, &err) < 0) {
		free(r);
		return fail("--replay: %s", err.text);
	}
	ret = run(r);
	gen_flush(gen);
	for (unsigned i = 0; i < AHEAD; i++)
		rte_pktmbuf_free(r->ready[i].mbuf);
	warn(r);
	print_account(r);
	capture_close(r->capture);
	free(r);
	return ret;
}
