/* SPDX-License-Identifier: BSD-3-Clause */
/* Reloads that move joins to other hosts: these are left later. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "fake_engine.h"
#include "reload.h"
#include "settings/share.h"

#define LAN    "interfaces: [{name: lan, port: 0}]\n"
#define GROUPS "joins: [{groups: [239.1.1.0/28]}]\n"
#define S      UINT64_C(1000000000)

/* This host is b. */
#define ALONE "shard: {hosts: [b], me: b}\n"
#define TWO   "shard: {hosts: [a, b], me: b}\n"
#define THREE "shard: {hosts: [a, b, c], me: b}\n"

struct fixture {
	struct mcr_engine engine;
	struct mcr_settings *running;
	struct mcr_overlap overlap;
	struct mcr_error report;
	uint64_t now_ns;
	void (*meanwhile)(struct fixture *f); /* between a reload's plan and its change */
};

static struct mcr_settings *settings(const char *text)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err = {""};

	if (mcr_config_parse(s, "m.yaml", text, strlen(text), &err) < 0 ||
	    mcr_settings_complete(s, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return s;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->now_ns = 100 * S;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fake_engine_clear(&f->engine);
	mcr_overlap_clear(&f->overlap);
	mcr_settings_destroy(f->running);
	free(f);
	return 0;
}

static void start(struct fixture *f, const char *text)
{
	f->running = settings(text);
	for (size_t i = 0; i < f->running->n_channels; i++)
		mcr_engine_channel_add(&f->engine, &f->running->channels[i].config, NULL);
	assert_int_equal(mcr_engine_update_as(&f->engine, MCR_JOINED_BY_CONFIGURATION, NULL, 0,
					      f->running->joins.items, f->running->joins.n, NULL),
			 0);
}

static int try_reload(struct fixture *f, const char *text, int dry_run)
{
	struct mcr_settings *next = settings(text);
	struct mcr_reload_plan plan;
	int ret = mcr_reload_begin(&plan, &f->engine, &f->overlap, &f->report);

	if (ret == 0)
		ret = mcr_reload_prepare(&plan, &f->engine, f->running, next, dry_run, &f->report);
	if (ret == 0 && f->meanwhile)
		f->meanwhile(f);
	if (ret == 0)
		ret = mcr_reload_apply(&f->engine, &f->running, next, &plan, dry_run, f->now_ns,
				       &f->report);
	mcr_reload_end(&plan, &f->engine);
	if (ret < 0 || dry_run)
		mcr_settings_destroy(next);
	return ret;
}

static void reload(struct fixture *f, const char *text)
{
	if (try_reload(f, text, 0) < 0)
		fail_msg("%s", f->report.text);
}

/* Time passes. Returns how many joins are left then. */
static size_t pass(struct fixture *f, uint64_t ns)
{
	struct mcr_error err;
	size_t left;

	f->now_ns += ns;
	assert_int_equal(
	    mcr_overlap_leave(&f->overlap, &f->engine, f->now_ns, f->now_ns + S, &left, &err), 0);
	return left;
}

/* How many joins of the 16 groups the configuration of `text` has on this host. */
static size_t share_of(const char *text)
{
	struct mcr_settings *s = settings(text);
	size_t n = s->joins.n;

	mcr_settings_destroy(s);
	return n;
}

/* The engine has just what the running settings have, as if it had begun with them. */
static void holds_its_share_only(const struct fixture *f)
{
	char text[128];

	assert_int_equal(f->engine.joins.n, f->running->joins.n);
	for (size_t i = 0; i < f->running->joins.n; i++) {
		mcr_join_format(text, sizeof(text), &f->running->joins.items[i]);
		assert_int_equal(fake_engine_count(&f->engine, text), 1);
	}
}

static void what_another_host_gets_is_left_when_the_overlap_is_over(void **state)
{
	const size_t ours = share_of(LAN TWO GROUPS);
	struct fixture *f = *state;
	char report[128];

	assert_in_range(ours, 1, 15);
	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	sprintf(report, "joins +0 -0, -%zu within 10s, channels +0 -0, shard changed", 16 - ours);
	assert_string_equal(f->report.text, report);
	assert_int_equal(f->engine.joins.n, 16);
	assert_int_equal(mcr_overlap_joins(&f->overlap), 16 - ours);
	assert_int_equal(mcr_overlap_next(&f->overlap), f->now_ns + 10 * S);
	assert_int_equal(pass(f, 10 * S - 1), 0);
	assert_int_equal(f->engine.joins.n, 16);
	assert_int_equal(pass(f, 1), 16 - ours);
	holds_its_share_only(f);
	assert_int_equal(mcr_overlap_next(&f->overlap), UINT64_MAX);
}

static void what_is_new_is_joined_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, LAN THREE GROUPS);
	reload(f, LAN TWO GROUPS); /* c is lost */
	holds_its_share_only(f);
	assert_int_equal(mcr_overlap_joins(&f->overlap), 0);
}

static void what_the_file_no_longer_has_is_left_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, LAN ALONE GROUPS "channels: [{name: default}]\n");
	reload(f, LAN TWO "joins: [{groups: [239.1.1.0/30]}]\nchannels: [{name: default}]\n");
	assert_int_equal(f->engine.joins.n, 4);
	assert_int_equal(f->engine.joins.n - mcr_overlap_joins(&f->overlap), f->running->joins.n);
	pass(f, 10 * S);
	holds_its_share_only(f);
}

static void without_an_overlap_all_is_left_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN "shard: {hosts: [a, b], me: b, overlap: 0}\n" GROUPS);
	holds_its_share_only(f);
	assert_int_equal(f->overlap.n, 0);
}

static void the_same_file_again_keeps_the_time(void **state)
{
	struct fixture *f = *state;
	size_t waiting;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	waiting = mcr_overlap_joins(&f->overlap);
	assert_int_equal(pass(f, 6 * S), 0);
	reload(f, LAN TWO GROUPS);
	assert_string_equal(strstr(f->report.text, ", channels"), ", channels +0 -0");
	assert_int_equal(mcr_overlap_joins(&f->overlap), waiting);
	assert_int_equal(pass(f, 4 * S), waiting);
	holds_its_share_only(f);
}

static void what_goes_by_a_later_reload_has_a_time_of_its_own(void **state)
{
	struct fixture *f = *state;
	size_t first, second;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	first = mcr_overlap_joins(&f->overlap);
	pass(f, 6 * S);
	reload(f, LAN THREE GROUPS);
	second = mcr_overlap_joins(&f->overlap) - first;
	assert_true(second > 0);
	assert_int_equal(f->engine.joins.n, 16);
	assert_int_equal(pass(f, 4 * S), first);
	assert_int_equal(pass(f, 6 * S - 1), 0);
	assert_int_equal(pass(f, 1), second);
	holds_its_share_only(f);
}

static void what_comes_back_in_time_is_never_left(void **state)
{
	struct fixture *f = *state;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	pass(f, 6 * S);
	reload(f, LAN ALONE GROUPS);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0, shard changed");
	assert_int_equal(f->overlap.n, 0);
	pass(f, 100 * S);
	holds_its_share_only(f);
	assert_int_equal(f->engine.joins.n, 16);
}

static void what_goes_from_the_file_meanwhile_is_left_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	pass(f, 6 * S);
	reload(f, LAN TWO "joins: []\n");
	assert_int_equal(f->engine.joins.n, 0);
	assert_int_equal(f->overlap.n, 0);
}

static const struct mcr_join *first_waiting(const struct fixture *f)
{
	assert_true(f->overlap.n > 0);
	return &f->overlap.parts[0].joins.items[0];
}

static void operator_leaves(struct fixture *f)
{
	assert_int_equal(mcr_engine_update_as(&f->engine, MCR_JOINED_BY_OPERATOR, first_waiting(f),
					      1, NULL, 0, NULL),
			 0);
}

static void what_mcring_ctl_left_meanwhile_is_not_left_twice(void **state)
{
	struct fixture *f = *state;
	size_t waiting;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	waiting = mcr_overlap_joins(&f->overlap);
	operator_leaves(f);
	assert_int_equal(pass(f, 10 * S), waiting - 1);
	holds_its_share_only(f);
}

static void what_mcring_ctl_left_does_not_come_back_to_wait(void **state)
{
	struct fixture *f = *state;
	size_t waiting;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	waiting = mcr_overlap_joins(&f->overlap);
	operator_leaves(f);
	reload(f, LAN TWO GROUPS);
	assert_int_equal(mcr_overlap_joins(&f->overlap), waiting - 1);
	f->meanwhile = operator_leaves; /* the plan is made again */
	reload(f, LAN TWO GROUPS);
	f->meanwhile = NULL;
	assert_int_equal(mcr_overlap_joins(&f->overlap), waiting - 2);
	assert_int_equal(pass(f, 10 * S), waiting - 2);
	holds_its_share_only(f);
}

static void what_mcring_ctl_joined_meanwhile_stays(void **state)
{
	struct fixture *f = *state;
	struct mcr_join join;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	join = *first_waiting(f);
	assert_int_equal(
	    mcr_engine_update_as(&f->engine, MCR_JOINED_BY_OPERATOR, NULL, 0, &join, 1, NULL), 0);
	pass(f, 10 * S);
	assert_int_equal(f->engine.joins.n, f->running->joins.n + 1);
}

static void a_dry_run_says_it_and_changes_nothing(void **state)
{
	struct fixture *f = *state;

	start(f, LAN ALONE GROUPS);
	assert_int_equal(try_reload(f, LAN TWO GROUPS, 1), 0);
	assert_non_null(strstr(f->report.text, "would change: joins +0 -0, -"));
	assert_non_null(strstr(f->report.text, " within 10s"));
	assert_int_equal(f->overlap.n, 0);
	reload(f, LAN TWO GROUPS);
	assert_int_equal(try_reload(f, LAN ALONE GROUPS, 1), 0);
	assert_true(mcr_overlap_joins(&f->overlap) > 0);
	pass(f, 10 * S);
	holds_its_share_only(f);
}

static void a_reload_that_fails_keeps_what_waits(void **state)
{
	struct fixture *f = *state;
	size_t waiting;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	waiting = mcr_overlap_joins(&f->overlap);
	f->engine.refusal = "no more";
	assert_true(try_reload(f, LAN ALONE "joins: [{groups: [239.1.1.0/27]}]\n", 0) < 0);
	f->engine.refusal = NULL;
	assert_int_equal(mcr_overlap_joins(&f->overlap), waiting);
	assert_int_equal(pass(f, 10 * S), waiting);
	holds_its_share_only(f);
}

static void what_cannot_be_left_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct mcr_error err;
	size_t left = 1;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO GROUPS);
	f->engine.refusal = "no more";
	f->now_ns += 10 * S;
	assert_true(
	    mcr_overlap_leave(&f->overlap, &f->engine, f->now_ns, f->now_ns + S, &left, &err) < 0);
	assert_string_equal(err.text, "no more");
	assert_int_equal(left, 0);
	assert_int_equal(mcr_overlap_next(&f->overlap), f->now_ns + S);
	f->engine.refusal = NULL;
	assert_true(pass(f, S) > 0);
	holds_its_share_only(f);
}

/* The file of a feed with lines on two interfaces, into two channels; TWO gives it to another host.
 */
static void feed_file(char *text, const char *shard)
{
	struct mcr_settings *two = settings(TWO);
	char name[16];
	unsigned i = 0;

	do
		sprintf(name, "feed%u", i++);
	while (mcr_share_has(two->share, mcr_shard_owners(&two->share->shard, name)));
	mcr_settings_destroy(two);
	sprintf(text,
		"interfaces: [{name: x, port: 0}, {name: y, port: 1}]\n"
		"channels: [{name: ax}, {name: by}]\n"
		"%sfeeds: [{name: %s, declaration: moldudp64, lines: ["
		"{channel: ax, joins: [{groups: [239.3.1.0/30], ports: [7], interface: x}]},"
		"{channel: by, joins: [{groups: [239.3.2.0/30], ports: [7], sources: [10.0.0.9],"
		" interface: y}]}]}]\n",
		shard, name);
}

static void a_feed_moves_with_all_its_lines(void **state)
{
	struct fixture *f = *state;
	char text[1024];

	feed_file(text, ALONE);
	start(f, text);
	assert_int_equal(f->engine.joins.n, 8);
	feed_file(text, TWO);
	reload(f, text);
	assert_non_null(strstr(f->report.text, "joins +0 -0, -8 within 10s, channels +0 -0"));
	assert_int_equal(f->engine.joins.n, 8);
	assert_int_equal(f->running->n_feeds, 1);
	assert_int_equal(f->engine.n_channels, 2);
	assert_int_equal(pass(f, 10 * S), 8);
	holds_its_share_only(f);
	assert_int_equal(f->engine.n_channels, 2); /* for what is next */
}

static void ranges_move_group_by_group_with_ports_and_sources(void **state)
{
	static const char joins[] =
	    "joins: [{groups: [239.1.1.0/28], ports: [5-7], sources: [10.0.0.9, 10.0.0.1]}, "
	    "{groups: [239.1.2.0/28], exclude: [10.0.0.3], id: 5}]\n";
	struct fixture *f = *state;
	char text[512];
	size_t ours;

	sprintf(text, LAN ALONE "%s", joins);
	start(f, text);
	assert_int_equal(f->engine.joins.n, 64);
	sprintf(text, LAN TWO "%s", joins);
	reload(f, text);
	ours = f->running->joins.n;
	assert_in_range(ours, 1, 63);
	assert_int_equal(mcr_overlap_joins(&f->overlap), 64 - ours);
	assert_int_equal(pass(f, 10 * S), 64 - ours);
	holds_its_share_only(f);
}

/* A join that another host has, but that was changed as well, is another join. */
static void a_join_that_was_changed_is_left_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, LAN ALONE GROUPS);
	reload(f, LAN TWO "joins: [{groups: [239.1.1.0/28], id: 9}]\n");
	assert_int_equal(f->overlap.n, 0);
	holds_its_share_only(f);
}

/* Many reloads in a row, at random times: whatever came before, once all overlaps are over the
 * engine has the share of the last file, and until then it never lacks a part of it. */
static void many_reloads_end_with_the_share_of_the_last(void **state)
{
	static const char *const files[] = {
	    LAN ALONE GROUPS,
	    LAN TWO GROUPS,
	    LAN THREE GROUPS,
	    LAN GROUPS,
	    LAN "shard: {hosts: [a, b, c, d], me: b, copies: 2, overlap: 3s}\n" GROUPS,
	    LAN "shard: {hosts: [a, b, c, d], me: b, weights: {a: 9}, overlap: 0}\n" GROUPS,
	    LAN TWO "joins: [{groups: [239.1.1.0/29, 239.1.2.0/29]}]\n",
	};
	struct fixture *f = *state;
	uint32_t random = 1;
	char text[128];

	start(f, LAN ALONE GROUPS);
	for (unsigned round = 0; round < 300; round++) {
		random = random * 1103515245 + 12345;
		reload(f, files[(random >> 16) % 7]);
		pass(f, (random >> 20) % 16 * S);
		for (size_t i = 0; i < f->running->joins.n; i++) {
			mcr_join_format(text, sizeof(text), &f->running->joins.items[i]);
			assert_int_equal(fake_engine_count(&f->engine, text), 1);
		}
		assert_int_equal(f->engine.joins.n,
				 f->running->joins.n + mcr_overlap_joins(&f->overlap));
	}
	pass(f, 10 * S);
	holds_its_share_only(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    T(what_another_host_gets_is_left_when_the_overlap_is_over),
	    T(what_is_new_is_joined_at_once),
	    T(what_the_file_no_longer_has_is_left_at_once),
	    T(without_an_overlap_all_is_left_at_once),
	    T(the_same_file_again_keeps_the_time),
	    T(what_goes_by_a_later_reload_has_a_time_of_its_own),
	    T(what_comes_back_in_time_is_never_left),
	    T(what_goes_from_the_file_meanwhile_is_left_at_once),
	    T(what_mcring_ctl_left_meanwhile_is_not_left_twice),
	    T(what_mcring_ctl_left_does_not_come_back_to_wait),
	    T(what_mcring_ctl_joined_meanwhile_stays),
	    T(a_dry_run_says_it_and_changes_nothing),
	    T(a_reload_that_fails_keeps_what_waits),
	    T(what_cannot_be_left_is_tried_again),
	    T(a_feed_moves_with_all_its_lines),
	    T(ranges_move_group_by_group_with_ports_and_sources),
	    T(a_join_that_was_changed_is_left_at_once),
	    T(many_reloads_end_with_the_share_of_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
