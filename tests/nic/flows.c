/* SPDX-License-Identifier: BSD-3-Clause */
/* flows: a consumer that reads a channel from its oldest message on and prints as JSON, at SIGTERM,
 * what it saw of each flow: how many, how many numbers were missing or came late, on which rings;
 * and where among the data gaps are and the link went down or up. A guest without an accelerator is
 * too slow for anything that prints each message. */
#include <endian.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "../../tools/common/probe.h"

#define FLOWS_MAX 256
#define LINKS_MAX 64
#define GAPS_MAX  64
#define BATCH     64
#define IDLE_US   500

struct flow {
	struct mcr_address group, source;
	uint16_t port, source_port;
	uint64_t count, first, last;
	uint64_t missing; /* numbers that were jumped over */
	uint64_t late;    /* numbers not above the one before */
	uint32_t rings;   /* bit per ring */
};

struct link {
	uint32_t ring, port;
	int up, gone;
	uint64_t after; /* data messages before it, of all rings */
};

struct gap {
	uint64_t after; /* data messages before it, of all flows */
	uint64_t missing;
};

struct seen {
	struct flow flows[FLOWS_MAX];
	struct link links[LINKS_MAX];
	struct gap gaps[GAPS_MAX]; /* the first ones */
	unsigned n_flows, n_links, n_gaps;
	uint64_t received, lost, stale;
};

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

static struct flow *find_flow(struct seen *seen, const struct mcr_msg *m)
{
	struct flow *flow = seen->flows;

	for (unsigned i = 0; i < seen->n_flows; i++, flow++)
		if (mcr_address_is_equal(flow->group, m->group) && flow->port == m->dst_port &&
		    mcr_address_is_equal(flow->source, m->source) &&
		    flow->source_port == m->src_port)
			return flow;
	if (seen->n_flows == FLOWS_MAX) {
		fprintf(stderr, "flows: more than %d flows\n", FLOWS_MAX);
		exit(1);
	}
	seen->n_flows++;
	*flow = (struct flow){.group = m->group,
			      .source = m->source,
			      .port = m->dst_port,
			      .source_port = m->src_port};
	return flow;
}

static void jump(struct seen *seen, struct flow *flow, uint64_t missing)
{
	if (missing == 0)
		return;
	flow->missing += missing;
	if (seen->n_gaps < GAPS_MAX)
		seen->gaps[seen->n_gaps++] = (struct gap){seen->received, missing};
}

static void take_data(struct seen *seen, struct mcr_consumer *c, const struct mcr_msg *m)
{
	struct flow *flow = find_flow(seen, m);
	uint64_t head[2] = {0}, seq;

	if (mcr_consumer_read(c, m, head, sizeof(head)) < PROBE_MIN_BYTES) {
		seen->stale++;
		return;
	}
	seq = be64toh(head[0]);
	if (flow->count++ == 0)
		flow->first = seq;
	else if (seq <= flow->last)
		flow->late++;
	else
		jump(seen, flow, seq - flow->last - 1);
	flow->last = seq;
	flow->rings |= 1u << m->pos.ring;
	seen->received++;
}

static void take(struct seen *seen, struct mcr_consumer *c, const struct mcr_msg *m)
{
	if (m->kind == MCR_DATA)
		take_data(seen, c, m);
	else if (m->kind == MCR_LOST)
		seen->lost += m->lost;
	else if (m->kind == MCR_LINK && seen->n_links < LINKS_MAX)
		seen->links[seen->n_links++] =
		    (struct link){.ring = m->pos.ring,
				  .port = m->id,
				  .up = (m->flags & MCR_FLAG_LINK_UP) != 0,
				  .gone = (m->flags & MCR_FLAG_LINK_GONE) != 0,
				  .after = seen->received};
}

static void print_link(const struct link *link, const char *comma)
{
	printf("%s{\"ring\": %" PRIu32 ", \"port\": %" PRIu32
	       ", \"up\": %s, \"gone\": %s, \"after\": %" PRIu64 "}",
	       comma, link->ring, link->port, link->up ? "true" : "false",
	       link->gone ? "true" : "false", link->after);
}

static void print_flow(const struct flow *flow, const char *comma)
{
	char group[MCR_ADDRESS_TEXT], source[MCR_ADDRESS_TEXT];

	printf("%s{\"group\": \"%s\", \"port\": %u, \"source\": \"%s\", \"source_port\": %u"
	       ", \"count\": %" PRIu64 ", \"first\": %" PRIu64 ", \"last\": %" PRIu64
	       ", \"missing\": %" PRIu64 ", \"late\": %" PRIu64 ", \"rings\": %" PRIu32 "}",
	       comma, mcr_address_format(group, flow->group), flow->port,
	       mcr_address_format(source, flow->source), flow->source_port, flow->count,
	       flow->first, flow->last, flow->missing, flow->late, flow->rings);
}

static void print(const struct seen *seen)
{
	printf("{\"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"stale\": %" PRIu64
	       ", \"flows\": [",
	       seen->received, seen->lost, seen->stale);
	for (unsigned i = 0; i < seen->n_flows; i++)
		print_flow(&seen->flows[i], i ? ", " : "");
	printf("], \"gaps\": [");
	for (unsigned i = 0; i < seen->n_gaps; i++)
		printf("%s{\"after\": %" PRIu64 ", \"missing\": %" PRIu64 "}", i ? ", " : "",
		       seen->gaps[i].after, seen->gaps[i].missing);
	printf("], \"links\": [");
	for (unsigned i = 0; i < seen->n_links; i++)
		print_link(&seen->links[i], i ? ", " : "");
	printf("]}\n");
}

int main(int argc, char **argv)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	static struct seen seen;
	struct mcr_consumer *c;
	struct mcr_msg msgs[BATCH];
	struct mcr_error err;
	int n;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: flows RUN_DIR [CHANNEL]\n");
		return 1;
	}
	opts.run_dir = argv[1];
	opts.channel = argc > 2 ? argv[2] : NULL;
	opts.start = MCR_START_OLDEST;
	signal(SIGTERM, on_signal);
	if (mcr_consumer_open(&c, &opts, &err) < 0) {
		fprintf(stderr, "flows: %s\n", err.text);
		return 1;
	}
	/* What was published before the signal is read to its end. */
	while ((n = mcr_consumer_poll(c, msgs, BATCH)) > 0 || (n == 0 && !stop)) {
		for (int i = 0; i < n; i++)
			take(&seen, c, &msgs[i]);
		mcr_consumer_release(c);
		if (n == 0)
			usleep(IDLE_US);
	}
	print(&seen);
	mcr_consumer_close(c);
	return 0;
}
