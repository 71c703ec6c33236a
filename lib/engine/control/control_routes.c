/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay: its interfaces, and where packets go. */
#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

#define OUTPUTS_MAX MCR_INTERFACES_MAX

static const char *role_of(uint8_t role)
{
	return role == MCR_RELAY_UPSTREAM ? "upstream" : "downstream";
}

static const char *when_of(uint8_t forward_when)
{
	static const char *const names[] = {
	    [MCR_FORWARD_QUERIER] = "querier", [MCR_FORWARD_ALWAYS] = "always"};

	return forward_when < sizeof(names) / sizeof(names[0]) && names[forward_when]
		   ? names[forward_when]
		   : "never";
}

static void add(json_t *all, const char *name, uint64_t value)
{
	json_object_set_new(all, name, mcr_json_number(value));
}

static void add_counts(json_t *all, const struct mcr_relay_counts *c)
{
	add(all, "offered", c->offered);
	add(all, "tx", c->tx);
	add(all, "tx_full", c->tx_full);
	add(all, "tx_mtu", c->tx_mtu);
	add(all, "tx_ttl", c->tx_ttl);
	add(all, "tx_no_buffer", c->tx_no_buffer);
	add(all, "tx_down", c->tx_down);
}

static json_t *lcores_of(const struct mcr_engine *engine, size_t i)
{
	struct mcr_lcore_info l = {.size = sizeof(l)};
	struct mcr_relay_counts counts;
	json_t *lcores = json_array();

	for (size_t k = 0; lcores && mcr_engine_relay_lcore(engine, i, k, &counts) == 0 &&
			   mcr_engine_lcore_info(engine, k, &l) == 0;
	     k++) {
		json_t *lcore = json_pack("{si}", "lcore", (int)l.lcore);

		if (lcore)
			add_counts(lcore, &counts);
		json_array_append_new(lcores, lcore);
	}
	return lcores;
}

MCR_CONTROL_ITEM(mcr_control_relay)
{
	struct mcr_relay_info r = {.size = sizeof(r)};
	json_t *all;

	(void)snapshot;
	if (mcr_engine_relay_info(src->engine, i, &r) < 0)
		return NULL;
	all = json_pack("{so ss ss si sb sb so}", "interface", mcr_json_string(r.interface), "role",
			role_of(r.role), "forward_when", when_of(r.forward_when), "ttl_threshold",
			r.ttl_threshold, "forwards_ipv4", r.forwards[0], "forwards_ipv6",
			r.forwards[1], "why", r.why[0] ? mcr_json_string(r.why) : json_null());
	if (all) {
		add_counts(all, &r.out);
		add(all, "wrong_interface", r.wrong_interface);
		add(all, "looped", r.looped);
		add(all, "flows", r.flows);
		add(all, "flows_evicted", r.flows_evicted);
		add(all, "tx_queues", r.tx_queues);
		add(all, "tx_shared", r.tx_shared);
		json_object_set_new(all, "lcores", lcores_of(src->engine, i));
	}
	return all;
}

static json_t *outputs_of(struct mcr_engine *engine, size_t i)
{
	struct mcr_route_output list[OUTPUTS_MAX];
	int n = mcr_engine_route_outputs(engine, i, list, OUTPUTS_MAX);
	json_t *outputs = json_array();

	for (int k = 0; outputs && k < n && k < OUTPUTS_MAX; k++)
		json_array_append_new(
		    outputs,
		    json_pack("{so so sb si}", "interface", mcr_json_string(list[k].interface),
			      "packets", mcr_json_number(list[k].packets), "forwarded",
			      list[k].is_forwarded, "ttl_threshold", list[k].ttl_threshold));
	return outputs;
}

/* The reply has had the engine collect them. */
static MCR_CONTROL_ITEM(route)
{
	struct mcr_route_info r = {.size = sizeof(r)};

	(void)snapshot;
	if (mcr_engine_route_collected(src->engine, i, &r) < 0)
		return NULL;
	return json_pack(
	    "{so so so so so so so so so}", "source", mcr_json_address_or_null(r.source), "group",
	    mcr_json_address(r.group), "interface", mcr_json_string(r.interface), "outputs",
	    outputs_of(src->engine, i), "packets", mcr_json_number(r.packets), "bytes",
	    mcr_json_number(r.bytes), "wrong_interface", mcr_json_number(r.wrong_interface),
	    "first_ns", mcr_json_number_or_null(r.first_ns), "last_ns",
	    mcr_json_number_or_null(r.last_ns));
}

const struct mcr_control_section mcr_control_routes[] = {
    {"relay", &mcr_control_by_index, mcr_control_relay},
    {"routes", &mcr_control_by_index, route},
    {NULL, NULL, NULL},
};
