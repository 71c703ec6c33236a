/* SPDX-License-Identifier: BSD-3-Clause */
/* Why there is no data, on any evidence: what is said fits its room and holds nothing but printable
 * ASCII, and the exit status follows from the findings. The question is fuzzed as text. */
#include <stdlib.h>

#include "../check.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_whole.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW UINT64_C(1700000000000000000)

static const uint64_t ages_s[] = {0, 1, 4, 6, 20, 59, 61, 134, 136, 299, 301, 900, 4000000};

/* 0, around now, or anything. */
static uint64_t take_time(struct input *in)
{
	const unsigned kind = (unsigned)take(in, 1) % 16;

	if (kind == 15)
		return take(in, 8);
	return kind == 14 ? 0 : NOW - ages_s[kind % 13] * MCR_WHY_S;
}

/* Few, so that they meet. */
static struct mcr_address take_address(struct input *in, int is_group)
{
	struct mcr_address address = {{0}};
	const unsigned kind = (unsigned)take(in, 1) % 8;

	if (kind < 4) {
		address = mcr_address_from_ipv4(0);
		address.octets[12] = is_group ? (kind == 0 ? 232 : 239) : 10;
		address.octets[13] = kind == 1 ? 129 : 1;
		address.octets[15] = (uint8_t)(take(in, 1) % 4);
	} else if (kind < 7) {
		address.octets[0] = is_group ? 0xff : 0x20;
		address.octets[1] = kind == 4 ? 0x35 : 0x15;
		address.octets[15] = (uint8_t)(take(in, 1) % 4 + 1);
	} else {
		take_bytes(in, address.octets, sizeof(address.octets));
	}
	return address;
}

/* Terminated, whatever it holds. */
static void take_text(struct input *in, char *text, size_t cap)
{
	static const char *const names[] = {"feed", "other", "default", "md", "", "md/7"};
	const unsigned kind = (unsigned)take(in, 1) % 8;

	memset(text, 0, cap);
	if (kind < 6)
		strncpy(text, names[kind], cap - 1);
	else
		take_bytes(in, text, cap - 1);
}

static void take_membership(struct input *in, struct mcr_membership_info *m)
{
	m->version = (uint8_t)(take(in, 1) % 4);
	m->querier_age_ns = take(in, 1) % 2 ? UINT64_MAX : take(in, 6);
	m->querier_left_ns = take(in, 1) % 2 ? take(in, 5) : 0;
	m->querier = take_address(in, 0);
	take_text(in, m->reason, sizeof(m->reason));
}

static void take_interface(struct input *in, struct mcr_why_evidence *e)
{
	struct mcr_why_interface *it = &e->interfaces[e->n_interfaces++];

	take_text(in, it->info.name, sizeof(it->info.name));
	take_membership(in, &it->info.igmp);
	take_membership(in, &it->info.mld);
	take_text(in, it->info.link_local_state, sizeof(it->info.link_local_state));
	it->port = (int)(take(in, 1) % (e->n_ports + 1)) - 1;
	it->info.dpdk_port = it->port < 0 ? 7 : e->ports[it->port].dpdk_port;
	it->vlan = (uint16_t)(take(in, 1) % 8);
	it->address = take_address(in, 0);
	it->prefix_len = (uint8_t)(take(in, 1) % 33);
	it->prefix6_len = (uint8_t)(take(in, 1) % 129);
	it->igmp = (uint8_t)(take(in, 1) % 5);
	it->mld = (uint8_t)(take(in, 1) % 4);
	it->tx_never = (uint8_t)(take(in, 1) % 2);
	it->querier = (uint8_t)(take(in, 1) % 3);
}

static void take_port(struct input *in, struct mcr_why_evidence *e)
{
	struct mcr_port_info *port = &e->ports[e->n_ports];

	take_text(in, port->name, sizeof(port->name));
	take_text(in, port->driver, sizeof(port->driver));
	take_text(in, port->rung, sizeof(port->rung));
	take_text(in, port->kernel_name, sizeof(port->kernel_name));
	port->dpdk_port = (uint16_t)e->n_ports++;
	port->link_up = take(in, 1) % 8 != 0;
	port->removed = take(in, 1) % 16 == 0;
	port->kernel_moved = take(in, 1) % 16 == 0;
	port->rx_packets = take(in, 2);
	port->rx_last_ns = take_time(in);
	port->link_since_ns = take_time(in);
	port->rx_missed = take(in, 1);
	port->missed_last_ns = take_time(in);
	port->rx_frame_max = (uint32_t)take(in, 2);
	port->promiscuous = (uint8_t)(take(in, 1) % 2);
	port->open_until_ns = take_time(in);
}

static void take_flow(struct input *in, struct mcr_why_evidence *e)
{
	struct mcr_sighting s = {.port = (uint16_t)(5000 + take(in, 1) % 3),
				 .dropped = (uint8_t)take(in, 1)};

	s.group = take_address(in, 1);
	s.source = take_address(in, 0);
	s.interface =
	    (uint16_t)take(in, 1) % 4 == 3 ? MCR_DROP_NO_INTERFACE : (uint16_t)(take(in, 1) % 3);
	s.dpdk_port = (uint16_t)(take(in, 1) % 3);
	s.vlan = (uint16_t)take(in, 2);
	s.ttl = (uint8_t)take(in, 1);
	s.len = (uint32_t)take(in, 2);
	s.last_ns = take_time(in);
	s.first_ns = take_time(in);
	s.dropped_ns = take(in, 1) % 2 ? s.last_ns : take_time(in);
	s.seen = take(in, 1);
	CHECK(mcr_why_flows_add(&e->flows, &s) == 0);
	mcr_why_hear(e, s.dpdk_port, s.last_ns);
}

static void take_channel(struct input *in, struct mcr_why_evidence *e)
{
	struct mcr_channel_info *c = &e->channels[e->n_channels++];

	take_text(in, c->name, sizeof(c->name));
	c->published = take(in, 1);
	c->joins = take(in, 1) % 2;
	c->has_handler = (uint8_t)(take(in, 1) % 2);
	c->handler_slow = take(in, 1) % 4 ? 0 : take(in, 8);
	c->programs_max = take(in, 1) % 4 ? 0 : 16;
}

static void take_consumer(struct input *in, struct mcr_why_evidence *e)
{
	struct mcr_consumer_info *c = &e->consumers[e->n_consumers++];

	take_text(in, c->channel, sizeof(c->channel));
	take_text(in, c->label, sizeof(c->label));
	c->received = take(in, 1);
	c->received_last_ns = take_time(in);
	c->lost = take(in, 1) % 2 ? take(in, 8) : 0;
	c->lost_last_ns = take_time(in);
	c->skipped = take(in, 1);
	c->cursor = take(in, 1);
	c->published = take(in, 1);
	c->heartbeat_age_ns = take(in, 5);
}

static struct mcr_group_info take_membership_of(struct input *in)
{
	struct mcr_group_info g = {.packets = take(in, 2), .mode = (uint8_t)(take(in, 1) % 2)};

	g.group = take_address(in, 1);
	take_text(in, g.interface, sizeof(g.interface));
	take_text(in, g.rung, sizeof(g.rung));
	take_text(in, g.rung_reason, sizeof(g.rung_reason));
	g.n_sources = (unsigned)(take(in, 1) % 3);
	g.joined_ns = take_time(in);
	g.first_ns = take_time(in);
	g.last_ns = take_time(in);
	g.last_report_ns = take_time(in);
	return g;
}

static void take_join(struct input *in, struct mcr_why_evidence *e)
{
	struct mcr_address sources[2] = {take_address(in, 0), take_address(in, 0)};
	struct mcr_join join = {.port = (uint16_t)(take(in, 1) % 2 ? 5000 : 0),
				.mode = (uint8_t)(take(in, 1) % 2),
				.sources = sources,
				.n_sources = (uint32_t)(take(in, 1) % 3)};

	if (join.n_sources == 0)
		join.mode = MCR_FILTER_EXCLUDE;
	join.group = e->query.group;
	take_text(in, join.interface, sizeof(join.interface));
	take_text(in, join.channel, sizeof(join.channel));
	CHECK(mcr_join_list_add(&e->joins, &join) == 0);
	e->n_joins++;
}

/* ---- the answer ---- */

static void check_text(const char *text, size_t cap)
{
	const size_t len = strnlen(text, cap);

	CHECK(len < cap);
	for (size_t i = 0; i < len; i++)
		CHECK(text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\');
}

static void check_lines(const struct mcr_why_lines *lines)
{
	CHECK(lines->n <= MCR_WHY_LINES_MAX);
	for (unsigned i = 0; i < lines->n; i++)
		check_text(lines->line[i], MCR_WHY_LINE);
}

static void check_verdict(const struct mcr_why_verdict *v)
{
	int has_fault = 0;

	CHECK(v->n_findings <= MCR_WHY_FINDINGS_MAX && v->n_candidates <= MCR_WHY_SUSPECT_COUNT);
	check_text(v->first, sizeof(v->first));
	CHECK(v->first[0] != '\0');
	for (unsigned i = 0; i < v->n_findings; i++) {
		const struct mcr_why_finding *f = &v->findings[i];

		CHECK(f->code < MCR_WHY_CODE_COUNT && f->severity <= MCR_WHY_NOTE);
		CHECK(i == 0 || v->findings[i - 1].severity <= f->severity);
		CHECK(f->text[0] != '\0');
		check_text(f->text, sizeof(f->text));
		check_text(f->interface, sizeof(f->interface));
		check_text(f->port, sizeof(f->port));
		check_text(f->channel, sizeof(f->channel));
		check_lines(&f->evidence);
		check_lines(&f->todo);
		has_fault |= f->severity == MCR_WHY_FAULT;
	}
	CHECK((v->exit == MCR_WHY_CAUSE) == has_fault);
	CHECK(v->exit != MCR_WHY_UNDECIDED || v->findings[0].severity == MCR_WHY_WARNING);
	for (unsigned i = 0; i < v->n_candidates; i++) {
		check_text(v->candidates[i].text, MCR_WHY_LINE);
		check_text(v->candidates[i].command, MCR_WHY_LINE);
		CHECK(v->candidates[i].command[0] != '\0' && v->candidates[i].where[0] != '\0');
	}
	check_lines(&v->proven);
	check_lines(&v->hidden);
}

static void check_query(struct mcr_why_query *q, struct input *in)
{
	struct mcr_error err = {""};
	char text[96] = "", back[MCR_WHY_QUERY_TEXT], again[MCR_WHY_QUERY_TEXT];
	struct mcr_why_query r = {0};

	take_bytes(in, text, take(in, 1) % sizeof(text));
	if (mcr_why_query_parse(q, text, &err) < 0) {
		for (size_t i = 0; err.text[i];
		     i++) /* it quotes the text, quotation marks and all */
			CHECK(err.text[i] >= ' ' && err.text[i] <= '~');
		memset(q, 0, sizeof(*q));
		return;
	}
	mcr_why_query_format(back, q);
	CHECK(mcr_why_query_parse(&r, back, &err) == 0);
	CHECK(strcmp(mcr_why_query_format(again, &r), back) == 0);
}

static void fill(struct input *in, struct mcr_why_evidence *e)
{
	for (unsigned n = (unsigned)take(in, 1) % 3; n > 0; n--)
		take_port(in, e);
	for (unsigned n = (unsigned)take(in, 1) % 4; n > 0; n--)
		take_interface(in, e);
	for (unsigned n = (unsigned)take(in, 1) % 4; n > 0; n--)
		take_channel(in, e);
	e->consumers = calloc(4, sizeof(*e->consumers));
	for (unsigned n = (unsigned)take(in, 1) % 4; n > 0; n--)
		take_consumer(in, e);
	for (unsigned n = (unsigned)take(in, 1) % 8; n > 0; n--)
		take_flow(in, e);
	for (unsigned n = (unsigned)take(in, 1) % 4; n > 0; n--)
		take_join(in, e);
}

/* Evidence takes thousands of octets: those after the input's follow from it. */
static struct input lengthen(const uint8_t *data, size_t size)
{
	static uint8_t octets[8192];
	uint64_t seed = size + 1;

	size = size < sizeof(octets) ? size : sizeof(octets);
	if (size > 0)
		memcpy(octets, data, size);
	for (size_t i = 0; i < size; i++)
		seed = (seed ^ data[i]) * UINT64_C(0x100000001b3);
	for (size_t i = size; i < sizeof(octets); i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1;
		octets[i] = (uint8_t)(seed >> 56);
	}
	return (struct input){octets, sizeof(octets)};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mcr_why_verdict v;
	struct input in = lengthen(data, size);
	struct mcr_why_query q = {0};
	struct mcr_why_whole *whole;
	struct mcr_why_evidence *e;

	if (take(&in, 1) % 4 == 0)
		check_query(&q, &in);
	else if (take(&in, 1) % 4 != 0)
		q.group = take_address(&in, 1);
	q.port = (uint16_t)(take(&in, 1) % 2 ? 5000 : 0);
	if (take(&in, 1) % 2)
		q.source = take_address(&in, 0);
	take_text(&in, q.channel, sizeof(q.channel));
	e = mcr_why_evidence_create(&q);
	e->now_ns = NOW;
	fill(&in, e);
	memset(&v, 0, sizeof(v));
	whole = mcr_why_whole_create();
	for (unsigned n = (unsigned)take(&in, 1) % 12; n > 0; n--) {
		const struct mcr_group_info g = take_membership_of(&in);

		mcr_why_tally_add(e, &g);
		if (mcr_address_is_none(q.group))
			mcr_why_whole_take(whole, e, &g);
		else if (mcr_address_is_equal(g.group, q.group))
			e->groups[e->n_groups++] = g;
	}
	if (mcr_address_is_none(q.group))
		mcr_why_whole_end(whole, e, &v);
	else
		mcr_why_one(e, &v);
	check_verdict(&v);
	mcr_why_whole_destroy(whole);
	mcr_why_evidence_destroy(e);
	return 0;
}
