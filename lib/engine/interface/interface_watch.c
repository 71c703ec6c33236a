/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interface has to say in the log. */
#include <inttypes.h>
#include <stdio.h>

#include <rte_ether.h>

#include "core/address.h"
#include "engine/interface/interface.h"
#include "engine/interface/interface_querier.h"

#define SECOND         UINT64_C(1000000000)
#define OLD_QUERIES_NS UINT64_C(60000000000) /* between log lines of queries in old versions */

/* RFC 9776 §7.2.1 and RFC 9777 §8.2.1 want such queries logged, rate-limited: they take away the
 * choice of sources. */
static void old_queries_line(const char *name, const struct mcr_gmp_info *gmp, int is_mld,
			     char *line, size_t cap)
{
	char querier[MCR_ADDRESS_TEXT];

	mcr_address_format(querier, gmp->querier);
	if (is_mld)
		snprintf(line, cap,
			 "interface %s: old MLD queries so far: %" PRIu64
			 " general of version 1, %" PRIu64
			 " of version 1 for groups in ff3x::/32; last general query from %s, "
			 "version %u",
			 name, gmp->rx_v1_queries, gmp->rx_old_ssm_queries, querier,
			 gmp->querier_version);
	else
		snprintf(line, cap,
			 "interface %s: old IGMP queries so far: %" PRIu64 " of version 1, %" PRIu64
			 " general of version 2, %" PRIu64
			 " of version 2 for groups in 232.0.0.0/8; last general query from %s, "
			 "version %u",
			 name, gmp->rx_v1_queries, gmp->rx_v2_queries, gmp->rx_old_ssm_queries,
			 querier, gmp->querier_version);
}

/* Our own querier asks in the version that it is set to: nobody has to change that. */
static int is_asked_by_us(const struct mcr_interface *i, const struct mcr_gmp_info *gmp, int is_mld)
{
	const unsigned family = is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP;

	return i->queriers[family] &&
	       mcr_address_is_equal(gmp->querier, mcr_interface_source(i, family));
}

/* Nobody else has to ask where we have a querier: it has lines of its own. */
static int is_listening(const struct mcr_interface *i, int is_mld)
{
	if (i->queriers[is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP] || (is_mld && !i->nd.is_on))
		return 0;
	return i->port->link_up && !i->is_leaving;
}

static void querier_line(const struct mcr_interface *i, const struct mcr_gmp_brief *gmp,
			 const char *protocol, uint64_t silent_s, int is_back, char *line,
			 size_t cap)
{
	char querier[MCR_ADDRESS_TEXT];

	mcr_address_format(querier, gmp->querier);
	if (is_back)
		snprintf(line, cap,
			 "interface %s: there is %s %s querier: %s, version %u, after %" PRIu64
			 " s without one",
			 i->config.name, protocol[0] == 'I' ? "an" : "a", protocol, querier,
			 gmp->querier_version, silent_s);
	else
		snprintf(line, cap,
			 "interface %s: no %s querier was heard for %" PRIu64
			 " s%s%s: a switch that snoops may stop forwarding: have a router or the "
			 "switch ask, or give this interface %squerier=auto",
			 i->config.name, protocol, silent_s,
			 gmp->querier_version ? ", the last one was " : "",
			 gmp->querier_version ? querier : "", protocol[0] == 'I' ? "" : "mld_");
}

static int watch_silence(const struct mcr_interface *i, const struct mcr_gmp_brief *gmp,
			 struct mcr_gmp_logged *logged, int is_mld, uint64_t now_ns,
			 enum mcr_log_level *level, char *line, size_t cap)
{
	uint64_t silent_ns;
	const enum mcr_gmp_silence_event event = mcr_gmp_silence_look(
	    &logged->silence, gmp, is_listening(i, is_mld), now_ns, &silent_ns);

	if (event == MCR_GMP_SILENCE_NONE)
		return 0;
	if (event == MCR_GMP_SILENCE_OVER)
		*level = MCR_LOG_INFO;
	querier_line(i, gmp, is_mld ? "MLD" : "IGMP", silent_ns / SECOND,
		     event == MCR_GMP_SILENCE_OVER, line, cap);
	return 1;
}

static int watch_gmp(const struct mcr_interface *i, const struct mcr_gmp *gmp,
		     struct mcr_gmp_logged *logged, uint64_t now_ns, enum mcr_log_level *level,
		     char *line, size_t cap)
{
	const int is_mld = gmp == i->mld;
	struct mcr_gmp_brief brief;
	struct mcr_gmp_info info;

	if (!gmp)
		return 0;
	mcr_gmp_get_brief(gmp, &brief);
	if (brief.version != logged->version) {
		logged->version = brief.version;
		snprintf(line, cap, "interface %s: speaks %s version %u now: %s", i->config.name,
			 is_mld ? "MLD" : "IGMP", brief.version, mcr_gmp_reason_text(brief.reason));
		return 1;
	}
	if (watch_silence(i, &brief, logged, is_mld, now_ns, level, line, cap))
		return 1;
	if (brief.old_queries == logged->old_queries || now_ns < logged->due_ns)
		return 0;
	logged->old_queries = brief.old_queries;
	mcr_gmp_get_info(gmp, now_ns, &info);
	if (is_asked_by_us(i, &info, is_mld))
		return 0;
	logged->due_ns = now_ns + OLD_QUERIES_NS;
	old_queries_line(i->config.name, &info, is_mld, line, cap);
	return 1;
}

static void duplicate_line(const struct mcr_interface *i, const struct mcr_nd_address *a,
			   char *line, size_t cap)
{
	const int is_link_local = a == &i->nd.addresses[MCR_ND_LINK_LOCAL];
	const struct rte_ether_addr *mac = (const struct rte_ether_addr *)a->other_mac;
	char address[MCR_ADDRESS_TEXT], other[32] = "another host";

	mcr_address_format(address, a->address);
	if (!rte_is_zero_ether_addr(mac))
		snprintf(other, sizeof(other), RTE_ETHER_ADDR_PRT_FMT, RTE_ETHER_ADDR_BYTES(mac));
	snprintf(line, cap,
		 "interface %s: %s has %s already, so nothing is sent from it%s: %s; it is tested "
		 "again when the link comes up",
		 i->config.name, other, address,
		 is_link_local ? ", and MLD reports leave from ::, which routers ignore" : "",
		 is_link_local ? "give one of the two another MAC address"
			       : "give one of the two another address6");
}

int mcr_interface_watch(struct mcr_interface *i, uint64_t now_ns, enum mcr_log_level *level,
			char *line, size_t cap)
{
	const struct mcr_nd_address *a = mcr_nd_next_duplicate(&i->nd);

	*level = MCR_LOG_WARNING;
	if (a) {
		duplicate_line(i, a, line, cap);
		return 1;
	}
	return watch_gmp(i, i->igmp, &i->logged_igmp, now_ns, level, line, cap) ||
	       watch_gmp(i, i->mld, &i->logged_mld, now_ns, level, line, cap) ||
	       mcr_interface_querier_watch(i, now_ns, level, line, cap);
}
