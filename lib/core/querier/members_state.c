/* SPDX-License-Identifier: BSD-3-Clause */
/* What a record does to a group: the tables of RFC 9776 §6.4.1 and §6.4.2 (RFC 9777 §7.4), and the
 * translation of §7.3.2 while older hosts are present. */
#include "core/querier/members_table.h"

enum action {
	KEEP, /* of a source that is not there: it does not come */
	DROP,
	ZERO,
	FULL,    /* its timer = GMI */
	AS_GROUP /* its timer = the group timer, as it was before */
};

/* A row of the tables: what becomes of a source by where it is. */
struct row {
	uint8_t added;                  /* in the record's list only: action */
	uint8_t running;                /* in both, and its timer runs (A, X): action */
	uint8_t blocked;                /* in both, in Y: action */
	uint8_t rest;                   /* not in the record's list: action */
	uint8_t asks_listed, asks_rest; /* "Send Q(G,...)" is about what is in the record's list and
					 * not in Y, or about what is not in the list */
	uint8_t asks_group;             /* "Send Q(G)" */
	uint8_t excludes;               /* it is EXCLUDE then, with the group timer = GMI */
};

static const struct row include_rows[] = {
    [MCR_RECORD_IS_IN] = {.added = FULL, .running = FULL},
    [MCR_RECORD_IS_EX] = {.added = ZERO, .rest = DROP, .excludes = 1},
    [MCR_RECORD_TO_IN] = {.added = FULL, .running = FULL, .asks_rest = 1},
    [MCR_RECORD_TO_EX] = {.added = ZERO, .rest = DROP, .asks_listed = 1, .excludes = 1},
    [MCR_RECORD_ALLOW] = {.added = FULL, .running = FULL},
    [MCR_RECORD_BLOCK] = {.asks_listed = 1},
};

static const struct row exclude_rows[] = {
    [MCR_RECORD_IS_IN] = {.added = FULL, .running = FULL, .blocked = FULL},
    [MCR_RECORD_IS_EX] = {.added = FULL, .rest = DROP, .excludes = 1},
    [MCR_RECORD_TO_IN] =
	{.added = FULL, .running = FULL, .blocked = FULL, .asks_rest = 1, .asks_group = 1},
    [MCR_RECORD_TO_EX] = {.added = AS_GROUP, .rest = DROP, .asks_listed = 1, .excludes = 1},
    [MCR_RECORD_ALLOW] = {.added = FULL, .running = FULL, .blocked = FULL},
    [MCR_RECORD_BLOCK] = {.added = AS_GROUP, .asks_listed = 1},
};

/* What "Send Q" does. A fast leave does not ask: what would be asked for ends. What could not be
 * asked for in time goes on. */
enum leave {
	IGNORED,
	ASKED,
	ENDED,
};

/* One record and the group that it is about. */
struct change {
	struct mcr_members *ms;
	struct mcr_members_group *group;
	const struct mcr_members_rules *rules;
	const struct mcr_address *sources;
	size_t n;
	const struct row *row;
	uint64_t now_ns;
	uint64_t due_ns;                     /* the first of the timers that were set */
	size_t n_added;                      /* of the record's sources, not in the group */
	uint8_t sources_leave, group_leaves; /* enum leave */
	uint8_t list_changed, dropped, asks;
};

static void set_timer(struct change *c, uint64_t *until_ns, uint64_t to_ns)
{
	*until_ns = to_ns;
	if (to_ns < c->due_ns)
		c->due_ns = to_ns;
}

static void drop(struct change *c, struct mcr_members_source *s)
{
	s->dropped = 1;
	c->dropped = 1;
	if (!s->until_ns)
		c->group->n_blocked--;
	if (!s->until_ns || c->group->mode == MCR_FILTER_INCLUDE)
		c->list_changed = 1;
}

/* "Send Q(G,X)" for one source of X (§6.6.3.2). */
static void leave_source(struct change *c, struct mcr_members_source *s)
{
	uint64_t lowered_ns = c->now_ns + c->rules->last_member_ns;

	if (c->sources_leave == ENDED && c->group->mode == MCR_FILTER_INCLUDE &&
	    !c->row->excludes) {
		drop(c, s);
	} else if (c->sources_leave == ENDED) {
		mcr_members_block(c->group, s);
		c->list_changed = 1;
	} else if (c->sources_leave == ASKED && s->until_ns > lowered_ns) {
		set_timer(c, &s->until_ns, lowered_ns);
		s->left = (uint8_t)c->rules->last_member_count;
		c->asks = 1;
	}
}

/* A source of the group, in the record's list or not. */
static void act(struct change *c, struct mcr_members_source *s, int is_listed)
{
	int runs = s->until_ns != 0;
	uint8_t action = !is_listed ? c->row->rest : runs ? c->row->running : c->row->blocked;

	if (action == DROP) {
		drop(c, s);
	} else if (action == FULL) {
		if (!runs) {
			c->group->n_blocked--;
			c->list_changed = 1;
		}
		set_timer(c, &s->until_ns, c->now_ns + c->rules->membership_ns);
	}
	if (runs && (is_listed ? c->row->asks_listed : c->row->asks_rest))
		leave_source(c, s);
}

/* The first source of the group, from i on, that is not below an address. */
static uint32_t find_from(const struct mcr_members_group *g, uint32_t i, struct mcr_address address)
{
	uint32_t end = g->n;

	while (i < end) {
		uint32_t middle = i + (end - i) / 2;

		if (mcr_members_compare(&g->sources[middle].address, &address) < 0)
			i = middle + 1;
		else
			end = middle;
	}
	return i;
}

/* The sources that are there. A short list is looked up where it leaves the others alone. */
static void act_on_all(struct change *c)
{
	struct mcr_members_group *g = c->group;
	int seek = c->row->rest == KEEP && !c->row->asks_rest && c->n * 8 < g->n;
	uint32_t i = 0;

	for (size_t j = 0; j < c->n; j++) {
		if (seek)
			i = find_from(g, i, c->sources[j]);
		while (i < g->n && mcr_members_compare(&g->sources[i].address, &c->sources[j]) < 0)
			act(c, &g->sources[i++], 0);
		if (i < g->n && mcr_address_is_equal(g->sources[i].address, c->sources[j]))
			act(c, &g->sources[i++], 1);
		else
			c->n_added++;
	}
	while (!seek && i < g->n)
		act(c, &g->sources[i++], 0);
}

/* How many of the record's new sources there is room for. */
static size_t room_for(struct change *c)
{
	const struct mcr_members_config *cfg = &c->ms->cfg;
	size_t room = cfg->sources_max - c->group->n,
	       room_all = cfg->sources_all - c->ms->n_sources;
	size_t n = c->n_added;

	n = n < room ? n : room;
	n = n < room_all ? n : room_all;
	if (mcr_members_reserve(c->ms, c->group, (uint32_t)(c->group->n + n)) != 0)
		n = c->group->cap - c->group->n;
	c->ms->refused_sources += c->n_added - n;
	return n;
}

static void fill_in(struct change *c, struct mcr_members_source *s, struct mcr_address address,
		    uint64_t group_until_ns)
{
	*s = (struct mcr_members_source){.address = address};
	if (c->row->added == ZERO) {
		c->group->n_blocked++;
		return;
	}
	set_timer(c, &s->until_ns,
		  c->row->added == FULL ? c->now_ns + c->rules->membership_ns : group_until_ns);
	if (c->row->asks_listed)
		leave_source(c, s);
	c->list_changed |= c->group->mode == MCR_FILTER_INCLUDE;
}

/* Merges the first n of the record's sources that are not there, from the end, where there is room.
 */
static void add(struct change *c, size_t n, uint64_t group_until_ns)
{
	struct mcr_members_group *g = c->group;
	size_t i = g->n, to = g->n + n, number = c->n_added;

	g->n += (uint32_t)n;
	c->ms->n_sources += (uint32_t)n;
	for (size_t j = c->n; j > 0 && to > i; j--) {
		struct mcr_address address = c->sources[j - 1];

		while (i > 0 && mcr_members_compare(&g->sources[i - 1].address, &address) > 0)
			g->sources[--to] = g->sources[--i];
		if (i > 0 && mcr_address_is_equal(g->sources[i - 1].address, address))
			continue;
		if (number-- <= n)
			fill_in(c, &g->sources[--to], address, group_until_ns);
	}
}

static void change_group(struct change *c)
{
	struct mcr_members_group *g = c->group;
	uint64_t lowered_ns = c->now_ns + c->rules->last_member_ns;
	uint64_t group_until_ns = g->until_ns;

	act_on_all(c);
	if (c->dropped)
		mcr_members_drop(c->ms, g);
	if (c->n_added && c->row->added != KEEP)
		add(c, room_for(c), group_until_ns);
	if (c->row->excludes) {
		g->mode = MCR_FILTER_EXCLUDE;
		set_timer(c, &g->until_ns, c->now_ns + c->rules->membership_ns);
	}
	if (c->asks)
		mcr_members_ask_sources(c->ms, c->rules, g, c->now_ns);
	if (c->row->asks_group && c->group_leaves == ASKED) {
		if (g->until_ns > lowered_ns)
			set_timer(c, &g->until_ns, lowered_ns);
		mcr_members_ask_group(c->ms, c->rules, g, c->now_ns);
	} else if (c->row->asks_group && c->group_leaves == ENDED) {
		mcr_members_end_exclude(c->ms, g);
	}
}

/* Older hosts neither know sources nor, of IGMPv1, leave (§7.3.2). Returns whether the record
 * counts at all. */
static int translate(const struct mcr_members_group *g, struct change *c, enum mcr_record type)
{
	uint8_t level = mcr_members_level(g);

	if (level == MCR_GMP_LEVEL_NEWEST)
		return 1;
	if (type == MCR_RECORD_TO_EX)
		c->n = 0;
	return type != MCR_RECORD_BLOCK && (level != 1 || type != MCR_RECORD_TO_IN);
}

/* The group of a record; a new one only if something is wanted of it. */
static struct mcr_members_group *group_of(struct mcr_members *ms,
					  const struct mcr_members_record *record, uint64_t now_ns)
{
	struct mcr_members_group *g = mcr_members_find(ms, record->group);
	int excludes = record->type == MCR_RECORD_IS_EX || record->type == MCR_RECORD_TO_EX;

	if (g || record->type == MCR_RECORD_BLOCK || (!excludes && record->n == 0))
		return g;
	if (ms->n < ms->cfg.groups_max)
		g = mcr_members_add(ms, record->group, now_ns);
	if (!g)
		ms->refused_groups++;
	return g;
}

/* Who wants something of the group, and of which version that host is. */
static void note_report(struct change *c, const struct mcr_members_record *record)
{
	struct mcr_members_group *g = c->group;

	if (record->type == MCR_RECORD_BLOCK ||
	    (record->type == MCR_RECORD_TO_IN && record->n == 0))
		return;
	g->last_reporter = record->reporter;
	g->last_report_ns = c->now_ns;
	if (record->level < MCR_GMP_LEVEL_NEWEST)
		set_timer(c, &g->older_until_ns[record->level - 1],
			  c->now_ns + c->rules->older_host_ns);
}

/* What leaves do now. Those that cannot be asked about in time are counted. */
static uint8_t leave_of(struct mcr_members *ms, const struct mcr_members_rules *rules,
			const struct row *row)
{
	if (!rules->may_ask || !rules->may_ask_groups)
		return IGNORED;
	if (rules->fast_leave)
		return ENDED;
	if (ms->n_questions < rules->questions_max)
		return ASKED;
	ms->refused_leaves += row->asks_listed || row->asks_rest || row->asks_group;
	return IGNORED;
}

void mcr_members_apply(struct mcr_members *ms, const struct mcr_members_rules *rules,
		       const struct mcr_members_record *record, uint64_t now_ns)
{
	struct mcr_members_group *g = group_of(ms, record, now_ns);
	struct mcr_members_view before;
	struct change c = {
	    .ms = ms,
	    .group = g,
	    .rules = rules,
	    .sources = record->sources,
	    .n = record->n,
	    .now_ns = now_ns,
	    .due_ns = MCR_QUERIER_NEVER,
	};

	ms->asked = NULL;
	if (!g || !translate(g, &c, record->type))
		return;
	c.row = g->mode == MCR_FILTER_INCLUDE ? &include_rows[record->type]
					      : &exclude_rows[record->type];
	c.group_leaves = leave_of(ms, rules, c.row);
	c.sources_leave =
	    c.group_leaves == ENDED || rules->may_ask_sources ? c.group_leaves : IGNORED;
	before = mcr_members_view_of(g);
	note_report(&c, record);
	change_group(&c);
	if (c.due_ns != MCR_QUERIER_NEVER)
		mcr_members_set_due_by(ms, MCR_MEMBERS_TIMERS, g, c.due_ns);
	mcr_members_settle(ms, g, before, c.list_changed);
}
