/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes what arrives: reports and leaves of hosts (RFC 9776 §6.4, §7.3.2, RFC 2236 §3; RFC 9777
 * §7.4, §8.3.2, RFC 2710 §4), and the queries of other routers (§6.6). */
#include "core/querier/querier_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/source_set.h"

static const uint8_t rx_of_gmp[MCR_GMP_RX_COUNT] = {
    [MCR_GMP_RX_STRICT_TTL] = MCR_QUERIER_RX_STRICT,
    [MCR_GMP_RX_STRICT_ALERT] = MCR_QUERIER_RX_STRICT,
    [MCR_GMP_RX_SOURCE] = MCR_QUERIER_RX_SOURCE,
    [MCR_GMP_RX_HOP_LIMIT] = MCR_QUERIER_RX_HOP_LIMIT,
    [MCR_GMP_RX_NO_ALERT] = MCR_QUERIER_RX_NO_ALERT,
    [MCR_GMP_RX_BAD_IP] = MCR_QUERIER_RX_BAD_IP,
    [MCR_GMP_RX_FRAGMENT] = MCR_QUERIER_RX_FRAGMENT,
    [MCR_GMP_RX_BAD_LENGTH] = MCR_QUERIER_RX_BAD_LENGTH,
    [MCR_GMP_RX_BAD_SOURCES] = MCR_QUERIER_RX_BAD_RECORDS,
    [MCR_GMP_RX_BAD_CHECKSUM] = MCR_QUERIER_RX_BAD_CHECKSUM,
};

/* A message on its way through the checks. */
struct arrival {
	const struct mcr_gmp_message *message;
	const uint8_t *packet;
	enum mcr_gmp_kind kind;
	enum mcr_querier_from from;
	uint64_t now_ns;
};

static int is_own(const struct mcr_querier *q, struct mcr_address address)
{
	return !mcr_address_is_none(q->cfg.address) &&
	       mcr_address_is_equal(address, q->cfg.address);
}

static int is_no_address(struct mcr_address source)
{
	return mcr_address_is_equal(source, mcr_address_from_ipv4(0));
}

/* IGMP. Link-local addresses are all on the link. */
static int is_on_subnet(const struct mcr_querier *q, struct mcr_address source)
{
	unsigned host_bits = 32u - q->cfg.prefix_len;
	uint32_t differs =
	    be32toh(mcr_address_ipv4_be(source) ^ mcr_address_ipv4_be(q->cfg.address));

	if (!q->cfg.prefix_len || !mcr_address_is_ipv4(q->cfg.address))
		return 1;
	return differs >> host_bits == 0;
}

/* A group that hosts report, so that it can be asked for. */
static int is_reported(const struct mcr_querier *q, struct mcr_address group)
{
	return mcr_gmp_wire_carries(q->wire, group) &&
	       !mcr_address_is_equal(group, q->wire->all_nodes) &&
	       mcr_group_fault(group, MCR_FILTER_INCLUDE) == MCR_GROUP_OK;
}

/* 224.0.0.2 and ff02::2. */
static struct mcr_address all_routers(const struct mcr_querier *q)
{
	return mcr_address_plus(q->wire->all_nodes, 1);
}

/* An address that this interface has as a router, multicast ones included (RFC 9776 §4.2.15). */
static int is_ours(const struct mcr_querier *q, struct mcr_address destination)
{
	return is_own(q, destination) || mcr_address_is_equal(destination, q->wire->all_nodes) ||
	       mcr_address_is_equal(destination, all_routers(q)) ||
	       mcr_address_is_equal(destination, mcr_address_plus(q->wire->all_nodes, 0x15));
}

static int needs_sources(struct mcr_address group)
{
	return mcr_group_fault(group, MCR_FILTER_EXCLUDE) == MCR_GROUP_NEEDS_SOURCES;
}

/* RFC 4604 §2.2.1: without sources in a group that needs them. Shown, since such a host gets
 * nothing. */
static void note_ssm(struct mcr_querier *q, struct mcr_address group, struct mcr_address source)
{
	q->stats.last_ssm_group = group;
	q->stats.last_ssm_source = source;
}

/* The wire knows what is demanded of queries, and of all that MLD has. */
static enum mcr_querier_rx vet(const struct mcr_querier *q, const struct arrival *a)
{
	const struct mcr_gmp_message *m = a->message;
	enum mcr_gmp_rx vetted = q->wire->vet(m, q->cfg.strict_rx);
	int is_v1 = m->level == 1 || (a->kind == MCR_GMP_KIND_OLD_REPORT &&
				      mcr_gmp_level_of_report(q->wire, m->type) == 1);

	if (vetted != MCR_GMP_RX_QUERY)
		return (enum mcr_querier_rx)rx_of_gmp[vetted];
	if (q->cfg.strict_rx && (m->hop_limit != 1 || (!is_v1 && !m->router_alert)))
		return MCR_QUERIER_RX_STRICT;
	if (is_own(q, m->source) &&
	    (a->from == MCR_QUERIER_FROM_WIRE || a->kind == MCR_GMP_KIND_QUERY))
		return MCR_QUERIER_RX_OWN;
	return MCR_QUERIER_RX_QUERY;
}

/* Whether a query counts. General: an IGMPv1 one is, whatever its group field holds (RFC 1112 App.
 * I). */
static enum mcr_querier_rx judge_query(struct mcr_querier *q, const struct mcr_gmp_message *m,
				       int is_general)
{
	if (is_no_address(m->source))
		return MCR_QUERIER_RX_NO_ADDRESS;
	if (!mcr_address_is_unicast(m->source) || !is_on_subnet(q, m->source))
		return MCR_QUERIER_RX_OFF_SUBNET;
	if (!is_own(q, m->destination) &&
	    mcr_group_fault(m->destination, MCR_FILTER_INCLUDE) == MCR_GROUP_NOT_MULTICAST)
		return MCR_QUERIER_RX_DESTINATION;
	if (is_general ? m->n_sources > 0 : !is_reported(q, m->group))
		return MCR_QUERIER_RX_BAD_GROUP;
	return MCR_QUERIER_RX_QUERY;
}

/* Room for n sources. Returns 0 or -ENOMEM. */
static int reserve(struct mcr_querier *q, size_t n)
{
	if (n <= q->n_scratch)
		return 0;
	struct mcr_address *more = realloc(q->scratch, n * sizeof(*more));

	if (!more)
		return -ENOMEM;
	q->scratch = more;
	q->n_scratch = n;
	return 0;
}

/* The unicast sources among n of the wire, ascending, in scratch. Returns their number, or -ENOMEM.
 */
static long read_sources(struct mcr_querier *q, const uint8_t *sources, size_t n)
{
	size_t kept = 0;

	if (reserve(q, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct mcr_address source =
		    mcr_gmp_wire_address(q->wire, sources + i * q->wire->address_octets);

		if (mcr_gmp_wire_carries(q->wire, source) && mcr_address_is_unicast(source))
			q->scratch[kept++] = source;
	}
	return (long)mcr_source_set_sort(q->scratch, kept);
}

/* RFC 9776 §6.6.1, RFC 2236 §3: what the querier asks for ends as soon here as there, unless
 * somebody answers. A querier that says no time means ours. */
static void lower(struct mcr_querier *q, const struct arrival *a)
{
	const struct mcr_gmp_message *m = a->message;
	uint64_t response_ns = m->response_ns ? m->response_ns : q->timing.last_member_interval_ns;
	long n = m->n_sources ? read_sources(q, m->sources, m->n_sources) : 0;

	if (m->suppress || n < 0 || (m->n_sources && n == 0))
		return;
	mcr_members_lower(q->members, m->group, q->scratch, (size_t)n,
			  response_ns * q->timing.last_member_count, a->now_ns);
}

static enum mcr_querier_rx on_query(struct mcr_querier *q, const struct arrival *a)
{
	const struct mcr_gmp_message *m = a->message;
	int is_general = m->level == 1 || mcr_address_is_none(m->group);
	enum mcr_querier_rx rx = judge_query(q, m, is_general);

	if (rx == MCR_QUERIER_RX_OFF_SUBNET)
		q->stats.last_off_subnet = m->source;
	if (rx != MCR_QUERIER_RX_QUERY)
		return rx;
	mcr_querier_hear(q, m, is_general, a->now_ns);
	if (!is_general && q->role != MCR_QUERIER_US &&
	    mcr_address_is_equal(q->other.address, m->source))
		lower(q, a);
	return rx;
}

/* Gives a record that may be used to the table. */
static void apply(struct mcr_querier *q, const struct arrival *a, enum mcr_record type,
		  uint8_t level, struct mcr_address group, size_t n)
{
	const struct mcr_members_rules rules = mcr_querier_rules(q);
	const struct mcr_members_record record = {.type = type,
						  .level = level,
						  .group = group,
						  .reporter = a->message->source,
						  .sources = q->scratch,
						  .n = n};

	q->stats.records++;
	mcr_members_apply(q->members, &rules, &record, a->now_ns);
}

/* Whether a report or leave below level 3 may be used: its kind, or why not. RFC 9776 §4.2.15: a
 * report may come to any address of ours; RFC 2236 §6, §9: a leave to all routers, or by old hosts
 * to the group. */
static enum mcr_querier_rx judge_old(struct mcr_querier *q, const struct arrival *a)
{
	const struct mcr_gmp_message *m = a->message;
	int is_leave = a->kind == MCR_GMP_KIND_LEAVE;
	int is_there = is_leave ? mcr_address_is_equal(m->destination, all_routers(q))
				: is_ours(q, m->destination);

	/* RFC 2236 §10. */
	if (!is_no_address(m->source) && !is_on_subnet(q, m->source))
		return MCR_QUERIER_RX_OFF_SUBNET;
	if (!is_there && !mcr_address_is_equal(m->destination, m->group))
		return MCR_QUERIER_RX_DESTINATION;
	if (!is_reported(q, m->group))
		return MCR_QUERIER_RX_BAD_GROUP;
	if (needs_sources(m->group))
		return MCR_QUERIER_RX_SSM;
	return is_leave ? MCR_QUERIER_RX_LEAVE : MCR_QUERIER_RX_REPORT;
}

/* RFC 9776 §7.3.2: an old report is IS_EX{}, a leave TO_IN{}. §7.3.1: at level 1 there are no
 * leaves. */
static enum mcr_querier_rx on_old(struct mcr_querier *q, const struct arrival *a)
{
	const struct mcr_gmp_message *m = a->message;
	enum mcr_querier_rx rx = judge_old(q, a);

	if (rx == MCR_QUERIER_RX_OFF_SUBNET)
		q->stats.last_off_subnet = m->source;
	else if (rx == MCR_QUERIER_RX_SSM)
		note_ssm(q, m->group, m->source);
	else if (rx == MCR_QUERIER_RX_REPORT)
		apply(q, a, MCR_RECORD_IS_EX, mcr_gmp_level_of_report(q->wire, m->type), m->group,
		      0);
	else if (rx == MCR_QUERIER_RX_LEAVE && q->level > 1)
		apply(q, a, MCR_RECORD_TO_IN, 2, m->group, 0);
	return rx;
}

static void on_record(struct mcr_querier *q, const struct arrival *a,
		      const struct mcr_gmp_record *record)
{
	int is_exclude = record->type == MCR_RECORD_IS_EX || record->type == MCR_RECORD_TO_EX;
	long n;

	if (record->type < MCR_RECORD_IS_IN || record->type > MCR_RECORD_BLOCK) {
		q->stats.records_unknown++;
	} else if (!is_reported(q, record->group)) {
		q->stats.records_bad_group++;
	} else if (is_exclude && needs_sources(record->group)) {
		q->stats.records_ssm++;
		note_ssm(q, record->group, a->message->source);
	} else if ((n = read_sources(q, record->sources, record->n)) < 0) {
		q->stats.refused_sources += record->n;
	} else {
		apply(q, a, (enum mcr_record)record->type, MCR_GMP_LEVEL_NEWEST, record->group,
		      (size_t)n);
	}
}

static enum mcr_querier_rx on_report(struct mcr_querier *q, const struct arrival *a)
{
	struct mcr_gmp_records records;
	struct mcr_gmp_record record;
	int rc;

	mcr_gmp_records_begin(&records, q->wire, a->packet, a->message);
	while ((rc = mcr_gmp_records_next(&records, &record)) > 0)
		on_record(q, a, &record);
	return rc < 0 ? MCR_QUERIER_RX_BAD_RECORDS : MCR_QUERIER_RX_REPORT;
}

static enum mcr_querier_rx on_message(struct mcr_querier *q, const struct arrival *a)
{
	enum mcr_querier_rx vetted;

	if (a->kind == MCR_GMP_KIND_OTHER)
		return MCR_QUERIER_RX_TYPE;
	vetted = vet(q, a);
	if (vetted != MCR_QUERIER_RX_QUERY)
		return vetted;
	mcr_querier_advance(q, a->now_ns);
	mcr_members_expire(q->members, a->now_ns);
	if (a->kind == MCR_GMP_KIND_QUERY)
		return on_query(q, a);
	return a->kind == MCR_GMP_KIND_REPORT ? on_report(q, a) : on_old(q, a);
}

int mcr_querier_input(struct mcr_querier *q, const uint8_t *packet, size_t len,
		      enum mcr_querier_from from, uint64_t now_ns)
{
	struct mcr_gmp_message message;
	enum mcr_gmp_rx parsed = q->wire->parse(&message, packet, len);
	enum mcr_querier_rx rx;

	if (parsed >= MCR_GMP_RX_MALFORMED) {
		rx = (enum mcr_querier_rx)rx_of_gmp[parsed];
	} else {
		const struct arrival a = {.message = &message,
					  .packet = packet,
					  .kind = mcr_gmp_kind_of(q->wire, &message),
					  .from = from,
					  .now_ns = now_ns};

		rx = on_message(q, &a);
	}
	q->stats.rx[rx]++;
	return rx < MCR_QUERIER_RX_MALFORMED ? 0 : -EBADMSG;
}
