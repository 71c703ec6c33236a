/* SPDX-License-Identifier: BSD-3-Clause */
/* A join set whose changes are carried out as the engine does it. */
#ifndef JOIN_SET_RIG_H
#define JOIN_SET_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/join/join_set.h"
#include "family_rig.h"

static const struct mcr_join_names names = {
    .interfaces = {"a", "b"},
    .channels = {"default", NULL, "md"},
    .n_interfaces = 2,
    .n_channels = 3,
};

static const struct mcr_join_owner configuration = {.maker = MCR_JOINED_BY_CONFIGURATION};
static const struct mcr_join_owner by_ctl = {.maker = MCR_JOINED_BY_OPERATOR};
static const struct mcr_join_owner consumer_7 = {.maker = MCR_JOINED_BY_CONSUMER, .consumer = 7};
static const struct mcr_join_owner consumer_9 = {.maker = MCR_JOINED_BY_CONSUMER, .consumer = 9};

struct rig {
	struct mcr_join_set *set;
	struct mcr_slots slots;
	struct mcr_error err;
	uint64_t now_ns;
};

static inline int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->set = calloc(1, sizeof(*r->set));
	r->now_ns = 1;
	*state = r;
	return 0;
}

static inline int tear_down(void **state)
{
	struct rig *r = *state;

	mcr_join_set_destroy(r->set);
	mcr_slots_fini(&r->slots);
	free(r);
	return 0;
}

/* As the engine does it: the new set replaces the old one, whose lost slots come back later. */
static inline int carry_out(struct rig *r, const struct mcr_join_change *change)
{
	struct mcr_join_set *next = NULL;
	int ret;

	strcpy(r->err.text, "untouched");
	ret = mcr_join_set_change(&next, r->set, change, &names, &r->slots, r->now_ns++, &r->err);
	if (ret < 0) {
		assert_null(next);
		return ret;
	}
	assert_string_equal(r->err.text, "untouched");
	for (size_t i = 0; i < r->set->n_groups; i++) {
		const struct mcr_group *g = &r->set->groups[i];

		if (!mcr_join_set_find(next, g->interface, g->group))
			mcr_slots_give(&r->slots, g->slot);
	}
	mcr_join_set_destroy(r->set);
	r->set = next;
	return 0;
}

static inline int change_of(struct rig *r, struct mcr_join_owner owner,
			    const struct mcr_join *remove, size_t n_remove,
			    const struct mcr_join *add, size_t n_add)
{
	return carry_out(r, &(struct mcr_join_change){.owner = owner,
						      .remove = remove,
						      .n_remove = n_remove,
						      .add = add,
						      .n_add = n_add});
}

static inline int change(struct rig *r, const struct mcr_join *remove, size_t n_remove,
			 const struct mcr_join *add, size_t n_add)
{
	return change_of(r, (struct mcr_join_owner){0}, remove, n_remove, add, n_add);
}

static inline struct mcr_join join_of(const char *interface, const char *channel, const char *group)
{
	struct mcr_join join = {0};

	strcpy(join.interface, interface);
	strcpy(join.channel, channel);
	join.group = twin(group);
	return join;
}

static inline const struct mcr_group *find(const struct mcr_join_set *set, uint16_t interface,
					   const struct mcr_join *join)
{
	return mcr_join_set_find(set, interface, join->group);
}

SET_UP_BOTH(set_up)

#define JOIN_SET_TEST(name) TEST_BOTH(name, set_up, tear_down)

#endif
