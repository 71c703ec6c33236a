/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes what arrives: queries (RFC 9776 §5.2, §7.2; RFC 2236 §6; RFC 9777 §6.2, §8.2; RFC 2710 §4)
 * and, below level 3, the reports of other hosts. */
#include "core/gmp/gmp_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "core/source_set.h"

static struct mcr_gmp_group *find_wanted(const struct mcr_gmp *gmp, struct mcr_address address)
{
	struct mcr_gmp_group *g = mcr_gmp_groups_find(&gmp->groups, address);

	return g && mcr_membership_wanted(&g->membership) ? g : NULL;
}

static int is_own(const struct mcr_gmp *gmp, struct mcr_address address)
{
	return !mcr_address_is_none(address) && (mcr_address_is_equal(address, gmp->address) ||
						 mcr_address_is_equal(address, gmp->other_address));
}

/* An IGMPv1 query is general whatever its group field holds (RFC 1112 App. I). */
static int is_general(const struct mcr_gmp_message *q)
{
	return q->level == 1 || mcr_address_is_none(q->group);
}

/* RFC 9776 §4.1.12, RFC 9777 §5.1.15: any address of the interface; RFC 9776 §9.1 (strict): general
 * queries to 224.0.0.1 or to our own address only. */
static int is_for_us(const struct mcr_gmp *gmp, const struct mcr_gmp_message *q)
{
	if (mcr_address_is_equal(q->destination, gmp->wire->all_nodes))
		return 1;
	if (is_own(gmp, q->destination))
		return 1;
	if (gmp->cfg.strict_rx && is_general(q))
		return 0;
	return !!find_wanted(gmp, q->destination);
}

/* Whether a well-formed query is to be acted on: MCR_GMP_RX_QUERY, or why not. */
static enum mcr_gmp_rx judge(const struct mcr_gmp *gmp, const struct mcr_gmp_message *q)
{
	if (!is_for_us(gmp, q))
		return MCR_GMP_RX_DESTINATION;
	if (is_general(q))
		return q->n_sources ? MCR_GMP_RX_GENERAL_SOURCES : MCR_GMP_RX_QUERY;
	if (mcr_group_fault(q->group, MCR_FILTER_INCLUDE) == MCR_GROUP_NOT_MULTICAST)
		return MCR_GMP_RX_BAD_GROUP;
	return MCR_GMP_RX_QUERY;
}

/* RFC 9776 §4.1.6-7, RFC 9777 §5.1.8-9: 0 says nothing. */
static void adopt(struct mcr_gmp *gmp, const struct mcr_gmp_message *q)
{
	uint32_t qi = q->interval_s;

	gmp->robustness = q->qrv ? q->qrv : gmp->cfg.robustness;
	if (gmp->robustness < gmp->cfg.robustness_floor)
		gmp->robustness = gmp->cfg.robustness_floor;
	gmp->query_interval_s = qi == 0                 ? MCR_GMP_QI_S
				: qi > MCR_GMP_QI_MAX_S ? MCR_GMP_QI_MAX_S
							: qi;
}

/* Older version querier present (RFC 9776 §7.2.1, §8.12; RFC 9777 §8.2.1, §9.12; D1). A group query
 * of level 2 changes nothing. */
static void note_version(struct mcr_gmp *gmp, const struct mcr_gmp_message *q, uint64_t now_ns)
{
	uint64_t fixed = gmp->cfg.compat_timeout_s * MCR_GMP_SECOND_NS;
	uint64_t rv_qi = gmp->robustness * gmp->query_interval_s * MCR_GMP_SECOND_NS;

	if (q->level == 1) {
		gmp->old_queries[1]++;
		gmp->until_ns[1] = now_ns + (fixed ? fixed : MCR_GMP_LEVEL_1_NS);
	} else if (q->level == 2 && is_general(q)) {
		gmp->old_queries[2]++;
		gmp->until_ns[2] =
		    now_ns + (fixed ? fixed : rv_qi + gmp->wire->old_responses * q->response_ns);
	} else if (q->level == 2 &&
		   mcr_group_fault(q->group, MCR_FILTER_EXCLUDE) == MCR_GROUP_NEEDS_SOURCES) {
		gmp->stats.rx_old_ssm_queries++;
	}
	mcr_gmp_refresh_version(gmp, now_ns);
}

/* A general query shows a querier; it counts as gone after the time that routers give each other
 * (RFC 9776 §8.5, RFC 9777 §9.5). 0.0.0.0 is a snooping switch and counts (RFC 4541 §2.1.1). */
static void note_querier(struct mcr_gmp *gmp, const struct mcr_gmp_message *q, uint64_t now_ns)
{
	uint64_t rv_qi = gmp->robustness * gmp->query_interval_s * MCR_GMP_SECOND_NS;

	gmp->querier = q->source;
	gmp->querier_level = q->level;
	gmp->last_query_ns = now_ns;
	gmp->querier_until_ns = now_ns + rv_qi + q->response_ns / 2;
	gmp->repeat_due_ns = gmp->querier_until_ns;
}

/* The unicast sources of a query, ascending, in scratch; 0 when there are none. (FRR sends a source
 * 0.0.0.0 along with its group query.) */
static size_t read_sources(struct mcr_gmp *gmp, const struct mcr_gmp_message *q)
{
	size_t n = 0;

	if (mcr_gmp_reserve(gmp, q->n_sources) < 0)
		return 0;
	for (uint16_t i = 0; i < q->n_sources; i++) {
		struct mcr_address source = mcr_gmp_wire_address(
		    gmp->wire, q->sources + gmp->wire->address_octets * (size_t)i);

		if (mcr_gmp_wire_carries(gmp->wire, source) && mcr_address_is_unicast(source))
			gmp->scratch[n++] = source;
	}
	return mcr_source_set_sort(gmp->scratch, n);
}

static enum mcr_gmp_rx on_group_query(struct mcr_gmp *gmp, const struct mcr_gmp_message *q,
				      uint64_t now_ns)
{
	struct mcr_gmp_group *g = find_wanted(gmp, q->group);

	if (!g)
		return MCR_GMP_RX_NOT_JOINED;
	size_t n = q->n_sources ? read_sources(gmp, q) : 0;

	if (q->n_sources && !n)
		return MCR_GMP_RX_NO_SOURCE;
	g->last_query_ns = now_ns;
	mcr_gmp_schedule_group(gmp, g, n, q->response_ns, now_ns);
	return MCR_GMP_RX_QUERY;
}

static enum mcr_gmp_rx on_query(struct mcr_gmp *gmp, const struct mcr_gmp_message *q,
				uint64_t now_ns)
{
	enum mcr_gmp_rx rx = judge(gmp, q);

	if (rx != MCR_GMP_RX_QUERY)
		return rx;
	if (q->level == MCR_GMP_LEVEL_NEWEST)
		adopt(gmp, q);
	note_version(gmp, q, now_ns);
	if (!is_general(q))
		return on_group_query(gmp, q, now_ns);
	note_querier(gmp, q, now_ns);
	mcr_gmp_schedule_general(gmp, q->response_ns, now_ns);
	return MCR_GMP_RX_QUERY;
}

/* RFC 2236 §6, RFC 2710 §4: another member of the group has answered, so we need not. Never at
 * level 3 (RFC 9776 §7.2.2, RFC 9777 §8.2.2): it would say nothing about our sources. */
static void on_report(struct mcr_gmp *gmp, const struct mcr_gmp_message *report)
{
	struct mcr_gmp_group *g = find_wanted(gmp, report->group);

	if (!g || gmp->level == MCR_GMP_LEVEL_NEWEST ||
	    !mcr_address_is_equal(report->destination, report->group))
		return;
	if (is_own(gmp, report->source))
		return; /* our own, looped back */
	if (g->unsent || g->answer_due_ns == MCR_GMP_NEVER)
		return;
	gmp->stats.suppressed++;
	g->last_reporter = 0;
	g->copies = 0;
	mcr_gmp_forget_answer(gmp, g);
	mcr_gmp_groups_wake(&gmp->groups, g);
}

int mcr_gmp_input(struct mcr_gmp *gmp, const uint8_t *packet, size_t len, uint64_t now_ns)
{
	struct mcr_gmp_message message;
	enum mcr_gmp_rx rx = gmp->wire->parse(&message, packet, len);

	if (rx < MCR_GMP_RX_MALFORMED)
		mcr_gmp_refresh_version(gmp, now_ns);
	int is_read = rx == MCR_GMP_RX_QUERY || rx == MCR_GMP_RX_REPORT;
	enum mcr_gmp_rx vetted =
	    is_read ? gmp->wire->vet(&message, gmp->cfg.strict_rx) : MCR_GMP_RX_QUERY;

	if (vetted != MCR_GMP_RX_QUERY)
		rx = vetted;
	else if (rx == MCR_GMP_RX_QUERY)
		rx = on_query(gmp, &message, now_ns);
	else if (rx == MCR_GMP_RX_REPORT)
		on_report(gmp, &message);
	gmp->stats.rx[rx]++;
	return rx < MCR_GMP_RX_MALFORMED ? 0 : -EBADMSG;
}
