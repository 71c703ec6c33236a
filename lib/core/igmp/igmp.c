/* SPDX-License-Identifier: BSD-3-Clause */
/* The IGMP host machine of one interface: its life, its joins and its poll. */
#include "core/igmp/igmp_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "core/source_set.h"

static void set_defaults(struct mcr_igmp_config *cfg)
{
	if (!cfg->mtu)
		cfg->mtu = 1500;
	if (!cfg->robustness)
		cfg->robustness = 2; /* RFC 9776 §8.1 */
	if (!cfg->robustness_floor)
		cfg->robustness_floor = 1;
	if (!cfg->burst)
		cfg->burst = MCR_IGMP_BURST;
	if (!cfg->repeat_s)
		cfg->repeat_s = MCR_IGMP_REPEAT_S;
}

static uint64_t repeat_ns(const struct mcr_igmp *igmp)
{
	return igmp->cfg.repeat_s * MCR_IGMP_SECOND_NS;
}

int mcr_igmp_create(struct mcr_igmp **out, const struct mcr_igmp_config *cfg, uint64_t now_ns)
{
	if (cfg->version > 3 || (cfg->mtu && cfg->mtu < MCR_IPV4_MTU_MIN))
		return -EINVAL;
	struct mcr_igmp *igmp = calloc(1, sizeof(*igmp));

	if (!igmp)
		return -ENOMEM;
	igmp->cfg = *cfg;
	set_defaults(&igmp->cfg);
	mcr_rng_seed(&igmp->rng, cfg->seed);
	mcr_igmp_groups_init(&igmp->groups, cfg->seed);
	igmp->address = ntohl(cfg->address_be);
	igmp->version = cfg->version ? cfg->version : 3;
	igmp->robustness = igmp->cfg.robustness;
	if (igmp->robustness < igmp->cfg.robustness_floor)
		igmp->robustness = igmp->cfg.robustness_floor;
	igmp->query_interval_s = MCR_IGMP_QI_S;
	igmp->repeat_due_ns = now_ns + repeat_ns(igmp);
	igmp->sweep.due_ns = MCR_IGMP_NEVER;
	igmp->sweep.number = 1;
	igmp->queue.stride = igmp->cfg.mtu;
	if (mcr_igmp_reserve(igmp, 1) < 0) {
		mcr_igmp_destroy(igmp);
		return -ENOMEM;
	}
	*out = igmp;
	return 0;
}

void mcr_igmp_destroy(struct mcr_igmp *igmp)
{
	if (!igmp)
		return;
	mcr_igmp_groups_clear(&igmp->groups);
	free(igmp->queue.bytes);
	free(igmp->queue.lengths);
	free(igmp->scratch);
	free(igmp);
}

/* What a record of this group takes in a general answer. */
static uint64_t record_bytes(const struct mcr_membership *m)
{
	return mcr_membership_wanted(m) ? MCR_IGMP_RECORD_HEADER + 4ull * m->n_listed : 0;
}

/* The state of g has changed: schedules its reports (RFC 9776 §5.1, RFC 2236 §6). */
static void schedule_change(struct mcr_igmp *igmp, struct mcr_igmp_group *g, int was_wanted)
{
	int wanted = mcr_membership_wanted(&g->membership);

	if (igmp->version == 3 || wanted != was_wanted) {
		g->unsent = 1;
		g->change_due_ns = 0;
		g->copies = igmp->cfg.robustness; /* v1, v2: no querier sets another */
	}
	/* v1, v2: the one timer of the group starts with the report, or ends with the leave. */
	if (!wanted || (igmp->version < 3 && g->unsent))
		mcr_igmp_forget_answer(igmp, g);
	mcr_igmp_groups_wake(&igmp->groups, g);
}

/* Sets the state of a group that is there. list: ascending. An empty one never fails. */
static int change_group(struct mcr_igmp *igmp, struct mcr_igmp_group *g, enum mcr_filter_mode mode,
			const uint32_t *list, size_t n)
{
	unsigned copies = igmp->version == 3 ? igmp->robustness : 0;
	int was_wanted = mcr_membership_wanted(&g->membership);
	uint64_t was_bytes = record_bytes(&g->membership);
	int rc = mcr_membership_set(&g->membership, mode, list, n, copies);

	if (rc <= 0)
		return rc;
	igmp->record_bytes += record_bytes(&g->membership) - was_bytes;
	igmp->n_wanted += (uint32_t)mcr_membership_wanted(&g->membership) - (uint32_t)was_wanted;
	schedule_change(igmp, g, was_wanted);
	return 0;
}

static struct mcr_igmp_group *add_group(struct mcr_igmp *igmp, uint32_t address)
{
	struct mcr_igmp_group *g = mcr_igmp_groups_add(&igmp->groups, address);

	/* A general answer that is under way reports the newcomer too. */
	if (g && igmp->sweep.due_ns != MCR_IGMP_NEVER)
		igmp->sweep.left++;
	return g;
}

/* Sorts the caller's sources into scratch. Returns their number or -errno. */
static long take_sources(struct mcr_igmp *igmp, const uint32_t *sources_be, size_t n, size_t held)
{
	for (size_t i = 0; i < n; i++)
		if (!mcr_ipv4_is_unicast(sources_be[i]))
			return -EINVAL;
	if (mcr_igmp_reserve(igmp, n + held) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		igmp->scratch[i] = ntohl(sources_be[i]);
	return (long)mcr_source_set_sort(igmp->scratch, n);
}

int mcr_igmp_set_filter(struct mcr_igmp *igmp, uint32_t group_be, enum mcr_filter_mode mode,
			const uint32_t *sources_be, size_t n, uint64_t now_ns)
{
	uint32_t address = ntohl(group_be);
	int is_leave = mode == MCR_FILTER_INCLUDE && n == 0;

	if (mcr_group_fault(mcr_address_from_ipv4(group_be), mode) != MCR_GROUP_OK)
		return -EINVAL;
	mcr_igmp_refresh_version(igmp, now_ns);
	struct mcr_igmp_group *g = mcr_igmp_groups_find(&igmp->groups, address);
	long count = is_leave ? 0 : take_sources(igmp, sources_be, n, g ? g->membership.n : 0);

	if (count < 0)
		return (int)count;
	/* RFC 9776 §5: we always receive the all-systems group and never report it. */
	if (address == MCR_IPV4_ALL_HOSTS || (is_leave && !g))
		return 0;
	int is_new = !g;

	if (is_new && !(g = add_group(igmp, address)))
		return -ENOMEM;
	if (igmp->n_wanted == 0 && igmp->repeat_due_ns < now_ns + repeat_ns(igmp))
		igmp->repeat_due_ns = now_ns + repeat_ns(igmp);
	int rc = change_group(igmp, g, mode, igmp->scratch, (size_t)count);

	if (rc < 0 && is_new)
		mcr_igmp_drop_group(igmp, g);
	return rc;
}

void mcr_igmp_announce(struct mcr_igmp *igmp, uint32_t address_be, uint64_t now_ns)
{
	igmp->address = ntohl(address_be);
	mcr_igmp_refresh_version(igmp, now_ns);
	for (struct mcr_igmp_group *g = igmp->groups.first; g; g = g->next)
		mcr_igmp_announce_group(igmp, g);
}

void mcr_igmp_leave_all(struct mcr_igmp *igmp, uint64_t now_ns)
{
	mcr_igmp_refresh_version(igmp, now_ns);
	for (struct mcr_igmp_group *g = igmp->groups.first; g; g = g->next)
		change_group(igmp, g, MCR_FILTER_INCLUDE, NULL, 0);
	igmp->sweep.due_ns = MCR_IGMP_NEVER;
}

/* Without a querier nobody asks, and a snooping switch forgets us, so we report unasked. A query
 * moves repeat_due_ns to the time when the querier counts as gone. */
static void repeat_unasked(struct mcr_igmp *igmp, uint64_t now_ns)
{
	if (igmp->cfg.repeat_s == MCR_IGMP_NO_REPEAT || now_ns < igmp->repeat_due_ns)
		return;
	uint64_t spread = repeat_ns(igmp) < MCR_IGMP_QRI_NS ? repeat_ns(igmp) : MCR_IGMP_QRI_NS;

	igmp->repeat_due_ns = now_ns + repeat_ns(igmp);
	if (!igmp->n_wanted)
		return;
	igmp->stats.repeats++;
	mcr_igmp_schedule_general(igmp, spread, now_ns);
}

uint64_t mcr_igmp_poll(struct mcr_igmp *igmp, uint64_t now_ns, mcr_igmp_send send, void *ctx)
{
	mcr_igmp_refresh_version(igmp, now_ns);
	repeat_unasked(igmp, now_ns);
	mcr_igmp_pump(igmp, now_ns, send, ctx);
	return mcr_igmp_deadline(igmp, now_ns);
}
