/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the join set against a naive model: a plain list that is searched from the front. */
#include <errno.h>

#include "core/rng.h"
#include "join_set_rig.h"

#define MODEL_MAX 512
#define BATCH     6

static uint64_t below(struct mcr_rng *rng, uint64_t n)
{
	return mcr_rng_delay(rng, n) - 1;
}

/* The list owns the sources. */
static struct mcr_join random_join(struct mcr_join_list *made, struct mcr_rng *rng)
{
	static const char *const groups[] = {"239.1.1.1", "239.1.1.2", "239.1.1.3", "232.1.1.1"};
	unsigned g = (unsigned)below(rng, 4);
	struct mcr_address sources[4];
	struct mcr_join join =
	    join_of(below(rng, 2) ? "a" : "b", below(rng, 2) ? "default" : "md", groups[g]);

	join.port = (uint16_t)below(rng, 2);
	join.id = (uint32_t)below(rng, 2);
	join.mode = g == 3 ? MCR_FILTER_INCLUDE : (uint8_t)below(rng, 2);
	join.n_sources = (uint32_t)below(rng, 3) + join.mode;
	join.sources = sources;
	for (unsigned i = 0; i < join.n_sources; i++) /* any order, doubles too */
		sources[i] = twin_of(0x0a000001 + (uint32_t)below(rng, 4));
	assert_int_equal(mcr_join_list_add(made, &join), 0);
	return made->items[made->n - 1];
}

/* Which of the sources 10.0.0.1 and so on, or their twins, it is. */
static unsigned nth_source(struct mcr_address source)
{
	return source.octets[15] - 1u;
}

/* Bit s: source 10.0.0.1 + s is in the list. */
static unsigned sources_of(const struct mcr_join *join)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < join->n_sources; i++)
		bits |= 1u << nth_source(join->sources[i]);
	return bits;
}

static int same(const struct mcr_join *a, const struct mcr_join *b)
{
	return strcmp(a->interface, b->interface) == 0 && strcmp(a->channel, b->channel) == 0 &&
	       mcr_address_is_equal(a->group, b->group) && a->port == b->port && a->id == b->id &&
	       a->mode == b->mode && sources_of(a) == sources_of(b);
}

struct model {
	struct mcr_join joins[MODEL_MAX];
	struct mcr_join_owner owners[MODEL_MAX];
	size_t n;
};

static struct mcr_join_owner random_owner(struct mcr_rng *rng)
{
	const struct mcr_join_owner owners[] = {{0}, configuration, by_ctl, consumer_7};

	return owners[below(rng, 4)];
}

static int is_of(const struct mcr_join_owner *a, const struct mcr_join_owner *b)
{
	return a->maker == b->maker && a->consumer == b->consumer;
}

static void model_take(struct model *m, size_t i)
{
	m->n--;
	memmove(&m->joins[i], &m->joins[i + 1], (m->n - i) * sizeof(m->joins[0]));
	memmove(&m->owners[i], &m->owners[i + 1], (m->n - i) * sizeof(m->owners[0]));
}

static int model_remove(struct model *m, const struct mcr_join *join, struct mcr_join_owner owner)
{
	for (size_t i = 0; i < m->n; i++) {
		if (!same(&m->joins[i], join) || !is_of(&m->owners[i], &owner))
			continue;
		model_take(m, i);
		return 1;
	}
	return owner.maker == MCR_JOINED_BY_OPERATOR && model_remove(m, join, configuration);
}

/* RFC 3376 §3.2, from the definition. */
static void expect_filter(const struct model *m, const struct mcr_group *g)
{
	unsigned named = 0, excluded = 0xf, joins = 0, bits = 0;
	int exclude = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct mcr_join *j = &m->joins[i];

		if (!mcr_address_is_equal(j->group, g->group) ||
		    strcmp(j->interface, names.interfaces[g->interface]) != 0)
			continue;
		joins++;
		if (j->mode == MCR_FILTER_INCLUDE) {
			named |= sources_of(j);
		} else {
			exclude = 1;
			excluded &= sources_of(j);
		}
	}
	for (size_t i = 0; i < g->source_filter.n; i++)
		bits |= 1u << nth_source(g->source_filter.sources[i]);
	assert_int_equal(g->joins, joins);
	assert_int_equal(g->source_filter.mode, exclude ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE);
	assert_int_equal(bits, exclude ? excluded & ~named : named);
}

static void expect_like(const struct mcr_join_set *set, const struct model *m)
{
	static uint8_t used[MCR_MEMBERSHIPS_MAX];

	assert_int_equal(set->n_joins, m->n);
	memset(used, 0, sizeof(used));
	for (size_t i = 0; i < m->n; i++) {
		const struct mcr_rule *rule = &set->rules[i];
		const struct mcr_group *g = find(set, rule->interface, &m->joins[i]);

		assert_true(same(&set->joins[i], &m->joins[i]));
		assert_true(is_of(&set->owners[i], &m->owners[i]));
		assert_ptr_equal(rule->join, &set->joins[i]);
		assert_string_equal(names.interfaces[rule->interface], m->joins[i].interface);
		assert_string_equal(names.channels[rule->channel], m->joins[i].channel);
		assert_non_null(g);
		assert_int_equal(rule->membership, g->slot);
	}
	for (size_t i = 0; i < set->n_groups; i++) {
		assert_true(set->groups[i].joins > 0);
		assert_false(used[set->groups[i].slot]++);
		expect_filter(m, &set->groups[i]);
	}
}

/* The join that is removed is the first of its equals, which keeps the order of the others. */
static void random_changes_give_what_a_plain_list_gives(void **state)
{
	struct rig *r = *state;
	static struct model model, before;
	struct mcr_join_list made = {0};
	struct mcr_rng rng;
	unsigned refused = 0;

	model.n = 0;
	mcr_rng_seed(&rng, 20260101);
	for (int round = 0; round < 4000; round++) {
		struct mcr_join remove[BATCH], add[BATCH];
		size_t n_remove = (size_t)below(&rng, BATCH);
		size_t n_add = model.n + BATCH < 60 ? (size_t)below(&rng, BATCH) : 0;
		struct mcr_join_owner owner = random_owner(&rng);
		int ret, possible = 1;

		before = model;
		for (size_t i = 0; i < n_remove; i++) {
			size_t at = before.n > 0 ? (size_t)below(&rng, before.n) : 0;

			if (n_remove == 1 && before.n > 0)
				owner = before.owners[at];
			remove[i] = before.n > 0 && below(&rng, 8) != 0 ? before.joins[at]
									: random_join(&made, &rng);
		}
		for (size_t i = 0; i < n_remove; i++)
			possible &= model_remove(&model, &remove[i], owner);
		for (size_t i = 0; i < n_add; i++) {
			model.owners[model.n] = owner;
			model.joins[model.n++] = add[i] = random_join(&made, &rng);
		}
		ret = change_of(r, owner, remove, n_remove, add, n_add);
		assert_int_equal(ret, possible ? 0 : -ENOENT);
		if (!possible) {
			model = before;
			refused++;
		}
		expect_like(r->set, &model);
	}
	mcr_join_list_clear(&made);
	assert_true(refused > 100 && refused < 3900);
	assert_true(r->slots.next <= 8); /* two interfaces, four groups: slots come again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    JOIN_SET_TEST(random_changes_give_what_a_plain_list_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
