/* SPDX-License-Identifier: BSD-3-Clause */
/* Feeds across a reload. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "engine/attach/declared_feeds.h"
#include "fake_engine.h"
#include "reload.h"

#define LAN "interfaces: [{name: lan, port: 0}]\n"
#define FEED(name, more, group)                          \
	"  - {name: " name ", declaration: pitch, " more \
	"lines: [{channel: md, joins: [{groups: [" group "]}]}]}\n"

struct fixture {
	struct mcr_engine engine;
	struct mcr_settings *running;
	struct mcr_overlap overlap;
	struct mcr_error report;
};

static struct mcr_settings *settings(const char *run_dir, const char *text)
{
	struct mcr_settings *file = mcr_settings_create(), *all = mcr_settings_create();
	struct mcr_error err = {""};

	strcpy(all->engine.run_dir, run_dir);
	if (mcr_config_parse(file, "m.yaml", text, strlen(text), &err) < 0 ||
	    mcr_settings_add(all, file, &err) < 0 || mcr_settings_complete(all, &err) < 0)
		fail_msg("%s", err.text);
	mcr_settings_destroy(file);
	return all;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->running = settings("/run/mcring/md",
			      LAN "feeds:\n" FEED("a", "", "239.1.1.1") FEED("b", "", "239.1.1.2"));
	mcr_engine_channel_add(&f->engine, &f->running->channels[0].config, NULL);
	assert_int_equal(mcr_engine_update_as(&f->engine, MCR_JOINED_BY_CONFIGURATION, NULL, 0,
					      f->running->joins.items, f->running->joins.n, NULL),
			 0);
	assert_int_equal(f->engine.joins.n, 2);
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

static int reload(struct fixture *f, const char *text, int dry_run)
{
	struct mcr_settings *next = settings("/run/mcring/md", text);
	struct mcr_reload_plan plan;
	int ret = mcr_reload_begin(&plan, &f->engine, &f->overlap, &f->report);

	if (ret == 0)
		ret = mcr_reload_prepare(&plan, &f->engine, f->running, next, dry_run, &f->report);
	if (ret == 0)
		ret =
		    mcr_reload_apply(&f->engine, &f->running, next, &plan, dry_run, 0, &f->report);
	mcr_reload_end(&plan, &f->engine);
	if (ret < 0 || dry_run)
		mcr_settings_destroy(next);
	return ret;
}

static void the_engine_declares_what_the_new_file_says(void **state)
{
	static const char next[] =
	    LAN "feeds:\n" FEED("c", "", "239.1.1.3") FEED("b", "window: 64, ", "239.1.1.2");
	struct fixture *f = *state;

	assert_int_equal(reload(f, next, 1), 0);
	assert_string_equal(f->report.text, "would change: joins +1 -1, channels +0 -0, feeds +1 "
					    "-1, changed 1");
	assert_null(f->engine.feeds);
	assert_int_equal(reload(f, next, 0), 0);
	assert_string_equal(f->report.text, "joins +1 -1, channels +0 -0, feeds +1 -1, changed 1");
	assert_int_equal(f->engine.keeps, 1);
	assert_int_equal(f->engine.feeds->n, 2);
	assert_string_equal(f->engine.feeds->feeds[0].config.name, "c");
	assert_int_equal(f->engine.feeds->feeds[1].config.window, 64);
	assert_int_equal(fake_engine_count(&f->engine, "239.1.1.1,interface=lan,channel=md"), 0);
	assert_int_equal(fake_engine_count(&f->engine, "239.1.1.3,interface=lan,channel=md"), 1);
	assert_int_equal(reload(f, next, 0), 0);
	assert_string_equal(f->report.text, "joins +0 -0, channels +0 -0");
	assert_int_equal(f->engine.feeds->n, 2);
	assert_int_equal(reload(f, LAN, 0), 0);
	assert_non_null(strstr(f->report.text, "feeds +0 -2, changed 0"));
	assert_int_equal(f->engine.feeds->n, 0);
}

static void a_refused_update_leaves_the_feeds(void **state)
{
	struct fixture *f = *state;

	f->engine.refusal = "no";
	assert_true(reload(f, LAN "feeds:\n" FEED("c", "", "239.1.1.3"), 0) < 0);
	assert_null(f->engine.feeds);
	assert_int_equal(f->running->n_feeds, 2);
}

/* The engine runs on under its old name, whose lines it would leave. */
static void another_run_directory_is_refused_where_lines_name_engines(void **state)
{
	struct fixture *f = *state;
	struct mcr_settings *next =
	    settings("/run/mcring/md2", LAN "feeds:\n" FEED("a", "", "239.1.1.1"));

	assert_int_equal(mcr_reload_check(f->running, next, 1, "", &f->report), 0);
	mcr_settings_destroy(next);
	next = settings("/run/mcring/md2",
			LAN "feeds: [{name: a, declaration: pitch, lines: [{engine: md, joins: "
			    "[{groups: [239.1.1.1]}]}]}]\n");
	assert_int_equal(mcr_reload_check(f->running, next, 1, "", &f->report), -EINVAL);
	assert_string_equal(f->report.text,
			    "the engine is md, and would be md2, and lines of feed a "
			    "name engines: restart it");
	mcr_settings_destroy(next);
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ENGINE(the_engine_declares_what_the_new_file_says),
	    WITH_ENGINE(a_refused_update_leaves_the_feeds),
	    WITH_ENGINE(another_run_directory_is_refused_where_lines_name_engines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
