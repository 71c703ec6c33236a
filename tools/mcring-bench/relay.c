/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay as it is: packets come in by one port and go out by others, where a host has reported
 * all groups. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "lcore.h"
#include "members.h"
#include "sample.h"
#include "subject.h"

#define ARRIVAL_S 60 /* until all groups are relayed: the sender may have to be started */
#define LOOK_MS   50
#define REPORTS   127 /* buffers of those on their way to control */

struct relay_bench {
	struct bench_options options;
	struct feed feed;
	struct output outputs[BENCH_OUTPUTS_MAX];
	struct members members[BENCH_OUTPUTS_MAX];
	struct rte_mempool *reports;
	struct mcr_engine *engine;
	clockid_t cpu_clock; /* of the rx lcore */
};

struct relay_sample {
	struct sample rx;
	struct mcr_relay_counts out; /* of all outputs */
};

static struct relay_sample take_sample(const struct relay_bench *b)
{
	struct relay_sample s = {.rx = sample_take(b->engine, &b->feed, b->cpu_clock)};
	struct mcr_relay_info info = {.size = sizeof(info)};

	for (size_t i = 0; mcr_engine_relay_info(b->engine, i, &info) == 0; i++) {
		s.out.offered += info.out.offered;
		s.out.tx += info.out.tx;
	}
	return s;
}

static uint64_t received(const struct relay_sample *from, const struct relay_sample *to)
{
	return to->rx.lcore.account.received - from->rx.lcore.account.received;
}

static uint64_t relayed(const struct relay_sample *from, const struct relay_sample *to)
{
	return to->rx.lcore.account.relayed - from->rx.lcore.account.relayed;
}

/* Of a wire there may be other frames. */
static int are_relayed(const struct relay_bench *b, const struct relay_sample *from,
		       const struct relay_sample *to)
{
	return relayed(from, to) > 0 &&
	       (!b->feed.filled || relayed(from, to) == received(from, to));
}

/* Whether each packet went to each output. The counts are read one after the other while packets
 * flow. */
static int is_complete(const struct relay_bench *b, const struct relay_sample *from,
		       const struct relay_sample *to)
{
	return are_relayed(b, from, to) &&
	       (double)(to->out.offered - from->out.offered) >
		   0.95 * b->options.outputs * (double)relayed(from, to);
}

static int wait_for_members(const struct relay_bench *b)
{
	uint64_t end_ns = monotonic_ns() + ARRIVAL_S * UINT64_C(1000000000);
	struct relay_sample from, to;

	do {
		from = take_sample(b);
		sample_run_for(b->engine, LOOK_MS);
		to = take_sample(b);
		if (is_complete(b, &from, &to)) {
			sample_warm_up(b->engine, b->options.duration_ms);
			return 0;
		}
	} while (monotonic_ns() < end_ns);
	return fail("port %s: of %" PRIu64 " packets %" PRIu64 " were relayed, in %" PRIu64
		    " copies",
		    b->options.port, received(&from, &to), relayed(&from, &to),
		    to.out.offered - from.out.offered);
}

static int print(struct relay_bench *b, const struct relay_sample *from,
		 const struct relay_sample *to)
{
	double n = (double)received(from, to);
	struct mcr_account account;

	if (!are_relayed(b, from, to))
		return fail("port %s: of %" PRIu64 " packets %" PRIu64 " were relayed",
			    b->options.port, received(from, to), relayed(from, to));
	mcr_engine_stop(b->engine); /* from here on nothing more is counted */
	mcr_engine_account(b->engine, &account);
	printf(
	    "{\"packets\": %" PRIu64 ", \"packets_since_start\": %" PRIu64 ", \"relayed\": %" PRIu64
	    ", \"copies\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"delivered\": %" PRIu64
	    ", \"cpu_ns\": %.3f, \"wall_ns\": %.3f, "
	    "\"work_ns\": %.3f, \"busy_ns\": %.3f, \"packets_per_burst\": %.2f, \"buffers\": %u}\n",
	    received(from, to), account.received, relayed(from, to),
	    to->out.offered - from->out.offered,
	    to->out.offered - to->out.tx - (from->out.offered - from->out.tx), account.delivered,
	    (double)(to->rx.cpu_ns - from->rx.cpu_ns) / n,
	    (double)(to->rx.wall_ns - from->rx.wall_ns) / n, sample_work_ns(&from->rx, &to->rx) / n,
	    sample_busy_ns(&from->rx, &to->rx) / n,
	    n / (double)(to->rx.lcore.bursts - from->rx.lcore.bursts), b->feed.n_buffers);
	return 0;
}

static struct mcr_interface_config interface_of(const char *name, const char *port, unsigned subnet)
{
	struct mcr_interface_config i = {.size = sizeof(i), .prefix_len = 24};

	snprintf(i.name, sizeof(i.name), "%s", name);
	snprintf(i.port, sizeof(i.port), "%s", port);
	i.address = mcr_address_from_ipv4(htonl(0x0a000001 + (subnet << 8)));
	i.n_queues = 1;
	return i;
}

/* The feed's interface is the upstream one. */
static int create_engine(struct relay_bench *b, unsigned rx_lcore, struct mcr_error *err)
{
	struct mcr_interface_config interfaces[1 + BENCH_OUTPUTS_MAX];
	unsigned n = b->options.outputs;
	char name[MCR_NAME_MAX];

	feed_interface(name, 0);
	interfaces[0] = interface_of(name, b->options.port, 0);
	interfaces[0].role = MCR_RELAY_UPSTREAM;
	for (unsigned i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "out%u", i);
		interfaces[i] = interface_of(name, b->outputs[i - 1].name, i);
		interfaces[i].role = MCR_RELAY_DOWNSTREAM;
		interfaces[i].forward_when = MCR_FORWARD_ALWAYS;
		interfaces[i].querier = MCR_QUERIER_ON;
	}
	return subject_create_idle(&b->engine, interfaces, 1 + n, b->options.adaptive, rx_lcore,
				   err);
}

static int create_members(struct relay_bench *b)
{
	int ret = 0;

	b->reports = rte_pktmbuf_pool_create("reports", REPORTS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					     (int)rte_socket_id());
	if (!b->reports)
		return fail("no memory: give EAL more (-m MEGABYTES)");
	for (unsigned i = 0; ret == 0 && i < b->options.outputs; i++)
		ret = members_create(&b->members[i], &b->outputs[i], b->reports, 1 + i,
				     b->options.groups);
	return ret;
}

static int run(struct relay_bench *b, struct mcr_error *err)
{
	const struct mcr_join_list *flows = &b->feed.plan.flows;
	struct relay_sample from, to;
	int lcore = worker_lcore(0);

	if (lcore < 0 || lcore_cpu_clock((unsigned)lcore, &b->cpu_clock) < 0 ||
	    feed_create(&b->feed, &b->options) < 0 || outputs_create(b->outputs, &b->options) < 0 ||
	    create_engine(b, (unsigned)lcore, err) < 0 ||
	    feed_fill(&b->feed, &b->options, b->engine) < 0 || create_members(b) < 0)
		return -1;
	if (b->options.joined &&
	    mcr_engine_update(b->engine, NULL, 0, flows->items, flows->n, err) < 0)
		return -1;
	if (mcr_engine_start(b->engine, err) < 0 || wait_for_members(b) < 0)
		return -1;
	from = take_sample(b);
	sample_run_for(b->engine, b->options.duration_ms);
	to = take_sample(b);
	return print(b, &from, &to);
}

int bench_relay(const struct bench_options *options)
{
	struct relay_bench *b = calloc(1, sizeof(*b));
	struct mcr_error err = {""};
	int ret;

	if (!b)
		return fail("out of memory");
	b->options = *options;
	b->options.rewrite = 1; /* what was sent in place is no frame of the sender's any more */
	if (!options->port || options->family != 4)
		ret = fail("relay: --port is missing, or --family is not 4");
	else
		ret = run(b, &err);
	if (ret < 0 && err.text[0] != '\0')
		fail("%s", err.text);
	if (b->engine)
		mcr_engine_stop(b->engine); /* before the callbacks on its ports go */
	for (unsigned i = 0; i < options->outputs; i++)
		members_destroy(&b->members[i]);
	feed_destroy(&b->feed);
	outputs_destroy(b->outputs, options); /* its buffers are the engine's */
	mcr_engine_destroy(b->engine);
	rte_mempool_free(b->reports);
	free(b);
	return ret;
}
