/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay of an lcore without an rx loop: frames go in as mbufs, and come out of rings that are
 * ports. What comes out is compared with a plain model of what a router makes of a packet. */
#ifndef ENGINE_RELAY_RIG_H
#define ENGINE_RELAY_RIG_H

#include "rig.h"

#include <rte_ring.h>

#include "engine/relay/relay_copy.h"
#include "engine/relay/relay_tx.h"

#define OUTPUTS       8
#define INPUT_ROOM    2048
#define COPY_ROOM     2048
#define POOL          2047 /* buffers of copies */
#define POOL_RECEIVED 4095
#define GROUP         "239.1.130.3"
#define GROUP_IPV6    "ff1e::8182:8384"
#define FRAME_MAX     10000

static struct rte_mempool *received, *copies;
static struct rte_ring *rings[OUTPUTS];
static struct mcr_relay_view view;
static struct mcr_relay_lcore *relay;

static inline struct rte_mempool *make_pool(const char *name, unsigned n, uint16_t room)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
	    name, n, 0, 0, (uint16_t)(RTE_PKTMBUF_HEADROOM + room), SOCKET_ID_ANY);

	assert_non_null(pool);
	return pool;
}

/* Output i is interface i, on a port of its own, whose first Tx queue is the ring. */
static inline void make_output(unsigned i)
{
	const struct rte_eth_conf conf = {0};
	char name[32];
	uint16_t port;

	snprintf(name, sizeof(name), "net_ring%u", i);
	assert_int_equal(rte_eth_dev_get_port_by_name(name, &port), 0);
	assert_int_equal(rte_eth_dev_configure(port, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(port, 0, 64, 0, NULL, received), 0);
	assert_int_equal(rte_eth_tx_queue_setup(port, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(port), 0);
	snprintf(name, sizeof(name), "ETH_RXTX0_net_ring%u", i);
	rings[i] = rte_ring_lookup(name);
	assert_non_null(rings[i]);
	view.outputs[i].port = port;
}

static inline int make_all(void **state)
{
	rig_eal_init_rings(OUTPUTS);
	received = make_pool("received", POOL_RECEIVED, INPUT_ROOM);
	copies = make_pool("copies", POOL, COPY_ROOM);
	for (unsigned i = 0; i < OUTPUTS; i++)
		make_output(i);
	return 0;
}

/* Each test has a relay of its own, whose outputs are all up. */
static inline int begin(void **state)
{
	if (mcr_relay_lcore_create(&relay, rte_lcore_id(), 1) != 0)
		return -1;
	relay->pool = copies;
	relay->view = &view;
	for (unsigned i = 0; i < OUTPUTS; i++) {
		const uint8_t mac[6] = {2, 0, 0, 0, 1, (uint8_t)i};

		view.outputs[i] = (struct mcr_relay_output){
		    .port = view.outputs[i].port,
		    .mtu = 9000,
		    .ether = {mcr_parse_own(mac), mcr_parse_own_ipv6(mac)},
		    .is_up = 1,
		    .ttl_threshold = 1,
		    .takes_chains = 1};
	}
	return 0;
}

static inline struct rte_mbuf *take_out(unsigned output)
{
	struct rte_mbuf *m;

	return rte_ring_dequeue(rings[output], (void **)&m) == 0 ? m : NULL;
}

/* Nothing was lost, and nothing freed twice. */
static inline void assert_all_buffers_are_back(void)
{
	assert_int_equal(rte_mempool_avail_count(received), POOL_RECEIVED);
	assert_int_equal(rte_mempool_avail_count(copies), POOL);
}

static inline void empty_all(void)
{
	for (unsigned i = 0; i < OUTPUTS; i++)
		for (struct rte_mbuf *m; (m = take_out(i));)
			rte_pktmbuf_free(m);
}

static inline int end(void **state)
{
	empty_all();
	mcr_relay_lcore_destroy(relay);
	return rte_mempool_avail_count(received) == POOL_RECEIVED &&
		       rte_mempool_avail_count(copies) == POOL
		   ? 0
		   : -1;
}

/* ---- frames ---- */

/* A frame as it came in. */
struct input {
	uint8_t octets[FRAME_MAX];
	uint32_t len, ip; /* of the frame; where its packet is */
	uint16_t stripped;
};

/* A datagram with so much payload; tag: 0 = none. */
static inline void make_input(struct input *in, int ipv6, uint32_t payload, uint16_t tag)
{
	static uint8_t data[FRAME_MAX];
	uint8_t frame[FRAME_MAX];
	uint32_t len;

	for (uint32_t i = 0; i < payload; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	len = (uint32_t)rig_udp(frame, ipv6 ? GROUP_IPV6 : GROUP, 5000, data, payload);
	memcpy(in->octets, frame, 12);
	in->ip = tag ? 18 : 14;
	in->stripped = 0;
	in->len = len + in->ip - 14;
	if (tag) {
		in->octets[12] = 0x81;
		in->octets[13] = 0;
		in->octets[14] = (uint8_t)(0xe0 | tag >> 8); /* a priority, which is not kept */
		in->octets[15] = (uint8_t)tag;
	}
	memcpy(in->octets + in->ip - 2, frame + 12, len - 12);
}

/* In buffers of `part` octets at most, 0 = in one; as a driver hands it out. */
static inline struct rte_mbuf *receive(const struct input *in, uint32_t part)
{
	struct rte_mbuf *head = NULL, *last = NULL;

	for (uint32_t at = 0, n; at < in->len; at += n) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(received);

		assert_non_null(m);
		n = part == 0 || in->len - at < part ? in->len - at : part;
		assert_true(n <= INPUT_ROOM);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), in->octets + at, n);
		if (head)
			assert_int_equal(rte_pktmbuf_chain(head, m), 0);
		else
			head = m;
		last = m;
	}
	assert_non_null(last);
	head->ol_flags =
	    RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD;
	head->hash.rss = 0xdeadbeef;
	head->packet_type = RTE_PTYPE_L2_ETHER;
	head->tx_offload = UINT64_MAX; /* drivers leave there what was */
	if (in->stripped) {
		head->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		head->vlan_tci = in->stripped;
	}
	return head;
}

static inline struct mcr_relay_verdict look(const struct rte_mbuf *m, uint64_t outputs)
{
	static const uint8_t own[6] = {2, 0, 0, 0, 0, 1};
	struct mcr_relay_verdict v = {.outputs = outputs};

	assert_int_equal(
	    mcr_route_look(&v.packet, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len,
			   m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ? m->vlan_tci : 0, own),
	    1);
	return v;
}

static inline void send_to(struct rte_mbuf *m, uint64_t outputs)
{
	const struct mcr_relay_verdict v = look(m, outputs);

	mcr_relay_copy(relay, m, &v);
}

/* ---- the model ---- */

struct octets {
	uint8_t at[FRAME_MAX];
	uint32_t len;
};

/* RFC 791 §3.1, from nothing. */
static inline void put_checksum(uint8_t *ip)
{
	const unsigned n = (ip[0] & 15u) * 4;
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (unsigned i = 0; i < n; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

/* What an output sends of a frame. */
static inline void model(struct octets *out, const struct input *in,
			 const struct mcr_relay_output *o)
{
	const uint8_t *ip = in->octets + in->ip;
	const int ipv6 = ip[0] >> 4 == 6;
	const uint32_t n =
	    ipv6 ? 40u + (uint32_t)(ip[4] << 8 | ip[5]) : (uint32_t)(ip[2] << 8 | ip[3]);
	uint8_t *to = out->at;

	memset(out, 0, sizeof(*out));
	if (ipv6)
		memcpy(to, (uint8_t[]){0x33, 0x33, ip[36], ip[37], ip[38], ip[39]}, 6);
	else
		memcpy(to, (uint8_t[]){1, 0, 0x5e, ip[17] & 0x7f, ip[18], ip[19]}, 6);
	memcpy(to + 6, (uint8_t[]){2, 0, 0, 0, 1, (uint8_t)(o - view.outputs)}, 6);
	to += 12;
	if (o->vlan) {
		memcpy(to, (uint8_t[]){0x81, 0, (uint8_t)(o->vlan >> 8), (uint8_t)o->vlan}, 4);
		to += 4;
	}
	memcpy(to, ipv6 ? "\x86\xdd" : "\x08\x00", 2);
	to += 2;
	memcpy(to, ip, n);
	to[ipv6 ? 7 : 8]--;
	if (!ipv6)
		put_checksum(to);
	out->len = (uint32_t)(to - out->at) + n;
	if (out->len < 60)
		out->len = 60;
}

/* Checks a sent frame, and that a driver can send it. */
static inline void assert_frame(struct rte_mbuf *m, const struct octets *is)
{
	uint32_t at = 0, segments = 0;

	assert_non_null(m);
	assert_int_equal(m->ol_flags, 0);
	assert_int_equal(m->tx_offload, 0);
	assert_int_equal(m->vlan_tci, 0);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_int_equal(m->pkt_len, is->len);
	for (const struct rte_mbuf *s = m; s; s = s->next, segments++) {
		assert_true(s->data_len > 0 && at + s->data_len <= is->len);
		assert_true(s->data_off + s->data_len <= s->buf_len);
		assert_memory_equal(rte_pktmbuf_mtod(s, const uint8_t *), is->at + at, s->data_len);
		at += s->data_len;
	}
	assert_int_equal(at, is->len);
	assert_int_equal(m->nb_segs, segments);
}

static inline void assert_sum(const struct mcr_relay_counts *c)
{
	assert_int_equal(c->offered,
			 c->tx + c->tx_full + c->tx_mtu + c->tx_ttl + c->tx_no_buffer + c->tx_down);
}

/* As control reads it. */
static inline struct mcr_relay_counts counts_of(const struct mcr_relay_lcore *r, unsigned output)
{
	struct mcr_relay_counts c;

	mcr_relay_counts_read(r, output, &c);
	assert_sum(&c);
	return c;
}

#endif
