/* SPDX-License-Identifier: BSD-3-Clause */
#include "members.h"

#include <arpa/inet.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "../common/fail.h"
#include "feed.h"

#define AT_A_TIME  180 /* records of a report: RFC 9776 §4.2.16, by an MTU of 1500 */
#define IP_OCTETS  24  /* with the Router Alert option */
#define REPORT     0x22
#define TO_EXCLUDE 4

/* RFC 9776 §4.2: each record has a group and no source. Returns the message's octets. */
static size_t write_report(uint8_t *to, unsigned first, unsigned n)
{
	size_t len = 8 + 8 * (size_t)n;
	uint16_t checksum;

	memset(to, 0, len);
	to[0] = REPORT;
	to[6] = (uint8_t)(n >> 8);
	to[7] = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		struct mcr_address group = feed_group(4, first + i);

		to[8 + 8 * i] = TO_EXCLUDE;
		memcpy(to + 12 + 8 * i, group.octets + 12, 4);
	}
	checksum = (uint16_t)~rte_raw_cksum(to, len);
	memcpy(to + 2, &checksum, sizeof(checksum));
	return len;
}

static void write_frame(struct rte_mbuf *m, const struct members *members, unsigned n)
{
	static const uint8_t head[] = {1, 0, 0x5e, 0, 0, 0x16, 2, 0, 0, 0, 1, 9, 8, 0};
	static const uint8_t alert[] = {0x94, 4, 0, 0};
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + sizeof(head));
	size_t len = write_report((uint8_t *)ip + IP_OCTETS, members->reported, n);

	memcpy(frame, head, sizeof(head));
	*ip = (struct rte_ipv4_hdr){
	    .version_ihl = 0x46,
	    .total_length = htons((uint16_t)(IP_OCTETS + len)),
	    .time_to_live = 1,
	    .next_proto_id = IPPROTO_IGMP,
	    .src_addr = htonl(0x0a000009 + (members->subnet << 8)),
	    .dst_addr = htonl(0xe0000016),
	};
	memcpy(ip + 1, alert, sizeof(alert));
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, IP_OCTETS);
	m->data_len = (uint16_t)(sizeof(head) + IP_OCTETS + len);
	m->pkt_len = m->data_len;
}

static uint16_t report(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n,
		       uint16_t max, void *arg)
{
	struct members *members = arg;
	unsigned records = RTE_MIN(members->groups - members->reported, (unsigned)AT_A_TIME);
	struct rte_mbuf *m;

	output_drain(members->output);
	if (records == 0 || n == max)
		return n;
	m = rte_pktmbuf_alloc(members->pool);
	if (!m)
		return n;
	write_frame(m, members, records);
	members->reported += records;
	mbufs[n] = m;
	return n + 1;
}

int members_create(struct members *members, const struct output *output, struct rte_mempool *pool,
		   unsigned subnet, unsigned groups)
{
	*members =
	    (struct members){.output = output, .pool = pool, .subnet = subnet, .groups = groups};
	members->callback = rte_eth_add_rx_callback(output->port, 0, report, members);
	return members->callback ? 0 : fail("port %s: takes no rx callback", output->name);
}

void members_destroy(struct members *members)
{
	if (members->callback)
		rte_eth_remove_rx_callback(members->output->port, 0, members->callback);
}
