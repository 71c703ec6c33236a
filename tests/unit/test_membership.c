/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of one group against a plain model of RFC 3376 §5.1, over random changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/gmp/membership.h"

enum {
	UNIVERSE = 8
};

/* The model: one entry for each possible source. */
struct model {
	int listed[UNIVERSE], left[UNIVERSE];
	int exclude, mode_left;
};

static void model_set(struct model *m, int exclude, unsigned set, int copies)
{
	int mode_changes = m->exclude != exclude;

	for (int i = 0; i < UNIVERSE; i++) {
		int listed = set >> i & 1;

		if (mode_changes)
			m->left[i] = 0;
		else if (listed != m->listed[i])
			m->left[i] = copies;
		m->listed[i] = listed;
	}
	m->exclude = exclude;
	if (mode_changes)
		m->mode_left = copies;
}

static void model_reported(struct model *m)
{
	m->mode_left -= m->mode_left > 0;
	for (int i = 0; i < UNIVERSE; i++)
		m->left[i] -= m->left[i] > 0;
}

static unsigned model_select(const struct model *m, enum mcr_record type)
{
	unsigned set = 0;

	for (int i = 0; i < UNIVERSE; i++) {
		int forwarded = m->listed[i] != m->exclude;

		if (type == MCR_RECORD_ALLOW   ? m->left[i] && forwarded
		    : type == MCR_RECORD_BLOCK ? m->left[i] && !forwarded
					       : m->listed[i])
			set |= 1u << i;
	}
	return set;
}

static struct mcr_address at(unsigned n)
{
	return (struct mcr_address){.octets = {0x20, 1, [15] = (uint8_t)n}};
}

static unsigned as_set(const struct mcr_address *list, size_t n)
{
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || memcmp(&list[i], &list[i - 1], sizeof(*list)) > 0);
		set |= 1u << (list[i].octets[15] - 1u);
	}
	return set;
}

static void assert_same(const struct mcr_membership *m, const struct model *model)
{
	struct mcr_address list[UNIVERSE];
	int pending = model->mode_left > 0;

	for (unsigned type = MCR_RECORD_IS_IN; type <= MCR_RECORD_BLOCK; type++) {
		size_t n = mcr_membership_select(m, type, list);

		assert_int_equal(mcr_membership_select(m, type, NULL), n);
		assert_int_equal(as_set(list, n), model_select(model, type));
	}
	for (int i = 0; i < UNIVERSE; i++)
		pending |= model->left[i] > 0;
	assert_int_equal(mcr_membership_pending(m), pending);
	assert_int_equal(m->mode_left, model->mode_left);
	assert_int_equal(mcr_membership_wanted(m),
			 model->exclude || model_select(model, MCR_RECORD_IS_IN));
}

/* H-SC-3, H-SC-7, H-SC-8, H-SC-9 */
static void random_changes_leave_what_the_model_says(void **state)
{
	struct mcr_membership m;
	struct model model = {.exclude = 0};

	mcr_membership_init(&m);
	srand(7);
	for (int round = 0; round < 200000; round++) {
		struct mcr_address list[UNIVERSE];
		unsigned set = (unsigned)rand() & 255, exclude = rand() % 5 == 0;
		size_t n = 0;

		if (rand() % 3 == 0) {
			mcr_membership_reported(&m);
			model_reported(&model);
			assert_same(&m, &model);
			continue;
		}
		if (rand() % 4 == 0)
			set = 0;
		for (unsigned i = 0; i < UNIVERSE; i++)
			if (set >> i & 1)
				list[n++] = at(i + 1);
		int copies = 1 + rand() % 7;
		int rc = mcr_membership_set(&m, exclude ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE,
					    list, n, (unsigned)copies);
		int changed =
		    model.exclude != (int)exclude || model_select(&model, MCR_RECORD_IS_IN) != set;

		assert_int_equal(rc, changed);
		if (changed)
			model_set(&model, (int)exclude, set, copies);
		assert_same(&m, &model);
	}
	mcr_membership_clear(&m);
}

/* H-QR-12: every state and every question over three sources. */
static void answers_to_source_queries_follow_the_table(void **state)
{
	for (unsigned exclude = 0; exclude < 2; exclude++) {
		for (unsigned have = 0; have < 8; have++) {
			for (unsigned ask = 0; ask < 8; ask++) {
				struct mcr_membership m;
				struct mcr_address list[3], asked[3];
				size_t n = 0, k = 0;

				for (unsigned i = 0; i < 3; i++) {
					if (have >> i & 1)
						list[n++] = at(i + 1);
					if (ask >> i & 1)
						asked[k++] = at(i + 1);
				}
				mcr_membership_init(&m);
				mcr_membership_set(
				    &m, exclude ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE, list, n,
				    2);
				k = mcr_membership_answer(&m, asked, k);
				assert_int_equal(as_set(asked, k),
						 exclude ? ask & ~have : ask & have);
				mcr_membership_clear(&m);
			}
		}
	}
}

static void a_cancelled_membership_keeps_its_state_and_reports_nothing(void **state)
{
	struct mcr_membership m;
	const struct mcr_address list[] = {at(1), at(2), at(3)};

	mcr_membership_init(&m);
	mcr_membership_set(&m, MCR_FILTER_INCLUDE, list, 3, 2);
	mcr_membership_set(&m, MCR_FILTER_INCLUDE, list, 1, 2);
	assert_int_equal(m.n, 3);
	mcr_membership_cancel(&m);
	assert_int_equal(m.n, 1);
	assert_int_equal(mcr_membership_pending(&m), 0);
	assert_int_equal(mcr_membership_wanted(&m), 1);
	mcr_membership_announce(&m, 3);
	assert_int_equal(mcr_membership_select(&m, MCR_RECORD_ALLOW, NULL), 1);
	mcr_membership_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_changes_leave_what_the_model_says),
	    cmocka_unit_test(answers_to_source_queries_follow_the_table),
	    cmocka_unit_test(a_cancelled_membership_keeps_its_state_and_reports_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
