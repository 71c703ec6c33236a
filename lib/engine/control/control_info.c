/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

#define ITEM(fn) static MCR_CONTROL_ITEM(fn)

static json_t *mac(const uint8_t m[6])
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static json_t *drops_of(const struct mcr_account *account)
{
	json_t *drops = json_object();

	for (unsigned r = 0; drops && r < MCR_DROP_COUNT; r++)
		json_object_set_new(drops, mcr_drop_name(r), mcr_json_number(account->drops[r]));
	return drops;
}

ITEM(name)
{
	return mcr_json_string(src->name);
}

ITEM(started)
{
	return mcr_json_number(src->started_ns);
}

ITEM(version)
{
	return mcr_json_string(src->version);
}

ITEM(now)
{
	return mcr_json_number(snapshot->now_ns);
}

ITEM(received)
{
	return mcr_json_number(snapshot->account.received);
}

ITEM(delivered)
{
	return mcr_json_number(snapshot->account.delivered);
}

ITEM(relayed_only)
{
	return mcr_json_number(snapshot->account.relayed_only);
}

ITEM(relayed)
{
	return mcr_json_number(snapshot->account.relayed);
}

ITEM(punted)
{
	return mcr_json_number(snapshot->account.punted);
}

ITEM(drops)
{
	return drops_of(&snapshot->account);
}

static json_t *interface_name(const struct mcr_engine *engine, size_t i)
{
	struct mcr_interface_info info = {.size = sizeof(info)};

	if (mcr_engine_interface_info(engine, i, &info) < 0)
		return json_null();
	return mcr_json_string(info.name);
}

static json_t *sample(const struct mcr_engine *engine, const struct mcr_drop_sample *s)
{
	return json_pack("{so so si so si si si so si sI so so}", "time_ns",
			 mcr_json_number(s->time_ns), "group", mcr_json_address_or_null(s->group),
			 "port", s->port, "source", mcr_json_address_or_null(s->source),
			 "source_port", s->source_port, "vlan", s->vlan, "dpdk_port", s->dpdk_port,
			 "interface", interface_name(engine, s->interface), "ether_type",
			 s->ether_type, "len", (json_int_t)s->len, "destination_mac",
			 s->len < 6 ? json_null() : mac(s->destination_mac), "source_mac",
			 s->len < 12 ? json_null() : mac(s->source_mac));
}

/* Null: the joins are not shared among hosts. */
ITEM(shard)
{
	struct mcr_shard_info s = {.size = sizeof(s)};

	if (mcr_engine_shard_info(src->engine, &s) < 0)
		return json_null();
	return json_pack("{so so so so so so so so}", "me", mcr_json_string(s.me), "hosts",
			 mcr_json_number(s.hosts), "copies", mcr_json_number(s.copies), "digest",
			 json_sprintf("%016" PRIx64, s.digest), "joins", mcr_json_number(s.joins),
			 "joins_of_all", mcr_json_number(s.joins_of_all), "leaving",
			 mcr_json_number(s.leaving), "leave_ns",
			 mcr_json_number_or_null(s.leave_ns));
}

ITEM(drop_samples)
{
	json_t *all = json_object();

	for (unsigned r = 0; all && r < MCR_DROP_COUNT; r++) {
		struct mcr_drop_sample s = {.size = sizeof(s)};

		mcr_engine_drop_sample(src->engine, r, &s);
		if (s.time_ns)
			json_object_set_new(all, mcr_drop_name(r), sample(src->engine, &s));
	}
	return all;
}

static json_t *lcores_of(const struct mcr_port_info *p)
{
	json_t *lcores = json_array();

	for (unsigned k = 0; lcores && k < p->n_lcores; k++)
		json_array_append_new(lcores, mcr_json_number(p->lcores[k]));
	return lcores;
}

/* The kernel's own interface under a port. mcring makes that of an interface's `kernel`. */
static json_t *kernel_of_port(const struct mcr_port_info *p)
{
	if (p->kernel_name[0] == '\0')
		return json_null();
	return json_pack("{so so sI sI sb}", "port", mcr_json_string(p->name), "name",
			 mcr_json_string(p->kernel_name), "mtu", (json_int_t)p->kernel_mtu,
			 "carrier_downs", (json_int_t)p->carrier_downs, "moved", p->kernel_moved);
}

/* When something was last seen of a port, and what its filter and frames are. */
static void add_last_seen(json_t *all, const struct mcr_port_info *p)
{
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
	    {"rx_last_ns", p->rx_last_ns},         {"missed_last_ns", p->missed_last_ns},
	    {"nombuf_last_ns", p->nombuf_last_ns}, {"errors_last_ns", p->errors_last_ns},
	    {"link_since_ns", p->link_since_ns},   {"rx_frame_max", p->rx_frame_max},
	    {"open_until_ns", p->open_until_ns},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(all, members[i].name,
				    mcr_json_number_or_null(members[i].value));
}

/* Where its times come from; of a switch's trailers, how many packets had which. */
static void add_times(json_t *all, const struct mcr_port_info *p)
{
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
	    {"hw_time_ok", p->hw_time_ok},
	    {"hw_time_none", p->hw_time_none},
	    {"hw_time_bad", p->hw_time_bad},
	};

	json_object_set_new(all, "hw_time", mcr_json_string(p->hw_time));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(all, members[i].name,
				    p->has_trailers ? mcr_json_number(members[i].value)
						    : json_null());
}

ITEM(port)
{
	struct mcr_port_info p = {.size = sizeof(p)};
	json_t *all;

	if (mcr_engine_port_info(src->engine, i, &p) < 0)
		return NULL;
	all = json_pack(
	    "{so so si so so sb sb sb sb si so so so so so so so si sI "
	    "so so so so so so so so so so so so so}",
	    "name", mcr_json_string(p.name), "kernel", kernel_of_port(&p), "dpdk_port", p.dpdk_port,
	    "driver", mcr_json_string(p.driver), "mac", mac(p.mac), "link_up", p.link_up, "removed",
	    p.removed, "promiscuous", p.promiscuous, "all_multicast", p.all_multicast, "queues",
	    p.n_queues, "lcores", lcores_of(&p), "numa_node",
	    p.numa_node < 0 ? json_null() : mcr_json_number((uint64_t)p.numa_node), "rx_descs",
	    mcr_json_number(p.rx_descs), "buffers", mcr_json_number(p.buffers), "buffers_used",
	    mcr_json_number(p.buffers_used), "buffer_bytes", mcr_json_number(p.buffer_bytes),
	    "link_changes", mcr_json_number(p.link_changes), "mtu", p.mtu, "speed_mbps",
	    (json_int_t)p.speed_mbps, "rx_packets", mcr_json_number(p.rx_packets), "rx_bytes",
	    mcr_json_number(p.rx_bytes), "rx_missed", mcr_json_number(p.rx_missed), "rx_errors",
	    mcr_json_number(p.rx_errors), "rx_nombuf", mcr_json_number(p.rx_nombuf), "tx_packets",
	    mcr_json_number(p.tx_packets), "tx_errors", mcr_json_number(p.tx_errors), "rung",
	    mcr_json_string(p.rung), "rung_reason", mcr_json_string(p.rung_reason), "macs",
	    mcr_json_number(p.macs), "flow_rules", mcr_json_number(p.flow_rules), "flow_refused",
	    mcr_json_number(p.flow_refused), "macs_refused", mcr_json_number(p.macs_refused));
	if (all) {
		add_last_seen(all, &p);
		add_times(all, &p);
	}
	return all;
}

ITEM(lcore)
{
	struct mcr_lcore_info l = {.size = sizeof(l)};

	if (mcr_engine_lcore_info(src->engine, i, &l) < 0)
		return NULL;
	return json_pack(
	    "{si so so so so so so so so so so so so}", "lcore", (int)l.lcore, "received",
	    mcr_json_number(l.account.received), "delivered", mcr_json_number(l.account.delivered),
	    "relayed_only", mcr_json_number(l.account.relayed_only), "relayed",
	    mcr_json_number(l.account.relayed), "punted", mcr_json_number(l.account.punted),
	    "drops", drops_of(&l.account), "polls", mcr_json_number(l.polls), "bursts",
	    mcr_json_number(l.bursts), "busy_cycles", mcr_json_number(l.busy_cycles), "tsc_hz",
	    mcr_json_number(l.tsc_hz), "longest_gap_ns", mcr_json_number(l.longest_gap_ns),
	    "longest_gap_at_ns", mcr_json_number_or_null(l.longest_gap_at_ns));
}

ITEM(control)
{
	struct mcr_control_info c = {.size = sizeof(c)};

	mcr_engine_control_info(src->engine, &c);
	return json_pack("{so so so so}", "rounds", mcr_json_number(c.rounds), "longest_round_ns",
			 mcr_json_number(c.longest_round_ns), "longest_round_at_ns",
			 mcr_json_number_or_null(c.longest_round_at_ns), "views",
			 mcr_json_number(c.views));
}

/* Counters and timers of an interface that speaks IGMP or MLD. */
static json_t *timers_of(const char *interface, const char *protocol,
			 const struct mcr_membership_info *m)
{
	json_t *rx = json_object();

	for (unsigned r = 0; rx && r < MCR_IGMP_RX_KINDS; r++)
		json_object_set_new(rx, mcr_engine_igmp_rx_name(r), mcr_json_number(m->rx_by[r]));
	return json_pack("{so ss so so so so so so so so so so so so so so so so}", "interface",
			 mcr_json_string(interface), "protocol", protocol, "querier_version",
			 mcr_json_number_or_null(m->querier_version), "robustness",
			 mcr_json_number(m->robustness), "query_interval_s",
			 mcr_json_number(m->query_interval_s), "querier_left_ns",
			 mcr_json_number_or_null(m->querier_left_ns), "v1_left_ns",
			 mcr_json_number_or_null(m->v1_left_ns), "v2_left_ns",
			 mcr_json_number_or_null(m->v2_left_ns), "repeat_left_ns",
			 m->repeat_left_ns == UINT64_MAX ? json_null()
							 : mcr_json_number(m->repeat_left_ns),
			 "rx", rx, "rx_v1_queries", mcr_json_number(m->rx_v1_queries),
			 "rx_v2_queries", mcr_json_number(m->rx_v2_queries), "rx_old_ssm_queries",
			 mcr_json_number(m->rx_old_ssm_queries), "suppressed",
			 mcr_json_number(m->suppressed), "cancelled", mcr_json_number(m->cancelled),
			 "version_changes", mcr_json_number(m->version_changes), "repeats",
			 mcr_json_number(m->repeats), "memory_bytes", mcr_json_number(m->bytes));
}

/* Adds what an interface says of IGMP or MLD at a glance, as members whose names begin with
 * `protocol`, and its counters and timers as a member of that name. */
static void add_membership(json_t *all, const struct mcr_control_source *src, const char *protocol,
			   const char *interface, const struct mcr_membership_info *m)
{
	const struct {
		const char *name;
		json_t *value;
	} members[] = {
	    {"version", mcr_json_number(m->version)},
	    {"reason", mcr_json_string(m->reason)},
	    {"querier", m->querier_version ? mcr_json_address(m->querier) : json_null()},
	    {"querier_age_ns",
	     m->querier_age_ns == UINT64_MAX ? json_null() : mcr_json_number(m->querier_age_ns)},
	    {"rx", mcr_json_number(m->rx)},
	    {"rx_bad", mcr_json_number(m->rx_bad)},
	    {"queries", mcr_json_number(m->queries)},
	    {"reports", mcr_json_number(m->reports)},
	    {"role", mcr_control_querier_role(src, interface, protocol[0] == 'm')},
	};
	char key[32];

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		snprintf(key, sizeof(key), "%s_%s", protocol, members[i].name);
		json_object_set_new(all, key, members[i].value);
	}
	if (m->version != 0)
		json_object_set_new(all, protocol, timers_of(interface, protocol, m));
}

/* The device that an interface shares with the kernel. */
static json_t *kernel_of(const struct mcr_interface_info *f, const char *device)
{
	return json_pack("{so so sb so so so so}", "interface", mcr_json_string(f->name), "device",
			 mcr_json_string(device), "up", f->kernel_up, "rx",
			 mcr_json_number(f->kernel_rx), "rx_dropped",
			 mcr_json_number(f->kernel_rx_dropped), "tx", mcr_json_number(f->kernel_tx),
			 "tx_dropped", mcr_json_number(f->kernel_tx_dropped));
}

ITEM(interface)
{
	struct mcr_interface_info f = {.size = sizeof(f)};
	struct mcr_interface_config c = {.size = sizeof(c)};
	json_t *all;

	if (mcr_engine_interface_info(src->engine, i, &f) < 0 ||
	    mcr_engine_interface_config(src->engine, i, &c) < 0)
		return NULL;
	all = json_pack(
	    "{so so si so so si so si so so so si sb so so so so}", "name", mcr_json_string(c.name),
	    "port", mcr_json_string(c.port), "dpdk_port", f.dpdk_port, "mac", mac(f.mac), "address",
	    mcr_json_address_or_null(c.address), "prefix_len", c.prefix_len, "address6",
	    mcr_json_address_or_null(c.address6), "prefix6_len", c.prefix6_len, "address6_state",
	    mcr_json_string(f.address6_state), "link_local", mcr_json_address_or_null(f.link_local),
	    "link_local_state", mcr_json_string(f.link_local_state), "vlan", c.vlan, "tx_never",
	    c.tx_never, "tx_packets", mcr_json_number(f.tx_packets), "tx_retries",
	    mcr_json_number(f.tx_retries), "tx_dropped", mcr_json_number(f.tx_dropped), "groups",
	    mcr_json_number(f.groups));
	if (all) {
		add_membership(all, src, "igmp", f.name, &f.igmp);
		add_membership(all, src, "mld", f.name, &f.mld);
	}
	if (all && c.kernel[0])
		json_object_set_new(all, "kernel", kernel_of(&f, c.kernel));
	return all;
}

ITEM(channel)
{
	struct mcr_channel_info c = {.size = sizeof(c)};
	json_t *all;

	if (mcr_engine_channel_info(src->engine, i, &c) < 0)
		return NULL;
	all = json_pack("{so so si so so so so si so sb}", "name", mcr_json_string(c.name), "bytes",
			mcr_json_number(c.bytes), "rings", (int)c.n_rings, "epoch",
			json_sprintf("%016" PRIx64, c.epoch), "published",
			mcr_json_number(c.published), "published_bytes",
			mcr_json_number(c.published_bytes), "too_large",
			mcr_json_number(c.too_large), "consumers", (int)c.consumers, "joins",
			mcr_json_number(c.joins), "huge_pages", c.huge_pages);
	if (all)
		json_object_set_new(all, "programs_max", mcr_json_number_or_null(c.programs_max));
	if (all && c.has_handler) {
		json_object_set_new(all, "handler_calls", mcr_json_number(c.handler_calls));
		json_object_set_new(all, "handler_messages", mcr_json_number(c.handler_messages));
		json_object_set_new(all, "handler_slow", mcr_json_number(c.handler_slow));
		json_object_set_new(all, "handler_longest_ns",
				    mcr_json_number(c.handler_longest_ns));
	}
	return all;
}

ITEM(consumer)
{
	struct mcr_consumer_info c = {.size = sizeof(c)};

	if (mcr_engine_consumer_info(src->engine, i, &c) < 0)
		return NULL;
	return json_pack(
	    "{so so so so so si sI so so so so so so so so so so}", "id", mcr_json_number(c.id),
	    "received_last_ns", mcr_json_number_or_null(c.received_last_ns), "lost_last_ns",
	    mcr_json_number_or_null(c.lost_last_ns), "channel", mcr_json_string(c.channel), "label",
	    mcr_json_string(c.label), "pid", (int)c.pid, "uid", (json_int_t)c.uid, "received",
	    mcr_json_number(c.received), "lost", mcr_json_number(c.lost), "skipped",
	    mcr_json_number(c.skipped), "cursor", mcr_json_number(c.cursor), "published",
	    mcr_json_number(c.published), "headroom", mcr_json_number(c.headroom), "headroom_min",
	    mcr_json_number(c.headroom_min), "heartbeat_age_ns",
	    mcr_json_number(c.heartbeat_age_ns), "attach_oldest",
	    mcr_json_number_or_null(c.attach_oldest), "attach_newest",
	    mcr_json_number_or_null(c.attach_newest));
}

/* Who speaks, and when. */
#define HEAD                                                                             \
	{"name", NULL, name}, {"version", NULL, version}, {"started_ns", NULL, started}, \
	{                                                                                \
		"now_ns", NULL, now                                                      \
	}

const struct mcr_control_section mcr_control_status[] = {
    HEAD,
    {"received", NULL, received},
    {"delivered", NULL, delivered},
    {"relayed_only", NULL, relayed_only},
    {"punted", NULL, punted},
    {"drops", NULL, drops},
    {"relayed", NULL, relayed},
    {"shard", NULL, shard},
    {"ports", &mcr_control_by_index, port},
    {"lcores", &mcr_control_by_index, lcore},
    {"control", NULL, control},
    {"interfaces", &mcr_control_by_index, interface},
    {"relay", &mcr_control_by_index, mcr_control_relay},
    {"channels", &mcr_control_by_index, channel},
    {"consumers", &mcr_control_by_index, consumer},
    {NULL, NULL, NULL},
};

const struct mcr_control_section mcr_control_stats[] = {
    HEAD,
    {"received", NULL, received},
    {"delivered", NULL, delivered},
    {"relayed_only", NULL, relayed_only},
    {"punted", NULL, punted},
    {"drops", NULL, drops},
    {"relayed", NULL, relayed},
    {"ports", &mcr_control_by_index, port},
    {"lcores", &mcr_control_by_index, lcore},
    {"control", NULL, control},
    {"interfaces", &mcr_control_by_index, interface},
    {"channels", &mcr_control_by_index, channel},
    {"groups_total", NULL, mcr_control_groups_total},
    {"groups", &mcr_control_by_group, mcr_control_group},
    {"queriers", &mcr_control_by_index, mcr_control_querier},
    {"relay", &mcr_control_by_index, mcr_control_relay},
    {"consumers", &mcr_control_by_index, consumer},
    {"drop_samples", NULL, drop_samples},
    {NULL, NULL, NULL},
};
