/* SPDX-License-Identifier: BSD-3-Clause */
/* What one of two that speak for a host says without what the other wants, and its defence. */
#include "core/gmp/gmp_spare.h"
#include "gmp_rig.h"

static unsigned n_spared;

static void wants(void *ctx, struct mcr_address group, struct mcr_source_filter *out)
{
	mcr_gmp_wants(ctx, group, out);
}

static void spared(void *ctx, struct mcr_address group)
{
	(void)ctx;
	assert_true(group.octets[0] == 0xff || mcr_address_is_ipv4(group));
	n_spared++;
}

/* Message i that `r` sent, with padding, as the other lets it out. */
static enum mcr_gmp_spared let_out(struct rig *r, size_t i, struct rig *other)
{
	const struct mcr_gmp_other o = {wants, spared, other->igmp};
	struct sent *m = &r->sent[i];
	size_t len = m->len + 20;
	enum mcr_gmp_spared ret;

	n_spared = 0;
	m->bytes = realloc(m->bytes, len);
	assert_non_null(m->bytes);
	memset(m->bytes + m->len, 0x55, 20);
	ret = mcr_gmp_spare(rig_family, m->bytes, &len, &o);
	assert_int_equal(ret != MCR_GMP_HARMLESS, n_spared > 0);
	if (ret == MCR_GMP_SPARED) {
		assert_true(len <= m->len);
		m->len = len;
		check_encapsulation(m->bytes, len, 1500);
		assert_int_equal(mcr_gmp_spare(rig_family, m->bytes, &len, &o), MCR_GMP_HARMLESS);
	} else {
		assert_int_equal(len, m->len + 20);
	}
	return ret;
}

/* Of a report: "" = it is not sent. */
static void assert_out(struct rig *r, size_t i, struct rig *other, const char *text)
{
	static char found[4096];
	enum mcr_gmp_spared ret = let_out(r, i, other);

	if (ret == MCR_GMP_SILENT)
		found[0] = '\0';
	else
		describe(&r->sent[i], found, sizeof(found));
	assert_string_equal(found, text);
}

static void start_both(struct rig *r, struct rig *other, uint8_t version)
{
	rig_version(r, version);
	rig_version(other, version);
}

static void a_leave_of_what_the_other_wants_is_not_sent(void **state)
{
	struct rig r, other;

	(void)state;
	start_both(&r, &other, 2);
	join(&other, "239.1.2.3");
	join(&r, "239.1.2.3");
	join(&r, "239.1.2.4");
	settle(&r, 30);
	leave(&r, "239.1.2.3");
	leave(&r, "239.1.2.4");
	poll_now(&r);
	assert_count(&r, 2);
	assert_out(&r, 0, &other, "");
	assert_int_equal(n_spared, 1);
	assert_out(&r, 1, &other, "leave 239.1.2.4");
	rig_stop(&r);
	rig_stop(&other);
}

static void reports_of_old_versions_pass(void **state)
{
	struct rig r, other;

	(void)state;
	start_both(&r, &other, 2);
	join(&other, "239.1.2.3");
	join(&r, "239.1.2.3");
	poll_now(&r);
	assert_out(&r, 0, &other, "v2 239.1.2.3");
	rig_stop(&r);
	rig_stop(&other);
}

/* The sender goes from one state to the next, while the other wants this; what is let out. */
static void each_change_keeps_what_the_other_wants(void **state)
{
	static const struct {
		enum mcr_filter_mode from, to, other;
		const char *from_list, *to_list, *other_list, *text;
	} cases[] = {
	    {EX, IN, EX, "", "", "", ""},
	    {EX, IN, IN, "", "", "10.9.0.1", ""},
	    {EX, IN, IN, "", "", "", "TO_IN(239.1.2.3){}"},
	    {EX, IN, EX, "", "10.9.0.1", "10.9.0.2", "ALLOW(239.1.2.3){10.9.0.1}"},
	    {EX, IN, IN, "", "10.9.0.1", "10.9.0.2", "ALLOW(239.1.2.3){10.9.0.1}"},
	    {EX, IN, IN, "", "10.9.0.1 10.9.0.2", "10.9.0.2",
	     "TO_IN(239.1.2.3){10.9.0.1,10.9.0.2}"},
	    {IN, EX, IN, "10.9.0.1", "10.9.0.1 10.9.0.2", "10.9.0.2 10.9.0.3",
	     "TO_EX(239.1.2.3){10.9.0.1}"},
	    {IN, EX, IN, "10.9.0.1", "10.9.0.2", "10.9.0.2", "TO_EX(239.1.2.3){}"},
	    {IN, EX, EX, "10.9.0.1", "10.9.0.1 10.9.0.2", "10.9.0.2", "TO_EX(239.1.2.3){10.9.0.2}"},
	    {IN, EX, EX, "10.9.0.1", "10.9.0.1", "10.9.0.1", "TO_EX(239.1.2.3){10.9.0.1}"},
	    {IN, IN, IN, "10.9.0.1 10.9.0.2 10.9.0.3", "10.9.0.3", "10.9.0.2",
	     "BLOCK(239.1.2.3){10.9.0.1}"},
	    {IN, IN, IN, "10.9.0.1 10.9.0.2", "10.9.0.1", "10.9.0.2", ""},
	    {IN, IN, EX, "10.9.0.1 10.9.0.2", "10.9.0.1 10.9.0.3", "",
	     "ALLOW(239.1.2.3){10.9.0.3}"},
	    {EX, EX, EX, "10.9.0.1", "10.9.0.1 10.9.0.2", "10.9.0.2", "BLOCK(239.1.2.3){10.9.0.2}"},
	    {EX, EX, EX, "10.9.0.1 10.9.0.2", "10.9.0.2", "", "ALLOW(239.1.2.3){10.9.0.1}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r, other;

		start_both(&r, &other, 3);
		assert_int_equal(set(&other, "239.1.2.3", cases[i].other, cases[i].other_list), 0);
		assert_int_equal(set(&r, "239.1.2.3", cases[i].from, cases[i].from_list), 0);
		settle(&r, 30);
		assert_int_equal(set(&r, "239.1.2.3", cases[i].to, cases[i].to_list), 0);
		poll_now(&r);
		assert_out(&r, 0, &other, cases[i].text);
		rig_stop(&r);
		rig_stop(&other);
	}
}

static void other_records_of_the_report_stay(void **state)
{
	struct rig r, other;

	(void)state;
	start_both(&r, &other, 3);
	join(&other, "239.1.2.4");
	join(&other, "239.1.2.6");
	for (unsigned i = 3; i < 7; i++)
		join(&r,
		     (const char *[]){"239.1.2.3", "239.1.2.4", "239.1.2.5", "239.1.2.6"}[i - 3]);
	settle(&r, 30);
	include(&r, "239.1.2.3", "");
	include(&r, "239.1.2.4", "");
	exclude(&r, "239.1.2.5", "10.9.0.1");
	include(&r, "239.1.2.6", "10.9.0.1");
	exclude(&r, "239.1.2.7", "10.9.0.1");
	poll_now(&r);
	assert_out(&r, 0, &other,
		   "TO_IN(239.1.2.3){} BLOCK(239.1.2.5){10.9.0.1} ALLOW(239.1.2.6){10.9.0.1} "
		   "TO_EX(239.1.2.7){10.9.0.1}");
	assert_int_equal(n_spared, 2);
	rig_stop(&r);
	rig_stop(&other);
}

static void answers_pass(void **state)
{
	struct rig r, other;

	(void)state;
	start_both(&r, &other, 3);
	join(&other, "239.1.2.3");
	include(&r, "239.1.2.3", "10.9.0.1");
	exclude(&r, "239.1.2.4", "10.9.0.1");
	settle(&r, 30);
	general_v3(&r, 10);
	run_for(&r, 2);
	assert_out(&r, 0, &other, "IS_IN(239.1.2.3){10.9.0.1} IS_EX(239.1.2.4){10.9.0.1}");
	rig_stop(&r);
	rig_stop(&other);
}

/* Auxiliary data is stepped over and left out (RFC 9776 §4.2.6). */
static void what_is_not_understood_stays_as_it_is(void **state)
{
	struct rig r, other;

	(void)state;
	start_both(&r, &other, 3);
	join(&other, "239.1.2.3");
	join(&r, "239.1.2.3");
	settle(&r, 30);
	leave(&r, "239.1.2.3");
	poll_now(&r);
	for (size_t len = 0; len < r.sent[0].len; len++) {
		const struct mcr_gmp_other o = {wants, NULL, other.igmp};
		uint8_t *exact = malloc(len + 1);
		size_t cut = len;

		memcpy(exact, r.sent[0].bytes, len);
		assert_int_equal(mcr_gmp_spare(rig_family, exact, &cut, &o), MCR_GMP_HARMLESS);
		assert_int_equal(cut, len);
		assert_memory_equal(exact, r.sent[0].bytes, len);
		free(exact);
	}
	r.sent[0].bytes[ip_header() + 7] = 2; /* two records, of which one is there */
	assert_int_equal(let_out(&r, 0, &other), MCR_GMP_HARMLESS);
	rig_stop(&r);
	rig_stop(&other);
}

static void a_group_is_defended_in_the_next_tick_and_with_all_copies(void **state)
{
	struct rig r;

	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		rig_version(&r, version);
		include(&r, "239.1.2.3", "10.9.0.1");
		exclude(&r, "239.1.2.4", "10.9.0.1");
		settle(&r, 30);
		uint64_t t = r.now_ns + MCR_GMP_TICK_NS;

		mcr_gmp_defend(r.igmp, ip("239.1.2.3"), r.now_ns);
		mcr_gmp_defend(r.igmp, ip("239.1.2.4"), r.now_ns);
		mcr_gmp_defend(r.igmp, ip("239.1.2.5"), r.now_ns);
		run_for(&r, 30);
		if (version == 3) {
			assert_sent(&r, 0, t,
				    "ALLOW(239.1.2.3){10.9.0.1} TO_EX(239.1.2.4){10.9.0.1}");
			assert_count(&r, 2);
		} else {
			assert_sent(&r, 0, t, "v2 239.1.2.3");
			assert_sent(&r, 1, t, "v2 239.1.2.4");
			assert_count(&r, 4);
		}
		rig_stop(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leave_of_what_the_other_wants_is_not_sent),
	    cmocka_unit_test(reports_of_old_versions_pass),
	    cmocka_unit_test(each_change_keeps_what_the_other_wants),
	    cmocka_unit_test(other_records_of_the_report_stay),
	    cmocka_unit_test(answers_pass),
	    cmocka_unit_test(what_is_not_understood_stays_as_it_is),
	    cmocka_unit_test(a_group_is_defended_in_the_next_tick_and_with_all_copies),
	};

	return RUN_BOTH(tests);
}
