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

#include "eal/lcores.h"

#define NO_CPUS "/nosuch" /* a system whose CPUs are not to be seen */

/* The rx lcores of EAL arguments that are separated by spaces, as "1,2"; "?" = unknown, or the
 * error. */
static const char *rx_of(const char *arguments)
{
	static struct mcr_error err;
	static char list[sizeof(err.text)];
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_placement rx;
	char *copy = strdup(arguments), *save = NULL;
	size_t used = 0;
	int ret;

	for (char *one = strtok_r(copy, " ", &save); one; one = strtok_r(NULL, " ", &save))
		assert_int_equal(mcr_settings_add_eal(s, one, NULL), 0);
	ret = mcr_eal_lcores(&rx, s, NO_CPUS, &err);
	assert_int_equal(ret == 1, rx.n > 0);
	snprintf(list, sizeof(list), "%s", ret == 0 ? "?" : err.text);
	for (unsigned i = 0; i < rx.n; i++)
		used += (size_t)sprintf(list + used, "%s%u", i ? "," : "", rx.lcores[i]);
	mcr_settings_destroy(s);
	free(copy);
	return list;
}

static void lists_masks_and_maps_are_understood_as_eal_does(void **state)
{
	static const char *const rows[][2] = {
	    {"-l 0-2,5", "1,2,5"},
	    {"-l0,1 --no-huge", "1"},
	    {"--no-huge -l 4-6", "5,6"},
	    {"-l 4-6 --main-lcore 5", "4,6"},
	    {"--main-lcore=6 -l 4-6", "4,5"},
	    {"-c 0x7", "1,2"},
	    {"-cF0", "5,6,7"},
	    {"-c 100000001", "32"},
	    {"--lcores 0,1,2", "1,2"},
	    {"--lcores=0@3,1@(4-5),2-3@(6,7)", "1,2,3"},
	    {"--lcores (0-2,4)@(0,1),7", "1,2,4,7"},
	    {"-l 0-40", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,"
			"28,29,30,31,32"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rx_of(rows[i][0]), rows[i][1]);
}

static void what_is_not_understood_is_no_mistake(void **state)
{
	static const char *const rows[] = {
	    "", "-l", "-l 2-1", "-l 0,,1", "-l 0,1,", "-l 0@1", "-l x", "-l 0,99999", "-c 0xg",
	    "-c", "-l 0 -l 0,1", "-l 0,1 -c 3", "-c 0x", "--lcores 0(", "--lcores (0",
	    "-l 0-3 -s 1", "-l 0-3 -S 2",
	    /* As EAL takes them, some of it from DPDK 25.11 on. */
	    "-l 10-12 -R", "-l 10-12 --remap-lcore-ids=4", "-R8 -l 4", "--coremask 3",
	    "--service-corelist 2", "--lcore 3", "-vl 3", "-Al 3", "-- -l 3", "-l (0-2)@1",
	    "-l 0,1 --main-lcore 0x1", "-l 0,8 --main-lcore 010", "-l 0,1 --main-lcore x",
	    "-l 0,1 --main 1"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rx_of(rows[i]), "?");
}

static void a_lone_lcore_receives_nothing(void **state)
{
	assert_string_equal(rx_of("-l 3"), "EAL has no worker lcore for receiving: give it two or "
					   "more, as in -l 0,1");
	assert_string_equal(rx_of("-l 0,1 --main-lcore 7"),
			    "EAL's --main-lcore 7 is none of its lcores (-l)");
}

static void a_cpu_that_the_host_has_not_is_refused(void **state)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_placement rx;
	struct mcr_error err;

	assert_int_equal(mcr_settings_add_eal(s, "-l0,1023", NULL), 0);
	assert_int_equal(mcr_eal_lcores(&rx, s, "", &err), -EINVAL);
	assert_string_equal(err.text, "EAL's lcore 1023: this host has no CPU 1023");
	mcr_settings_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_masks_and_maps_are_understood_as_eal_does),
	    cmocka_unit_test(what_is_not_understood_is_no_mistake),
	    cmocka_unit_test(a_lone_lcore_receives_nothing),
	    cmocka_unit_test(a_cpu_that_the_host_has_not_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
