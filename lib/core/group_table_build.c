/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds the group table.
 *
 * The rules are sorted so that all rules of one (interface, group, port, channel) stand together,
 * in the order in which they are to be tried. Two passes over them run the same code: the first
 * counts, the second fills the one allocation that the counts gave. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/group_clause.h"
#include "core/rng.h"

#define CACHE_LINE  64u
#define MULTIPLIERS 8u /* tried before a long chain is accepted */

_Static_assert(sizeof(struct mcr_group_entry) == 32, "two entries in a cache line");
_Static_assert(sizeof(struct mcr_group_entry_ipv6) == CACHE_LINE, "one of IPv6");

/* A rule, its group, and where its sources stand in the table, which is the same for every use of
 * it. */
struct item {
	const struct mcr_rule *rule;
	struct mcr_address group;
	uint32_t source; /* in the array of its family */
	uint8_t is_ipv6;
};

/* Items that stand together in the sorted array. */
struct run {
	const struct item *at;
	size_t n;
};

/* What one channel wants of a group at any port. The list of every port ends with it, so its
 * clauses are written once. */
struct tail {
	uint32_t id; /* of the last rule */
	uint16_t channel;
	uint16_t takes_all; /* the last clause takes every source */
	uint32_t clause, n;
};

/* How many there are of either family, by item.is_ipv6. */
struct counts {
	size_t entries[2], sources[2];
};

struct build {
	struct item *items;
	struct tail *tails; /* of the group that is being added, by channel; room for all items */
	size_t n_tails;
	size_t n_items;
	struct mcr_group_table *table; /* NULL in the pass that counts */
	struct mcr_group_entry *entries;
	struct mcr_group_entry_ipv6 *entries_ipv6;
	struct mcr_group_list *lists;
	struct mcr_group_clause *clauses;
	uint32_t *sources;
	struct mcr_address *sources_ipv6;
	struct counts n;
	size_t n_lists, n_clauses;
	uint16_t exact_ports[2];
	uint32_t chain_max; /* entries that a lookup may look at; 0 = one had to look at more */
};

#define ORDER(a, b)                                \
	do {                                       \
		if ((a) != (b))                    \
			return (a) < (b) ? -1 : 1; \
	} while (0)

static int same_group(const struct item *a, const struct item *b)
{
	return a->rule->interface == b->rule->interface && mcr_address_is_equal(a->group, b->group);
}

/* Includes before excludes, because a listed source is more specific; then the earlier rule. */
static int compare(const void *va, const void *vb)
{
	const struct item *x = va, *y = vb;
	const struct mcr_rule *a = x->rule, *b = y->rule;

	ORDER(a->interface, b->interface);
	ORDER(memcmp(&x->group, &y->group, sizeof(x->group)), 0);
	ORDER(a->join->port, b->join->port);
	ORDER(a->channel, b->channel);
	ORDER(b->join->mode, a->join->mode);
	ORDER(a, b);
	return 0;
}

/* Cuts n items off the front of rest. */
static struct run cut(struct run *rest, size_t n)
{
	struct run run = {rest->at, n};

	rest->at += n;
	rest->n -= n;
	return run;
}

/* Cuts off those that have the port of the first one, or the channel. */
static struct run cut_port(struct run *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->at[n].rule->join->port == rest->at->rule->join->port)
		n++;
	return cut(rest, n);
}

static struct run cut_channel(struct run *rest, uint16_t channel)
{
	size_t n = 0;

	while (n < rest->n && rest->at[n].rule->channel == channel)
		n++;
	return cut(rest, n);
}

static int takes_all(const struct item *item)
{
	return item->rule->join->mode == MCR_FILTER_EXCLUDE && item->rule->join->n_sources == 0;
}

static void add_clause(struct build *b, const struct item *item)
{
	const struct mcr_join *join = item->rule->join;

	if (b->table)
		b->clauses[b->n_clauses] = (struct mcr_group_clause){
		    .id = join->id,
		    .source = item->source,
		    .n_sources = (uint16_t)join->n_sources,
		    .include = join->mode == MCR_FILTER_INCLUDE,
		};
	b->n_clauses++;
}

/* Adds the clauses of the rules up to the first that takes all. It leaves out the rules right
 * before that one which have the same id, so that most lists come down to "any source". It adds the
 * rule that takes all when `whole` says so, or when others come before it. Returns that rule, or
 * NULL. */
static const struct item *add_clauses(struct build *b, struct run rules, int whole)
{
	const struct item *all = NULL;
	size_t end = 0, keep;

	while (end < rules.n && !takes_all(&rules.at[end]))
		end++;
	keep = end;
	if (end < rules.n)
		all = &rules.at[end];
	while (all && keep > 0 && rules.at[keep - 1].rule->join->id == all->rule->join->id)
		keep--;
	for (size_t i = 0; i < keep; i++)
		add_clause(b, &rules.at[i]);
	if (all && (keep > 0 || whole))
		add_clause(b, all);
	return all;
}

static void add_tail(struct build *b, struct run any)
{
	const size_t first = b->n_clauses;
	const struct item *all = add_clauses(b, any, 1);
	const struct mcr_rule *last = all ? all->rule : any.at[any.n - 1].rule;

	b->tails[b->n_tails++] = (struct tail){
	    .id = last->join->id,
	    .channel = last->channel,
	    .takes_all = !!all,
	    .clause = (uint32_t)first,
	    .n = (uint32_t)(b->n_clauses - first),
	};
}

/* The last exact rules change nothing if they have the id of a tail that takes all: returns how
 * many rules are left without them. */
static size_t without_repeats(struct run exact, const struct tail *tail)
{
	size_t n = exact.n;

	while (tail && tail->takes_all && tail->n == 1 && n > 0 &&
	       exact.at[n - 1].rule->join->id == tail->id)
		n--;
	return n;
}

/* Adds what one channel wants of one entry: its rules for the port, then, unless one of them takes
 * all, those for any port. exact may be empty or tail NULL, but not both. */
static void add_list(struct build *b, struct run exact, const struct tail *tail)
{
	const size_t first = b->n_clauses;
	struct mcr_group_list list = {.clause = (uint32_t)first};
	size_t end = 0;

	while (end < exact.n && !takes_all(&exact.at[end]))
		end++;
	if (end < exact.n) {
		tail = NULL;
		list.any.id = exact.at[end].rule->join->id;
	} else {
		exact.n = without_repeats(exact, tail);
		list.any.id = tail ? tail->id : exact.at[exact.n - 1].rule->join->id;
	}
	list.any.channel = tail ? tail->channel : exact.at->rule->channel;
	add_clauses(b, exact, 0);
	list.n_clauses = (uint32_t)(b->n_clauses - first);
	if (tail && (list.n_clauses > 0 || !tail->takes_all || tail->n > 1)) {
		list.shared = tail->clause;
		list.n_shared = tail->n;
	}
	if (b->table)
		b->lists[b->n_lists] = list;
	b->n_lists++;
}

static uint64_t key_of(const struct item *of, uint16_t port)
{
	return of->is_ipv6
		   ? mcr_group_key_ipv6(of->rule->interface, port)
		   : mcr_group_key(of->rule->interface, mcr_address_ipv4_be(of->group), port);
}

static uint32_t clauses_of(const struct mcr_group_list *list)
{
	return list->n_clauses + list->n_shared;
}

/* Copies the entry's only list into the entry if it fits. */
static void inline_list(const struct build *b, struct mcr_group_entry *entry,
			const struct mcr_group_list *list, int is_ipv6)
{
	const struct mcr_group_clause *clause =
	    b->clauses + (list->n_clauses ? list->clause : list->shared);

	entry->id = list->any.id;
	entry->channel = list->any.channel;
	if (clauses_of(list) == 0) {
		entry->kind = MCR_GROUP_ANY;
	} else if (clauses_of(list) == 1 && clause->include && clause->n_sources == 1) {
		entry->kind = MCR_GROUP_SOURCE;
		if (is_ipv6) /* the entry stands first in one of IPv6 */
			((struct mcr_group_entry_ipv6 *)(void *)entry)->source =
			    mcr_group_load_ipv6(b->sources_ipv6[clause->source].octets);
		else
			entry->source_be = htobe32(b->sources[clause->source]);
	}
}

static int takes_each(const struct mcr_group_list *lists, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (clauses_of(&lists[i]) > 0)
			return 0;
	return 1;
}

/* of: any item of the group; first: the entry's first list. */
static void put_entry(struct build *b, const struct item *of, uint16_t port, size_t first)
{
	const uint64_t key = key_of(of, port);
	struct mcr_group_entry *entry =
	    of->is_ipv6 ? mcr_group_place_ipv6(b->table, key, &of->group, b->chain_max)
			: mcr_group_place(b->table, key, b->chain_max);

	if (!entry) {
		b->chain_max = 0;
		return;
	}
	entry->key = key;
	entry->membership = of->rule->membership;
	entry->kind = MCR_GROUP_LIST;
	entry->list = (uint32_t)first;
	entry->n_lists = (uint32_t)(b->n_lists - first);
	if (entry->n_lists == 0)
		entry->kind = MCR_GROUP_PORT_ONLY;
	else if (of->rule->is_shared)
		return;
	else if (entry->n_lists == 1)
		inline_list(b, entry, &b->lists[first], of->is_ipv6);
	else if (takes_each(&b->lists[first], entry->n_lists))
		entry->kind = MCR_GROUP_EACH;
}

/* Adds one entry: the union of the rules for its port and of those for any port, the tails. of: any
 * item of the group. For the entry of port 0, exact is empty. */
static void add_entry(struct build *b, const struct item *of, uint16_t port, struct run exact)
{
	const size_t first = b->n_lists;
	const struct tail *tail = b->tails, *end = b->tails + b->n_tails;

	while (exact.n > 0 || tail < end) {
		uint16_t channel = exact.n > 0 ? exact.at->rule->channel : tail->channel;

		if (tail < end && tail->channel < channel)
			channel = tail->channel;
		add_list(b, cut_channel(&exact, channel),
			 tail < end && tail->channel == channel ? tail++ : NULL);
	}
	b->n.entries[of->is_ipv6]++;
	if (b->table && b->chain_max > 0)
		put_entry(b, of, port, first);
}

static void add_group(struct build *b, struct run group)
{
	const struct item *of = group.at;
	struct run any = {group.at, 0};

	b->n_tails = 0;
	if (of->rule->join->port == 0) /* sorted to the front */
		any = cut_port(&group);
	while (any.n > 0)
		add_tail(b, cut_channel(&any, any.at->rule->channel));
	add_entry(b, of, 0, (struct run){group.at, 0});
	while (group.n > 0) {
		struct run exact = cut_port(&group);

		add_entry(b, of, exact.at->rule->join->port, exact);
		b->exact_ports[of->is_ipv6] = 1;
	}
}

/* One pass over all rules. */
static void add_all(struct build *b)
{
	b->n.entries[0] = b->n.entries[1] = b->n_lists = b->n_clauses = 0;
	for (size_t i = 0, end; i < b->n_items; i = end) {
		for (end = i + 1; end < b->n_items; end++)
			if (!same_group(&b->items[i], &b->items[end]))
				break;
		add_group(b, (struct run){b->items + i, end - i});
	}
}

/* A power of two, at least 2 as a shift by 64 would be undefined. */
static uint32_t hash_bits(size_t n_entries)
{
	uint32_t bits = 1;

	while ((size_t)1 << bits < 2 * n_entries)
		bits++;
	return bits;
}

static int is_too_large(const struct build *b)
{
	for (unsigned family = 0; family < 2; family++)
		if (b->n.entries[family] > UINT32_MAX / 4 || b->n.sources[family] > UINT32_MAX)
			return 1;
	return b->n_lists > UINT32_MAX || b->n_clauses > UINT32_MAX;
}

static void start_hashes(struct build *b, const uint32_t bits[2])
{
	*b->table = (struct mcr_group_table){
	    .entries = b->entries,
	    .lists = b->lists,
	    .clauses = b->clauses,
	    .sources = b->sources,
	    .mask = (uint32_t)(((size_t)1 << bits[0]) - 1),
	    .multiplier = MCR_GROUP_MULTIPLIER,
	    .shift = 64 - bits[0],
	    .exact_ports = b->exact_ports[0],
	    .exact_ports_ipv6 = b->exact_ports[1],
	    .entries_ipv6 = b->entries_ipv6,
	    .sources_ipv6 = b->sources_ipv6,
	    .mask_ipv6 = (uint32_t)(((size_t)1 << bits[1]) - 1),
	    .multipliers_ipv6 = {MCR_GROUP_MULTIPLIERS_IPV6},
	    .shift_ipv6 = 64 - bits[1],
	};
}

/* Makes the table's one allocation from the counts. */
static int allocate(struct build *b)
{
	const uint32_t bits[2] = {hash_bits(b->n.entries[0]), hash_bits(b->n.entries[1])};
	const size_t header = (sizeof(*b->table) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	size_t size;
	char *p;

	if (is_too_large(b))
		return -ENOMEM;
	size = header + (sizeof(*b->entries_ipv6) << bits[1]) + (sizeof(*b->entries) << bits[0]) +
	       b->n.sources[1] * sizeof(*b->sources_ipv6) + b->n_lists * sizeof(*b->lists) +
	       b->n_clauses * sizeof(*b->clauses) + b->n.sources[0] * sizeof(*b->sources);
	size = (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	p = aligned_alloc(CACHE_LINE, size);
	if (!p)
		return -ENOMEM;
	memset(p, 0, size);
	b->table = (void *)p;
	b->entries_ipv6 = (void *)(p + header);
	b->entries = (void *)(b->entries_ipv6 + ((size_t)1 << bits[1]));
	b->sources_ipv6 = (void *)(b->entries + ((size_t)1 << bits[0]));
	b->lists = (void *)(b->sources_ipv6 + b->n.sources[1]);
	b->clauses = (void *)(b->lists + b->n_lists);
	b->sources = (void *)(b->clauses + b->n_clauses);
	start_hashes(b, bits);
	return 0;
}

static void copy_sources(const struct build *b)
{
	for (size_t i = 0; i < b->n_items; i++) {
		const struct item *item = &b->items[i];
		const struct mcr_join *join = item->rule->join;

		for (unsigned k = 0; k < join->n_sources; k++)
			if (item->is_ipv6)
				b->sources_ipv6[item->source + k] = join->sources[k];
			else
				b->sources[item->source + k] =
				    be32toh(mcr_address_ipv4_be(join->sources[k]));
	}
}

/* An attacker who chooses groups must not know the multiplier in advance, so it depends on all
 * keys, also on those that others choose. */
static void seed(struct mcr_rng *rng, const struct build *b)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < b->n_items; i++) {
		const struct item *item = &b->items[i];

		const struct mcr_group_ipv6 words = mcr_group_load_ipv6(item->group.octets);

		mcr_rng_seed(rng, sum ^ key_of(item, item->rule->join->port));
		mcr_rng_seed(rng, mcr_rng_next(rng) ^ words.words[0]);
		sum = mcr_rng_next(rng) ^ words.words[1];
	}
	mcr_rng_seed(rng, sum);
}

/* The second pass, once for each multiplier that is tried. The last one is accepted anyway. */
static void fill(struct build *b)
{
	struct mcr_rng rng;

	copy_sources(b);
	for (unsigned left = MULTIPLIERS; left > 0; left--) {
		b->chain_max = left > 1 ? MCR_GROUP_CHAIN_MAX : UINT32_MAX;
		add_all(b);
		if (b->chain_max > 0)
			return;
		if (left == MULTIPLIERS)
			seed(&rng, b);
		b->table->multiplier = mcr_rng_next(&rng) | 1;
		for (unsigned i = 0; i < 3; i++)
			b->table->multipliers_ipv6[i] = mcr_rng_next(&rng) | 1;
		memset(b->entries, 0, ((size_t)b->table->mask + 1) * sizeof(*b->entries));
		memset(b->entries_ipv6, 0,
		       ((size_t)b->table->mask_ipv6 + 1) * sizeof(*b->entries_ipv6));
	}
}

int mcr_group_table_create(struct mcr_group_table **out, const struct mcr_rule *rules, size_t n)
{
	struct build b = {.n_items = n};
	int err = -ENOMEM;

	b.items = calloc(n ? n : 1, sizeof(*b.items));
	b.tails = calloc(n ? n : 1, sizeof(*b.tails));
	if (!b.items || !b.tails)
		goto out;
	for (size_t i = 0; i < n; i++) {
		const struct mcr_join *join = rules[i].join;
		const uint8_t is_ipv6 = !mcr_address_is_ipv4(join->group);

		b.items[i] =
		    (struct item){&rules[i], join->group, (uint32_t)b.n.sources[is_ipv6], is_ipv6};
		b.n.sources[is_ipv6] += join->n_sources;
	}
	qsort(b.items, n, sizeof(*b.items), compare);
	add_all(&b);
	err = allocate(&b);
	if (err == 0) {
		fill(&b);
		*out = b.table;
	}
out:
	free(b.items);
	free(b.tails);
	return err;
}

void mcr_group_table_destroy(struct mcr_group_table *table)
{
	free(table);
}
