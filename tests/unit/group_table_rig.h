/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions to a group table. */
#ifndef GROUP_TABLE_RIG_H
#define GROUP_TABLE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mcring/engine.h>

#include "core/group_table.h"

/* The family of all groups and sources. Tests name them by IPv4 addresses, network order; those of
 * IPv6 have the same low 32 bits. */
static int rig_ipv6;
static int rig_failed;

static inline struct mcr_address rig_address(uint32_t low_be, const char *ipv6_prefix)
{
	struct mcr_address address = mcr_address_from_ipv4(low_be);

	if (rig_ipv6)
		assert_int_equal(mcr_address_parse(&address, ipv6_prefix, strlen(ipv6_prefix)), 0);
	memcpy(address.octets + 12, &low_be, sizeof(low_be));
	return address;
}

static inline struct mcr_address group_at(uint32_t low_be)
{
	return rig_address(low_be, "ff15::");
}

static inline struct mcr_address source_at(uint32_t low_be)
{
	return rig_address(low_be, "2001:db8::");
}

static inline uint32_t low_be(struct mcr_address address)
{
	uint32_t low;

	memcpy(&low, address.octets + 12, sizeof(low));
	return low;
}

/* One answer: the targets by channel (-1: none, else the id), or the reason. */
struct answer {
	int n;
	int64_t id[MCR_CHANNELS_MAX];
	uint32_t membership;
};

static inline struct answer ask(const struct mcr_group_table *table, unsigned interface,
				uint32_t group_be, uint16_t port, uint32_t source_be)
{
	struct mcr_target targets[MCR_CHANNELS_MAX];
	struct answer a = {.membership = 0};
	uint32_t membership = 0;

	memset(a.id, 0xff, sizeof(a.id));
	if (rig_ipv6)
		a.n = mcr_group_table_match_ipv6(table, (uint16_t)interface,
						 group_at(group_be).octets, port,
						 source_at(source_be).octets, targets, &membership);
	else
		a.n = mcr_group_table_match(table, (uint16_t)interface, group_be, port, source_be,
					    targets, &membership);
	for (int i = 0; i < a.n; i++) {
		assert_true(targets[i].channel < MCR_CHANNELS_MAX);
		assert_int_equal(a.id[targets[i].channel], -1); /* at most once */
		a.id[targets[i].channel] = targets[i].id;
	}
	a.membership = a.n > 0 ? membership : 0;
	return a;
}

/* Runs the tests for each family. */
#define RUN_FOR_BOTH(tests)                                                                  \
	(rig_ipv6 = 0, rig_failed = cmocka_run_group_tests_name("IPv4", tests, NULL, NULL),  \
	 rig_ipv6 = 1, rig_failed += cmocka_run_group_tests_name("IPv6", tests, NULL, NULL), \
	 rig_failed)

#endif
