/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks the tables of keys: a reload sees a change of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_engine.h"
#include "key_samples.h"
#include "reload.h"

struct reloaded {
	struct mcr_engine engine;
	struct mcr_settings *running;
	struct mcr_overlap overlap;
	struct mcr_error report;
};

static void start(struct reloaded *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	r->running = from_file(text);
	for (size_t i = 0; i < r->running->n_channels; i++)
		mcr_engine_channel_add(&r->engine, &r->running->channels[i].config, NULL);
}

static void reload(struct reloaded *r, const char *text)
{
	struct mcr_settings *next = from_file(text);
	struct mcr_reload_plan plan;

	assert_int_equal(mcr_reload_begin(&plan, &r->engine, &r->overlap, NULL), 0);
	assert_int_equal(mcr_reload_prepare(&plan, &r->engine, r->running, next, 0, NULL), 0);
	assert_int_equal(mcr_reload_apply(&r->engine, &r->running, next, &plan, 0, 0, &r->report),
			 0);
	mcr_reload_end(&plan, &r->engine);
}

static void end(struct reloaded *r)
{
	fake_engine_clear(&r->engine);
	mcr_overlap_clear(&r->overlap);
	mcr_settings_destroy(r->running);
}

#define NOTHING "joins +0 -0, channels +0 -0"

static void changes(const struct mcr_keys *keys, const struct mcr_key *key, const char *before,
		    const char *after)
{
	const char *live =
	    keys == &mcr_shard_keys ? NOTHING ", shard changed" : NOTHING ", access of 1";
	const char *expected = key->flags & MCR_KEY_LIVE ? live : NOTHING "; needs a restart: ";
	struct reloaded r;

	start(&r, before);
	if (keys == &mcr_channel_keys && strcmp(key->name, "name") == 0)
		expected = "joins +0 -0, channels +1 -1";
	for (int i = 0; i < 2; i++) {
		reload(&r, after);
		if (!strstr(r.report.text, expected))
			fail_msg("'%s' from %sto %sis '%s' to a reload", key->name, before, after,
				 r.report.text);
		if (!strstr(expected, "restart")) /* that is said each time */
			expected = NOTHING;
	}
	if (keys == &mcr_channel_keys && key->flags & MCR_KEY_LIVE) /* and the engine has it */
		assert_false(mcr_keys_differ(keys, &r.engine.channels[0],
					     &r.running->channels[0].config, true));
	end(&r);
}

static void is_compared(const struct mcr_keys *keys, const struct mcr_key *key)
{
	char none[TEXT_MAX], value[VALUE_MAX], first[TEXT_MAX], second[TEXT_MAX];
	struct reloaded r;

	sample(key, 0, value);
	file_with(keys, key, value, first);
	sample(key, 1, value);
	file_with(keys, key, value, second);
	file_with(keys, NULL, NULL, none);
	if (!(key->flags & MCR_KEY_REQUIRED))
		changes(keys, key, none, first);
	changes(keys, key, first, second);
	start(&r, first);
	reload(&r, first);
	assert_string_equal(r.report.text, NOTHING);
	end(&r);
}

static void a_reload_sees_each_changed_value(void **state)
{
	each_key(is_compared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_reload_sees_each_changed_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
