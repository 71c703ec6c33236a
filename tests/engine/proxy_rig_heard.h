/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine that relays says on its LANs, and logs: messages of IGMP or MLD are kept as text,
 * and datagrams are counted. The LANs are those of proxy_rig.h. */
#ifndef ENGINE_PROXY_RIG_HEARD_H
#define ENGINE_PROXY_RIG_HEARD_H

#include "frames.h"

#include <rte_eth_ring.h>
#include <rte_ring.h>

#include "core/gmp/gmp_wire.h"

#define LANS      3
#define RING      4096
#define KEPT      4096
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

static inline void await_line(struct mcr_engine *e, const char *text)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (!has_line(text) && monotonic_ns() < end_ns)
		poll_engine(e);
	if (!has_line(text))
		fail_msg("no line says \"%s\"; the last one: %s", text,
			 n_lines ? lines[n_lines - 1] : "");
}

#endif
