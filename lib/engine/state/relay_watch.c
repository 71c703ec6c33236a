/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/state/relay_watch.h"
#include "core/address.h"
#include "engine/plan/relay_config.h"
#include "engine/relay/relay_lcore.h"
#include "engine/state/log.h"
#include "engine/state/relay.h"
#include "engine/state/state.h"

#define AGAIN_NS UINT64_C(60000000000) /* between lines of one kind */
#define LOOK_NS  UINT64_C(1000000000)  /* between looks at all routes */

/* ---- members that get nothing ---- */

static void find_outputs(void *outputs, const struct mcr_route_entry *entry)
{
	((uint64_t *)outputs)[mcr_address_is_ipv6(entry->group)] |= entry->outputs;
}

/* RFC 4605 §3: "if non-proxy device wins the ... election, no packets will flow". */
static void log_idle(struct mcr_engine *e, unsigned i, unsigned family)
{
	const struct mcr_interface *it = &e->interfaces[i];
	const char *protocol = family == MCR_GMP_MLD ? "MLD" : "IGMP";
	char querier[MCR_ADDRESS_TEXT];
	struct mcr_querier_state state;

	mcr_querier_get_state(it->queriers[family], &state);
	mcr_engine_log(e, MCR_LOG_WARNING,
		       "interface %s: not the %s querier while members exist, so this relay "
		       "forwards nothing to %s: %s has to, or give this interface a lower address",
		       it->config.name, protocol, it->config.name,
		       mcr_address_format(querier, state.querier));
}

/* Interfaces whose querier is another. */
static uint64_t others_of(const struct mcr_engine *e, unsigned family)
{
	uint64_t others = 0;

	for (unsigned i = 0; i < e->n_interfaces; i++) {
		const struct mcr_interface *it = &e->interfaces[i];
		struct mcr_querier_state state;

		if (it->config.role != MCR_RELAY_DOWNSTREAM || !it->queriers[family] ||
		    mcr_relay_forward_when(&it->config) != MCR_FORWARD_QUERIER)
			continue;
		mcr_querier_get_state(it->queriers[family], &state);
		if (state.role == MCR_QUERIER_OTHER)
			others |= UINT64_C(1) << i;
	}
	return others;
}

static void watch_idle(struct mcr_engine *e, uint64_t now_ns)
{
	struct mcr_relay_logged *logged = &e->relay->logged;
	uint64_t wanted[2] = {0}, others[2];
	int is_new = 0;

	for (unsigned f = 0; f < 2; f++) {
		others[f] = others_of(e, f);
		logged->idle[f] &= others[f]; /* it forwards again */
		if (now_ns >= logged->idle_due_ns)
			is_new |= others[f] != logged->idle[f];
	}
	if (!is_new)
		return;
	logged->idle_due_ns = now_ns + LOOK_NS;
	mcr_route_set_each(e->relay->routes, find_outputs, wanted);
	for (unsigned f = 0; f < 2; f++)
		for (uint64_t left = wanted[f] & others[f] & ~logged->idle[f]; left != 0;
		     left &= left - 1) {
			const unsigned i = (unsigned)__builtin_ctzll(left);

			log_idle(e, i, f);
			logged->idle[f] |= UINT64_C(1) << i;
			logged->idle_due_ns = now_ns + AGAIN_NS;
		}
}

/* ---- loops ---- */

static void watch_loops(struct mcr_engine *e)
{
	for (unsigned i = 0; e->relay->guard && i < e->n_interfaces; i++) {
		uint64_t n = 0;

		for (unsigned w = 0; w < e->n_workers; w++)
			n += __atomic_load_n(&e->workers[w]->relay->looped[i], __ATOMIC_RELAXED);
		if (n == 0 || (e->relay->logged.loops >> i & 1) != 0)
			continue;
		e->relay->logged.loops |= UINT64_C(1) << i;
		mcr_engine_log(e, MCR_LOG_WARNING,
			       "interface %s: packets come in that this relay has forwarded "
			       "before, and are dropped (looped): something else forwards between "
			       "its networks",
			       e->interfaces[i].config.name);
	}
}

void mcr_engine_watch_relay(struct mcr_engine *e, uint64_t now_ns)
{
	if (!e->relay)
		return;
	watch_idle(e, now_ns);
	watch_loops(e);
}
