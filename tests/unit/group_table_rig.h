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
	a.n = mcr_group_table_match(table, (uint16_t)interface, group_be, port, source_be, targets,
				    &membership);
	for (int i = 0; i < a.n; i++) {
		assert_true(targets[i].channel < MCR_CHANNELS_MAX);
		assert_int_equal(a.id[targets[i].channel], -1); /* at most once */
		a.id[targets[i].channel] = targets[i].id;
	}
	a.membership = a.n > 0 ? membership : 0;
	return a;
}

#endif
