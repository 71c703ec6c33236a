/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes what arrives: queries (RFC 9776 §5.2, §7.2; RFC 2236 §6) and, in v1 and v2, the reports of
 * other hosts. */
#include "core/igmp/igmp_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "core/source_set.h"

static struct mcr_igmp_group *find_wanted(const struct mcr_igmp *igmp, uint32_t address)
{
	struct mcr_igmp_group *g = mcr_igmp_groups_find(&igmp->groups, address);

	return g && mcr_membership_wanted(&g->membership) ? g : NULL;
}

/* A v1 query is general whatever its group field holds (RFC 1112 App. I). */
static int is_general(const struct mcr_igmp_message *q)
{
	return q->version == 1 || q->group == 0;
}

/* RFC 9776 §4.1.12: any address of the interface; §9.1 (strict): general queries to 224.0.0.1 or
 * to our own address only. */
static int is_for_us(const struct mcr_igmp *igmp, const struct mcr_igmp_message *q)
{
	if (q->destination == MCR_IPV4_ALL_HOSTS)
		return 1;
	if (igmp->address && q->destination == igmp->address)
		return 1;
	if (igmp->cfg.strict_rx && is_general(q))
		return 0;
	return !!find_wanted(igmp, q->destination);
}

/* Whether a well-formed query is to be acted on: MCR_IGMP_RX_QUERY, or why not. */
static enum mcr_igmp_rx judge(const struct mcr_igmp *igmp, const struct mcr_igmp_message *q)
{
	if (igmp->cfg.strict_rx && q->ttl != 1)
		return MCR_IGMP_RX_STRICT_TTL;
	if (igmp->cfg.strict_rx && q->version > 1 && !q->router_alert)
		return MCR_IGMP_RX_STRICT_ALERT;
	if (!is_for_us(igmp, q))
		return MCR_IGMP_RX_DESTINATION;
	if (is_general(q))
		return q->n_sources ? MCR_IGMP_RX_GENERAL_SOURCES : MCR_IGMP_RX_QUERY;
	if (!mcr_ipv4_is_multicast(htonl(q->group)))
		return MCR_IGMP_RX_BAD_GROUP;
	return MCR_IGMP_RX_QUERY;
}

/* RFC 9776 §4.1.6-7: 0 says nothing. */
static void adopt(struct mcr_igmp *igmp, const struct mcr_igmp_message *q)
{
	uint32_t qi = mcr_igmp_float(q->qqic);

	igmp->robustness = q->qrv ? q->qrv : igmp->cfg.robustness;
	if (igmp->robustness < igmp->cfg.robustness_floor)
		igmp->robustness = igmp->cfg.robustness_floor;
	igmp->query_interval_s = qi == 0                  ? MCR_IGMP_QI_S
				 : qi > MCR_IGMP_QI_MAX_S ? MCR_IGMP_QI_MAX_S
							  : qi;
}

/* Older version querier present (RFC 9776 §7.2.1, §8.12; D1). A v2 group query changes nothing. */
static void note_version(struct mcr_igmp *igmp, const struct mcr_igmp_message *q, uint64_t now_ns)
{
	uint64_t fixed = igmp->cfg.compat_timeout_s * MCR_IGMP_SECOND_NS;
	uint64_t rv_qi = igmp->robustness * igmp->query_interval_s * MCR_IGMP_SECOND_NS;

	if (q->version == 1) {
		igmp->stats.rx_v1_queries++;
		igmp->v1_until_ns = now_ns + (fixed ? fixed : MCR_IGMP_V1_NS);
	} else if (q->version == 2 && is_general(q)) {
		igmp->stats.rx_v2_queries++;
		igmp->v2_until_ns =
		    now_ns + (fixed ? fixed : rv_qi + 10 * mcr_igmp_max_response_ns(q));
	} else if (q->version == 2 && mcr_ipv4_is_ssm(htonl(q->group))) {
		igmp->stats.rx_v2_ssm_queries++;
	}
	mcr_igmp_refresh_version(igmp, now_ns);
}

/* A general query shows a querier; it counts as gone after the time that routers give each other
 * (RFC 9776 §8.5). 0.0.0.0 is a snooping switch and counts (RFC 4541 §2.1.1). */
static void note_querier(struct mcr_igmp *igmp, const struct mcr_igmp_message *q, uint64_t now_ns)
{
	uint64_t rv_qi = igmp->robustness * igmp->query_interval_s * MCR_IGMP_SECOND_NS;

	igmp->querier = q->source;
	igmp->querier_version = q->version;
	igmp->last_query_ns = now_ns;
	igmp->querier_until_ns = now_ns + rv_qi + mcr_igmp_max_response_ns(q) / 2;
	igmp->repeat_due_ns = igmp->querier_until_ns;
}

/* The unicast sources of a query, ascending, in scratch; 0 when there are none. (FRR sends a source
 * 0.0.0.0 along with its group query.) */
static size_t read_sources(struct mcr_igmp *igmp, const struct mcr_igmp_message *q)
{
	size_t n = 0;

	if (mcr_igmp_reserve(igmp, q->n_sources) < 0)
		return 0;
	for (uint16_t i = 0; i < q->n_sources; i++) {
		uint32_t be;

		memcpy(&be, q->sources + 4 * (size_t)i, sizeof(be));
		if (mcr_ipv4_is_unicast(be))
			igmp->scratch[n++] = ntohl(be);
	}
	return mcr_source_set_sort(igmp->scratch, n);
}

static enum mcr_igmp_rx on_group_query(struct mcr_igmp *igmp, const struct mcr_igmp_message *q,
				       uint64_t now_ns)
{
	struct mcr_igmp_group *g = find_wanted(igmp, q->group);

	if (!g)
		return MCR_IGMP_RX_NOT_JOINED;
	size_t n = q->n_sources ? read_sources(igmp, q) : 0;

	if (q->n_sources && !n)
		return MCR_IGMP_RX_NO_SOURCE;
	g->last_query_ns = now_ns;
	mcr_igmp_schedule_group(igmp, g, n, mcr_igmp_max_response_ns(q), now_ns);
	return MCR_IGMP_RX_QUERY;
}

static enum mcr_igmp_rx on_query(struct mcr_igmp *igmp, const struct mcr_igmp_message *q,
				 uint64_t now_ns)
{
	enum mcr_igmp_rx rx = judge(igmp, q);

	if (rx != MCR_IGMP_RX_QUERY)
		return rx;
	if (q->version == 3)
		adopt(igmp, q);
	note_version(igmp, q, now_ns);
	if (!is_general(q))
		return on_group_query(igmp, q, now_ns);
	note_querier(igmp, q, now_ns);
	mcr_igmp_schedule_general(igmp, mcr_igmp_max_response_ns(q), now_ns);
	return MCR_IGMP_RX_QUERY;
}

/* RFC 2236 §6: another member of the group has answered, so we need not. Never in v3 (RFC 9776
 * §7.2.2): it would say nothing about our sources. */
static void on_report(struct mcr_igmp *igmp, const struct mcr_igmp_message *report)
{
	struct mcr_igmp_group *g = find_wanted(igmp, report->group);

	if (!g || igmp->version == 3 || report->destination != report->group)
		return;
	if (igmp->address && report->source == igmp->address)
		return; /* our own, looped back */
	if (g->unsent || g->answer_due_ns == MCR_IGMP_NEVER)
		return;
	igmp->stats.suppressed++;
	g->last_reporter = 0;
	g->copies = 0;
	mcr_igmp_forget_answer(igmp, g);
	mcr_igmp_groups_wake(&igmp->groups, g);
}

int mcr_igmp_input(struct mcr_igmp *igmp, const uint8_t *packet, size_t len, uint64_t now_ns)
{
	struct mcr_igmp_message message;
	enum mcr_igmp_rx rx = mcr_igmp_parse(&message, packet, len);

	if (rx < MCR_IGMP_RX_MALFORMED)
		mcr_igmp_refresh_version(igmp, now_ns);
	if (rx == MCR_IGMP_RX_QUERY)
		rx = on_query(igmp, &message, now_ns);
	else if (rx == MCR_IGMP_RX_REPORT)
		on_report(igmp, &message);
	igmp->stats.rx[rx]++;
	return rx < MCR_IGMP_RX_MALFORMED ? 0 : -EBADMSG;
}
