/* SPDX-License-Identifier: BSD-3-Clause */
/* Which memberships are shown when not all can be: compared with what sorting all of them gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/state/state.h"

#define WORKERS 3

struct one {
	int configured;
	uint64_t packets;
	size_t index;
};

struct fixture {
	struct mcr_engine e;
	struct mcr_join_set set;
	struct mcr_worker workers[WORKERS];
	struct one *all; /* as they are to be chosen */
	size_t *got;
};

static int best_first(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	if (x->configured != y->configured)
		return y->configured - x->configured;
	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return x->index > y->index ? 1 : -1;
}

/* Few values, so that many are equal. A slot is not the index. */
static void make_group(struct fixture *f, size_t n, size_t i)
{
	struct mcr_group *g = &f->set.groups[i];
	struct one *one = &f->all[i];

	*one = (struct one){.configured = rand() % 10 == 0, .index = i};
	g->slot = (uint32_t)(n - 1 - i);
	g->joins_of[MCR_JOINED_BY_CONFIGURATION] = (unsigned)(one->configured * (1 + rand() % 3));
	g->joins_of[MCR_JOINED_BY_OPERATOR] = (unsigned)(rand() % 2);
	for (unsigned w = 0; w < WORKERS; w++) {
		uint64_t packets = (uint64_t)(rand() % 8) << rand() % 4;

		f->workers[w].group_counts[g->slot].packets = packets;
		one->packets += packets;
	}
}

static struct fixture *make(size_t n)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->e.joins = &f->set;
	f->e.n_workers = WORKERS;
	f->set.n_groups = n;
	f->set.groups = calloc(n + 1, sizeof(*f->set.groups));
	f->all = calloc(n + 1, sizeof(*f->all));
	f->got = calloc(n + 2, sizeof(*f->got));
	for (unsigned w = 0; w < WORKERS; w++) {
		f->e.workers[w] = &f->workers[w];
		f->workers[w].group_counts = calloc(n + 1, sizeof(struct mcr_group_count));
	}
	for (size_t i = 0; i < n; i++)
		make_group(f, n, i);
	qsort(f->all, n, sizeof(*f->all), best_first);
	return f;
}

static void drop(struct fixture *f)
{
	for (unsigned w = 0; w < WORKERS; w++)
		free(f->workers[w].group_counts);
	free(f->set.groups);
	free(f->all);
	free(f->got);
	free(f);
}

static int by_index(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return x->index > y->index ? 1 : -1;
}

static void expect_best(struct fixture *f, size_t cap)
{
	const size_t n = cap < f->set.n_groups ? cap : f->set.n_groups;
	struct one *best = calloc(n + 1, sizeof(*best));

	memcpy(best, f->all, n * sizeof(*best));
	qsort(best, n, sizeof(*best), by_index);
	f->got[n] = SIZE_MAX;
	assert_int_equal(mcr_engine_groups_to_show(&f->e, f->got, cap), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(f->got[i], best[i].index);
	assert_true(f->got[n] == SIZE_MAX);
	free(best);
}

static void configured_ones_and_then_the_busiest_are_shown(void **state)
{
	(void)state;
	srand(5);
	for (size_t n = 0; n < 40; n++) {
		struct fixture *f = make(n);

		for (size_t cap = 0; cap <= n + 1; cap++)
			expect_best(f, cap);
		drop(f);
	}
}

static void many_are_shown_as_few_are(void **state)
{
	static const size_t caps[] = {1, 100, 6000, 7000, 65535, 65536, 1000000};
	struct fixture *f = make(65536);

	(void)state;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		expect_best(f, caps[i]);
	drop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(configured_ones_and_then_the_busiest_are_shown),
	    cmocka_unit_test(many_are_shown_as_few_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
