/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "eal/args.h"

#define GIVEN(...) ((const char *[]){__VA_ARGS__, NULL})

static struct mcr_settings *settings_of(const char **given)
{
	struct mcr_settings *s = mcr_settings_create();

	assert_non_null(s);
	strcpy(s->engine.name, "md");
	for (; *given; given++)
		assert_int_equal(mcr_settings_add_eal(s, *given, NULL), 0);
	return s;
}

/* held: NULL = EAL is given the devices. */
static void expect_held(const char **given, const char **expected, const char **held)
{
	struct mcr_settings *s = settings_of(given);
	struct mcr_eal_args args;
	int n = 0;

	assert_int_equal(mcr_eal_args_create(&args, s, held != NULL, NULL), 0);
	for (; held && held[n]; n++) {
		assert_true(n < args.n_held);
		assert_string_equal(args.held[n], held[n]);
	}
	assert_int_equal(args.n_held, n);
	n = 0;
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

static void expect(const char **given, const char **expected)
{
	expect_held(given, expected, NULL);
}

static void devices_of_an_engine_that_runs_are_held_back(void **state)
{
	expect_held(GIVEN("-l", "0-1", "--vdev=net_tap0,iface=t0", "--no-pci"),
		    GIVEN("-l", "0-1", "--no-pci", "-a", "ffff:ff:1f.7", "--file-prefix",
			  "mcring_md_standby"),
		    GIVEN("net_tap0,iface=t0"));
	expect_held(GIVEN("--vdev", "net_af_packet0,framecnt=64,blocksz=4096", "-a", "01:00.0",
			  "-m", "64", "-a02:00.0", "--allow=03:00.0,mprq_en=1"),
		    GIVEN("-m", "64", "-a", "ffff:ff:1f.7", "--file-prefix", "mcring_md_standby"),
		    GIVEN("net_af_packet0,framecnt=64,blocksz=4096", "01:00.0", "02:00.0",
			  "03:00.0,mprq_en=1"));
	expect_held(GIVEN("--no-pci", "--vdev=net_af_packet0,iface=e1", "--file-prefix=x"),
		    GIVEN("--no-pci", "--file-prefix=x", "-a", "ffff:ff:1f.7"),
		    GIVEN("net_af_packet0,iface=e1,framecnt=8192,blocksz=1048576"));
}

static void what_stands_by_must_name_its_pci_devices(void **state)
{
	struct mcr_settings *s = settings_of(GIVEN("-l", "0-1"));
	struct mcr_eal_args args;
	struct mcr_error err;

	assert_int_equal(mcr_eal_args_create(&args, s, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "-a"));
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
	    cmocka_unit_test(devices_of_an_engine_that_runs_are_held_back),
	    cmocka_unit_test(what_stands_by_must_name_its_pci_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
