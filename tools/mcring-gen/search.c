/* SPDX-License-Identifier: BSD-3-Clause */
#include "search.h"

void gen_search_init(struct gen_search *search, uint64_t highest, double resolution,
		     unsigned repeats, int confirms)
{
	*search = (struct gen_search){
	    .resolution = resolution,
	    .repeats = repeats,
	    .confirms = confirms,
	    .trial = GEN_TRIAL_TOP,
	    .offered = highest,
	    .step = resolution,
	};
}

/* A rate was found, or there is none. */
static void settle(struct gen_search *search)
{
	search->trial = search->confirms && search->rate > 0 ? GEN_TRIAL_CONFIRM : GEN_TRIAL_NONE;
}

static void halve(struct gen_search *search)
{
	uint64_t span = search->bad - search->good;

	if (span <= 1 || (double)span <= search->resolution * (double)search->bad) {
		search->offered = search->good;
		settle(search);
		return;
	}
	search->trial = GEN_TRIAL_HALF;
	search->offered = search->good + span / 2;
}

/* What a short trial stood and a long one did not: down by ever larger steps, each confirmed. */
static void step_down(struct gen_search *search)
{
	uint64_t from = search->offered ? search->offered : search->rate;
	uint64_t by = (uint64_t)((double)from * search->step) + 1;

	search->highest_asked = 0;
	search->step *= 2;
	if (by >= from) {
		search->rate = 0;
		search->trial = GEN_TRIAL_NONE;
		return;
	}
	search->offered = from - by;
}

void gen_search_took(struct gen_search *search, uint64_t rate, int lost)
{
	if (lost && search->repeated < search->repeats) {
		search->repeated++;
		return;
	}
	search->repeated = 0;
	if (!lost)
		search->rate = rate;
	switch (search->trial) {
	case GEN_TRIAL_TOP:
		search->highest_asked = !lost;
		search->bad = search->offered ? search->offered : rate;
		if (lost)
			halve(search);
		else
			settle(search);
		break;
	case GEN_TRIAL_HALF:
		*(lost ? &search->bad : &search->good) = search->offered;
		halve(search);
		break;
	case GEN_TRIAL_CONFIRM:
		search->confirmed = !lost;
		if (lost)
			step_down(search);
		else
			search->trial = GEN_TRIAL_NONE;
		break;
	case GEN_TRIAL_NONE:
		break;
	}
}
