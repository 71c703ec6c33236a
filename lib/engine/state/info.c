/* SPDX-License-Identifier: BSD-3-Clause */
/* What is going on: copies for the application, made on the control thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include "core/address.h"
#include "core/sized.h"
#include "engine/attach/attach_server.h"
#include "engine/interface/interface_querier.h"
#include "engine/port/port_pool.h"
#include "engine/state/interfaces.h"
#include "engine/state/state.h"

static void read_totals(const struct mcr_worker *w, struct mcr_totals *out)
{
	mcr_seqlock_read(&w->shared.totals_version, out, &w->shared.totals, sizeof(*out));
}

void mcr_engine_account(const struct mcr_engine *e, struct mcr_account *out)
{
	*out = (struct mcr_account){0};
	for (unsigned i = 0; i < e->n_workers; i++) {
		struct mcr_totals t;

		read_totals(e->workers[i], &t);
		out->received += t.account.received;
		out->delivered += t.account.delivered;
		out->punted += t.account.punted;
		out->relayed_only += t.account.relayed_only;
		out->relayed += t.account.relayed;
		for (unsigned r = 0; r < MCR_DROP_COUNT; r++)
			out->drops[r] += t.account.drops[r];
	}
}

int mcr_engine_drop_sample(const struct mcr_engine *e, enum mcr_drop reason,
			   struct mcr_drop_sample *out)
{
	struct mcr_drop_sample last = {0};

	for (unsigned i = 0; (unsigned)reason < MCR_DROP_COUNT && i < e->n_workers; i++) {
		const struct mcr_lcore_account *shared = &e->workers[i]->shared;
		struct mcr_drop_sample sample;

		mcr_seqlock_read(&shared->drops[reason].version, &sample,
				 &shared->drops[reason].sample, sizeof(sample));
		if (sample.time_ns > last.time_ns)
			last = sample;
	}
	return mcr_sized_give(out, &last, sizeof(last));
}

int mcr_engine_lcore_info(const struct mcr_engine *e, size_t i, struct mcr_lcore_info *out)
{
	const struct mcr_worker *w;
	struct mcr_lcore_info info;
	struct mcr_totals totals;
	struct mcr_gap gap;

	if (i >= e->n_workers)
		return -ENOENT;
	w = e->workers[i];
	read_totals(w, &totals);
	mcr_seqlock_read(&w->shared.gap_version, &gap, &w->shared.gap, sizeof(gap));
	info = (struct mcr_lcore_info){
	    .lcore = w->lcore,
	    .account = {.received = totals.account.received,
			.delivered = totals.account.delivered,
			.punted = totals.account.punted,
			.relayed_only = totals.account.relayed_only,
			.relayed = totals.account.relayed},
	    .polls = __atomic_load_n(&w->shared.polls, __ATOMIC_RELAXED),
	    .bursts = totals.bursts,
	    .busy_cycles = totals.busy_cycles,
	    .tsc_hz = rte_get_tsc_hz(),
	    .longest_gap_ns = (uint64_t)((double)gap.cycles * 1e9 / (double)rte_get_tsc_hz()),
	    .longest_gap_at_ns = gap.at_ns,
	};
	memcpy(info.account.drops, totals.account.drops, sizeof(totals.account.drops));
	return mcr_sized_give(out, &info, sizeof(info));
}

int mcr_engine_control_info(const struct mcr_engine *e, struct mcr_control_info *out)
{
	const struct mcr_control_info info = {
	    .rounds = e->round.rounds,
	    .longest_round_ns = e->round.longest_ns,
	    .longest_round_at_ns = e->round.longest_at_ns,
	    .views = e->view_serial,
	};

	return mcr_sized_give(out, &info, sizeof(info));
}

_Static_assert(MCR_REASON_MAX <= sizeof(((struct mcr_port_info *)0)->rung_reason) &&
		   MCR_REASON_MAX <= sizeof(((struct mcr_group_info *)0)->rung_reason),
	       "info.h has room for a reason");

static void filter_into(const struct mcr_filter_port *filter, struct mcr_port_info *out)
{
	struct mcr_filter_state state;

	mcr_filter_port_summary(filter, &state);
	snprintf(out->rung, sizeof(out->rung), "%s", mcr_rung_name(state.rung));
	memcpy(out->rung_reason, state.reason, sizeof(out->rung_reason));
	out->macs = filter->mac.n_wanted;
	out->macs_refused = (uint32_t)filter->mac.refused;
	out->flow_rules = filter->flow.n_flows;
	out->flow_refused = filter->flow.n_refused;
}

static int port_into(const struct mcr_engine *e, size_t i, struct mcr_port_info *out)
{
	const struct rte_eth_stats *stats;
	const struct mcr_port *port;

	if (i >= e->n_ports)
		return -ENOENT;
	port = e->ports[i];
	stats = &port->seen.stats;
	*out = (struct mcr_port_info){
	    .dpdk_port = port->id,
	    .link_up = port->link_up,
	    .promiscuous = port->seen.promiscuous,
	    .all_multicast = port->seen.all_multicast,
	    .removed = port->removed,
	    .n_queues = port->n_queues,
	    .mtu = port->mtu,
	    .speed_mbps = port->seen.speed_mbps,
	    .rx_packets = stats->ipackets,
	    .rx_bytes = stats->ibytes,
	    .rx_missed = stats->imissed,
	    .rx_errors = stats->ierrors,
	    .rx_nombuf = stats->rx_nombuf,
	    .tx_packets = stats->opackets,
	    .tx_errors = stats->oerrors,
	    .link_changes = port->link_changes,
	    .numa_node = port->node,
	    .rx_descs = port->rx_descs,
	    .buffers = port->mempool->size,
	    .buffers_used = rte_mempool_in_use_count(port->mempool),
	    .buffer_bytes = mcr_port_pool_bytes(port),
	    .rx_last_ns = port->seen.rises.rx_ns,
	    .missed_last_ns = port->seen.rises.missed_ns,
	    .nombuf_last_ns = port->seen.rises.nombuf_ns,
	    .errors_last_ns = port->seen.rises.errors_ns,
	    .link_since_ns = port->link_since_ns,
	    .rx_frame_max = port->rx_frame_max,
	    .open_until_ns = port->look.is_open ? port->look.until_realtime_ns : 0,
	};
	for (unsigned w = 0; w < e->n_workers; w++)
		if (port->pollers & UINT32_C(1) << w)
			out->lcores[out->n_lcores++] = (uint16_t)e->lcores[w];
	snprintf(out->name, sizeof(out->name), "%s", port->name);
	snprintf(out->driver, sizeof(out->driver), "%s", port->driver);
	memcpy(out->mac, port->mac.addr_bytes, sizeof(out->mac));
	memcpy(out->kernel_name, port->seen.netdev.name, sizeof(out->kernel_name));
	out->kernel_mtu = port->seen.netdev.mtu;
	out->carrier_downs = port->seen.netdev.carrier_downs;
	out->kernel_moved = port->seen.netdev.presence == MCR_NETDEV_MOVED;
	filter_into(port->filtered, out);
	mcr_port_trailers_info(port, out);
	return 0;
}

int mcr_engine_port_info(const struct mcr_engine *e, size_t i, struct mcr_port_info *out)
{
	struct mcr_port_info info;
	int ret = port_into(e, i, &info);

	return ret < 0 ? ret : mcr_sized_give(out, &info, sizeof(info));
}

_Static_assert(MCR_IGMP_RX_KINDS == MCR_GMP_RX_COUNT, "info.h and core/gmp/gmp.h agree");

const char *mcr_engine_igmp_rx_name(unsigned kind)
{
	return mcr_gmp_rx_name(kind);
}

static uint64_t left(uint64_t until_ns, uint64_t now_ns)
{
	return until_ns > now_ns ? until_ns - now_ns : 0;
}

static void timers_into(const struct mcr_gmp_info *gmp, uint64_t now_ns,
			struct mcr_membership_info *out)
{
	out->querier_version = gmp->querier_version;
	out->robustness = gmp->robustness;
	out->query_interval_s = gmp->query_interval_s;
	out->querier_left_ns = gmp->querier_present ? left(gmp->querier_until_ns, now_ns) : 0;
	out->v1_left_ns = left(gmp->v1_until_ns, now_ns);
	out->v2_left_ns = left(gmp->v2_until_ns, now_ns);
	out->repeat_left_ns =
	    gmp->repeat_due_ns == MCR_GMP_NEVER ? UINT64_MAX : left(gmp->repeat_due_ns, now_ns);
}

static void messages_into(const struct mcr_gmp_info *gmp, struct mcr_membership_info *out)
{
	for (unsigned r = 0; r < MCR_GMP_RX_COUNT; r++) {
		out->rx += gmp->rx[r];
		out->rx_by[r] = gmp->rx[r];
		if (r >= MCR_GMP_RX_MALFORMED)
			out->rx_bad += gmp->rx[r];
	}
	out->queries = gmp->rx[MCR_GMP_RX_QUERY];
	out->reports = gmp->tx_reports + gmp->tx_leaves;
	out->rx_v1_queries = gmp->rx_v1_queries;
	out->rx_v2_queries = gmp->rx_v2_queries;
	out->rx_old_ssm_queries = gmp->rx_old_ssm_queries;
	out->suppressed = gmp->suppressed;
	out->cancelled = gmp->tx_cancelled;
	out->version_changes = gmp->version_changes;
	out->repeats = gmp->repeats;
	out->bytes = gmp->memory_bytes;
}

/* why_not: why there is no machine. Returns how many groups it has not reported yet. */
static size_t membership_into(const struct mcr_gmp *machine, const char *why_not,
			      struct mcr_membership_info *out)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	struct mcr_gmp_info gmp;

	*out = (struct mcr_membership_info){.querier_age_ns = UINT64_MAX};
	if (!machine) {
		snprintf(out->reason, sizeof(out->reason), "%s", why_not);
		return 0;
	}
	mcr_gmp_get_info(machine, now_ns, &gmp);
	out->version = gmp.version;
	snprintf(out->reason, sizeof(out->reason), "%s", mcr_gmp_reason_text(gmp.reason));
	if (gmp.last_query_ns != 0) {
		out->querier = gmp.querier;
		out->querier_age_ns = now_ns - gmp.last_query_ns;
	}
	timers_into(&gmp, now_ns, out);
	messages_into(&gmp, out);
	return gmp.unsent;
}

static void ipv6_into(const struct mcr_interface *it, struct mcr_interface_info *out)
{
	const struct mcr_nd_address *addresses = it->nd.addresses;
	const int is_off = it->config.tx_never || it->config.mld == MCR_MLD_OFF;

	out->unreported += membership_into(is_off || it->nd.is_on ? it->mld : NULL,
					   it->config.tx_never ? "tx=never"
					   : is_off            ? "mld=off"
							       : "IPv6 is not spoken",
					   &out->mld);
	out->link_local = addresses[MCR_ND_LINK_LOCAL].address;
	snprintf(out->link_local_state, sizeof(out->link_local_state), "%s",
		 mcr_nd_state_name(addresses[MCR_ND_LINK_LOCAL].state));
	snprintf(out->address6_state, sizeof(out->address6_state), "%s",
		 mcr_nd_state_name(addresses[MCR_ND_ADDRESS6].state));
}

static uint64_t copies_lost(const struct mcr_engine *e, size_t interface)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < e->n_workers; w++)
		n += __atomic_load_n(&e->workers[w]->kernel_copies_lost[interface],
				     __ATOMIC_RELAXED);
	return n;
}

static int interface_into(const struct mcr_engine *e, size_t i, struct mcr_interface_info *out)
{
	const struct mcr_interface *it;

	if (i >= e->n_interfaces)
		return -ENOENT;
	it = &e->interfaces[i];
	*out = (struct mcr_interface_info){
	    .dpdk_port = it->port->id,
	    .tx_packets = it->tx_packets,
	    .tx_retries = it->tx_retries,
	    .tx_dropped = it->tx_dropped,
	    .kernel_up = (uint8_t)mcr_kernel_path_is_up(it->kernel),
	};
	if (it->kernel) {
		out->kernel_rx = it->kernel->rx;
		out->kernel_rx_dropped = it->kernel->rx_dropped + copies_lost(e, i);
		out->kernel_tx = it->kernel->tx;
		out->kernel_tx_dropped = it->kernel->tx_dropped;
	}
	memcpy(out->name, it->config.name, sizeof(out->name));
	memcpy(out->mac, it->port->mac.addr_bytes, sizeof(out->mac));
	out->unreported =
	    membership_into(it->igmp, it->config.tx_never ? "tx=never" : "igmp=off", &out->igmp);
	ipv6_into(it, out);
	out->groups = e->joins->groups_on[i];
	return 0;
}

int mcr_engine_interface_info(const struct mcr_engine *e, size_t i, struct mcr_interface_info *out)
{
	struct mcr_interface_info info;
	int ret = interface_into(e, i, &info);

	return ret < 0 ? ret : mcr_sized_give(out, &info, sizeof(info));
}

int mcr_engine_interface_config(const struct mcr_engine *e, size_t i,
				struct mcr_interface_config *out)
{
	if (i >= e->n_interfaces)
		return -ENOENT;
	return mcr_sized_give(out, &e->interfaces[i].config, sizeof(e->interfaces[i].config));
}

int mcr_engine_interface_groups(const struct mcr_engine *e, size_t i, struct mcr_address *groups,
				size_t cap)
{
	struct mcr_address own[1 + MCR_INTERFACE_QUERIER_GROUPS + MCR_INTERFACE_OWN_GROUPS];
	size_t n = 0;

	if (i >= e->n_interfaces)
		return -ENOENT;
	if (e->interfaces[i].igmp) /* RFC 1112 §7.2 */
		own[n++] = mcr_address_from_ipv4(htonl(MCR_IPV4_ALL_HOSTS));
	n += mcr_interface_querier_groups(&e->interfaces[i], own + n);
	n += mcr_interface_own_groups(&e->interfaces[i], own + n);
	for (size_t k = 0; k < n && k < cap; k++)
		groups[k] = own[k];
	return (int)n;
}

static int channel_into(const struct mcr_engine *e, size_t i, struct mcr_channel_info *out)
{
	const struct mcr_channel *c = NULL;
	size_t at = 0;

	for (size_t n = 0; at < MCR_CHANNELS_MAX; at++) {
		if (e->channels[at] && n++ == i) {
			c = e->channels[at];
			break;
		}
	}
	if (!c)
		return -ENOENT;
	*out = (struct mcr_channel_info){
	    .bytes = c->config.bytes,
	    .n_rings = c->rings.n,
	    .epoch = c->rings.epoch,
	    .consumers = mcr_attach_server_count(e->attach, c->config.name),
	    .huge_pages = c->rings.n > 0,
	};
	if (c->config.per_program)
		out->programs_max = mcr_attach_server_programs_max(e->attach, c->config.name);
	memcpy(out->name, c->config.name, sizeof(out->name));
	for (unsigned r = 0; r < c->rings.n; r++) {
		out->published += mcr_ring_newest(c->rings.regions[r].mem);
		out->published_bytes += mcr_ring_payload_bytes(c->rings.regions[r].mem);
		out->too_large += __atomic_load_n(&c->writers[r]->too_large, __ATOMIC_RELAXED);
		out->huge_pages &= c->rings.regions[r].huge != 0;
		if (c->handlers[r])
			mcr_inline_add(c->handlers[r], out);
	}
	out->joins = e->joins->joins_in[at];
	return 0;
}

int mcr_engine_channel_info(const struct mcr_engine *e, size_t i, struct mcr_channel_info *out)
{
	struct mcr_channel_info info;
	int ret = channel_into(e, i, &info);

	return ret < 0 ? ret : mcr_sized_give(out, &info, sizeof(info));
}

static void counts_into(const struct mcr_engine *e, const struct mcr_group *g,
			struct mcr_group_info *out)
{
	for (unsigned i = 0; i < e->n_workers; i++) {
		struct mcr_group_count c;

		mcr_words_load(&c, &e->workers[i]->group_counts[g->slot], sizeof(c));
		out->packets += c.packets;
		out->bytes += c.bytes;
		if (c.last_ns > out->last_ns)
			out->last_ns = c.last_ns;
		if (c.first_ns != 0 && (out->first_ns == 0 || c.first_ns < out->first_ns))
			out->first_ns = c.first_ns;
	}
}

static void reports_into(const struct mcr_interface *it, const struct mcr_group *g,
			 struct mcr_group_info *out)
{
	const struct mcr_gmp *machine = mcr_address_is_ipv6(g->group) ? it->mld : it->igmp;
	struct mcr_gmp_group_info gmp;
	const char *state = "off";

	if (machine && mcr_gmp_get_group(machine, g->group, &gmp) == 0) {
		state = mcr_gmp_group_state_name(gmp.state);
		out->last_report_ns = mcr_clock_realtime_of(gmp.last_report_ns);
		out->last_query_ns = mcr_clock_realtime_of(gmp.last_query_ns);
	} else if (machine) {
		state = "unreported"; /* 224.0.0.1, ff02::1: RFC 9776 §5, RFC 9777 §6 */
	}
	snprintf(out->igmp_state, sizeof(out->igmp_state), "%s", state);
}

static int group_into(const struct mcr_engine *e, size_t i, struct mcr_group_info *out)
{
	struct mcr_filter_state filter;
	const struct mcr_interface *it;
	const struct mcr_group *g;

	if (i >= e->joins->n_groups)
		return -ENOENT;
	g = &e->joins->groups[i];
	it = &e->interfaces[g->interface];
	*out = (struct mcr_group_info){
	    .group = g->group,
	    .mode = (uint8_t)g->source_filter.mode,
	    .n_sources = (unsigned)g->source_filter.n,
	    .joins = g->joins,
	    .joined_ns = g->joined_ns,
	};
	memcpy(out->joins_of, g->joins_of, sizeof(out->joins_of));
	memcpy(out->interface, it->config.name, sizeof(out->interface));
	counts_into(e, g, out);
	reports_into(it, g, out);
	if (it->port->removed) {
		out->queue = MCR_ANY_QUEUE;
		snprintf(out->rung, sizeof(out->rung), "removed");
		snprintf(out->rung_reason, sizeof(out->rung_reason), "the port was removed");
		return 0;
	}
	mcr_engine_group_filter(e, g, &filter);
	out->queue = filter.queue;
	snprintf(out->rung, sizeof(out->rung), "%s", mcr_rung_name(filter.rung));
	memcpy(out->rung_reason, filter.reason, sizeof(out->rung_reason));
	return 0;
}

int mcr_engine_group_info(const struct mcr_engine *e, size_t i, struct mcr_group_info *out)
{
	struct mcr_group_info info;
	int ret = group_into(e, i, &info);

	return ret < 0 ? ret : mcr_sized_give(out, &info, sizeof(info));
}

int mcr_engine_group_sources(const struct mcr_engine *e, size_t i, struct mcr_address *sources,
			     size_t cap)
{
	const struct mcr_source_filter *filter;

	if (i >= e->joins->n_groups)
		return -ENOENT;
	filter = &e->joins->groups[i].source_filter;
	for (size_t k = 0; k < filter->n && k < cap; k++)
		sources[k] = filter->sources[k];
	return (int)filter->n;
}

int mcr_engine_consumer_info(const struct mcr_engine *e, size_t i, struct mcr_consumer_info *out)
{
	struct mcr_consumer_info info;
	int ret = mcr_attach_server_info(e->attach, i, mcr_clock_now_monotonic(), &info);

	return ret < 0 ? ret : mcr_sized_give(out, &info, sizeof(info));
}

int mcr_engine_consumer_sockets(const struct mcr_engine *e, size_t i,
				struct mcr_consumer_sockets *out)
{
	struct mcr_consumer_sockets sockets;
	int ret = mcr_attach_server_sockets(e->attach, i, mcr_clock_now_monotonic(), &sockets);

	return ret < 0 ? ret : mcr_sized_give(out, &sockets, sizeof(sockets));
}

int mcr_engine_join_info(const struct mcr_engine *e, size_t i, struct mcr_join *out)
{
	if (i >= e->joins->n_joins)
		return -ENOENT;
	*out = e->joins->joins[i];
	return 0;
}

int mcr_engine_join_owner(const struct mcr_engine *e, size_t i, struct mcr_join_owner *out)
{
	if (i >= e->joins->n_joins)
		return -ENOENT;
	*out = e->joins->owners[i];
	return 0;
}
