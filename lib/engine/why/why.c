/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "engine/why/why.h"
#include "engine/why/why_collect.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_whole.h"

struct mcr_why {
	struct mcr_engine *engine;
	struct mcr_why_query query;
	struct mcr_why_verdict *verdict; /* from the first step on */

	/* From the first step to the last. */
	struct mcr_why_collector collector;
	struct mcr_why_evidence *evidence;
	struct mcr_why_whole *whole; /* NULL when one group was asked about */
	int is_done;
};

static void take_group(void *ctx, const struct mcr_group_info *group)
{
	struct mcr_why *why = ctx;

	if (why->whole)
		mcr_why_whole_take(why->whole, why->evidence, group);
}

static int check_channel(const struct mcr_engine *engine, const char *name, struct mcr_error *err)
{
	struct mcr_channel_info channel = {.size = sizeof(channel)};

	for (size_t i = 0; mcr_engine_channel_info(engine, i, &channel) == 0; i++)
		if (strcmp(channel.name, name) == 0)
			return 0;
	return mcr_error_set(err, -ENOENT,
			     "no channel is called '%.*s': mcring-ctl status lists them",
			     MCR_NAME_MAX - 1, name);
}

int mcr_why_create(struct mcr_why **out, struct mcr_engine *engine,
		   const struct mcr_why_query *query, struct mcr_error *err)
{
	struct mcr_why *why;

	if (query->channel[0] && check_channel(engine, query->channel, err) < 0)
		return -ENOENT;
	why = calloc(1, sizeof(*why));
	if (!why)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	why->engine = engine;
	why->query = *query;
	*out = why;
	return 0;
}

static int begin(struct mcr_why *why)
{
	const int is_whole = mcr_address_is_none(why->query.group);

	why->verdict = calloc(1, sizeof(*why->verdict));
	why->evidence = mcr_why_evidence_create(&why->query);
	if (is_whole)
		why->whole = mcr_why_whole_create();
	if (!why->verdict || !why->evidence || (is_whole && !why->whole))
		return -ENOMEM;
	why->collector = (struct mcr_why_collector){
	    .engine = why->engine, .evidence = why->evidence, .take = take_group, .ctx = why};
	return 0;
}

/* What is read while the answer is sent is the verdict alone. */
static void forget_evidence(struct mcr_why *why)
{
	mcr_why_evidence_destroy(why->evidence);
	mcr_why_whole_destroy(why->whole);
	why->evidence = NULL;
	why->whole = NULL;
}

int mcr_why_step(struct mcr_why *why, uint64_t now_ns)
{
	int ret;

	if (why->is_done)
		return 1;
	if (!why->evidence && begin(why) < 0)
		return -ENOMEM;
	ret = mcr_why_collect_step(&why->collector, now_ns);
	if (ret <= 0)
		return ret;
	if (why->whole)
		mcr_why_whole_end(why->whole, why->evidence, why->verdict);
	else
		mcr_why_one(why->evidence, why->verdict);
	forget_evidence(why);
	why->is_done = 1;
	return 1;
}

const struct mcr_why_verdict *mcr_why_verdict(const struct mcr_why *why)
{
	return why->verdict;
}

const struct mcr_why_query *mcr_why_asked(const struct mcr_why *why)
{
	return &why->query;
}

void mcr_why_destroy(struct mcr_why *why)
{
	if (!why)
		return;
	forget_evidence(why);
	free(why->verdict);
	free(why);
}
