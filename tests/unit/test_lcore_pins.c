/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels that want an lcore, on a port whose flow rules this file plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/state/interfaces.h"
#include "engine/state/lcore_pins.h"
#include "engine/state/log.h"
#include "engine/state/state.h"

static struct mcr_engine e;
static struct mcr_port port;
static struct mcr_channel channels[3];
static struct mcr_group group;
static struct mcr_join_set joins;
static int queue; /* that the rule of the group leads to */
static char logged[1024];

void mcr_engine_log(const struct mcr_engine *engine, enum mcr_log_level level, const char *format,
		    ...)
{
	size_t len = strlen(logged);
	va_list ap;

	va_start(ap, format);
	vsnprintf(logged + len, sizeof(logged) - len, format, ap);
	va_end(ap);
}

void mcr_engine_group_filter(const struct mcr_engine *engine, const struct mcr_group *g,
			     struct mcr_filter_state *out)
{
	*out = (struct mcr_filter_state){.rung = MCR_RUNG_ALL_MULTICAST, .queue = queue};
	snprintf(out->reason, sizeof(out->reason), "no flow rules");
}

/* Lcores 3 and 4; the port has queues 0 and 2 on the first, 1 on the second. */
static int set_up(void **state)
{
	memset(&e, 0, sizeof(e));
	memset(&port, 0, sizeof(port));
	memset(channels, 0, sizeof(channels));
	e.placement = (struct mcr_placement){.n = 2, .lcores = {3, 4}};
	e.lcores[0] = 3;
	e.lcores[1] = 4;
	port.n_queues = 3;
	port.worker_of_queue[1] = 1;
	port.pollers = 3;
	strcpy(port.name, "net_x0");
	e.interfaces[0].port = &port;
	for (int i = 0; i < 3; i++) {
		snprintf(channels[i].config.name, sizeof(channels[i].config.name), "c%d", i);
		e.channels[i] = &channels[i];
	}
	channels[1].config.has_lcore = channels[2].config.has_lcore = 1;
	channels[1].config.lcore = 4;
	channels[2].config.lcore = 3;
	group = (struct mcr_group){.channels = 1 << 1};
	joins = (struct mcr_join_set){.groups = &group, .n_groups = 1};
	e.joins = &joins;
	queue = MCR_ANY_QUEUE;
	logged[0] = '\0';
	return 0;
}

static void a_group_comes_to_the_lcore_of_the_first_channel_that_names_one(void **state)
{
	assert_int_equal(mcr_engine_pin_of(&e, &group), 1);
	group.channels = 1 << 0;
	assert_int_equal(mcr_engine_pin_of(&e, &group), -1);
	group.channels = 7;
	assert_int_equal(mcr_engine_pin_of(&e, &group), 1);
	group.channels = 5;
	assert_int_equal(mcr_engine_pin_of(&e, &group), 0);
}

static void a_rule_to_the_lcore_is_as_wanted(void **state)
{
	queue = 1;
	mcr_engine_log_pins(&e);
	assert_string_equal(logged, "");
}

static void a_port_without_rules_is_named_once_with_its_reason(void **state)
{
	mcr_engine_log_pins(&e);
	assert_non_null(strstr(logged, "channel c1: port net_x0"));
	assert_non_null(strstr(logged, "to lcore 4: they come on 3, 4; no flow rules"));
	logged[0] = '\0';
	mcr_engine_log_pins(&e);
	assert_string_equal(logged, "");
}

static void of_two_channels_with_other_lcores_the_second_is_told(void **state)
{
	group.channels = 6;
	queue = 1;
	mcr_engine_log_pins(&e);
	assert_null(strstr(logged, "channel c1"));
	assert_non_null(strstr(logged, "channel c2: it wants lcore 3"));
	assert_non_null(strstr(logged, "brings some to lcore 4"));
}

static void a_port_of_one_lcore_needs_no_rule(void **state)
{
	port.pollers = 2;
	mcr_engine_log_pins(&e);
	assert_string_equal(logged, "");
}

static void a_removed_port_is_not_told_of(void **state)
{
	port.removed = 1;
	mcr_engine_log_pins(&e);
	assert_string_equal(logged, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_group_comes_to_the_lcore_of_the_first_channel_that_names_one,
				   set_up),
	    cmocka_unit_test_setup(a_rule_to_the_lcore_is_as_wanted, set_up),
	    cmocka_unit_test_setup(a_port_without_rules_is_named_once_with_its_reason, set_up),
	    cmocka_unit_test_setup(of_two_channels_with_other_lcores_the_second_is_told, set_up),
	    cmocka_unit_test_setup(a_port_of_one_lcore_needs_no_rule, set_up),
	    cmocka_unit_test_setup(a_removed_port_is_not_told_of, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
