/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-gen: sends numbered, time-stamped UDP multicast from a DPDK port at a set rate. Runs on
 * the main lcore. What it counts as sent is what the driver took. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "gen_frame.h"
#include "gen_options.h"

#define LINK_WAIT_S 10
#define FLUSH_MS    200

struct gen {
	struct gen_options options;
	struct gen_frames frames;
	struct rte_mempool *tx_pool, *rx_pool;
	uint16_t port;
	int started;
	uint64_t sent, retries;
	uint64_t *flow_sent; /* of each flow */
	uint64_t elapsed_ns;
};

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

__attribute__((format(printf, 1, 2))) static int fail(const char *format, ...)
{
	va_list args;

	fputs("mcring-gen: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

/* ---- EAL ---- */

static int has_option(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, strlen(name)) == 0)
			return 1;
	return 0;
}

/* Two DPDK processes with EAL's default prefix collide; a generator is rarely alone. */
static int init_eal(int argc, char **argv)
{
	char prefix[64];
	char **args = calloc((size_t)argc + 2, sizeof(*args));
	int n = 0, result;

	if (!args)
		return fail("out of memory");
	snprintf(prefix, sizeof(prefix), "--file-prefix=mcring_gen_%d", (int)getpid());
	for (; n < argc; n++)
		args[n] = argv[n];
	if (!has_option(argc, argv, "--file-prefix") && !has_option(argc, argv, "--in-memory"))
		args[n++] = prefix;
	result = rte_eal_init(n, args);
	free(args);
	if (result < 0)
		return fail("EAL does not start: %s (without hugepages: --no-huge -m 256)",
			    rte_strerror(rte_errno));
	return 0;
}

/* ---- port ---- */

static int find_port(const char *text, uint16_t *port)
{
	char names[256] = "", *end;
	unsigned long number = strtoul(text, &end, 10);
	size_t used = 0;
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(text, port) == 0)
		return 0;
	if (end != text && !*end && number < RTE_MAX_ETHPORTS &&
	    rte_eth_dev_is_valid_port((uint16_t)number)) {
		*port = (uint16_t)number;
		return 0;
	}
	RTE_ETH_FOREACH_DEV(id)
	{
		char name[RTE_ETH_NAME_MAX_LEN];

		if (rte_eth_dev_get_name_by_port(id, name) == 0 && used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", name);
	}
	return fail("no DPDK port \"%s\"; there are: %s", text, used ? names : "none");
}

/* Every buffer carries the payload's pattern for good: only headers and stamps are written later.
 */
static void fill_buffer(struct rte_mempool *pool, void *ctx, void *object, unsigned index)
{
	const struct gen *gen = ctx;
	struct rte_mbuf *mbuf = object;

	(void)pool;
	(void)index;
	probe_fill((uint8_t *)mbuf->buf_addr + RTE_PKTMBUF_HEADROOM + gen->frames.header_len,
		   gen->options.size);
}

static int create_pools(struct gen *gen, unsigned n_tx, unsigned n_rx, int socket)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + RTE_MAX(gen->frames.frame_len, 2048u);

	gen->tx_pool = rte_pktmbuf_pool_create("gen_tx", n_tx + 8 * GEN_BURST_MAX, GEN_BURST_MAX, 0,
					       (uint16_t)room, socket);
	gen->rx_pool =
	    rte_pktmbuf_pool_create("gen_rx", n_rx + 512u, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
	if (!gen->tx_pool || !gen->rx_pool)
		return fail("no memory for packet buffers: %s (give EAL more with -m)",
			    rte_strerror(rte_errno));
	rte_mempool_obj_iter(gen->tx_pool, fill_buffer, gen);
	return 0;
}

static int set_mtu(const struct gen *gen)
{
	uint16_t needed = (uint16_t)(gen->frames.frame_len - sizeof(struct rte_ether_hdr));
	uint16_t mtu = 0;
	int result;

	if (rte_eth_dev_get_mtu(gen->port, &mtu) || needed <= mtu)
		return 0;
	result = rte_eth_dev_set_mtu(gen->port, needed);
	if (result)
		return fail("port %s: --size %u needs an MTU of %u, it has %u: %s",
			    gen->options.port, gen->options.size, needed, mtu,
			    rte_strerror(-result));
	return 0;
}

static int wait_for_link(const struct gen *gen)
{
	struct rte_eth_link link = {0};

	for (int i = 0; i < LINK_WAIT_S * 100 && !stop; i++) {
		if (rte_eth_link_get_nowait(gen->port, &link) == 0 && link.link_status)
			return 0;
		usleep(10000);
	}
	if (stop)
		return 0;
	return fail("port %s: no link after %d s; connect its peer first", gen->options.port,
		    LINK_WAIT_S);
}

static int start_port(struct gen *gen)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	uint16_t n_tx = 1024, n_rx = 512, n_queues = (uint16_t)gen->options.queues;
	int socket = rte_eth_dev_socket_id(gen->port);
	int result;

	if (socket < 0)
		socket = (int)rte_socket_id();
	result = rte_eth_dev_info_get(gen->port, &info);
	if (!result)
		result = rte_eth_dev_configure(gen->port, n_queues, n_queues, &conf);
	if (!result)
		result = rte_eth_dev_adjust_nb_rx_tx_desc(gen->port, &n_rx, &n_tx);
	if (result)
		return fail("port %s: cannot be configured: %s", gen->options.port,
			    rte_strerror(-result));
	if (set_mtu(gen) || create_pools(gen, n_queues * n_tx, n_queues * n_rx, socket))
		return -1;
	for (uint16_t q = 0; !result && q < n_queues; q++) {
		result = rte_eth_tx_queue_setup(gen->port, q, n_tx, (unsigned)socket, NULL);
		if (!result)
			result = rte_eth_rx_queue_setup(gen->port, q, n_rx, (unsigned)socket, NULL,
							gen->rx_pool);
	}
	if (!result)
		result = rte_eth_dev_start(gen->port);
	if (result)
		return fail("port %s: does not start: %s", gen->options.port,
			    rte_strerror(-result));
	gen->started = 1;
	return wait_for_link(gen);
}

/* ---- sending ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What comes in is not ours to read, but a peer's queue must not fill up behind it. */
static void drain(const struct gen *gen)
{
	struct rte_mbuf *mbufs[32];

	for (uint16_t q = 0; q < gen->options.queues; q++)
		rte_pktmbuf_free_bulk(mbufs, rte_eth_rx_burst(gen->port, q, mbufs, RTE_DIM(mbufs)));
}

/* Returns how many of n the driver took: fewer only when the deadline or a signal came first. */
static unsigned send_queue(struct gen *gen, uint16_t queue, struct rte_mbuf **mbufs, unsigned n,
			   uint64_t deadline)
{
	unsigned done = 0;

	for (;;) {
		done += rte_eth_tx_burst(gen->port, queue, mbufs + done, (uint16_t)(n - done));
		if (done == n || stop || rte_rdtsc() >= deadline)
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
		sent = send_queue(gen, q, of_queue, k, deadline);
		for (unsigned i = 0; i < sent; i++)
			gen->flow_sent[flows[i]]++;
		done += sent;
	}
	return done;
}

/* Returns how many of n the driver took: fewer only when the deadline or a signal came first. */
static unsigned send_burst(struct gen *gen, unsigned n, uint64_t deadline)
{
	struct rte_mbuf *mbufs[GEN_BURST_MAX];
	uint64_t stamp = now_ns();

	if (rte_pktmbuf_alloc_bulk(gen->tx_pool, mbufs, n)) {
		/* The driver holds them all; some give buffers back only when they are called. */
		for (uint16_t q = 0; q < gen->options.queues; q++)
			rte_eth_tx_done_cleanup(gen->port, q, 0);
		gen->retries++;
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		mbufs[i]->data_len = (uint16_t)gen->frames.frame_len;
		mbufs[i]->pkt_len = gen->frames.frame_len;
		gen_frame_write(&gen->frames, rte_pktmbuf_mtod(mbufs[i], uint8_t *), gen->sent + i,
				stamp);
	}
	return send_flows(gen, mbufs, n, deadline);
}

__extension__ typedef unsigned __int128 uint128;

/* How many datagrams are due by the clock; 128 bits, since rate times cycles outgrows 64. */
static uint64_t due(const struct gen_options *options, uint64_t cycles, uint64_t hz)
{
	uint64_t n = UINT64_MAX;

	if (options->rate)
		n = (uint64_t)((uint128)cycles * options->rate / hz) + 1;
	return options->count ? RTE_MIN(n, options->count) : n;
}

static void run(struct gen *gen)
{
	const struct gen_options *options = &gen->options;
	uint64_t hz = rte_get_tsc_hz(), start = rte_rdtsc(), now = start, deadline = UINT64_MAX;

	if (options->duration_ns)
		deadline = start + (uint64_t)((double)options->duration_ns * 1e-9 * (double)hz);
	for (unsigned turn = 0; !stop && now < deadline; turn++) {
		uint64_t n = due(options, now - start, hz) - gen->sent;

		if (n)
			gen->sent +=
			    send_burst(gen, (unsigned)RTE_MIN(n, options->burst), deadline);
		else
			rte_pause();
		if (turn % 256 == 0)
			drain(gen);
		now = rte_rdtsc();
		if (options->count && gen->sent == options->count)
			break;
	}
	gen->elapsed_ns = (uint64_t)((double)(now - start) * 1e9 / (double)hz);
}

/* Closing a port throws away what its queue still holds, and that was counted as sent. The buffers
 * come back once it is out; some drivers keep the last ones, hence the limit. */
static void flush(const struct gen *gen)
{
	for (int i = 0; i < FLUSH_MS && rte_mempool_in_use_count(gen->tx_pool) > 0; i++) {
		for (uint16_t q = 0; q < gen->options.queues; q++)
			rte_eth_tx_done_cleanup(gen->port, q, 0);
		rte_delay_us_sleep(1000);
	}
}

/* ---- account ---- */

static const char *group_text(char *buf, size_t cap, uint32_t group_be)
{
	const uint8_t *octets = (const uint8_t *)&group_be;

	snprintf(buf, cap, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
	return buf;
}

static void print_json(const struct gen *gen, double rate, const struct rte_eth_stats *nic)
{
	char text[16];

	printf("{\"sent\": %" PRIu64 ", \"payload_bytes\": %" PRIu64 ", \"elapsed_ns\": %" PRIu64
	       ", \"rate\": %.0f, \"retries\": %" PRIu64 ", \"nic\": {\"packets\": %" PRIu64
	       ", \"errors\": %" PRIu64 "}, \"flows\": [",
	       gen->sent, gen->sent * gen->options.size, gen->elapsed_ns, rate, gen->retries,
	       nic->opackets, nic->oerrors);
	for (uint64_t i = 0; i < gen->frames.n_flows; i++)
		printf("%s{\"group\": \"%s\", \"port\": %u, \"sent\": %" PRIu64 "}", i ? ", " : "",
		       group_text(text, sizeof(text), gen->frames.flows[i].group_be),
		       gen->frames.flows[i].udp_port, gen->flow_sent[i]);
	printf("]}\n");
}

static void print_text(const struct gen *gen, double rate, const struct rte_eth_stats *nic)
{
	char text[16];

	for (uint64_t i = 0; i < gen->frames.n_flows; i++)
		printf("%s:%u sent %" PRIu64 "\n",
		       group_text(text, sizeof(text), gen->frames.flows[i].group_be),
		       gen->frames.flows[i].udp_port, gen->flow_sent[i]);
	printf("sent %" PRIu64 " datagrams of %u octets in %.3f s (%.0f/s), tx ring full %" PRIu64
	       " times; the driver counts %" PRIu64 " sent, %" PRIu64 " errors\n",
	       gen->sent, gen->options.size, (double)gen->elapsed_ns * 1e-9, rate, gen->retries,
	       nic->opackets, nic->oerrors);
}

static void print_account(const struct gen *gen)
{
	struct rte_eth_stats nic = {0};
	double rate = gen->elapsed_ns ? (double)gen->sent * 1e9 / (double)gen->elapsed_ns : 0;

	rte_eth_stats_get(gen->port, &nic);
	if (gen->options.json)
		print_json(gen, rate, &nic);
	else
		print_text(gen, rate, &nic);
}

static int generate(struct gen *gen)
{
	struct rte_ether_addr mac;
	int result = -1;

	if (find_port(gen->options.port, &gen->port))
		return -1;
	if (rte_eth_macaddr_get(gen->port, &mac))
		return fail("port %s: has no MAC address", gen->options.port);
	if (gen_frames_create(&gen->frames, &gen->options, &mac))
		return fail("out of memory");
	gen->flow_sent = calloc(gen->frames.n_flows, sizeof(*gen->flow_sent));
	if (!gen->flow_sent)
		return fail("out of memory");
	if (start_port(gen) == 0) {
		run(gen);
		flush(gen);
		print_account(gen);
		result = 0;
	}
	if (gen->started)
		rte_eth_dev_stop(gen->port);
	rte_eth_dev_close(gen->port);
	gen_frames_destroy(&gen->frames);
	free(gen->flow_sent);
	return result;
}

/* Our own options are read first, so that a mistake in them costs no EAL start and no EAL log. */
int main(int argc, char **argv)
{
	struct gen gen = {0};
	int eal_argc = 1, result;

	while (eal_argc < argc && strcmp(argv[eal_argc], "--") != 0)
		eal_argc++;
	if (eal_argc == argc && has_option(argc, argv, "--help")) {
		gen_options_usage();
		return EXIT_SUCCESS;
	}
	if (eal_argc == argc) {
		fail("EAL options, then --, then --port and --group (see mcring-gen --help)");
		return EXIT_FAILURE;
	}
	result = gen_options_parse(&gen.options, argc - eal_argc, argv + eal_argc);
	if (result == 0) {
		signal(SIGINT, on_signal);
		signal(SIGTERM, on_signal);
		result = init_eal(eal_argc, argv);
		if (result == 0) {
			result = generate(&gen);
			rte_eal_cleanup();
		}
	}
	mcr_join_list_clear(&gen.options.flows);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
