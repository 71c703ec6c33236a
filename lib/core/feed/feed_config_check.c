/* SPDX-License-Identifier: BSD-3-Clause */
/* What must hold of a feed as a whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/feed/feed_config.h"
#include "core/feed/hours.h"

/* A flow and its place. */
struct placed {
	const struct mcr_feed_flow *flow;
	const struct mcr_feed_line_config *line;
};

static int by_group(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int order = strcmp(x->line->engine, y->line->engine);

	if (order == 0)
		order = memcmp(&x->flow->group, &y->flow->group, sizeof(x->flow->group));
	if (order == 0)
		order = (x->flow->port > y->flow->port) - (x->flow->port < y->flow->port);
	if (order == 0)
		order = memcmp(&x->flow->source, &y->flow->source, sizeof(x->flow->source));
	return order;
}

static int is_of_one_group(const struct placed *a, const struct placed *b)
{
	return mcr_address_is_equal(a->flow->group, b->flow->group) &&
	       strcmp(a->line->engine, b->line->engine) == 0;
}

/* Whether a packet of the group may be of both. */
static int overlap(const struct mcr_feed_flow *a, const struct mcr_feed_flow *b)
{
	return (!a->port || !b->port || a->port == b->port) &&
	       (mcr_address_is_none(a->source) || mcr_address_is_none(b->source) ||
		mcr_address_is_equal(a->source, b->source)) &&
	       (!a->interface[0] || !b->interface[0] || strcmp(a->interface, b->interface) == 0);
}

static int refuse_overlap(const struct placed *a, const struct placed *b, struct mcr_error *err)
{
	char text[MCR_ADDRESS_TEXT];

	return mcr_error_set(
	    err, -EINVAL,
	    "a packet to %s port %u may be of %s %s%s%s: expected flows that "
	    "differ by interface, group, port or source",
	    mcr_address_format(text, a->flow->group), a->flow->port ? a->flow->port : b->flow->port,
	    a->line == b->line ? "two joins of line" : "the lines", a->line->name,
	    a->line == b->line ? "" : " and ", a->line == b->line ? "" : b->line->name);
}

/* Whether b, which stands behind a in the order of group, port and source, may overlap it: any port
 * and any source stand in front of the others. */
static int may_overlap(const struct placed *a, const struct placed *b)
{
	if (!is_of_one_group(a, b))
		return 0;
	return !a->flow->port || (a->flow->port == b->flow->port &&
				  (mcr_address_is_none(a->flow->source) ||
				   mcr_address_is_equal(a->flow->source, b->flow->source)));
}

static int find_overlap(const struct placed *all, size_t n, struct mcr_error *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && may_overlap(&all[i], &all[k]); k++)
			if (overlap(all[i].flow, all[k].flow))
				return refuse_overlap(&all[i], &all[k], err);
	return 0;
}

static int check_flows(const struct mcr_feed_config *c, struct mcr_error *err)
{
	struct placed *all;
	size_t n = 0;
	int ret;

	for (unsigned i = 0; i < c->n_lines; i++)
		n += c->lines[i].n_flows;
	all = malloc(n * sizeof(*all));
	if (!all)
		return mcr_error_set(err, -ENOMEM, "no memory for %zu joins: expected some", n);
	n = 0;
	for (unsigned i = 0; i < c->n_lines; i++)
		for (size_t k = 0; k < c->lines[i].n_flows; k++)
			all[n++] = (struct placed){&c->lines[i].flows[k], &c->lines[i]};
	qsort(all, n, sizeof(*all), by_group);
	ret = find_overlap(all, n, err);
	free(all);
	return ret;
}

static int check_line(const struct mcr_feed_config *c, const struct mcr_feed_line_config *line,
		      struct mcr_error *err)
{
	const struct mcr_feed_line_config *first = &c->lines[0];

	if (line->n_flows == 0)
		return mcr_error_set(err, -EINVAL, "line %s has no join: expected what it receives",
				     line->name);
	if (!line->engine[0] != !first->engine[0])
		return mcr_error_set(err, -EINVAL,
				     "line %s has %s, and line %s has %s: expected an engine in "
				     "all lines or in none",
				     line->name, line->engine[0] ? "an engine" : "no engine",
				     first->name, first->engine[0] ? "one" : "none");
	if (c->numbering.scope_is_group && line->n_flows != first->n_flows)
		return mcr_error_set(err, -EINVAL,
				     "line %s has %zu groups and ports, and line %s %zu: expected "
				     "as many, because the numbers of each group are its own and "
				     "the first of each line carry the same",
				     line->name, line->n_flows, first->name, first->n_flows);
	return 0;
}

int mcr_feed_config_check(const struct mcr_feed_config *c, struct mcr_error *err)
{
	struct mcr_hours hours;

	if (!c->name[0])
		return mcr_error_set(err, -EINVAL, "the feed has no name: expected one");
	if (!c->declaration[0])
		return mcr_error_set(err, -EINVAL,
				     "feed %s has no declaration: expected how its packets are "
				     "numbered, such as moldudp64",
				     c->name);
	if (c->n_lines == 0)
		return mcr_error_set(err, -EINVAL, "feed %s has no lines: expected 1 to %d",
				     c->name, MCR_FEED_LINES_MAX);
	if (c->zone[0] && !c->hours[0])
		return mcr_error_set(err, -EINVAL, "feed %s has a zone: expected its hours, too",
				     c->name);
	if (c->hours[0] && mcr_hours_parse(&hours, c->hours, err) != 0)
		return -EINVAL;
	if (c->reorder >= c->window)
		return mcr_error_set(err, -EINVAL,
				     "reorder is %u: expected less than the window, which is %u",
				     c->reorder, c->window);
	for (unsigned i = 0; i < c->n_lines; i++) {
		int ret = check_line(c, &c->lines[i], err);

		if (ret < 0)
			return ret;
	}
	return check_flows(c, err);
}
