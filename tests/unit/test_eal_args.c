/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eal/args.h"

#define GIVEN(...) ((const char *[]){__VA_ARGS__, NULL})

static void expect(const char **given, const char **expected)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_eal_args args;
	int n = 0;

	assert_non_null(s);
	strcpy(s->engine.name, "md");
	for (; *given; given++)
		assert_int_equal(mcr_settings_add_eal(s, *given, NULL), 0);
	assert_int_equal(mcr_eal_args_create(&args, s, NULL), 0);
	assert_string_equal(args.argv[0], "mcring");
	for (; expected[n]; n++) {
		assert_true(n + 1 < args.argc);
		assert_string_equal(args.argv[n + 1], expected[n]);
	}
	assert_int_equal(args.argc, n + 1);
	assert_null(args.argv[args.argc]);
	mcr_eal_args_clear(&args);
	mcr_settings_destroy(s);
}

static void the_file_prefix_bears_the_engines_name(void **state)
{
	expect(GIVEN("-l", "0-1"), GIVEN("-l", "0-1", "--file-prefix", "mcring_md"));
}

static void a_given_file_prefix_stays(void **state)
{
	expect(GIVEN("--file-prefix", "x"), GIVEN("--file-prefix", "x"));
	expect(GIVEN("--file-prefix=x"), GIVEN("--file-prefix=x"));
}

static void af_packet_gets_a_ring_that_does_not_lose(void **state)
{
	expect(GIVEN("--file-prefix=x", "--vdev=net_af_packet0,iface=e1"),
	       GIVEN("--file-prefix=x",
		     "--vdev=net_af_packet0,iface=e1,framecnt=8192,blocksz=1048576"));
	expect(GIVEN("--file-prefix=x", "--vdev", "net_af_packet0,iface=e1,qpairs=2"),
	       GIVEN("--file-prefix=x", "--vdev",
		     "net_af_packet0,iface=e1,qpairs=2,framecnt=8192,blocksz=1048576"));
}

static void what_the_operator_said_of_af_packet_stays(void **state)
{
	expect(GIVEN("--file-prefix=x", "--vdev=net_af_packet0,iface=e1,framecnt=512"),
	       GIVEN("--file-prefix=x",
		     "--vdev=net_af_packet0,iface=e1,framecnt=512,blocksz=1048576"));
	expect(GIVEN("--file-prefix=x", "--vdev", "net_af_packet0,blocksz=4096,framecnt=64"),
	       GIVEN("--file-prefix=x", "--vdev", "net_af_packet0,blocksz=4096,framecnt=64"));
}

static void af_xdp_makes_no_system_call_when_nothing_came(void **state)
{
	expect(GIVEN("--file-prefix=x", "--vdev=net_af_xdp0,iface=e1"),
	       GIVEN("--file-prefix=x", "--vdev=net_af_xdp0,iface=e1,busy_budget=0"));
	expect(GIVEN("--file-prefix=x", "--vdev", "net_af_xdp0,iface=e1,busy_budget=64"),
	       GIVEN("--file-prefix=x", "--vdev", "net_af_xdp0,iface=e1,busy_budget=64"));
}

static void other_devices_and_arguments_are_left_alone(void **state)
{
	expect(GIVEN("--file-prefix=x", "--vdev=net_tap0,iface=e1", "--vdev", "net_pcap0,rx_pcap=a",
		     "-a", "net_af_packet0"),
	       GIVEN("--file-prefix=x", "--vdev=net_tap0,iface=e1", "--vdev", "net_pcap0,rx_pcap=a",
		     "-a", "net_af_packet0"));
	expect(GIVEN("--file-prefix=x", "--vdev"), GIVEN("--file-prefix=x", "--vdev"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_file_prefix_bears_the_engines_name),
	    cmocka_unit_test(a_given_file_prefix_stays),
	    cmocka_unit_test(af_packet_gets_a_ring_that_does_not_lose),
	    cmocka_unit_test(what_the_operator_said_of_af_packet_stays),
	    cmocka_unit_test(af_xdp_makes_no_system_call_when_nothing_came),
	    cmocka_unit_test(other_devices_and_arguments_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
