/* SPDX-License-Identifier: BSD-3-Clause */
/* Evidence that is made up: a healthy host with one port, one interface and one reader, to which a
 * test adds what it is about. */
#ifndef WHY_RIG_H
#define WHY_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/address.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_whole.h"

#define NOW     UINT64_C(1700000000000000000)
#define S       MCR_WHY_S
#define NOTHING MCR_WHY_CODE_COUNT

struct rig {
	struct mcr_why_evidence *e;
	struct mcr_why_verdict v;
	struct mcr_group_info groups[16]; /* of the host, all of them */
	size_t n_groups;
};

static inline struct mcr_address addr(const char *text)
{
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

/* An interface on port 0; ports and interfaces are changed by the test. */
static inline struct mcr_why_interface *add_interface(struct rig *r, const char *name,
						      uint16_t dpdk_port, uint16_t vlan)
{
	struct mcr_why_interface *it = &r->e->interfaces[r->e->n_interfaces++];

	strcpy(it->info.name, name);
	it->info.dpdk_port = dpdk_port;
	it->port = dpdk_port;
	snprintf(it->port_name, sizeof(it->port_name), "net_af_packet%u", dpdk_port);
	it->vlan = vlan;
	it->address = addr("10.0.0.2");
	it->prefix_len = 24;
	it->info.igmp = (struct mcr_membership_info){.version = 3,
						     .querier = addr("10.0.0.1"),
						     .querier_age_ns = 3 * S,
						     .querier_left_ns = 252 * S,
						     .querier_version = 3,
						     .queries = 1};
	it->info.mld = (struct mcr_membership_info){.querier_age_ns = UINT64_MAX,
						    .reason = "IPv6 is not spoken"};
	strcpy(it->info.link_local_state, "off");
	return it;
}

static inline struct mcr_port_info *add_port(struct rig *r)
{
	struct mcr_port_info *port = &r->e->ports[r->e->n_ports];

	snprintf(port->name, sizeof(port->name), "net_af_packet%zu", r->e->n_ports);
	strcpy(port->driver, "net_af_packet");
	strcpy(port->kernel_name, "eth1");
	port->dpdk_port = (uint16_t)r->e->n_ports++;
	port->link_up = 1;
	port->link_since_ns = NOW - 900 * S;
	port->rx_packets = 1000;
	port->rx_last_ns = NOW - S / 10;
	port->n_queues = 1;
	port->mtu = 1500;
	port->kernel_mtu = 1500;
	port->promiscuous = 1;
	port->rx_frame_max = 1982;
	strcpy(port->rung, "promiscuous");
	return port;
}

static inline struct mcr_channel_info *add_channel(struct rig *r, const char *name)
{
	struct mcr_channel_info *channel = &r->e->channels[r->e->n_channels++];

	strcpy(channel->name, name);
	channel->bytes = 1 << 24;
	channel->joins = 1;
	channel->published = 1000;
	return channel;
}

static inline struct mcr_consumer_info *add_reader(struct rig *r, const char *channel)
{
	struct mcr_consumer_info *c = &r->e->consumers[r->e->n_consumers++];

	assert_true(r->e->n_consumers <= 16);
	*c = (struct mcr_consumer_info){.id = r->e->n_consumers,
					.pid = 1234,
					.received = 1000,
					.cursor = 1000,
					.published = 1000,
					.headroom = 100000,
					.received_last_ns = NOW - S / 100,
					.heartbeat_age_ns = S / 1000};
	strcpy(c->channel, channel);
	strcpy(c->label, "reader");
	return c;
}

/* query: NULL = the whole host. */
static inline struct rig *rig_new(const char *query)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct mcr_why_query q = {0};

	if (query)
		assert_int_equal(mcr_why_query_parse(&q, query, NULL), 0);
	r->e = mcr_why_evidence_create(&q);
	r->e->now_ns = NOW;
	r->e->consumers = calloc(16, sizeof(*r->e->consumers));
	add_port(r);
	add_interface(r, "feed", 0, 0);
	add_channel(r, "default");
	add_reader(r, "default");
	return r;
}

static inline void rig_end(struct rig *r)
{
	mcr_why_evidence_destroy(r->e);
	free(r);
}

/* A membership that was joined 600 s ago and flows: 100 datagrams a second. */
static inline struct mcr_group_info *add_group(struct rig *r, const char *group,
					       const char *interface)
{
	struct mcr_group_info *g = &r->groups[r->n_groups++];

	*g = (struct mcr_group_info){.group = addr(group),
				     .joins = 1,
				     .packets = 60000,
				     .bytes = 6000000,
				     .joined_ns = NOW - 600 * S,
				     .first_ns = NOW - 600 * S,
				     .last_ns = NOW - S / 100,
				     .last_report_ns = NOW - 20 * S};
	strcpy(g->interface, interface);
	strcpy(g->rung, "promiscuous");
	strcpy(g->igmp_state, "idle");
	return g;
}

static inline struct mcr_group_info *add_stopped(struct rig *r, const char *group,
						 const char *interface)
{
	struct mcr_group_info *g = add_group(r, group, interface);

	g->last_ns = NOW - 30 * S;
	return g;
}

static inline struct mcr_group_info *add_never(struct rig *r, const char *group,
					       const char *interface)
{
	struct mcr_group_info *g = add_group(r, group, interface);

	g->packets = g->bytes = g->first_ns = g->last_ns = 0;
	return g;
}

/* A join of the group that was asked about. */
static inline void add_join(struct rig *r, const char *text)
{
	assert_int_equal(mcr_join_parse(&r->e->joins, text, NULL), 0);
	for (size_t i = 0; i < r->e->joins.n; i++) {
		struct mcr_join *join = &r->e->joins.items[i];

		if (join->interface[0] == '\0')
			strcpy(join->interface, "feed");
		if (join->channel[0] == '\0')
			strcpy(join->channel, "default");
	}
	r->e->n_joins = r->e->joins.n;
}

/* A flow that came in by port 0, 0.2 s ago the last time. interface: -1 = there is none. */
static inline struct mcr_sighting a_flow(const char *group, uint16_t port, int interface,
					 unsigned dropped)
{
	struct mcr_sighting s = {.group = addr(group),
				 .port = port,
				 .source_port = 4000,
				 .interface =
				     interface < 0 ? MCR_DROP_NO_INTERFACE : (uint16_t)interface,
				 .ttl = 7,
				 .dropped = (uint8_t)dropped,
				 .len = dropped == MCR_DROP_TRUNCATED ? 1982 : 142,
				 .first_ns = NOW - 25 * S,
				 .last_ns = NOW - S / 5,
				 .seen = 1000};

	s.source = addr(mcr_address_is_ipv4(s.group) ? "10.0.0.7" : "2001:db8::7");
	if (dropped != MCR_DROP_NONE)
		s.dropped_ns = s.last_ns;
	memcpy(s.source_mac, "\x02\x00\x00\x00\x00\x07", 6);
	mcr_group_mac(s.destination_mac, s.group);
	return s;
}

static inline void add_flow(struct rig *r, struct mcr_sighting s)
{
	assert_int_equal(mcr_why_flows_add(&r->e->flows, &s), 0);
	mcr_why_hear(r->e, s.dpdk_port, s.last_ns);
}

/* Asks, as mcr_why_step does when all is collected. */
static inline void ask(struct rig *r)
{
	struct mcr_why_whole *whole = mcr_why_whole_create();

	memset(&r->v, 0, sizeof(r->v));
	for (size_t i = 0; i < r->n_groups; i++) {
		const struct mcr_group_info *g = &r->groups[i];

		mcr_why_tally_add(r->e, g);
		if (mcr_address_is_none(r->e->query.group))
			mcr_why_whole_take(whole, r->e, g);
		else if (mcr_address_is_equal(g->group, r->e->query.group))
			r->e->groups[r->e->n_groups++] = *g;
	}
	if (mcr_address_is_none(r->e->query.group))
		mcr_why_whole_end(whole, r->e, &r->v);
	else
		mcr_why_one(r->e, &r->v);
	mcr_why_whole_destroy(whole);
}

static inline const struct mcr_why_finding *finding(const struct rig *r, enum mcr_why_code code)
{
	for (unsigned i = 0; i < r->v.n_findings; i++)
		if (r->v.findings[i].code == code)
			return &r->v.findings[i];
	return NULL;
}

static inline const struct mcr_why_candidate *candidate(const struct rig *r,
							enum mcr_why_suspect suspect)
{
	for (unsigned i = 0; i < r->v.n_candidates; i++)
		if (r->v.candidates[i].suspect == suspect)
			return &r->v.candidates[i];
	return NULL;
}

static inline int says(const struct mcr_why_lines *lines, const char *text)
{
	for (unsigned i = 0; i < lines->n; i++)
		if (strstr(lines->line[i], text))
			return 1;
	return 0;
}

#define assert_says(lines, text)                                                \
	do {                                                                    \
		if (!says(lines, text)) {                                       \
			for (unsigned i_ = 0; i_ < (lines)->n; i_++)            \
				print_error("  line: %s\n", (lines)->line[i_]); \
			fail_msg("no line says '%s'", text);                    \
		}                                                               \
	} while (0)

__attribute__((noinline, unused)) static void assert_text(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' does not say '%s'", text ? text : "", part);
}

/* The verdict is this, and the first finding has this code. NOTHING: there is none, but for notes.
 */
static inline void expect(struct rig *r, enum mcr_why_exit exit, enum mcr_why_code code)
{
	const struct mcr_why_finding *f = r->v.findings;
	enum mcr_why_code is = MCR_WHY_CODE_COUNT;

	if (r->v.n_findings > 0 && f->severity != MCR_WHY_NOTE)
		is = f->code;
	if (is != code || r->v.exit != exit)
		fail_msg("%s %u, expected %s %u: %s",
			 is == MCR_WHY_CODE_COUNT ? "nothing" : mcr_why_code_name(is), r->v.exit,
			 code == MCR_WHY_CODE_COUNT ? "nothing" : mcr_why_code_name(code), exit,
			 r->v.first);
}

#endif
