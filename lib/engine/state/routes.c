/* SPDX-License-Identifier: BSD-3-Clause */
/* The routes follow the tables of members: once a round, what changed is merged, told upstream and
 * published. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/error.h"
#include "engine/plan/relay_config.h"
#include "engine/relay/relay_lcore.h"
#include "engine/state/log.h"
#include "engine/state/publish.h"
#include "engine/state/relay.h"
#include "engine/state/relay_lcores.h"
#include "engine/state/relay_views.h"
#include "engine/state/route_listing.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"
#include "engine/state/upstream.h"

/* Groups whose routes are made, and told upstream, in a round: so many take about a millisecond. */
#define GROUPS_A_ROUND 1024
/* A view costs what all routes do, however few have changed. After one has been made, the next
 * waits for so many times the CPU time that it took, so that views take a quarter of control's time
 * at most. */
#define REST_TIMES 3
/* While so many wait for an lcore to let go of them, there are no more for routes alone: an lcore
 * may stand still for long, as in a handler, and a view is as large as all routes. */
#define WAITING_MAX 16
#define AGAIN_NS    UINT64_C(60000000000) /* between lines about missing memory */

static uint64_t seed(void)
{
	uint64_t random;

	return getrandom(&random, sizeof(random), 0) == sizeof(random) ? random
								       : mcr_clock_now_realtime();
}

/* ---- what interfaces want ---- */

static void wants(void *ctx, unsigned interface, struct mcr_address group,
		  struct mcr_source_filter *out)
{
	const struct mcr_engine *e = ctx;
	struct mcr_querier *q =
	    e->interfaces[interface]
		.queriers[mcr_address_is_ipv6(group) ? MCR_GMP_MLD : MCR_GMP_IGMP];

	*out = (struct mcr_source_filter){.mode = MCR_FILTER_INCLUDE};
	if (q)
		mcr_querier_filter(q, group, out);
}

static void members_changed(void *ctx, struct mcr_address group)
{
	struct mcr_relay *r = ctx;

	if (mcr_route_set_note(r->routes, group) < 0)
		r->is_lossy = 1;
}

/* Notes all that the queriers know. What they have forgotten has a route, and so needs no memory to
 * be noted. Returns 0 or -ENOMEM. */
static int note_all(const struct mcr_engine *e)
{
	int ret = 0;

	for (size_t i = 0; i < e->n_interfaces; i++)
		for (unsigned f = 0; e->interfaces[i].members_changed && f < 2; f++) {
			struct mcr_querier *q = e->interfaces[i].queriers[f];
			struct mcr_querier_group group;

			for (size_t k = 0;
			     q && ret == 0 && mcr_querier_get_group(q, k, &group) == 0; k++)
				ret = mcr_route_set_note(e->relay->routes, group.group);
		}
	return ret;
}

/* ---- life ---- */

static int is_configured(const struct mcr_engine *e)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].config.role != MCR_RELAY_NONE)
			return 1;
	return 0;
}

static int create_guard(const struct mcr_engine *e, struct mcr_relay *r)
{
	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].config.loop_guard)
			return mcr_loop_guard_create(&r->guard, r->seed);
	return 0;
}

/* The queriers' changes come from here on. Nobody has reported anything yet. */
static void listen_to_members(struct mcr_engine *e)
{
	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_interface *it = &e->interfaces[i];

		if (it->config.role == MCR_RELAY_DOWNSTREAM) {
			it->members_changed = members_changed;
			it->members_ctx = e->relay;
		}
		if (it->config.role != MCR_RELAY_NONE)
			e->relay->interfaces |= UINT64_C(1) << i;
	}
}

static int create_routes(struct mcr_engine *e)
{
	struct mcr_interface_config *configs = calloc(e->n_interfaces, sizeof(*configs));
	struct mcr_relay *r = e->relay;
	int ret = configs ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < e->n_interfaces; i++)
		configs[i] = e->interfaces[i].config;
	if (ret == 0)
		ret = mcr_route_set_create(&r->routes, configs, e->n_interfaces, wants, e, r->seed);
	free(configs);
	r->listing = mcr_route_listing_create(e);
	if (!r->listing)
		ret = -ENOMEM;
	while (ret >= 0 && mcr_route_set_is_noted(r->routes)) /* the static groups */
		ret = mcr_route_set_update(r->routes, GROUPS_A_ROUND);
	return ret < 0 ? ret : 0;
}

int mcr_engine_create_relay(struct mcr_engine *e, struct mcr_error *err)
{
	int ret;

	if (!is_configured(e))
		return 0;
	e->relay = calloc(1, sizeof(*e->relay));
	if (e->relay)
		e->relay->seed = seed();
	ret = e->relay ? create_routes(e) : -ENOMEM;
	if (ret == 0)
		ret = create_guard(e, e->relay);
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory for the relay");
	e->relay->upstream = mcr_route_set_upstream(e->relay->routes);
	listen_to_members(e);
	mcr_engine_relay_forwarding(e, e->relay->forwarding);
	return mcr_engine_create_relay_lcores(e, err);
}

void mcr_engine_destroy_relay(struct mcr_engine *e)
{
	struct mcr_relay *r = e->relay;

	if (!r)
		return;
	for (size_t i = 0; i < e->n_interfaces; i++)
		e->interfaces[i].members_changed = NULL;
	mcr_route_set_destroy(r->routes);
	mcr_loop_guard_destroy(r->guard);
	rte_mempool_free(r->pool);
	mcr_route_listing_destroy(r->listing);
	free(r);
	e->relay = NULL;
}

/* ---- the round ---- */

/* Nothing is lost: it is tried again in the next round. */
static void log_no_memory(struct mcr_engine *e, const char *what, uint64_t now_ns)
{
	if (now_ns < e->relay->logged.memory_due_ns)
		return;
	e->relay->logged.memory_due_ns = now_ns + AGAIN_NS;
	mcr_engine_log(e, MCR_LOG_ERROR, "relay: no memory %s: it is tried again", what);
}

static void update_routes(struct mcr_engine *e, uint64_t now_ns)
{
	struct mcr_relay *r = e->relay;
	int ret = 0;

	if (r->is_lossy)
		ret = note_all(e);
	if (ret == 0) {
		r->is_lossy = 0;
		ret = mcr_route_set_update(r->routes, GROUPS_A_ROUND);
	}
	if (ret != 0) /* without memory, some of them may have been made */
		r->is_due = 1;
	if (ret < 0)
		log_no_memory(e, "for new routes", now_ns);
}

/* Of this thread, without what others took while it was ready. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void publish(struct mcr_engine *e, uint64_t now_ns)
{
	const uint64_t begin_ns = cpu_ns();

	if (mcr_engine_publish(e, e->table, NULL) < 0)
		log_no_memory(e, "to show the rx lcores new routes", now_ns);
	e->relay->publish_at_ns = mcr_clock_now_monotonic() + REST_TIMES * (cpu_ns() - begin_ns);
}

/* RFC 4605 §3: another querier forwards from now on, or this one does. That waits for nothing. */
static int is_turn_over(const struct mcr_engine *e)
{
	uint64_t forwarding[2];

	mcr_engine_relay_forwarding(e, forwarding);
	return memcmp(forwarding, e->relay->forwarding, sizeof(forwarding)) != 0;
}

static int is_lcore_behind(const struct mcr_engine *e)
{
	unsigned n = 0;

	for (const struct mcr_retired *r = e->retired; r && n < WAITING_MAX; r = r->next)
		n++;
	return n == WAITING_MAX;
}

void mcr_engine_relay_round(struct mcr_engine *e, uint64_t now_ns)
{
	struct mcr_relay *r = e->relay;

	if (!r)
		return;
	if (r->is_lossy || mcr_route_set_is_noted(r->routes))
		update_routes(e, now_ns);
	if (mcr_engine_tell_upstream(e, now_ns) < 0)
		log_no_memory(e, "to join groups upstream", now_ns);
	if (is_turn_over(e) || (r->is_due && now_ns >= r->publish_at_ns && !is_lcore_behind(e)))
		publish(e, now_ns);
}

void mcr_engine_relay_port_gone(struct mcr_engine *e, uint16_t port)
{
	for (unsigned i = 0; e->relay && i < e->n_interfaces; i++)
		/* What would go to the upstream one is counted: tx_down. */
		if (e->interfaces[i].port->id == port && i != e->relay->upstream) {
			e->interfaces[i].members_changed = NULL;
			mcr_route_set_remove(e->relay->routes, i);
		}
}
