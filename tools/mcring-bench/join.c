/* SPDX-License-Identifier: BSD-3-Clause */
/* From a join to its first report, of IGMP or MLD: joins one after the other, then --groups of them
 * in one update. A report counts when the driver is handed it, which is the same place on every
 * port; the times at which the joins began are printed too, for a capture on the wire. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <mcring/engine.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "../common/find_port.h"
#include "feed.h"
#include "lcore.h"
#include "subject.h"

#define SINGLES_MAX 1000
#define PAUSE_MS    20 /* after a single join */
#define SETTLE_MS                                                                    \
	2500 /* until the repetitions of the last join are out (RFC 3376 §8.11, RFC \
	      * 9777 §9.11) */
#define PATIENCE_MS 10000

#define PROTOCOL_IGMP 2

/* Where reports name groups: IGMPv2 and IGMPv3, MLDv1 and MLDv2. */
struct report_format {
	uint8_t old_type, type; /* of one group; of records */
	uint8_t old_group;      /* octets before it */
	uint8_t address;        /* octets of one */
};
static const struct report_format igmp = {0x16, 0x22, 4, 4}, mld = {131, 143, 8, 16};

struct join_bench {
	const struct bench_options *options;
	struct mcr_engine *engine;
	uint16_t port;
	const void *callback;
	unsigned base;                       /* number of the first group that is waited for */
	unsigned n, reported;                /* groups; those that a report has named */
	uint64_t *reported_ns;               /* when, 0 = not yet */
	uint64_t packets;                    /* reports that named one for the first time */
	uint64_t at_ns[SINGLES_MAX];         /* CLOCK_REALTIME of each single join */
	uint64_t table_ns[SINGLES_MAX];      /* until it was in the table */
	uint64_t report_ns[SINGLES_MAX + 1]; /* until the driver had its report */
	unsigned n_singles;
};

/* group: octets of a report. */
static unsigned note_report(struct join_bench *b, const uint8_t *group, unsigned octets,
			    uint64_t now_ns)
{
	const struct mcr_address first = feed_group(b->options->family, b->base);
	uint32_t at_be, first_be, i;

	memcpy(&at_be, group + octets - 4, 4);
	memcpy(&first_be, first.octets + 12, 4);
	i = ntohl(at_be) - ntohl(first_be);
	if (memcmp(group, first.octets + 16 - octets, octets - 4) != 0 || i >= b->n ||
	    b->reported_ns[i] != 0)
		return 0;
	b->reported_ns[i] = now_ns;
	b->reported++;
	return 1;
}

/* message: of our own engine, so its lengths are right. Returns how many groups are new. */
static unsigned read_report(struct join_bench *b, const struct report_format *format,
			    const uint8_t *message, const uint8_t *end)
{
	const unsigned octets = format->address;
	const uint8_t *record = message + 8;
	uint64_t now_ns = monotonic_ns();
	unsigned found = 0;

	if (message[0] == format->old_type)
		return note_report(b, message + format->old_group, octets, now_ns);
	if (message[0] != format->type)
		return 0;
	for (unsigned n = message[6] << 8 | message[7]; n > 0 && record + 4 + octets <= end; n--) {
		found += note_report(b, record + 4, octets, now_ns);
		record += 4 + octets * (1 + (record[2] << 8 | record[3]));
	}
	return found;
}

/* The IGMP message of a frame, or what is ICMPv6 behind hop-by-hop options (RFC 9777 §5). NULL:
 * there is none. */
static const uint8_t *find_message(const uint8_t *frame, unsigned family)
{
	const struct rte_ether_hdr *ether = (const void *)frame;
	const struct rte_ipv4_hdr *ipv4 = (const void *)(ether + 1);
	const struct rte_ipv6_hdr *ipv6 = (const void *)(ether + 1);
	const uint8_t *options = (const uint8_t *)(ipv6 + 1);

	if (family == 4 && ether->ether_type == htons(RTE_ETHER_TYPE_IPV4) &&
	    ipv4->next_proto_id == PROTOCOL_IGMP)
		return (const uint8_t *)ipv4 + rte_ipv4_hdr_len(ipv4);
	if (family == 6 && ether->ether_type == htons(RTE_ETHER_TYPE_IPV6) &&
	    ipv6->proto == IPPROTO_HOPOPTS && options[0] == IPPROTO_ICMPV6)
		return options + 8 * (1 + options[1]);
	return NULL;
}

/* Runs on the control thread, which sends. */
static uint16_t on_tx(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n, void *arg)
{
	struct join_bench *b = arg;
	const struct report_format *format = b->options->family == 6 ? &mld : &igmp;

	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(mbufs[i], const uint8_t *);
		const uint8_t *end = frame + mbufs[i]->data_len;
		const uint8_t *message = find_message(frame, b->options->family);

		if (message && message + 8 <= end)
			b->packets += read_report(b, format, message, end) > 0;
	}
	return n;
}

/* Joins the b->n groups from b->base on as one update and waits until all are reported. Gives the
 * times in *table_ns and *report_ns. */
static int join(struct join_bench *b, uint64_t *table_ns, uint64_t *report_ns,
		struct mcr_error *err)
{
	struct mcr_join_list list = {0};
	uint64_t start_ns, last_ns = 0;
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < b->n; i++) {
		struct mcr_join one = {.group = feed_group(b->options->family, b->base + i),
				       .port = FEED_UDP_PORT};

		ret = mcr_join_list_add(&list, &one);
		b->reported_ns[i] = 0;
	}
	b->reported = 0;
	b->packets = 0;
	start_ns = monotonic_ns();
	if (ret == 0)
		ret = mcr_engine_update(b->engine, NULL, 0, list.items, list.n, err);
	*table_ns = monotonic_ns() - start_ns;
	mcr_join_list_clear(&list);
	while (ret == 0 && b->reported < b->n) {
		mcr_engine_poll(b->engine, 1000000);
		if (monotonic_ns() - start_ns > PATIENCE_MS * UINT64_C(1000000))
			return fail("of %u groups %u were reported in %u ms", b->n, b->reported,
				    PATIENCE_MS);
	}
	for (unsigned i = 0; i < b->n; i++)
		last_ns = RTE_MAX(last_ns, b->reported_ns[i]);
	*report_ns = last_ns - start_ns;
	return ret;
}

static void poll_for(struct join_bench *b, unsigned ms)
{
	uint64_t end_ns = monotonic_ns() + ms * UINT64_C(1000000), now_ns;

	while ((now_ns = monotonic_ns()) < end_ns)
		mcr_engine_poll(b->engine, end_ns - now_ns);
}

static int join_singly(struct join_bench *b, struct mcr_error *err)
{
	uint64_t end_ns = monotonic_ns() + b->options->duration_ms * UINT64_C(1000000);

	b->n = 1;
	b->base = 0;
	do {
		unsigned i = b->n_singles++;

		b->at_ns[i] = realtime_ns();
		if (join(b, &b->table_ns[i], &b->report_ns[i], err) < 0)
			return -1;
		b->base++;
		poll_for(b, PAUSE_MS);
	} while (b->n_singles < SINGLES_MAX && monotonic_ns() < end_ns);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *name, uint64_t *times, unsigned n)
{
	qsort(times, n, sizeof(*times), compare);
	printf("\"%s\": {\"p50\": %" PRIu64 ", \"max\": %" PRIu64 "}, ", name, times[n / 2],
	       times[n - 1]);
}

static int measure(struct join_bench *b, struct mcr_error *err)
{
	uint64_t table_ns, report_ns, at_ns;

	if (join_singly(b, err) < 0)
		return -1;
	poll_for(b, SETTLE_MS);
	b->n = b->options->groups;
	b->base = SINGLES_MAX;
	at_ns = realtime_ns();
	if (join(b, &table_ns, &report_ns, err) < 0)
		return -1;
	printf("{\"at_ns\": [");
	for (unsigned i = 0; i < b->n_singles; i++)
		printf("%s%" PRIu64, i > 0 ? ", " : "", b->at_ns[i]);
	printf("], \"at_once_at_ns\": %" PRIu64 ", ", at_ns);
	print_times("table_ns", b->table_ns, b->n_singles);
	print_times("report_ns", b->report_ns, b->n_singles);
	printf("\"at_once\": %u, \"at_once_table_ns\": %" PRIu64 ", \"at_once_report_ns\": %" PRIu64
	       ", \"at_once_packets\": %" PRIu64 "}\n",
	       b->n, table_ns, report_ns, b->packets);
	return 0;
}

static int run(struct join_bench *b, struct mcr_error *err)
{
	struct mcr_interface_config interface = {.size = sizeof(interface),
						 .name = "bench",
						 .address =
						     mcr_address_from_ipv4(htonl(0x0a000002))};
	int lcore = worker_lcore(0);
	unsigned rx_lcore = (unsigned)lcore;
	int ret;

	if (lcore < 0 || find_port(b->options->port, &b->port) < 0)
		return -1;
	b->reported_ns = calloc(RTE_MAX(b->options->groups, 1u), sizeof(*b->reported_ns));
	if (!b->reported_ns)
		return fail("out of memory");
	snprintf(interface.port, sizeof(interface.port), "%s", b->options->port);
	ret = subject_create_idle(&b->engine, &interface, 1, 0, rx_lcore, err);
	if (ret < 0)
		return ret;
	b->callback = rte_eth_add_tx_callback(b->port, 0, on_tx, b);
	if (!b->callback)
		return fail("port %s: takes no tx callback", b->options->port);
	ret = mcr_engine_start(b->engine, err);
	if (ret < 0)
		return ret;
	poll_for(b, 100);
	return measure(b, err);
}

int bench_join(const struct bench_options *options)
{
	struct join_bench *b = calloc(1, sizeof(*b));
	struct mcr_error err = {""};
	int ret;

	if (!b)
		return fail("out of memory");
	b->options = options;
	ret = options->port ? run(b, &err) : fail("--port is missing");
	if (ret < 0 && err.text[0] != '\0')
		fail("%s", err.text);
	if (b->engine)
		mcr_engine_stop(b->engine);
	if (b->callback)
		rte_eth_remove_tx_callback(b->port, 0, b->callback);
	mcr_engine_destroy(b->engine);
	free(b->reported_ns);
	free(b);
	return ret;
}
