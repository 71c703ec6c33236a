/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine with a querier: what it sends is kept, and messages of other hosts arrive. Every test
 * runs with IGMP and with MLD (`ipv6`). */
#ifndef ENGINE_QUERIER_RIG_H
#define ENGINE_QUERIER_RIG_H

#include "frames.h"

#include "core/gmp/gmp_wire.h"

#define KEPT    512
#define OWN_IP  (ipv6 ? "fe80::ff:fe00:1" : "10.0.0.5") /* what `own` makes, or the config says */
#define HOST_IP (ipv6 ? "fe80::9" : "10.0.0.9")
#define LOW_IP  (ipv6 ? "fe80::2" : "10.0.0.2") /* wins against ours */
#define ROUTERS (ipv6 ? "ff02::2" : "224.0.0.2")
#define REPORTS (ipv6 ? "ff02::16" : "224.0.0.22") /* of the newest version */

/* A message that the engine has sent. */
struct message {
	uint8_t frame[256];
	size_t at, len; /* of the IP packet */
	uint16_t vlan;
	struct mcr_gmp_message is;
	enum mcr_gmp_kind kind;
};

static struct message sent[KEPT];
static unsigned n_sent;
static int is_injecting;
static struct mcr_engine *running; /* ends with the test, also with one that fails */
static const struct rte_eth_rxtx_callback *keeper;

static inline const struct mcr_gmp_wire *wire(void)
{
	return mcr_gmp_wire_of(ipv6 ? MCR_GMP_MLD : MCR_GMP_IGMP);
}

static inline void keep(const uint8_t *frame, size_t len)
{
	struct message m = {.at = RTE_ETHER_HDR_LEN};
	uint16_t type = (uint16_t)(frame[12] << 8 | frame[13]);

	if (type == RTE_ETHER_TYPE_VLAN) {
		m.vlan = (uint16_t)(frame[14] << 8 | frame[15]);
		m.at += sizeof(struct rte_vlan_hdr);
		type = (uint16_t)(frame[16] << 8 | frame[17]);
	}
	if (type != (ipv6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4) || n_sent == KEPT)
		return;
	assert_true(len <= sizeof(m.frame));
	memcpy(m.frame, frame, len);
	m.len = len - m.at;
	if (wire()->parse(&m.is, m.frame + m.at, m.len) >= MCR_GMP_RX_MALFORMED)
		return; /* ARP, neighbour discovery */
	m.kind = mcr_gmp_kind_of(wire(), &m.is);
	sent[n_sent++] = m;
}

static inline uint16_t keep_sent(uint16_t port_id, uint16_t queue, struct rte_mbuf **mbufs,
				 uint16_t n, void *ctx)
{
	for (uint16_t i = 0; i < n && !is_injecting; i++)
		keep(rte_pktmbuf_mtod(mbufs[i], const uint8_t *), mbufs[i]->data_len);
	return n;
}

/* A port of its own, and an interface on it with the family's querier. */
static inline struct mcr_interface_config querier(enum mcr_querier_mode mode)
{
	struct mcr_interface_config config = probe();

	n_sent = n_lines = 0;
	config.address = rig_address("10.0.0.5");
	config.dad_off = 1;
	if (ipv6)
		config.mld_querier = (uint8_t)mode;
	else
		config.querier = (uint8_t)mode;
	return config;
}

static inline int create(struct mcr_engine **e, const struct mcr_interface_config *interfaces,
			 unsigned n, int keep_memberships, struct mcr_error *err)
{
	static const unsigned lcore = 1;
	struct mcr_engine_config cfg;

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = n;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.log = keep_line;
	cfg.keep_memberships = (uint8_t)keep_memberships;
	return mcr_engine_create(e, &cfg, err);
}

static inline struct mcr_engine *start(const struct mcr_interface_config *interfaces, unsigned n,
				       int keep_memberships)
{
	struct mcr_error err = {""};

	if (create(&running, interfaces, n, keep_memberships, &err) != 0)
		fail_msg("%s", err.text);
	keeper = rte_eth_add_tx_callback(port, 0, keep_sent, NULL);
	assert_non_null(keeper);
	assert_int_equal(mcr_engine_start(running, NULL), 0);
	return running;
}

static inline int end(void **state)
{
	if (keeper) /* else the next port has it, too */
		rte_eth_remove_tx_callback(port, 0, keeper);
	keeper = NULL;
	mcr_engine_destroy(running);
	running = NULL;
	return 0;
}

/* ---- what was sent ---- */

/* What a message is looked for by; NULL and 0 = whatever. */
struct wanted {
	enum mcr_gmp_kind kind;
	const char *group; /* "" = a general query; of a report: of one of its records */
	enum mcr_record record;
	uint16_t vlan;
};

static inline int has_record(const struct message *m, const struct wanted *w)
{
	struct mcr_gmp_records records;
	struct mcr_gmp_record record;

	mcr_gmp_records_begin(&records, wire(), m->frame + m->at, &m->is);
	while (mcr_gmp_records_next(&records, &record) > 0)
		if ((!w->group || mcr_address_is_equal(record.group, rig_address(w->group))) &&
		    (!w->record || record.type == w->record))
			return 1;
	return 0;
}

static inline int is_wanted(const struct message *m, const struct wanted *w)
{
	if (m->kind != w->kind || m->vlan != w->vlan)
		return 0;
	if (m->kind == MCR_GMP_KIND_REPORT)
		return has_record(m, w);
	if (w->group && w->group[0] == '\0')
		return mcr_address_is_none(m->is.group);
	return !w->group || mcr_address_is_equal(m->is.group, rig_address(w->group));
}

static inline unsigned count(const struct wanted *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_sent; i++)
		n += (unsigned)is_wanted(&sent[i], w);
	return n;
}

/* Polls until n such messages were sent; gives the last one. */
static inline const struct message *await(struct mcr_engine *e, const struct wanted *w, unsigned n)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	const struct message *last = NULL;

	while (count(w) < n && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_true(count(w) >= n);
	for (unsigned i = 0; i < n_sent; i++)
		if (is_wanted(&sent[i], w))
			last = &sent[i];
	return last;
}

static inline void await_line(struct mcr_engine *e, const char *text)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (!has_line(text) && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	if (!has_line(text))
		fail_msg("no line says \"%s\"; the last one: %s", text,
			 n_lines ? lines[n_lines - 1] : "");
}

/* ---- what others send ---- */

/* An IP packet that has been received, and what became of it: it was given to control. */
static inline void inject(struct mcr_engine *e, const uint8_t *packet, size_t len, uint16_t vlan)
{
	struct rte_mbuf *m = frame_of(packet, len);
	uint64_t before = rig_account(e).punted, end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	if (vlan != 0) {
		m->vlan_tci = vlan;
		assert_int_equal(rte_vlan_insert(&m), 0);
	}
	is_injecting = 1;
	assert_int_equal(rte_eth_tx_burst(port, 0, &m, 1), 1);
	is_injecting = 0;
	while (rig_account(e).punted == before && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	mcr_engine_poll(e, 1000000);
}

/* A report of version 2 (MLD: 1), or a leave, of another host. */
static inline void inject_old(struct mcr_engine *e, const char *group, int is_leave, uint16_t vlan)
{
	uint8_t packet[128], type = is_leave ? wire()->leave_type : wire()->report_types[2];

	wire()->write_old(packet, type, rig_address(HOST_IP), rig_address(group));
	inject(e, packet, wire()->ip_octets + wire()->old_octets, vlan);
}

/* A general query of the newest version, or of another level. */
static inline void inject_query(struct mcr_engine *e, const char *source, uint8_t level)
{
	const struct mcr_gmp_query query = {.source = rig_address(source),
					    .code = wire()->response_code(level, 10000000000),
					    .level = level,
					    .qrv = 2,
					    .qqic = 125};
	uint8_t packet[128];

	inject(e, packet, wire()->write_query(packet, &query), 0);
}

#endif
