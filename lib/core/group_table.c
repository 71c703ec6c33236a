/* SPDX-License-Identifier: BSD-3-Clause */
/* The half of a match that needs more than the entry: lists of channels, and clauses of sources. */
#include "core/group_table.h"

#include "core/group_clause.h"

#define LINEAR_SOURCES 8u /* shorter lists are searched from the front */

#define INLINE static inline __attribute__((always_inline))

/* Sources as the table holds them: numbers for IPv4, octets for IPv6. `ipv6` is a constant
 * throughout, so that each family has code of its own. */
union source {
	uint32_t ipv4;
	struct mcr_address ipv6;
};

INLINE int order(const struct mcr_group_table *table, uint32_t i, const union source *source,
		 const int ipv6)
{
	if (ipv6)
		return memcmp(&table->sources_ipv6[i], &source->ipv6, sizeof(source->ipv6));
	return (table->sources[i] > source->ipv4) - (table->sources[i] < source->ipv4);
}

INLINE int is_listed(const struct mcr_group_table *table, uint32_t base, uint32_t n,
		     const union source *source, const int ipv6)
{
	if (n <= LINEAR_SOURCES) {
		for (uint32_t i = 0; i < n; i++)
			if (order(table, base + i, source, ipv6) == 0)
				return 1;
		return 0;
	}
	while (n > 1) { /* the answer, if any, is among the n from base on */
		const uint32_t half = n / 2;

		if (order(table, base + half, source, ipv6) <= 0)
			base += half;
		n -= half;
	}
	return order(table, base, source, ipv6) == 0;
}

/* The first of n clauses that takes the source, or NULL. */
INLINE const struct mcr_group_clause *first_match(const struct mcr_group_table *table,
						  uint32_t clause, uint32_t n,
						  const union source *source, const int ipv6)
{
	const struct mcr_group_clause *c = table->clauses + clause;

	for (uint32_t k = 0; k < n; k++, c++)
		if (is_listed(table, c->source, c->n_sources, source, ipv6) == c->include)
			return c;
	return NULL;
}

INLINE int match_lists(const struct mcr_group_table *table, const struct mcr_group_entry *entry,
		       const union source *source, struct mcr_target *targets, const int ipv6)
{
	const struct mcr_group_list *list = table->lists + entry->list;
	int n = 0;

	for (uint32_t i = 0; i < entry->n_lists; i++, list++) {
		const struct mcr_group_clause *c;

		if (list->n_clauses + list->n_shared == 0) {
			targets[n++] = list->any;
			continue;
		}
		c = first_match(table, list->clause, list->n_clauses, source, ipv6);
		if (!c)
			c = first_match(table, list->shared, list->n_shared, source, ipv6);
		if (c)
			targets[n++] = (struct mcr_target){c->id, list->any.channel};
	}
	return n;
}

int mcr_group_table_match_lists(const struct mcr_group_table *table,
				const struct mcr_group_entry *entry, uint32_t source_be,
				struct mcr_target *targets)
{
	const union source source = {.ipv4 = be32toh(source_be)};

	return match_lists(table, entry, &source, targets, 0);
}

int mcr_group_table_match_lists_ipv6(const struct mcr_group_table *table,
				     const struct mcr_group_entry *entry, const uint8_t *source,
				     struct mcr_target *targets)
{
	union source wanted;

	memcpy(&wanted.ipv6, source, sizeof(wanted.ipv6));
	return match_lists(table, entry, &wanted, targets, 1);
}

/* ---- for the build ---- */

struct mcr_group_entry *mcr_group_place(const struct mcr_group_table *table, uint64_t key,
					uint32_t most)
{
	uint32_t slot = mcr_group_slot(table, key), looks = 1;

	for (; table->entries[slot].key != 0 && looks <= most; looks++)
		slot = (slot + 1) & table->mask;
	return looks <= most ? (struct mcr_group_entry *)(uintptr_t)&table->entries[slot] : NULL;
}

struct mcr_group_entry *mcr_group_place_ipv6(const struct mcr_group_table *table, uint64_t key,
					     const struct mcr_address *group, uint32_t most)
{
	const struct mcr_group_ipv6 words = mcr_group_load_ipv6(group->octets);
	uint32_t slot = mcr_group_slot_ipv6(table, key, words), looks = 1;
	struct mcr_group_entry_ipv6 *e;

	for (; table->entries_ipv6[slot].group.words[0] != 0 && looks <= most; looks++)
		slot = (slot + 1) & table->mask_ipv6;
	if (looks > most)
		return NULL;
	e = (struct mcr_group_entry_ipv6 *)(uintptr_t)&table->entries_ipv6[slot];
	e->group = words;
	return &e->entry;
}
