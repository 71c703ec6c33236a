/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of any kind in buffers of any kind, sent to an engine by net_ring, which hands back what
 * is sent to it. */
#ifndef ENGINE_FRAMES_H
#define ENGINE_FRAMES_H

#include "rig.h"

#include <rte_mbuf.h>

#define OTHER "\x02\x00\x00\x00\x00\x02" /* another host's MAC address */
#define ALL   "\xff\xff\xff\xff\xff\xff"
#define OWN   ((const char *)own.addr_bytes)

#define BUFFERS 1023 /* of a pool */

static struct rte_ether_addr own = {{2, 0, 0, 0, 0, 1}};
static struct rte_mempool *pool, *second_pool;
static uint16_t port;

static inline int set_up(void **state)
{
	rig_eal_init(NULL, 0);
	pool = rte_pktmbuf_pool_create("frames", BUFFERS, 0, 0, 2048, -1);
	second_pool = rte_pktmbuf_pool_create("second", BUFFERS, 0, 0, 2048, -1);
	return !pool || !second_pool;
}

static inline int tear_down(void **state)
{
	rte_mempool_free(pool);
	rte_mempool_free(second_pool);
	return rte_eal_cleanup();
}

static int ipv6; /* the family of all frames */

/* An IP packet to a group, in the frame of another host. */
static inline struct rte_mbuf *frame_of(const uint8_t *packet, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *ether;

	assert_non_null(m);
	ether = (struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(sizeof(*ether) + len));
	assert_non_null(ether);
	*ether = (struct rte_ether_hdr){
	    .ether_type = htons(ipv6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4)};
	memcpy(&ether->src_addr, OTHER, 6);
	if (ipv6)
		memcpy(&ether->dst_addr,
		       (uint8_t[]){0x33, 0x33, packet[36], packet[37], packet[38], packet[39]}, 6);
	else
		memcpy(&ether->dst_addr,
		       (uint8_t[]){1, 0, 0x5e, packet[17] & 0x7f, packet[18], packet[19]}, 6);
	memcpy(ether + 1, packet, len);
	return m;
}

/* ---- the log ---- */

#define LINES 64

static char lines[LINES][512];
static unsigned n_lines;

static inline void keep_line(void *ctx, enum mcr_log_level level, const char *line)
{
	if (n_lines < LINES)
		snprintf(lines[n_lines++], sizeof(lines[0]), "%s", line);
}

static inline int has_line(const char *text)
{
	for (unsigned i = 0; i < n_lines; i++)
		if (strstr(lines[i], text))
			return 1;
	return 0;
}

#define GROUP (ipv6 ? "ff15::101:101" : "239.1.1.1")

/* A host of the LAN. */
static inline struct mcr_address host(unsigned number)
{
	char text[32];

	snprintf(text, sizeof(text), ipv6 ? "2001:db8::%u" : "10.0.0.%u", number);
	return rig_address(text);
}

/* A datagram to GROUP:5000; to, from: MAC addresses, NULL = the group's, a host's. */
struct frame {
	const char *to, *from, *source; /* source: NULL = host 9 */
	unsigned host;                  /* or host N */
	uint16_t vlan;
	uint16_t tci;      /* what the NIC says of the tag that it took out */
	uint16_t checksum; /* UDP's, big endian; 0: a right one in IPv6, none in IPv4 */
	uint64_t flags;    /* of the NIC */
	int of_second_pool;
	struct rte_mbuf *(*reshape)(struct rte_mbuf *m);
};

static inline struct rte_mbuf *make(const struct frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->of_second_pool ? second_pool : pool);
	const struct mcr_address source = host(f->host ? f->host : 9);
	uint8_t *p, *udp;
	uint8_t buf[96];
	size_t len = rig_udp(buf, GROUP, 5000, "x", 1);

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)len);
	memcpy(p, buf, len);
	udp = p + len - 9;
	if (f->to)
		memcpy(p, f->to, 6);
	if (f->from)
		memcpy(p + 6, f->from, 6);
	if (ipv6) {
		memcpy(p + 14 + 8, source.octets, 16);
		if (f->source) /* one that mcr_address_parse refuses, too */
			inet_pton(AF_INET6, f->source, p + 14 + 8);
		rig_checksum_ipv6(udp);
	} else {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(p + 14);

		ip->src_addr = f->source ? rig_ip(f->source) : mcr_address_ipv4_be(source);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
	}
	if (f->checksum != 0)
		memcpy(udp + 6, &f->checksum, 2);
	if (f->vlan != 0) {
		m->vlan_tci = f->vlan;
		assert_int_equal(rte_vlan_insert(&m), 0);
	}
	m->ol_flags |= f->flags;
	m->vlan_tci = f->tci;
	return f->reshape ? f->reshape(m) : m;
}

/* The frame alone, and as the middle one of three: the rx loop's way differs. */
static inline void send_frame(struct mcr_engine *e, const struct frame *f)
{
	const struct frame good = {.to = NULL};
	struct rte_mbuf *burst[4] = {make(f), make(&good), make(f), make(&good)};
	uint64_t before = rig_account(e).received;

	assert_int_equal(rte_eth_tx_burst(port, 0, burst, 1), 1);
	rig_receive(e, before + 1);
	assert_int_equal(rte_eth_tx_burst(port, 0, burst + 1, 3), 3);
	rig_receive(e, before + 4);
}

static inline void expect_delivered(struct mcr_engine *e, const struct frame *f)
{
	uint64_t before = rig_account(e).delivered;

	send_frame(e, f);
	assert_int_equal(rig_account(e).delivered, before + 4);
}

static inline void expect_drop(struct mcr_engine *e, const struct frame *f, enum mcr_drop reason)
{
	struct mcr_account before = rig_account(e), after;

	send_frame(e, f);
	after = rig_account(e);
	assert_int_equal(after.drops[reason], before.drops[reason] + 2);
	assert_int_equal(after.delivered, before.delivered + 2);
}

/* An engine closes its port with it, so each has a device of its own. */
static inline struct mcr_interface_config probe(void)
{
	static unsigned n;
	char device[16];

	snprintf(device, sizeof(device), "net_ring%u", n++);
	assert_int_equal(rte_eal_hotplug_add("vdev", device, ""), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(device, &port), 0);
	/* It has none, so the first that is added is its own. */
	assert_int_equal(rte_eth_dev_mac_addr_add(port, &own, 0), 0);
	return rig_interface(device);
}

#endif
