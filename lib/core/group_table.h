/* SPDX-License-Identifier: BSD-3-Clause */
/* The group table knows which channels want a packet. It is an immutable snapshot: the control
 * thread builds it from all rules, the rx lcores look packets up. It is replaced as a whole; the
 * caller frees the old one after a grace period.
 *
 * Open addressing on one key (group, UDP port, interface): 64 bits for IPv4; IPv6 has a second
 * array of the same entries, each with its group. A group that has rules always has an entry for
 * port 0 (any port), without targets when no rule wants any port, so that a miss is known to be
 * MCR_DROP_UNKNOWN_PORT or MCR_DROP_UNKNOWN_GROUP. The union of exact and any-port rules is
 * computed when the table is built. A packet goes once to each channel, with the id of the most
 * specific rule that takes it: exact port before any port, then a listed source before an unlisted
 * one, then the earlier rule. */
#ifndef MCR_CORE_GROUP_TABLE_H
#define MCR_CORE_GROUP_TABLE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/address.h>
#include <mcring/join.h>
#include <mcring/stats.h>

/* A join with its names resolved to indices. */
struct mcr_rule {
	const struct mcr_join *join; /* borrowed during the build: group, port, mode, sources, id */
	uint16_t interface;          /* index, < MCR_INTERFACES_MAX */
	uint16_t channel;            /* index, < MCR_CHANNELS_MAX */
	uint32_t membership;         /* index of the (interface, group) counters */
	uint8_t is_shared;           /* its packets go elsewhere too; all rules of a group agree */
};

struct mcr_group_table;

/* Where one packet goes. */
struct mcr_target {
	uint32_t id; /* user id of the rule */
	uint16_t channel;
};

/* mcr_group_table_create builds a snapshot. Thread: control. Returns 0 or -ENOMEM; *out is set on
 * success only. rules may be NULL when n is 0. The order of the rules matters (see above). Sources
 * must be ascending and distinct, as struct mcr_join says. */
int mcr_group_table_create(struct mcr_group_table **out, const struct mcr_rule *rules, size_t n);

/* mcr_group_table_destroy: no lcore may look at the table any more. table may be NULL. */
void mcr_group_table_destroy(struct mcr_group_table *table);

/* mcr_group_table_match finds the channels of one packet.
 * targets: room for MCR_CHANNELS_MAX entries. *membership: the counters' index when the result is >
 * 0. Thread: any rx lcore. Returns the number of targets, or -(1 + enum mcr_drop) with
 * MCR_DROP_UNKNOWN_GROUP, MCR_DROP_UNKNOWN_PORT or MCR_DROP_WRONG_SOURCE. */
static inline int mcr_group_table_match(const struct mcr_group_table *table, uint16_t interface,
					uint32_t group_be, uint16_t port, uint32_t source_be,
					struct mcr_target *targets, uint32_t *membership);

/* mcr_group_table_match_ipv6: the same for IPv6. group, source: 16 octets each. */
static inline int mcr_group_table_match_ipv6(const struct mcr_group_table *table,
					     uint16_t interface, const uint8_t *group,
					     uint16_t port, const uint8_t *source,
					     struct mcr_target *targets, uint32_t *membership);

/* ---- what follows is inline for the rx loop's sake; its fields are private ---- */

enum mcr_group_kind {
	MCR_GROUP_PORT_ONLY, /* the group is known, but no rule wants any port */
	MCR_GROUP_ANY,       /* one channel, any source: all of it is in the entry */
	MCR_GROUP_SOURCE,    /* one channel, one included source: the same */
	MCR_GROUP_EACH,      /* several channels, any source: all of it is in the lists */
	MCR_GROUP_LIST,      /* sources matter, so look at the clauses of the lists, too; or packets
			      * go elsewhere as well: who looks at the entry only does not take them */
};

/* Two entries in a cache line. */
struct mcr_group_entry {
	uint64_t key; /* 0 = empty: a group is not 0 */
	uint32_t membership;
	uint32_t id;        /* MCR_GROUP_ANY, MCR_GROUP_SOURCE */
	uint32_t source_be; /* MCR_GROUP_SOURCE, IPv4 */
	uint16_t channel;   /* MCR_GROUP_ANY, MCR_GROUP_SOURCE */
	uint16_t kind;      /* enum mcr_group_kind */
	uint32_t n_lists;   /* channels */
	uint32_t list;      /* the first of them */
};

/* An address of IPv6 as two numbers, in the order of memory. */
struct mcr_group_ipv6 {
	uint64_t words[2];
};

/* One cache line. */
struct mcr_group_entry_ipv6 {
	struct mcr_group_entry entry; /* its key: mcr_group_key_ipv6 */
	struct mcr_group_ipv6 group;  /* words[0] 0 = empty: a group is not 0 */
	struct mcr_group_ipv6 source; /* MCR_GROUP_SOURCE */
};

/* One channel of an entry. */
struct mcr_group_list {
	struct mcr_target any; /* what it is without clauses: it takes any source */
	uint32_t clause;       /* of its own port; the first that matches decides ... */
	uint32_t n_clauses;
	uint32_t shared; /* ... then those of any port, which all ports of the group share */
	uint32_t n_shared;
};

struct mcr_group_clause;

/* One allocation: this header, the entries, then the arrays that MCR_GROUP_LIST needs. */
struct mcr_group_table {
	const struct mcr_group_entry *entries; /* a power of two of them, at most half full */
	const struct mcr_group_list *lists;
	const struct mcr_group_clause *clauses;
	const uint32_t *sources; /* of IPv4, host order */
	uint64_t multiplier;     /* of the hash, odd */
	uint32_t mask;           /* entries - 1 */
	uint32_t shift;          /* 64 - log2(entries) */
	uint16_t exact_ports;    /* 1: some rule names a port */

	/* The same for IPv6. */
	uint16_t exact_ports_ipv6;
	uint32_t mask_ipv6;
	const struct mcr_group_entry_ipv6 *entries_ipv6;
	const struct mcr_address *sources_ipv6;
	uint64_t multipliers_ipv6[3]; /* odd */
	uint32_t shift_ipv6;
};

/* The slow half of a match, of either family. Returns the number of targets, 0 when no source list
 * lets it pass. */
int mcr_group_table_match_lists(const struct mcr_group_table *table,
				const struct mcr_group_entry *entry, uint32_t source_be,
				struct mcr_target *targets);
int mcr_group_table_match_lists_ipv6(const struct mcr_group_table *table,
				     const struct mcr_group_entry *entry, const uint8_t *source,
				     struct mcr_target *targets);

static inline uint64_t mcr_group_key(uint16_t interface, uint32_t group_be, uint16_t port)
{
	return (uint64_t)be32toh(group_be) << 32 | (uint32_t)interface << 16 | port;
}

/* The same of a packet's flow: group << 32 | source port << 16 | port (mcr_parse_plain). */
static inline uint64_t mcr_group_key_of_flow(uint16_t interface, uint64_t flow)
{
	return (flow & UINT64_C(0xffffffff0000ffff)) | (uint32_t)interface << 16;
}

/* Multiplicative hashing. Feeds number their groups and ports in rows, so this multiplier is the
 * result of a search: over rows, steps of 2 to 65,536, groups with a port each, grids of groups and
 * ports, and several interfaces, a lookup looks at 1.08 entries on average, and at 2.1 in the worst
 * pattern. (With the golden ratio it looks at 2.0 and 10.5: every other of 16 groups in a row falls
 * into one chain.) With random groups it looks at 1.2. For groups that somebody chose to fall into
 * one chain, the build draws other multipliers until no lookup looks at more than
 * MCR_GROUP_CHAIN_MAX entries. */
#define MCR_GROUP_MULTIPLIER UINT64_C(0x0748f6d897898f07)
#define MCR_GROUP_CHAIN_MAX  128u

/* The same for IPv6, of the key and the group's halves in the order of memory: the result of a
 * search over the same patterns, and over groups that are numbered in any other place. 1.08 entries
 * on average, 1.5 in the worst pattern. */
#define MCR_GROUP_MULTIPLIERS_IPV6 \
	UINT64_C(0x8b691842588e15d1), UINT64_C(0x47adede1c6dc2259), UINT64_C(0x9e691d290f885ad1)

static inline uint32_t mcr_group_slot(const struct mcr_group_table *table, uint64_t key)
{
	return (uint32_t)((key * table->multiplier) >> table->shift);
}

/* The part of a key in IPv6 that is not the group. */
static inline uint64_t mcr_group_key_ipv6(uint16_t interface, uint16_t port)
{
	return mcr_group_key(interface, 0, port);
}

static inline struct mcr_group_ipv6 mcr_group_load_ipv6(const uint8_t *address)
{
	struct mcr_group_ipv6 group;

	memcpy(&group, address, sizeof(group));
	return group;
}

static inline int mcr_group_same_ipv6(struct mcr_group_ipv6 a, struct mcr_group_ipv6 b)
{
	return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1])) == 0;
}

static inline uint32_t mcr_group_slot_ipv6(const struct mcr_group_table *table, uint64_t key,
					   struct mcr_group_ipv6 group)
{
	return (uint32_t)((key * table->multipliers_ipv6[0] +
			   group.words[0] * table->multipliers_ipv6[1] +
			   group.words[1] * table->multipliers_ipv6[2]) >>
			  table->shift_ipv6);
}

/* Ends because the table is never full. */
static inline const struct mcr_group_entry *mcr_group_find(const struct mcr_group_table *table,
							   uint64_t key)
{
	uint32_t slot = mcr_group_slot(table, key);

	for (;;) {
		const struct mcr_group_entry *entry = &table->entries[slot];

		if (__builtin_expect(entry->key == key, 1))
			return entry;
		if (entry->key == 0)
			return NULL;
		slot = (slot + 1) & table->mask;
	}
}

/* The entry of the exact port, or else of any port; NULL when the group is unknown. */
static inline const struct mcr_group_entry *mcr_group_lookup(const struct mcr_group_table *table,
							     uint64_t key)
{
	const struct mcr_group_entry *entry = NULL;

	if (table->exact_ports)
		entry = mcr_group_find(table, key);
	if (!entry)
		entry = mcr_group_find(table, key & ~UINT64_C(0xffff));
	return entry;
}

static inline const struct mcr_group_entry_ipv6 *
mcr_group_find_ipv6(const struct mcr_group_table *table, uint64_t key, struct mcr_group_ipv6 group)
{
	uint32_t slot = mcr_group_slot_ipv6(table, key, group);

	for (;;) {
		const struct mcr_group_entry_ipv6 *e = &table->entries_ipv6[slot];

		if (__builtin_expect(e->entry.key == key && mcr_group_same_ipv6(e->group, group),
				     1))
			return e;
		if (e->group.words[0] == 0)
			return NULL;
		slot = (slot + 1) & table->mask_ipv6;
	}
}

static inline const struct mcr_group_entry_ipv6 *
mcr_group_lookup_ipv6(const struct mcr_group_table *table, uint64_t key,
		      struct mcr_group_ipv6 group)
{
	const struct mcr_group_entry_ipv6 *e = NULL;

	if (table->exact_ports_ipv6)
		e = mcr_group_find_ipv6(table, key, group);
	if (!e)
		e = mcr_group_find_ipv6(table, key & ~UINT64_C(0xffff), group);
	return e;
}

/* Whether a lookup waits so little that a prefetch costs more than it saves. Measured: with 512
 * groups of one port (2,048 entries) it does, with 2,048 groups it does not. */
static inline int mcr_group_table_is_small(const struct mcr_group_table *table)
{
	return table->mask < 4096 && table->mask_ipv6 < 2048;
}

/* What mcr_group_lookup looks at first, for a prefetch. */
static inline const struct mcr_group_entry *
mcr_group_first_look(const struct mcr_group_table *table, uint64_t key)
{
	return &table->entries[mcr_group_slot(table,
					      table->exact_ports ? key : key & ~UINT64_C(0xffff))];
}

static inline const struct mcr_group_entry_ipv6 *
mcr_group_first_look_ipv6(const struct mcr_group_table *table, uint64_t key,
			  struct mcr_group_ipv6 group)
{
	if (!table->exact_ports_ipv6)
		key &= ~UINT64_C(0xffff);
	return &table->entries_ipv6[mcr_group_slot_ipv6(table, key, group)];
}

/* Kind and channel of an entry as one number, for one comparison. */
static inline uint32_t mcr_group_target(const struct mcr_group_entry *entry)
{
	uint32_t target;

	_Static_assert(offsetof(struct mcr_group_entry, kind) ==
			   offsetof(struct mcr_group_entry, channel) + 2,
		       "they are of one word");
	memcpy(&target, &entry->channel, sizeof(target));
	return target;
}

/* The number of an entry that sends all to one channel, of one that sends all to several, and one
 * that no entry has. */
static inline uint32_t mcr_group_any_target(uint16_t channel)
{
	const struct mcr_group_entry any = {.kind = MCR_GROUP_ANY, .channel = channel};

	return mcr_group_target(&any);
}

static inline uint32_t mcr_group_each_target(void)
{
	const struct mcr_group_entry each = {.kind = MCR_GROUP_EACH};

	return mcr_group_target(&each);
}

#define MCR_GROUP_NO_TARGET UINT32_MAX

/* Whether the entry alone decides: it has one channel, which wants packets of this source. */
static inline int mcr_group_takes(const struct mcr_group_entry *entry, uint32_t source_be)
{
	return __builtin_expect(entry->kind == MCR_GROUP_ANY, 1) ||
	       (entry->kind == MCR_GROUP_SOURCE && entry->source_be == source_be);
}

static inline int mcr_group_takes_ipv6(const struct mcr_group_entry_ipv6 *e,
				       struct mcr_group_ipv6 source)
{
	return __builtin_expect(e->entry.kind == MCR_GROUP_ANY, 1) ||
	       (e->entry.kind == MCR_GROUP_SOURCE && mcr_group_same_ipv6(e->source, source));
}

/* Why an entry that does not take a packet by itself, nor has lists, drops it. */
static inline int mcr_group_refusal(const struct mcr_group_entry *entry)
{
	return entry->kind == MCR_GROUP_PORT_ONLY ? -(1 + MCR_DROP_UNKNOWN_PORT)
						  : -(1 + MCR_DROP_WRONG_SOURCE);
}

static inline int mcr_group_only_target(const struct mcr_group_entry *entry,
					struct mcr_target *targets)
{
	targets->id = entry->id;
	targets->channel = entry->channel;
	return 1;
}

static inline int mcr_group_has_lists(const struct mcr_group_entry *entry)
{
	return entry->kind == MCR_GROUP_EACH || entry->kind == MCR_GROUP_LIST;
}

static inline int mcr_group_table_match(const struct mcr_group_table *table, uint16_t interface,
					uint32_t group_be, uint16_t port, uint32_t source_be,
					struct mcr_target *targets, uint32_t *membership)
{
	const struct mcr_group_entry *entry =
	    mcr_group_lookup(table, mcr_group_key(interface, group_be, port));
	int n = 0;

	if (__builtin_expect(!entry, 0))
		return -(1 + MCR_DROP_UNKNOWN_GROUP);
	*membership = entry->membership;
	if (mcr_group_takes(entry, source_be))
		return mcr_group_only_target(entry, targets);
	if (mcr_group_has_lists(entry))
		n = mcr_group_table_match_lists(table, entry, source_be, targets);
	return n > 0 ? n : mcr_group_refusal(entry);
}

static inline int mcr_group_table_match_ipv6(const struct mcr_group_table *table,
					     uint16_t interface, const uint8_t *group,
					     uint16_t port, const uint8_t *source,
					     struct mcr_target *targets, uint32_t *membership)
{
	const struct mcr_group_entry_ipv6 *e = mcr_group_lookup_ipv6(
	    table, mcr_group_key_ipv6(interface, port), mcr_group_load_ipv6(group));
	int n = 0;

	if (__builtin_expect(!e, 0))
		return -(1 + MCR_DROP_UNKNOWN_GROUP);
	*membership = e->entry.membership;
	if (mcr_group_takes_ipv6(e, mcr_group_load_ipv6(source)))
		return mcr_group_only_target(&e->entry, targets);
	if (mcr_group_has_lists(&e->entry))
		n = mcr_group_table_match_lists_ipv6(table, &e->entry, source, targets);
	return n > 0 ? n : mcr_group_refusal(&e->entry);
}

#endif
