/* SPDX-License-Identifier: BSD-3-Clause */
/* The membership machine of one interface and family: its life, its joins and its poll. */
#include "core/gmp/gmp_state.h"

#include <errno.h>
#include <stdlib.h>

#include "core/source_set.h"

static void set_defaults(struct mcr_gmp_config *cfg)
{
	if (!cfg->mtu)
		cfg->mtu = 1500;
	if (!cfg->robustness)
		cfg->robustness = 2; /* RFC 9776 §8.1 */
	if (!cfg->robustness_floor)
		cfg->robustness_floor = 1;
	if (!cfg->burst)
		cfg->burst = MCR_GMP_BURST;
	if (!cfg->repeat_s)
		cfg->repeat_s = MCR_GMP_REPEAT_S;
}

static uint64_t repeat_ns(const struct mcr_gmp *gmp)
{
	return gmp->cfg.repeat_s * MCR_GMP_SECOND_NS;
}

int mcr_gmp_create(struct mcr_gmp **out, const struct mcr_gmp_config *cfg, uint64_t now_ns)
{
	const struct mcr_gmp_wire *wire = mcr_gmp_wire_of(cfg->family);

	if (!wire || cfg->version > mcr_gmp_version_of(wire, MCR_GMP_LEVEL_NEWEST) ||
	    (cfg->mtu && cfg->mtu < wire->mtu_min))
		return -EINVAL;
	struct mcr_gmp *gmp = calloc(1, sizeof(*gmp));

	if (!gmp)
		return -ENOMEM;
	gmp->cfg = *cfg;
	gmp->wire = wire;
	set_defaults(&gmp->cfg);
	mcr_rng_seed(&gmp->rng, cfg->seed);
	mcr_gmp_groups_init(&gmp->groups, mcr_rng_next(&gmp->rng)); /* no delay shows it */
	gmp->address = cfg->address;
	gmp->other_address = cfg->other_address;
	gmp->level = cfg->version ? mcr_gmp_level_of(wire, cfg->version) : MCR_GMP_LEVEL_NEWEST;
	gmp->robustness = gmp->cfg.robustness;
	if (gmp->robustness < gmp->cfg.robustness_floor)
		gmp->robustness = gmp->cfg.robustness_floor;
	gmp->query_interval_s = MCR_GMP_QI_S;
	gmp->repeat_due_ns = now_ns + repeat_ns(gmp);
	gmp->sweep.due_ns = MCR_GMP_NEVER;
	gmp->sweep.number = 1;
	gmp->queue.stride = gmp->cfg.mtu;
	if (mcr_gmp_reserve(gmp, 1) < 0) {
		mcr_gmp_destroy(gmp);
		return -ENOMEM;
	}
	*out = gmp;
	return 0;
}

void mcr_gmp_destroy(struct mcr_gmp *gmp)
{
	if (!gmp)
		return;
	mcr_gmp_groups_clear(&gmp->groups);
	free(gmp->queue.bytes);
	free(gmp->queue.lengths);
	free(gmp->scratch);
	free(gmp);
}

/* What a record of this group takes in a general answer. */
static uint64_t record_bytes(const struct mcr_gmp *gmp, const struct mcr_membership *m)
{
	return mcr_membership_wanted(m) ? mcr_gmp_record_octets(gmp->wire, m->n_listed) : 0;
}

/* The state of g has changed: schedules its reports (RFC 9776 §5.1, RFC 2236 §6; RFC 9777
 * §6.1, RFC 2710 §4). */
static void schedule_change(struct mcr_gmp *gmp, struct mcr_gmp_group *g, int was_wanted)
{
	int wanted = mcr_membership_wanted(&g->membership);

	if (gmp->level == MCR_GMP_LEVEL_NEWEST || wanted != was_wanted) {
		g->unsent = 1;
		g->change_due_ns = 0;
		g->copies = gmp->cfg.robustness; /* below level 3 no querier sets another */
	}
	/* Below level 3 the one timer of the group starts with the report, or ends with the leave.
	 */
	if (!wanted || (gmp->level < MCR_GMP_LEVEL_NEWEST && g->unsent))
		mcr_gmp_forget_answer(gmp, g);
	mcr_gmp_groups_wake(&gmp->groups, g);
}

/* Sets the state of a group that is there. list: ascending. An empty one never fails. */
static int change_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g, enum mcr_filter_mode mode,
			const struct mcr_address *list, size_t n)
{
	unsigned copies = gmp->level == MCR_GMP_LEVEL_NEWEST ? gmp->robustness : 0;
	int was_wanted = mcr_membership_wanted(&g->membership);
	uint64_t was_bytes = record_bytes(gmp, &g->membership);
	int rc = mcr_membership_set(&g->membership, mode, list, n, copies);

	if (rc <= 0)
		return rc;
	gmp->record_bytes += record_bytes(gmp, &g->membership) - was_bytes;
	gmp->n_wanted += (uint32_t)mcr_membership_wanted(&g->membership) - (uint32_t)was_wanted;
	schedule_change(gmp, g, was_wanted);
	return 0;
}

static struct mcr_gmp_group *add_group(struct mcr_gmp *gmp, struct mcr_address address)
{
	struct mcr_gmp_group *g = mcr_gmp_groups_add(&gmp->groups, address);

	/* A general answer that is under way reports the newcomer too. */
	if (g && gmp->sweep.due_ns != MCR_GMP_NEVER)
		gmp->sweep.left++;
	return g;
}

/* Sorts the caller's sources into scratch. Returns their number or -errno. */
static long take_sources(struct mcr_gmp *gmp, const struct mcr_address *sources, size_t n,
			 size_t held)
{
	for (size_t i = 0; i < n; i++)
		if (!mcr_gmp_wire_carries(gmp->wire, sources[i]) ||
		    !mcr_address_is_unicast(sources[i]))
			return -EINVAL;
	if (mcr_gmp_reserve(gmp, n + held) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		gmp->scratch[i] = sources[i];
	return (long)mcr_source_set_sort(gmp->scratch, n);
}

int mcr_gmp_set_filter(struct mcr_gmp *gmp, struct mcr_address group, enum mcr_filter_mode mode,
		       const struct mcr_address *sources, size_t n, uint64_t now_ns)
{
	int is_leave = mode == MCR_FILTER_INCLUDE && n == 0;

	if (!mcr_gmp_wire_carries(gmp->wire, group) || mcr_group_fault(group, mode) != MCR_GROUP_OK)
		return -EINVAL;
	mcr_gmp_refresh_version(gmp, now_ns);
	struct mcr_gmp_group *g = mcr_gmp_groups_find(&gmp->groups, group);
	long count = is_leave ? 0 : take_sources(gmp, sources, n, g ? g->membership.n : 0);

	if (count < 0)
		return (int)count;
	/* RFC 9776 §5, RFC 9777 §6: we always receive the group of all nodes and never report it.
	 */
	if (mcr_address_is_equal(group, gmp->wire->all_nodes) || (is_leave && !g))
		return 0;
	int is_new = !g;

	if (is_new && !(g = add_group(gmp, group)))
		return -ENOMEM;
	if (gmp->n_wanted == 0 && gmp->repeat_due_ns < now_ns + repeat_ns(gmp))
		gmp->repeat_due_ns = now_ns + repeat_ns(gmp);
	int rc = change_group(gmp, g, mode, gmp->scratch, (size_t)count);

	if (rc < 0 && is_new)
		mcr_gmp_drop_group(gmp, g);
	return rc;
}

void mcr_gmp_announce(struct mcr_gmp *gmp, struct mcr_address address, uint64_t now_ns)
{
	gmp->address = address;
	mcr_gmp_refresh_version(gmp, now_ns);
	for (struct mcr_gmp_group *g = gmp->groups.first; g; g = g->next)
		mcr_gmp_announce_group(gmp, g);
}

/* scratch has room for the sources of each group. */
void mcr_gmp_wants(struct mcr_gmp *gmp, struct mcr_address group, struct mcr_source_filter *filter)
{
	const struct mcr_gmp_group *g = mcr_gmp_groups_find(&gmp->groups, group);

	*filter = (struct mcr_source_filter){.mode = MCR_FILTER_INCLUDE};
	if (!g)
		return;
	filter->mode = (enum mcr_filter_mode)g->membership.mode;
	filter->n = mcr_membership_select(&g->membership, MCR_RECORD_IS_IN, gmp->scratch);
	filter->sources = gmp->scratch;
}

void mcr_gmp_defend(struct mcr_gmp *gmp, struct mcr_address group, uint64_t now_ns)
{
	struct mcr_gmp_group *g = mcr_gmp_groups_find(&gmp->groups, group);

	mcr_gmp_refresh_version(gmp, now_ns);
	if (!g || !mcr_membership_wanted(&g->membership))
		return;
	mcr_gmp_announce_group(gmp, g);
	g->change_due_ns = now_ns + MCR_GMP_TICK_NS;
	mcr_gmp_groups_wake(&gmp->groups, g);
}

void mcr_gmp_set_other_address(struct mcr_gmp *gmp, struct mcr_address address)
{
	gmp->other_address = address;
}

void mcr_gmp_leave_all(struct mcr_gmp *gmp, uint64_t now_ns)
{
	mcr_gmp_refresh_version(gmp, now_ns);
	for (struct mcr_gmp_group *g = gmp->groups.first; g; g = g->next)
		change_group(gmp, g, MCR_FILTER_INCLUDE, NULL, 0);
	gmp->sweep.due_ns = MCR_GMP_NEVER;
}

/* Without a querier nobody asks, and a snooping switch forgets us, so we report unasked. A query
 * moves repeat_due_ns to the time when the querier counts as gone. */
static void repeat_unasked(struct mcr_gmp *gmp, uint64_t now_ns)
{
	if (gmp->cfg.repeat_s == MCR_GMP_NO_REPEAT || now_ns < gmp->repeat_due_ns)
		return;
	uint64_t spread = repeat_ns(gmp) < MCR_GMP_QRI_NS ? repeat_ns(gmp) : MCR_GMP_QRI_NS;

	gmp->repeat_due_ns = now_ns + repeat_ns(gmp);
	if (!gmp->n_wanted)
		return;
	gmp->stats.repeats++;
	mcr_gmp_schedule_general(gmp, spread, now_ns);
}

uint64_t mcr_gmp_poll(struct mcr_gmp *gmp, uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	mcr_gmp_refresh_version(gmp, now_ns);
	repeat_unasked(gmp, now_ns);
	mcr_gmp_pump(gmp, now_ns, send, ctx);
	return mcr_gmp_deadline(gmp, now_ns);
}
