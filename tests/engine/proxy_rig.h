/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine that relays between LANs: UP, the upstream one, and two downstream ones, whose querier
 * it is. Each is a port of two rings, so nothing that goes out comes back. What the engine says of
 * IGMP or MLD is kept as text, and so are the datagrams that it forwards. Every test runs with both
 * families (`ipv6`). */
#ifndef ENGINE_PROXY_RIG_H
#define ENGINE_PROXY_RIG_H

#include "frames.h"

#include <rte_eth_ring.h>
#include <rte_ring.h>

#include "core/gmp/gmp_wire.h"

#define LANS      3
#define RING      4096
#define KEPT      4096
#define LINES     64
#define SAID_MAX  96
#define GROUP_1   "239.1.1.1"
#define GROUP_2   "239.1.1.2"
#define CHANNEL   "232.1.1.1"   /* source-specific */
#define LOCAL     "239.255.1.1" /* in the scopes by default; IPv6: of the tests */
#define QUERY_ALL "Q()"

enum {
	UP,
	LAN,
	LAB
};

/* Whatever the engine says on a LAN, and what it forwards. */
struct said {
	char text[SAID_MAX];   /* "TO_EX(239.1.1.1){}", "V2(...)", "LEAVE(...)", "Q(...)", "Q()" */
	unsigned lan, message; /* message: counts those of all LANs */
};

/* A LAN as the test sees it. */
struct lan {
	struct rte_ring *to, *from[2]; /* the engine; from[1]: where it has two Tx queues */
	uint16_t port;
	unsigned forwarded; /* datagrams */
	uint8_t last[256];  /* the last of them: its frame */
};

static struct lan lans[LANS];
static struct said said[KEPT];
static unsigned n_said, n_messages;
static char lines[LINES][512];
static unsigned n_lines;
static struct mcr_engine *running; /* ends with the test, also with one that fails */
static uint16_t n_queues = 1;      /* of each port, Rx and Tx */

static inline const struct mcr_gmp_wire *wire(void)
{
	return mcr_gmp_wire_of(ipv6 ? MCR_GMP_MLD : MCR_GMP_IGMP);
}

/* ---- addresses: tests name those of IPv4, whose twins are of IPv6 ---- */

static inline struct mcr_address twin(const char *text)
{
	struct mcr_address a = rig_address(text);
	const uint8_t *o = a.octets + 12;
	char twin[64];

	if (!ipv6)
		return a;
	if (o[0] == 232)
		snprintf(twin, sizeof(twin), "ff3e::8%02x:%x", o[1], o[2] << 8 | o[3]);
	else if (o[0] == 239)
		snprintf(twin, sizeof(twin), "ff15::%x:%x", o[1], o[2] << 8 | o[3]);
	else
		snprintf(twin, sizeof(twin), "2001:db8:%u::%u", o[1], o[3]);
	return rig_address(twin);
}

/* Addresses of the wire as tests name them. */
static inline const char *named(struct mcr_address a, char text[MCR_ADDRESS_TEXT])
{
	const uint8_t *o = a.octets;

	if (!ipv6 || o[0] == 0xfe)
		return mcr_address_format(text, a);
	if (o[0] != 0xff)
		snprintf(text, MCR_ADDRESS_TEXT, "10.%u.0.%u", o[5], o[15]);
	else if (o[1] == 0x3e)
		snprintf(text, MCR_ADDRESS_TEXT, "232.%u.%u.%u", o[13], o[14], o[15]);
	else if (o[1] == 0x15)
		snprintf(text, MCR_ADDRESS_TEXT, "239.%u.%u.%u", o[13], o[14], o[15]);
	else
		return mcr_address_format(text, a);
	return text;
}

/* Who sends messages on a LAN. */
static inline struct mcr_address host_on(unsigned lan, unsigned number)
{
	char text[64];

	snprintf(text, sizeof(text), ipv6 ? "fe80::%u" : "10.%u.0.%u", ipv6 ? number : lan, number);
	return rig_address(text);
}

/* ---- what was sent ---- */

static inline void say(unsigned lan, const char *what, struct mcr_address group,
		       const uint8_t *sources, size_t n)
{
	struct said *s = &said[n_said];
	char address[MCR_ADDRESS_TEXT];
	size_t used;

	assert_true(n_said++ < KEPT);
	*s = (struct said){.lan = lan, .message = n_messages};
	used = (size_t)snprintf(s->text, SAID_MAX, "%s(%s)", what,
				mcr_address_is_none(group) ? "" : named(group, address));
	if (!sources)
		return;
	used += (size_t)snprintf(s->text + used, SAID_MAX - used, "{");
	for (size_t i = 0; i < n && used < SAID_MAX; i++)
		used += (size_t)snprintf(
		    s->text + used, SAID_MAX - used, "%s%s", i ? "," : "",
		    named(mcr_gmp_wire_address(wire(), sources + i * wire()->address_octets),
			  address));
	if (used < SAID_MAX)
		snprintf(s->text + used, SAID_MAX - used, "}");
}

static inline void keep_records(unsigned lan, const uint8_t *packet,
				const struct mcr_gmp_message *m)
{
	static const char *const names[] = {NULL,    "IS_IN", "IS_EX", "TO_IN",
					    "TO_EX", "ALLOW", "BLOCK"};
	struct mcr_gmp_records records;
	struct mcr_gmp_record record;

	mcr_gmp_records_begin(&records, wire(), packet, m);
	while (mcr_gmp_records_next(&records, &record) > 0)
		say(lan, names[record.type], record.group, record.sources, record.n);
}

/* 1: it is a message of the family. */
static inline int keep_message(unsigned lan, const uint8_t *packet, size_t len)
{
	struct mcr_gmp_message m;

	if (wire()->parse(&m, packet, len) >= MCR_GMP_RX_MALFORMED)
		return 0;
	n_messages++;
	switch (mcr_gmp_kind_of(wire(), &m)) {
	case MCR_GMP_KIND_QUERY:
		say(lan, "Q", m.group, NULL, 0);
		break;
	case MCR_GMP_KIND_OLD_REPORT:
		say(lan, "V2", m.group, NULL, 0);
		break;
	case MCR_GMP_KIND_LEAVE:
		say(lan, "LEAVE", m.group, NULL, 0);
		break;
	case MCR_GMP_KIND_REPORT:
		keep_records(lan, packet, &m);
		break;
	default:
		return 0;
	}
	return 1;
}

static inline int is_datagram(const uint8_t *packet)
{
	return ipv6 ? packet[6] == IPPROTO_UDP : packet[0] == 0x45 && packet[9] == IPPROTO_UDP;
}

static inline void keep(unsigned lan, const struct rte_mbuf *m)
{
	const uint16_t type = ipv6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;
	uint8_t frame[2048];
	const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, frame);

	assert_true(p && m->pkt_len >= 60 && m->pkt_len <= sizeof(frame));
	if ((p[12] << 8 | p[13]) != type || keep_message(lan, p + 14, m->pkt_len - 14) ||
	    !is_datagram(p + 14))
		return;
	lans[lan].forwarded++;
	memcpy(lans[lan].last, p, RTE_MIN(m->pkt_len, sizeof(lans[lan].last)));
}

/* Takes what has been sent. */
static inline void hear(void)
{
	struct rte_mbuf *m;

	for (unsigned l = 0; l < LANS; l++)
		for (unsigned q = 0; q < 2; q++)
			while (lans[l].from[q] &&
			       rte_ring_dequeue(lans[l].from[q], (void **)&m) == 0) {
				keep(l, m);
				rte_pktmbuf_free(m);
			}
}

static inline void poll_engine(struct mcr_engine *e)
{
	mcr_engine_poll(e, 1000000);
	hear();
}

static inline unsigned times_said(unsigned lan, const char *text)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_said; i++)
		n += said[i].lan == lan && strcmp(said[i].text, text) == 0;
	return n;
}

/* How many messages said something like this, but of what an IPv6 host listens to itself. */
static inline unsigned messages_with(unsigned lan, const char *begin)
{
	unsigned n = 0, last = 0;

	for (unsigned i = 0; i < n_said; i++)
		if (said[i].lan == lan && said[i].message != last &&
		    !strstr(said[i].text, "(ff02:") &&
		    strncmp(said[i].text, begin, strlen(begin)) == 0) {
			last = said[i].message;
			n++;
		}
	return n;
}

static inline void list_said(void)
{
	static const char *const names[] = {"up", "lan", "lab"};

	for (unsigned i = 0; i < n_said && i < 200; i++)
		print_message("%s: %s\n", names[said[i].lan], said[i].text);
}

/* Polls until this was said. */
static inline void await_said(struct mcr_engine *e, unsigned lan, const char *text)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (times_said(lan, text) == 0 && monotonic_ns() < end_ns)
		poll_engine(e);
	if (times_said(lan, text) == 0) {
		list_said();
		fail_msg("%s was not said", text);
	}
}

static inline void forget(void)
{
	hear();
	n_said = 0;
}

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

static inline void await_line(struct mcr_engine *e, const char *text)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (!has_line(text) && monotonic_ns() < end_ns)
		poll_engine(e);
	if (!has_line(text))
		fail_msg("no line says \"%s\"; the last one: %s", text,
			 n_lines ? lines[n_lines - 1] : "");
}

/* ---- what others send ---- */

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

#endif
