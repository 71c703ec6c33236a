/* SPDX-License-Identifier: BSD-3-Clause */
/* The forwarding table knows to which interfaces a datagram goes: (input interface, group) ->
 * sources -> set of outputs (RFC 4605 §4.2). It is an immutable snapshot: control makes it from the
 * set of routes (route_set.h), the rx lcores look packets up. It knows nothing of UDP ports, rings
 * or links, nor who is the querier. A set of interfaces is a word with a bit for each.
 *
 * A group has one route for all inputs, since they differ only in three things: nothing goes out
 * where it came in; what comes in downstream also goes upstream; an interface's scopes. */
#ifndef MCR_CORE_ROUTE_TABLE_H
#define MCR_CORE_ROUTE_TABLE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/address.h>

/* An address of either family as two words, as it stands in memory. */
struct mcr_route_address {
	uint64_t words[2];
};

static inline struct mcr_route_address mcr_route_address_of(struct mcr_address address)
{
	struct mcr_route_address a;

	memcpy(a.words, address.octets, sizeof(a.words));
	return a;
}

static inline struct mcr_address mcr_route_address_back(struct mcr_route_address a)
{
	struct mcr_address address;

	memcpy(address.octets, a.words, sizeof(address.octets));
	return address;
}

/* The same of an IPv4 address. */
static inline struct mcr_route_address mcr_route_address_ipv4(uint32_t address_be)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
	return (struct mcr_route_address){{0, (uint64_t)address_be << 32 | 0xffff0000u}};
#else
	return (struct mcr_route_address){{0, UINT64_C(0xffff) << 32 | address_be}};
#endif
}

static inline int mcr_route_address_same(struct mcr_route_address a, struct mcr_route_address b)
{
	return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1])) == 0;
}

/* A prefix in the same form: an address belongs to it if (address & mask) == net. */
struct mcr_route_prefix {
	struct mcr_route_address net, mask;
};

struct mcr_prefix;

/* mcr_route_prefix_of: of a configured prefix or a subnet, whose length is that of its family. */
struct mcr_route_prefix mcr_route_prefix_of(struct mcr_address address, uint8_t len);

static inline int mcr_route_prefix_has(const struct mcr_route_prefix *p, struct mcr_route_address a)
{
	return (((a.words[0] & p->mask.words[0]) ^ p->net.words[0]) |
		((a.words[1] & p->mask.words[1]) ^ p->net.words[1])) == 0;
}

/* A group. One cache line. */
struct mcr_route {
	struct mcr_route_address group;
	uint64_t any;    /* outputs of sources that are not listed */
	uint64_t closed; /* interfaces that have the group in their scopes: not in, not out */
	uint64_t rings;  /* inputs whose packets of the group somebody on this host wants as well */
	uint32_t sources, n_sources; /* in the table's array, ascending */
	uint64_t used;               /* 0: no entry */
	uint64_t pad;
};

struct mcr_route_source {
	struct mcr_route_address address;
	uint64_t outputs;
};

/* A scope of some interfaces, for groups that have no route. */
struct mcr_route_scope {
	struct mcr_route_prefix prefix;
	uint64_t closed;
};

struct mcr_route_table; /* its fields: below */
struct mcr_route_set;

/* mcr_route_table_create makes a snapshot of the set. rings: NULL, or asked once for each group:
 * the interfaces whose packets of the group the rings, a handler or the kernel may want. Returns 0
 * or -ENOMEM; *out is set on success only. Thread: control. */
int mcr_route_table_create(struct mcr_route_table **out, const struct mcr_route_set *set,
			   uint64_t (*rings)(const void *ctx, struct mcr_address group),
			   const void *ctx);

/* mcr_route_table_destroy: no lcore may look at the table any more. table may be NULL. */
void mcr_route_table_destroy(struct mcr_route_table *table);

/* mcr_route_outputs: where a packet of a group goes that came in by interface `in`: a set of
 * interfaces, 0 = nowhere. *rings: 1 if this host may want it as well, as far as the table knows.
 * Whether the source belongs to `in`, and which outputs forward now, is the caller's. Thread: any
 * rx lcore. */
static inline uint64_t mcr_route_outputs(const struct mcr_route_table *table, unsigned in,
					 struct mcr_route_address group,
					 struct mcr_route_address source, int *rings);

/* ---- what follows is inline for the rx loop's sake; its fields are private ---- */

struct mcr_route_table {
	uint64_t upstream; /* its bit, when what comes in downstream goes there; else 0 */
	uint64_t downstream;
	uint64_t multiplier; /* of the hash: odd, secret */
	unsigned shift;      /* 64 - log2 of the entries */
	uint32_t mask;       /* entries - 1; at most half of them are used */
	struct mcr_route *routes;
	struct mcr_route_source *sources;
	size_t n_scopes;
	struct mcr_route_scope *scopes;
};

static inline uint32_t mcr_route_hash(const struct mcr_route_table *table,
				      struct mcr_route_address group)
{
	/* IPv6 groups differ in the first word by their scope and flags alone, as a rule. */
	return (uint32_t)(((group.words[1] + group.words[0] * UINT64_C(0x9e3779b97f4a7c15)) *
			   table->multiplier) >>
			  table->shift);
}

/* For a prefetch. */
static inline const struct mcr_route *mcr_route_first_look(const struct mcr_route_table *table,
							   struct mcr_route_address group)
{
	return &table->routes[mcr_route_hash(table, group)];
}

static inline const struct mcr_route *mcr_route_find(const struct mcr_route_table *table,
						     struct mcr_route_address group)
{
	for (uint32_t at = mcr_route_hash(table, group);; at++) {
		const struct mcr_route *r = &table->routes[at & table->mask];

		if (r->used == 0)
			return NULL;
		if (mcr_route_address_same(r->group, group))
			return r;
	}
}

/* The outputs of a listed source; `any` if it is not listed. Not inline: few groups list any. */
uint64_t mcr_route_of_source(const struct mcr_route_table *table, const struct mcr_route *route,
			     struct mcr_route_address source);
/* Interfaces whose scopes hold a group that has no route. */
uint64_t mcr_route_closed(const struct mcr_route_table *table, struct mcr_route_address group);

static inline uint64_t mcr_route_outputs(const struct mcr_route_table *table, unsigned in,
					 struct mcr_route_address group,
					 struct mcr_route_address source, int *rings)
{
	const uint64_t here = UINT64_C(1) << in;
	const uint64_t upstream = table->downstream & here ? table->upstream : 0;
	const struct mcr_route *r = mcr_route_find(table, group);
	uint64_t outputs, closed;

	if (__builtin_expect(r != NULL, 1)) {
		outputs = r->n_sources == 0 ? r->any : mcr_route_of_source(table, r, source);
		closed = r->closed;
		*rings = (r->rings >> in & 1) != 0;
	} else {
		outputs = 0;
		closed = upstream ? mcr_route_closed(table, group) : 0;
		*rings = 1;
	}
	return closed & here ? 0 : (outputs | upstream) & ~closed & ~here;
}

#endif
