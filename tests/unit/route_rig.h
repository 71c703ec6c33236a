/* SPDX-License-Identifier: BSD-3-Clause */
/* A small relay: interface 0 is upstream, the others downstream; what these want is plain data.
 * Sources are numbers, sets of them are bits. */
#ifndef MCR_TEST_ROUTE_RIG_H
#define MCR_TEST_ROUTE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "core/route/route_set.h"
#include "core/route/route_table.h"

#define RIG_INTERFACES 4u
#define RIG_GROUPS     8u
#define RIG_SOURCES    3u /* one more is never named */
#define RIG_UPSTREAM   0u
#define BIT(i)         (UINT64_C(1) << (i))

/* What somebody wants: EXCLUDES(set) or INCLUDES(set). */
#define INCLUDES(set) ((set) | 0x100u)
#define EXCLUDES(set) ((unsigned)(set))
#define NOTHING       INCLUDES(0u)
#define ANY           EXCLUDES(0u)

struct rig {
	struct mcr_interface_config configs[RIG_INTERFACES];
	struct mcr_route_set *set;
	unsigned wants[RIG_INTERFACES][RIG_GROUPS];
	struct mcr_address borrowed[RIG_SOURCES]; /* overwritten by each call */
	unsigned asked;
	int is_ipv6;
};

/* 239.1.1.i or ff15::i; 10.0.0.1 + i or 2001:db8::1 + i. */
static inline struct mcr_address rig_group(const struct rig *r, unsigned i)
{
	struct mcr_address a = {{0xff, 0x15, [15] = (uint8_t)i}};

	return r->is_ipv6 ? a : mcr_address_from_ipv4(htonl(0xef010100u + i));
}

static inline struct mcr_address rig_source(const struct rig *r, unsigned i)
{
	struct mcr_address a = {{0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(i + 1)}};

	return r->is_ipv6 ? a : mcr_address_from_ipv4(htonl(0x0a000001u + i));
}

static inline void rig_wants(void *ctx, unsigned interface, struct mcr_address group,
			     struct mcr_source_filter *out)
{
	struct rig *r = ctx;
	const unsigned w = r->wants[interface][group.octets[15]];

	assert_int_equal(r->configs[interface].role, MCR_RELAY_DOWNSTREAM);
	r->asked++;
	memset(r->borrowed, 0xee, sizeof(r->borrowed));
	*out = (struct mcr_source_filter){w & 0x100u ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE,
					  r->borrowed, 0};
	for (unsigned i = 0; i < RIG_SOURCES; i++)
		if (w >> i & 1)
			r->borrowed[out->n++] = rig_source(r, i);
}

/* The roles; change configs between the two. */
static inline void rig_begin(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	for (unsigned i = 0; i < RIG_INTERFACES; i++) {
		r->configs[i].role = i == RIG_UPSTREAM ? MCR_RELAY_UPSTREAM : MCR_RELAY_DOWNSTREAM;
		for (unsigned g = 0; g < RIG_GROUPS; g++)
			r->wants[i][g] = NOTHING;
	}
}

static inline void rig_create(struct rig *r)
{
	assert_int_equal(mcr_route_set_create(&r->set, r->configs, RIG_INTERFACES, rig_wants, r, 1),
			 0);
}

static inline void rig_end(struct rig *r)
{
	mcr_route_set_destroy(r->set);
}

/* What an interface wants of a group from now on. */
static inline void rig_want(struct rig *r, unsigned interface, unsigned group, unsigned wants)
{
	r->wants[interface][group] = wants;
	assert_int_equal(mcr_route_set_note(r->set, rig_group(r, group)), 0);
}

/* What is proxied of a group, as above. */
static inline unsigned rig_proxied(const struct rig *r, unsigned group)
{
	struct mcr_source_filter f;
	unsigned set = 0;

	mcr_route_set_proxied(r->set, rig_group(r, group), &f);
	for (size_t i = 0; i < f.n; i++) {
		const unsigned bit = 1u << (f.sources[i].octets[15] - 1u);

		assert_true(bit > set); /* ascending */
		set |= bit;
		assert_true(mcr_address_is_equal(f.sources[i],
						 rig_source(r, f.sources[i].octets[15] - 1u)));
	}
	return f.mode == MCR_FILTER_INCLUDE ? INCLUDES(set) : EXCLUDES(set);
}

/* Where a packet goes. */
static inline uint64_t rig_outputs(const struct rig *r, const struct mcr_route_table *t,
				   unsigned in, unsigned group, unsigned source)
{
	int rings;

	return mcr_route_outputs(t, in, mcr_route_address_of(rig_group(r, group)),
				 mcr_route_address_of(rig_source(r, source)), &rings);
}

static inline struct mcr_route_table *rig_table(const struct rig *r)
{
	struct mcr_route_table *table;

	assert_int_equal(mcr_route_table_create(&table, r->set, NULL, NULL), 0);
	return table;
}

static inline int rig_update(struct rig *r)
{
	return mcr_route_set_update(r->set, SIZE_MAX);
}

/* The next group whose proxied filter changed. */
static inline void assert_taken(struct rig *r, unsigned group)
{
	struct mcr_address g;

	assert_int_equal(mcr_route_set_take_proxied(r->set, &g), 1);
	assert_true(mcr_address_is_equal(g, rig_group(r, group)));
}

static inline void assert_none_taken(struct rig *r)
{
	struct mcr_address g;

	assert_int_equal(mcr_route_set_take_proxied(r->set, &g), 0);
}

static inline struct mcr_address rig_ipv4(uint32_t address)
{
	return mcr_address_from_ipv4(htonl(address));
}

#endif
