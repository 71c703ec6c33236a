/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "engine/plan/tx_plan.h"

#define QUEUES_MAX (MCR_LCORES_MAX + 1) /* one for each sender */
#define NOWHERE    UINT16_MAX

_Static_assert(MCR_TX_CONTROL <= UINT8_MAX, "an owner is one octet");

uint16_t mcr_tx_plan_queues(unsigned n_senders, uint16_t max)
{
	unsigned n = n_senders == 0 ? 1 : 1 + n_senders;

	if (n > max)
		n = max;
	return (uint16_t)(n > 0 ? n : 1);
}

static unsigned first_of(uint32_t workers)
{
	return (unsigned)__builtin_ctz(workers);
}

/* Gives the queues from `queue` on to the workers, one each, as long as there are any. Returns the
 * first queue that is left. */
static uint16_t give_queues(struct mcr_tx_plan *plan, uint16_t queue, uint32_t workers)
{
	for (; workers != 0 && queue < plan->n_queues; workers &= workers - 1, queue++) {
		unsigned worker = first_of(workers);

		plan->owner_of[queue] = (uint8_t)worker;
		plan->queue_of[worker] = queue;
	}
	return queue;
}

/* Workers without a queue take turns with the n queues from `first` on. */
static void share_queues(struct mcr_tx_plan *plan, uint16_t first, uint16_t n, uint32_t workers)
{
	for (unsigned turn = 0; workers != 0; workers &= workers - 1)
		if (plan->queue_of[first_of(workers)] == NOWHERE)
			plan->queue_of[first_of(workers)] = (uint16_t)(first + turn++ % n);
}

void mcr_tx_plan_make(struct mcr_tx_plan *plan, uint16_t n_queues, uint32_t senders,
		      uint32_t pollers)
{
	uint16_t first, behind_pollers, end;

	pollers &= senders;
	plan->n_queues = n_queues < QUEUES_MAX ? n_queues : QUEUES_MAX;
	memset(plan->owner_of, MCR_TX_CONTROL, sizeof(plan->owner_of));
	for (size_t s = 0; s < QUEUES_MAX; s++)
		plan->queue_of[s] = NOWHERE;
	plan->queue_of[MCR_TX_CONTROL] = 0;
	if (senders == 0)
		return;
	first = plan->n_queues > 1; /* queue 0 is control's, if there is another */
	behind_pollers = give_queues(plan, first, pollers);
	end = give_queues(plan, behind_pollers, senders & ~pollers);
	if (behind_pollers > first)
		end = behind_pollers;
	share_queues(plan, first, (uint16_t)(end - first), senders);
}

unsigned mcr_tx_plan_shared(const struct mcr_tx_plan *plan)
{
	unsigned n = 0;

	for (unsigned s = 0; s < QUEUES_MAX; s++)
		n += plan->queue_of[s] != NOWHERE && plan->owner_of[plan->queue_of[s]] != s;
	return n;
}

static uint32_t workers_by(const struct mcr_tx_plan *plan, uint16_t queue)
{
	uint32_t set = 0;

	for (unsigned w = 0; w < MCR_LCORES_MAX; w++)
		if (plan->queue_of[w] == queue)
			set |= UINT32_C(1) << w;
	return set;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

void mcr_tx_plan_describe(const struct mcr_tx_plan *plan, const struct mcr_placement *placement,
			  char *buf, size_t cap)
{
	unsigned n = (unsigned)__builtin_popcount(~workers_by(plan, NOWHERE));
	size_t len = (size_t)snprintf(buf, cap, "%u Tx queue%s for control and %u rx lcore%s",
				      plan->n_queues, plural(plan->n_queues), n, plural(n));
	const char *before = ":";

	for (uint16_t q = 0; q < plan->n_queues && len < cap; q++) {
		unsigned owner = plan->owner_of[q];
		int is_controls = plan->queue_of[MCR_TX_CONTROL] == q;
		char lcores[160];
		uint32_t guests;

		if (owner == MCR_TX_CONTROL)
			continue;
		guests = workers_by(plan, q) & ~(UINT32_C(1) << owner);
		if (guests == 0 && !is_controls)
			continue;
		mcr_placement_list(placement, guests, lcores, sizeof(lcores));
		len +=
		    (size_t)snprintf(buf + len, cap - len, "%s rx lcore %u sends for %s%s%s",
				     before, placement->lcores[owner], is_controls ? "control" : "",
				     is_controls && guests != 0 ? ", " : "", lcores);
		before = ";";
	}
}
