/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine that relays between LANs: UP, the upstream one, and two downstream ones, whose querier
 * it is. Each is a port of two rings, so nothing that goes out comes back. Every test runs with
 * both families (`ipv6`). */
#ifndef ENGINE_PROXY_RIG_H
#define ENGINE_PROXY_RIG_H

#include "proxy_rig_heard.h"

/* ---- what others send ---- */

static inline void put(unsigned lan, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(lans[lan].to, m), 0);
}

/* A message that has been received, and what became of it: it was given to control. */
static inline void inject(struct mcr_engine *e, unsigned lan, const uint8_t *packet, size_t len)
{
	uint64_t before = rig_account(e).punted, end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	put(lan, frame_of(packet, len));
	while (rig_account(e).punted == before && monotonic_ns() < end_ns)
		poll_engine(e);
	poll_engine(e);
}

/* A report of the newest version with one record; sources: up to four, NULL ends them. */
static inline void report(struct mcr_engine *e, unsigned lan, unsigned host, enum mcr_record type,
			  const char *group, const char *const sources[5])
{
	const size_t headers = wire()->ip_octets + MCR_GMP_REPORT_HEADER;
	struct mcr_address list[4];
	uint8_t packet[256] = {0};
	size_t n = 0, len;

	while (sources && n < 4 && sources[n]) {
		list[n] = twin(sources[n]);
		n++;
	}
	len = headers + mcr_gmp_write_record(wire(), packet + headers, type, twin(group), list, n);
	wire()->finish(packet, len, host_on(lan, host), 1);
	inject(e, lan, packet, len);
}

#define SOURCES(...) ((const char *const[5]){__VA_ARGS__})

static inline void join(struct mcr_engine *e, unsigned lan, const char *group)
{
	report(e, lan, 9, MCR_RECORD_TO_EX, group, NULL);
}

static inline void leave(struct mcr_engine *e, unsigned lan, const char *group)
{
	report(e, lan, 9, MCR_RECORD_TO_IN, group, NULL);
}

/* A report of version 2 (MLD: 1). */
static inline void join_old(struct mcr_engine *e, unsigned lan, const char *group)
{
	uint8_t packet[128];

	wire()->write_old(packet, wire()->report_types[2], host_on(lan, 9), twin(group));
	inject(e, lan, packet, wire()->ip_octets + wire()->old_octets);
}

/* A general query of the newest version, or of another level; host: 1 wins against ours. */
static inline void query(struct mcr_engine *e, unsigned lan, unsigned host, uint8_t level)
{
	const struct mcr_gmp_query query = {.source = host_on(lan, host),
					    .code = wire()->response_code(level, 100000000),
					    .level = level,
					    .qrv = 2,
					    .qqic = 1};
	uint8_t packet[128];

	inject(e, lan, packet, wire()->write_query(packet, &query));
}

/* A datagram with TTL 5 of a host of LAN `from` to port 5000, which comes in on `lan`. */
static inline void datagram(unsigned lan, unsigned from, const char *group)
{
	char text[64], source[64];
	uint8_t buf[128];
	struct mcr_address a;
	size_t len;

	snprintf(source, sizeof(source), "10.%u.0.9", from);
	a = twin(source);
	len = rig_udp(buf, mcr_address_format(text, twin(group)), 5000, "x", 1);
	if (ipv6) {
		memcpy(buf + 14 + 8, a.octets, 16);
		rig_checksum_ipv6(buf + 14 + 40);
	} else {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(buf + 14);

		ip->src_addr = mcr_address_ipv4_be(a);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
	}
	put(lan, frame_of(buf + 14, len - 14));
}

/* A datagram, and to which LANs it went: "up", "lan lab", "". */
static inline const char *send_datagram(struct mcr_engine *e, unsigned lan, unsigned from,
					const char *group)
{
	static const char *const names[] = {"up", "lan", "lab"};
	uint64_t before = rig_account(e).received;
	static char text[32];

	hear();
	for (unsigned l = 0; l < LANS; l++)
		lans[l].forwarded = 0;
	datagram(lan, from, group);
	rig_receive(e, before + 1); /* the account is shown when the copies are sent */
	hear();
	text[0] = '\0';
	for (unsigned l = 0; l < LANS; l++) {
		assert_true(lans[l].forwarded <= 1);
		if (lans[l].forwarded)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 text[0] ? " " : "", names[l]);
	}
	return text;
}

#define ASSERT_GOES(e, lan, from, group, to) \
	assert_string_equal(send_datagram(e, lan, from, group), to)

/* ---- engines ---- */

static inline struct rte_ring *make_ring(const char *name, unsigned test, unsigned lan, unsigned q)
{
	char text[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(text, sizeof(text), "%s%u_%u_%u", name, test, lan, q);
	ring = rte_ring_create(text, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(ring);
	return ring;
}

/* The interfaces of a test, on ports of its own: an engine closes its ports with it. */
static inline void configure(struct mcr_interface_config configs[LANS])
{
	static const char *const names[] = {"up", "lan", "lab"};
	static unsigned test;

	test++;
	n_said = n_lines = n_messages = 0;
	for (unsigned l = 0; l < LANS; l++) {
		struct rte_ether_addr mac = {{2, 0, 0, 0, (uint8_t)l, 1}};
		struct rte_ring *rx[2];
		char name[64];
		int id;

		lans[l] = (struct lan){0};
		for (unsigned q = 0; q < n_queues; q++) {
			rx[q] = make_ring("to", test, l, q);
			lans[l].from[q] = make_ring("from", test, l, q);
		}
		lans[l].to = rx[0];
		snprintf(name, sizeof(name), "lan%u_%u", test, l);
		id = rte_eth_from_rings(name, rx, n_queues, lans[l].from, n_queues, 0);
		assert_true(id >= 0);
		lans[l].port = (uint16_t)id;
		assert_int_equal(rte_eth_dev_mac_addr_add(lans[l].port, &mac, 0), 0);
		assert_int_equal(rte_eth_dev_get_name_by_port(lans[l].port, name), 0);
		configs[l] = rig_interface(name);
		strcpy(configs[l].name, names[l]);
		snprintf(name, sizeof(name), "10.%u.0.5", l);
		configs[l].address = rig_address(name);
		configs[l].dad_off = 1;
		configs[l].role = l == UP ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
		configs[l].fast_leave = l != UP;
		configs[l].igmp_robustness = 1; /* no second copies */
		if (ipv6) {
			snprintf(name, sizeof(name), "2001:db8:%u::5", l);
			configs[l].address6 = rig_address(name);
			configs[l].prefix6_len = 64;
			configs[l].mld_querier = l == UP ? MCR_QUERIER_OFF : MCR_QUERIER_ON;
		} else {
			configs[l].querier = l == UP ? MCR_QUERIER_OFF : MCR_QUERIER_ON;
		}
	}
}

static inline struct mcr_engine *begin_with(const struct mcr_interface_config configs[LANS],
					    int keep_memberships)
{
	static const unsigned lcore = 1;
	struct mcr_engine_config cfg;
	struct mcr_error err = {""};

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = configs;
	cfg.n_interfaces = LANS;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.log = keep_line;
	cfg.keep_memberships = (uint8_t)keep_memberships;
	if (mcr_engine_create(&running, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	if (mcr_engine_start(running, &err) != 0)
		fail_msg("%s", err.text);
	return running;
}

/* An engine that is the querier of its downstream LANs. */
static inline struct mcr_engine *begin(void)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_engine *e;

	configure(configs);
	e = begin_with(configs, 1);
	await_said(e, LAN, QUERY_ALL);
	await_said(e, LAB, QUERY_ALL);
	return e;
}

static inline void free_ring(struct rte_ring *ring)
{
	struct rte_mbuf *m;

	while (ring && rte_ring_dequeue(ring, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

static inline int end(void **state)
{
	struct rte_ring *to[LANS];

	mcr_engine_stop(running);
	hear(); /* their buffers are the engine's */
	mcr_engine_destroy(running);
	running = NULL;
	for (unsigned l = 0; l < LANS; l++) {
		to[l] = lans[l].to;
		free_ring(to[l]);
		free_ring(lans[l].from[0]);
		free_ring(lans[l].from[1]);
	}
	n_queues = 1;
	return 0;
}

/* Both families, and where it matters a Tx queue for each sender. */
static inline int with_igmp(void **state)
{
	ipv6 = 0;
	return 0;
}

static inline int with_mld(void **state)
{
	ipv6 = 1;
	return 0;
}

static inline int with_queues(void **state)
{
	n_queues = 2;
	return with_igmp(state);
}

#define TEST(name)                                         \
	{#name, name, with_igmp, end, NULL},               \
	{                                                  \
#name " (IPv6)", name, with_mld, end, NULL \
	}
#define TEST_BY_QUEUES(name)                                           \
	{                                                              \
#name " (two Tx queues)", name, with_queues, end, NULL \
	}

#endif
