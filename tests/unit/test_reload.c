/* SPDX-License-Identifier: BSD-3-Clause */
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

#define LAN "interfaces: [{name: lan, port: 0}]\n"

struct fixture {
	struct mcr_engine engine;
	struct mcr_settings *command_line, *running;
	struct mcr_overlap overlap;
	struct mcr_error report;
	void (*meanwhile)(struct fixture *f); /* between a reload's plan and its change */
};

static struct mcr_settings *settings(const struct fixture *f, const char *text)
{
	struct mcr_settings *file = mcr_settings_create(), *all = mcr_settings_create();
	struct mcr_error err = {""};

	if (mcr_config_parse(file, "m.yaml", text, strlen(text), &err) < 0 ||
	    mcr_settings_add(all, f->command_line, &err) < 0 ||
	    mcr_settings_add(all, file, &err) < 0 || mcr_settings_complete(all, &err) < 0)
		fail_msg("%s", err.text);
	mcr_settings_destroy(file);
	return all;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->command_line = mcr_settings_create();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fake_engine_clear(&f->engine);
	mcr_overlap_clear(&f->overlap);
	mcr_settings_destroy(f->command_line);
	mcr_settings_destroy(f->running);
	free(f);
	return 0;
}

static void start(struct fixture *f, const char *text)
{
	f->running = settings(f, text);
	for (size_t i = 0; i < f->running->n_channels; i++)
		mcr_engine_channel_add(&f->engine, &f->running->channels[i].config, NULL);
	assert_int_equal(mcr_engine_update_as(&f->engine, MCR_JOINED_BY_CONFIGURATION, NULL, 0,
					      f->running->joins.items, f->running->joins.n, NULL),
			 0);
	f->engine.updates = 0;
}

static int reload(struct fixture *f, const char *text, int dry_run)
{
	struct mcr_settings *next = settings(f, text);
	struct mcr_reload_plan plan;
	int ret = mcr_reload_begin(&plan, &f->engine, &f->overlap, &f->report);

	if (ret == 0)
		ret = mcr_reload_prepare(&plan, &f->engine, f->running, next, dry_run, &f->report);
	if (ret == 0 && f->meanwhile)
		f->meanwhile(f);
	if (ret == 0)
		ret =
		    mcr_reload_apply(&f->engine, &f->running, next, &plan, dry_run, 0, &f->report);
	mcr_reload_end(&plan, &f->engine);
	assert_int_equal(f->engine.prepared, 0);
	if (ret < 0 || dry_run)
		mcr_settings_destroy(next);
	return ret;
}

static void operator_joins(struct fixture *f, const struct mcr_join *join)
{
	assert_int_equal(
	    mcr_engine_update_as(&f->engine, MCR_JOINED_BY_OPERATOR, NULL, 0, join, 1, NULL), 0);
}

static void operator_leaves(struct fixture *f, const struct mcr_join *join)
{
	const struct mcr_join copy = *join;

	assert_int_equal(
	    mcr_engine_update_as(&f->engine, MCR_JOINED_BY_OPERATOR, &copy, 1, NULL, 0, NULL), 0);
}

static size_t count(const struct fixture *f, const char *text)
{
	return fake_engine_count(&f->engine, text);
}

static int has_channel(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->engine.n_channels; i++)
		if (strcmp(f->engine.channels[i].name, name) == 0)
			return 1;
	return 0;
}

static void joins_are_changed_in_one_update(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "joins: [{groups: [239.1.1.1, 239.1.1.2]}]\n");
	assert_int_equal(reload(f, LAN "joins: [{groups: [239.1.1.2, 239.1.1.3]}]\n", 0), 0);
	assert_int_equal(f->engine.updates, 1);
	assert_int_equal(count(f, "239.1.1.1,interface=lan,channel=default"), 0);
	assert_int_equal(count(f, "239.1.1.2,interface=lan,channel=default"), 1);
	assert_int_equal(count(f, "239.1.1.3,interface=lan,channel=default"), 1);
	assert_string_equal(f->report.text, "joins +1 -1, channels +0 -0");
}

static void the_same_file_again_changes_nothing(void **state)
{
	static const char text[] = LAN "joins: [{groups: [239.1.1.1, 239.1.1.1]}]\n";
	struct fixture *f = *state;

	start(f, text);
	assert_int_equal(reload(f, text, 0), 0);
	assert_int_equal(f->engine.updates, 0);
	assert_int_equal(f->engine.joins.n, 2);
}

static void a_join_that_stood_twice_goes_once(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "joins: [{groups: [239.1.1.1, 239.1.1.1]}]\n");
	assert_int_equal(reload(f, LAN "joins: [{groups: [239.1.1.1]}]\n", 0), 0);
	assert_int_equal(f->engine.joins.n, 1);
}

static void joins_of_the_command_line_and_of_run_time_stay(void **state)
{
	struct fixture *f = *state;
	struct mcr_join_list made = {0};

	mcr_settings_add_joins(f->command_line, "239.9.9.9", (struct mcr_origin){NULL, 0}, NULL);
	start(f, LAN "joins: [{groups: [239.1.1.1]}]\n");
	mcr_join_parse(&made, "239.7.7.7", NULL);
	operator_joins(f, made.items);
	mcr_join_list_clear(&made);
	assert_int_equal(reload(f, LAN, 0), 0);
	assert_int_equal(f->engine.joins.n, 2);
	assert_int_equal(count(f, "239.9.9.9,interface=lan,channel=default"), 1);
	assert_int_equal(count(f, "239.7.7.7"), 1);
}

static void a_reload_makes_the_configurations_joins_what_the_file_says(void **state)
{
	static const char both[] = LAN "joins: [{groups: [239.1.1.1, 239.1.1.2]}]\n";
	struct fixture *f = *state;

	start(f, both);
	operator_leaves(f, f->engine.joins.items);
	assert_int_equal(f->engine.joins.n, 1);
	assert_int_equal(reload(f, both, 1), 0);
	assert_string_equal(f->report.text, "would change: joins +1 -0, channels +0 -0");
	assert_int_equal(reload(f, both, 0), 0); /* what mcring-ctl left is back */
	assert_string_equal(f->report.text, "joins +1 -0, channels +0 -0");
	assert_int_equal(f->engine.joins.n, 2);
	operator_leaves(f, f->engine.joins.items);
	assert_int_equal(reload(f, LAN, 0), 0); /* and that it is gone already is no error */
	assert_string_equal(f->report.text, "joins +0 -1, channels +0 -0");
	assert_int_equal(f->engine.joins.n, 0);
}

static void an_equal_join_of_the_operators_is_not_the_configurations(void **state)
{
	static const char text[] = LAN "joins: [{groups: [239.1.1.1]}]\n";
	struct fixture *f = *state;
	struct mcr_join_list made = {0};

	start(f, text);
	mcr_join_parse(&made, "239.1.1.1,interface=lan,channel=default", NULL);
	operator_joins(f, made.items);
	mcr_join_list_clear(&made);
	assert_int_equal(reload(f, text, 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0");
	assert_int_equal(reload(f, LAN, 0), 0); /* the file's goes, the operator's stays */
	assert_string_equal(f->report.text, "joins +0 -1, channels +0 -0");
	assert_int_equal(f->engine.joins.n, 1);
	assert_int_equal(f->engine.makers[0], MCR_JOINED_BY_OPERATOR);
	assert_int_equal(reload(f, text, 0), 0);
	assert_string_equal(f->report.text, "joins +1 -0, channels +0 -0");
}

static void channels_come_before_their_joins_and_go_after_them(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "channels: [{name: a}]\njoins: [{groups: [239.1.1.1], channel: a}]\n");
	assert_int_equal(
	    reload(f, LAN "channels: [{name: b}]\njoins: [{groups: [239.1.1.1], channel: b}]\n", 0),
	    0);
	assert_true(has_channel(f, "b"));
	assert_false(has_channel(f, "a"));
	assert_string_equal(f->report.text, "joins +1 -1, channels +1 -1");
}

static void a_channel_that_run_time_joins_use_stays_until_they_go(void **state)
{
	struct fixture *f = *state;
	struct mcr_join_list made = {0};

	start(f, LAN "channels: [{name: a}, {name: b}]\n");
	mcr_join_parse(&made, "239.7.7.7,channel=a", NULL);
	operator_joins(f, made.items);
	assert_int_equal(reload(f, LAN "channels: [{name: b}]\n", 0), 0);
	assert_true(has_channel(f, "a"));
	assert_string_equal(f->report.text,
			    "joins +0 -0, channels +0 -0, 1 kept for joins made at run time");
	operator_leaves(f, made.items);
	mcr_join_list_clear(&made);
	assert_int_equal(reload(f, LAN "channels: [{name: b}]\n", 0), 0);
	assert_false(has_channel(f, "a"));
}

static void many_channels_go_with_one_look_at_the_joins(void **state)
{
	char text[4096] = LAN "joins: [{groups: [239.1.0.0/22], channel: last}]\n"
			      "channels: [{name: last}";
	struct fixture *f = *state;
	unsigned looks = 0;

	for (int i = 0; i < 60; i++)
		sprintf(text + strlen(text), ", {name: c%d}", (i * 7) % 60);
	strcat(text, "]\n");
	start(f, text);
	f->engine.looks = &looks;
	assert_int_equal(reload(f,
				LAN "joins: [{groups: [239.1.0.0/22], channel: last}]\n"
				    "channels: [{name: last}]\n",
				0),
			 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -60");
	assert_int_equal(f->engine.n_channels, 1);
	assert_in_range(looks, 1024, 4 * 1025);
}

static void a_dry_run_changes_nothing(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "joins: [{groups: [239.1.1.1]}]\n");
	assert_int_equal(
	    reload(f, LAN "channels: [{name: b}]\njoins: [{groups: [239.1.1.2]}]\n", 1), 0);
	assert_string_equal(f->report.text, "would change: joins +1 -1, channels +1 -0");
	assert_int_equal(f->engine.updates, 0);
	assert_false(has_channel(f, "b"));
}

static void a_refused_update_leaves_all_as_it_was(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "joins: [{groups: [239.1.1.1]}]\n");
	f->engine.refusal = "no room";
	assert_true(reload(f, LAN "channels: [{name: b}]\njoins: [{groups: [239.1.1.2]}]\n", 0) <
		    0);
	assert_string_equal(f->report.text, "no room");
	assert_false(has_channel(f, "b"));
	assert_int_equal(count(f, "239.1.1.1,interface=lan,channel=default"), 1);
	/* and the next one starts from there */
	assert_int_equal(reload(f, LAN "joins: [{groups: [239.1.1.2]}]\n", 0), 0);
	assert_int_equal(f->engine.joins.n, 1);
}

static void leave_first(struct fixture *f)
{
	operator_leaves(f, &f->engine.joins.items[0]);
}

static void what_is_left_while_a_reload_is_prepared_is_no_error(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "joins: [{groups: [239.1.1.1, 239.1.1.2]}]\n");
	f->meanwhile = leave_first;
	assert_int_equal(reload(f, LAN "joins: [{groups: [239.1.1.3]}]\n", 0), 0);
	assert_string_equal(f->report.text, "joins +1 -1, channels +0 -0");
	assert_int_equal(f->engine.joins.n, 1);
	/* and what the file still has comes back */
	assert_int_equal(reload(f, LAN "joins: [{groups: [239.1.1.3]}]\n", 0), 0);
	assert_string_equal(f->report.text, "joins +1 -0, channels +0 -0");
	assert_int_equal(f->engine.joins.n, 1);
}

static void a_channel_without_memory_leaves_all_as_it_was(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "channels: [{name: a}]\n");
	f->engine.no_memory_for = "c";
	assert_int_equal(reload(f, LAN "channels: [{name: b}, {name: c}]\n", 0), -ENOMEM);
	assert_string_equal(f->report.text, "no memory");
	assert_true(has_channel(f, "a"));
	assert_false(has_channel(f, "b"));
	f->engine.no_memory_for = NULL;
	assert_int_equal(reload(f, LAN "channels: [{name: b}, {name: c}]\n", 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +2 -1");
	assert_true(has_channel(f, "b") && has_channel(f, "c"));
}

static void a_channel_that_cannot_be_put_takes_those_before_it_away(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "channels: [{name: a}]\n");
	mcr_engine_channel_add(&f->engine, &(struct mcr_channel_config){.name = "c"}, NULL);
	assert_int_equal(reload(f, LAN "channels: [{name: a}, {name: b}, {name: c}]\n", 0),
			 -EEXIST);
	assert_false(has_channel(f, "b"));
	assert_true(has_channel(f, "c"));
}

static void what_needs_a_restart_is_said_each_time(void **state)
{
	static const char changed[] = "interfaces: [{name: lan, port: 0, vlan: 3}]\n"
				      "channels: [{name: a, bytes: 64K}]\nidle: adaptive\n"
				      "eal: [--no-huge]\n";
	struct fixture *f = *state;

	start(f, LAN "channels: [{name: a}]\n");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(reload(f, changed, 0), 0);
		assert_string_equal(
		    f->report.text,
		    "joins +0 -0, channels +0 -0; needs a restart: interfaces, EAL "
		    "arguments, the size or lcore of channels, single values (name, idle "
		    "and the like)");
	}
	assert_int_equal(reload(f,
				"interfaces: [{name: lan, port: 0, lcores: [2]}]\n"
				"channels: [{name: a, lcore: 2}]\n",
				0),
			 0);
	assert_string_equal(f->report.text,
			    "joins +0 -0, channels +0 -0; needs a restart: interfaces, the size or "
			    "lcore of channels");
	assert_int_equal(reload(f,
				"interfaces: [{name: lan, port: 0, hw_time: on}]\n"
				"channels: [{name: a}]\n",
				0),
			 0);
	assert_string_equal(f->report.text,
			    "joins +0 -0, channels +0 -0; needs a restart: interfaces");
	assert_int_equal(reload(f, LAN "channels: [{name: a}]\n", 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0");
}

static void a_size_that_is_spelled_out_is_the_one_that_the_engine_chose(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "channels: [{name: a, bytes: 256K}, {name: b}]\n");
	assert_int_equal(
	    reload(f, LAN "channels: [{name: a, bytes: 262144}, {name: b, bytes: 16M}]\n", 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0");
}

static void who_may_read_a_channel_changes_without_a_restart(void **state)
{
	static const char changed[] =
	    LAN "channels:\n"
		"- {name: md, consumers: 4, readers: {users: [7, 8]}, joiners: {users: [8]}}\n"
		"- {name: other}\n";
	struct fixture *f = *state;

	start(f, LAN "channels: [{name: md, readers: {users: [7]}}, {name: other}]\n");
	assert_int_equal(reload(f, changed, 1), 0);
	assert_string_equal(f->report.text,
			    "would change: joins +0 -0, channels +0 -0, access of 1");
	assert_int_equal(f->engine.channels[0].readers.n_uids, 1);
	assert_int_equal(reload(f, changed, 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0, access of 1");
	assert_int_equal(f->engine.channels[0].consumers_max, 4);
	assert_int_equal(f->engine.channels[0].readers.n_uids, 2);
	assert_int_equal(f->engine.channels[0].readers.uids[1], 8);
	assert_int_equal(f->engine.channels[0].joiners.n_uids, 1);
	assert_int_equal(reload(f, changed, 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0");
}

/* A restart with such a file would fail, when the operator thinks that it is a good one. */
static void a_router_that_could_not_start_is_refused(void **state)
{
	struct fixture *f = *state;
	struct mcr_settings *next =
	    settings(f, "interfaces: [{name: lan, port: 0, role: upstream}]\n");

	start(f, LAN);
	assert_int_equal(mcr_reload_check(f->running, next, 1, "", &f->report), -EINVAL);
	assert_non_null(strstr(f->report.text, "none is downstream"));
	mcr_settings_destroy(next);
	next = settings(f, "interfaces: [{name: lan, port: 0, querier: on}]\n");
	assert_int_equal(mcr_reload_check(f->running, next, 1, "", &f->report), -EINVAL);
	assert_non_null(strstr(f->report.text, "m.yaml:1: interface \"lan\": querier needs an"));
	mcr_settings_destroy(next);
}

static void the_attach_socket_needs_a_restart(void **state)
{
	struct fixture *f = *state;

	start(f, LAN "attach: {group: 7}\n");
	assert_int_equal(reload(f, LAN "attach: {group: 8}\n", 0), 0);
	assert_non_null(strstr(f->report.text, "needs a restart: single values"));
	assert_int_equal(reload(f, LAN "attach: {group: 7}\n", 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0");
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ENGINE(joins_are_changed_in_one_update),
	    WITH_ENGINE(the_same_file_again_changes_nothing),
	    WITH_ENGINE(a_join_that_stood_twice_goes_once),
	    WITH_ENGINE(joins_of_the_command_line_and_of_run_time_stay),
	    WITH_ENGINE(a_reload_makes_the_configurations_joins_what_the_file_says),
	    WITH_ENGINE(an_equal_join_of_the_operators_is_not_the_configurations),
	    WITH_ENGINE(channels_come_before_their_joins_and_go_after_them),
	    WITH_ENGINE(a_channel_that_run_time_joins_use_stays_until_they_go),
	    WITH_ENGINE(many_channels_go_with_one_look_at_the_joins),
	    WITH_ENGINE(a_dry_run_changes_nothing),
	    WITH_ENGINE(a_refused_update_leaves_all_as_it_was),
	    WITH_ENGINE(what_is_left_while_a_reload_is_prepared_is_no_error),
	    WITH_ENGINE(a_channel_without_memory_leaves_all_as_it_was),
	    WITH_ENGINE(a_channel_that_cannot_be_put_takes_those_before_it_away),
	    WITH_ENGINE(what_needs_a_restart_is_said_each_time),
	    WITH_ENGINE(a_size_that_is_spelled_out_is_the_one_that_the_engine_chose),
	    WITH_ENGINE(who_may_read_a_channel_changes_without_a_restart),
	    WITH_ENGINE(a_router_that_could_not_start_is_refused),
	    WITH_ENGINE(the_attach_socket_needs_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
