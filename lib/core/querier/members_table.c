/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/querier/members_table.h"

#include <errno.h>
#include <stdlib.h>

#include "core/address.h"

#define GROUPS_MIN  64u
#define SOURCES_MIN 4u

static uint32_t bucket_of(const struct mcr_members *ms, struct mcr_address address)
{
	return mcr_address_hash_bucket(&ms->hash, address, ms->cap);
}

static void hash_insert(struct mcr_members *ms, struct mcr_members_group *g)
{
	struct mcr_members_group **head = &ms->buckets[bucket_of(ms, g->address)];

	g->hash_next = *head;
	*head = g;
}

int mcr_members_grow(struct mcr_members *ms)
{
	uint32_t cap = ms->cap ? ms->cap * 2 : GROUPS_MIN;
	struct mcr_members_group **buckets, **all;

	if (ms->n < ms->cap)
		return 0;
	for (unsigned heap = 0; heap < 2; heap++) {
		struct mcr_members_entry *entries =
		    realloc(ms->heaps[heap], cap * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		ms->heaps[heap] = entries;
	}
	all = realloc(ms->all, cap * sizeof(struct mcr_members_group *));
	if (!all)
		return -ENOMEM;
	ms->all = all;
	buckets = calloc(cap, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(ms->buckets);
	ms->buckets = buckets;
	ms->memory_bytes += (cap - ms->cap) * (2 * sizeof(*buckets) + 2 * sizeof(**ms->heaps));
	ms->cap = cap;
	for (uint32_t i = 0; i < ms->n; i++)
		hash_insert(ms, ms->all[i]);
	return 0;
}

struct mcr_members_group *mcr_members_find(const struct mcr_members *ms, struct mcr_address address)
{
	if (!ms->cap)
		return NULL;
	struct mcr_members_group *g = ms->buckets[bucket_of(ms, address)];

	while (g && !mcr_address_is_equal(g->address, address))
		g = g->hash_next;
	return g;
}

struct mcr_members_group *mcr_members_add(struct mcr_members *ms, struct mcr_address address,
					  uint64_t now_ns)
{
	struct mcr_members_group *g;

	if (mcr_members_grow(ms) != 0)
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->address = address;
	g->mode = MCR_FILTER_INCLUDE;
	g->is_hidden = (uint8_t)mcr_group_is_link_local(address);
	g->since_ns = now_ns;
	g->group_due_ns = g->sources_due_ns = MCR_QUERIER_NEVER;
	g->slots[MCR_MEMBERS_TIMERS] = g->slots[MCR_MEMBERS_QUESTIONS] = MCR_MEMBERS_NO_SLOT;
	g->serial = ms->next_serial++;
	g->place = ms->n;
	ms->all[ms->n++] = g;
	ms->is_sorted = 0;
	ms->memory_bytes += sizeof(*g);
	hash_insert(ms, g);
	return g;
}

void mcr_members_remove(struct mcr_members *ms, struct mcr_members_group *g)
{
	struct mcr_members_group **at = &ms->buckets[bucket_of(ms, g->address)];

	while (*at != g)
		at = &(*at)->hash_next;
	*at = g->hash_next;
	mcr_members_set_due(ms, MCR_MEMBERS_TIMERS, g, MCR_QUERIER_NEVER);
	mcr_members_set_due(ms, MCR_MEMBERS_QUESTIONS, g, MCR_QUERIER_NEVER);
	ms->all[g->place] = ms->all[--ms->n];
	ms->all[g->place]->place = g->place;
	ms->is_sorted = 0;
	ms->n_sources -= g->n;
	ms->memory_bytes -= sizeof(*g) + g->cap * sizeof(*g->sources);
	if (ms->asked == g)
		ms->asked = NULL;
	free(g->sources);
	free(g);
}

static int compare_groups(const void *a, const void *b)
{
	struct mcr_members_group *const *x = a, *const *y = b;

	return mcr_members_compare(&(*x)->address, &(*y)->address);
}

void mcr_members_sort(struct mcr_members *ms)
{
	if (ms->is_sorted)
		return;
	if (ms->n)
		qsort(ms->all, ms->n, sizeof(struct mcr_members_group *), compare_groups);
	for (uint32_t i = 0; i < ms->n; i++)
		ms->all[i]->place = i;
	ms->is_sorted = 1;
}

int mcr_members_reserve(struct mcr_members *ms, struct mcr_members_group *g, uint32_t n)
{
	struct mcr_members_source *sources;
	uint32_t cap = g->cap * 2 > SOURCES_MIN ? g->cap * 2 : SOURCES_MIN;

	if (n <= g->cap)
		return 0;
	cap = cap > n ? cap : n;
	if (ms->cap_scratch < cap) {
		struct mcr_address *scratch = realloc(ms->scratch, cap * sizeof(*scratch));

		if (!scratch)
			return -ENOMEM;
		ms->memory_bytes += (cap - ms->cap_scratch) * sizeof(*scratch);
		ms->scratch = scratch;
		ms->cap_scratch = cap;
	}
	sources = realloc(g->sources, cap * sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	ms->memory_bytes += (cap - g->cap) * sizeof(*sources);
	g->sources = sources;
	g->cap = cap;
	return 0;
}

void mcr_members_drop(struct mcr_members *ms, struct mcr_members_group *g)
{
	struct mcr_members_source *sources;
	uint32_t n = 0, cap;

	for (uint32_t i = 0; i < g->n; i++)
		if (!g->sources[i].dropped)
			g->sources[n++] = g->sources[i];
	ms->n_sources -= g->n - n;
	g->n = n;
	cap = 2 * n > SOURCES_MIN ? 2 * n : SOURCES_MIN;
	if (cap > g->cap / 2)
		return;
	sources = realloc(g->sources, cap * sizeof(*sources));
	if (!sources)
		return;
	ms->memory_bytes -= (g->cap - cap) * sizeof(*sources);
	g->sources = sources;
	g->cap = cap;
}

static int before(struct mcr_members_entry a, struct mcr_members_entry b)
{
	if (a.due_ns != b.due_ns)
		return a.due_ns < b.due_ns;
	return (int32_t)(a.group->serial - b.group->serial) < 0;
}

static void place(struct mcr_members *ms, enum mcr_members_heap heap,
		  struct mcr_members_entry entry, uint32_t slot)
{
	ms->heaps[heap][slot] = entry;
	entry.group->slots[heap] = slot;
}

/* Finds the place of an entry, from a slot that is free on. */
static void sift(struct mcr_members *ms, enum mcr_members_heap heap, struct mcr_members_entry entry,
		 uint32_t i)
{
	const struct mcr_members_entry *entries = ms->heaps[heap];
	uint32_t n = ms->n_heaps[heap];

	while (i > 0 && before(entry, entries[(i - 1) / 2])) {
		place(ms, heap, entries[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < n && before(entries[child + 1], entries[child]))
			child++;
		if (child >= n || !before(entries[child], entry))
			break;
		place(ms, heap, entries[child], i);
		i = child;
	}
	place(ms, heap, entry, i);
}

/* How many messages are to be sent, if the sources of a group go in one: mostly they do. */
static void count_questions(struct mcr_members *ms, struct mcr_members_group *g, uint64_t due_ns)
{
	ms->n_questions -= g->n_questions;
	g->n_questions = 0;
	if (due_ns != MCR_QUERIER_NEVER)
		g->n_questions = (uint8_t)((g->group_due_ns != MCR_QUERIER_NEVER) +
					   (g->sources_due_ns != MCR_QUERIER_NEVER));
	ms->n_questions += g->n_questions;
}

void mcr_members_set_due(struct mcr_members *ms, enum mcr_members_heap heap,
			 struct mcr_members_group *g, uint64_t due_ns)
{
	uint32_t slot = g->slots[heap];

	if (heap == MCR_MEMBERS_QUESTIONS)
		count_questions(ms, g, due_ns);
	if (due_ns != MCR_QUERIER_NEVER) {
		if (slot == MCR_MEMBERS_NO_SLOT)
			slot = ms->n_heaps[heap]++;
		sift(ms, heap, (struct mcr_members_entry){due_ns, g}, slot);
		return;
	}
	if (slot == MCR_MEMBERS_NO_SLOT)
		return;
	g->slots[heap] = MCR_MEMBERS_NO_SLOT;
	if (slot != --ms->n_heaps[heap])
		sift(ms, heap, ms->heaps[heap][ms->n_heaps[heap]], slot);
}

void mcr_members_set_due_by(struct mcr_members *ms, enum mcr_members_heap heap,
			    struct mcr_members_group *g, uint64_t due_ns)
{
	uint32_t slot = g->slots[heap];

	if (slot == MCR_MEMBERS_NO_SLOT || due_ns < ms->heaps[heap][slot].due_ns)
		mcr_members_set_due(ms, heap, g, due_ns);
}

void mcr_members_settle(struct mcr_members *ms, struct mcr_members_group *g,
			struct mcr_members_view before, int list_changed)
{
	struct mcr_members_view view = mcr_members_view_of(g);
	struct mcr_address group = g->address;

	if (g->mode == MCR_FILTER_INCLUDE && g->n == 0) {
		mcr_members_remove(ms, g);
		view = (struct mcr_members_view){MCR_FILTER_INCLUDE, 0};
	}
	if (view.mode == before.mode && view.n == before.n && (view.n == 0 || !list_changed))
		return;
	ms->changes++;
	if (ms->cfg.changed)
		ms->cfg.changed(ms->cfg.changed_ctx, group);
}
