/* SPDX-License-Identifier: BSD-3-Clause */
/* The logs are what DPDK 22.11 printed when the mistakes were made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eal/explain.h"

#define HEAD                            \
	"EAL: Detected CPU lcores: 2\n" \
	"EAL: Detected NUMA nodes: 1\n" \
	"EAL: Detected shared linkage of DPDK\n"

static const char *explain(const char *log, int is_root)
{
	static struct mcr_error err;

	mcr_eal_explain(&err, log, "Permission denied", is_root);
	assert_null(strchr(err.text, '\n'));
	return err.text;
}

static void without_hugepages_it_says_how_to_run_without(void **state)
{
	static const char log[] = HEAD "EAL: Multi-process socket /var/run/dpdk/x1/mp_socket\n"
				       "EAL: Selected IOVA mode 'PA'\n"
				       "EAL: FATAL: Cannot get hugepage information.\n"
				       "EAL: Cannot get hugepage information.\n";

	assert_non_null(strstr(explain(log, 1), "no hugepages: reserve some"));
	assert_non_null(strstr(explain(log, 1), "--no-huge -m 1024"));
	assert_non_null(strstr(explain(log, 0), "that this user may use (not root)"));
}

static void a_taken_file_prefix_is_named(void **state)
{
	assert_non_null(
	    strstr(explain(HEAD "EAL: Cannot create lock on '/var/run/dpdk/same/config'. "
				"Is another primary process running?\n"
				"EAL: FATAL: Cannot init config\n",
			   1),
		   "another DPDK process uses the same file prefix"));
}

static void a_bad_argument_is_quoted(void **state)
{
	assert_string_equal(explain("mcring: unrecognized option '--bogus'\n" HEAD
				    "\nUsage: mcring [options]\n\n  -c COREMASK   Hexadecimal\n"
				    "EAL: FATAL: Invalid 'command line' arguments.\n",
				    1),
			    "EAL refused its arguments: mcring: unrecognized option '--bogus'");
	assert_string_equal(explain(HEAD "EAL: failed to parse device \"net_foo0\"\n"
					 "EAL: Unable to parse device 'net_foo0'\n",
				    1),
			    "EAL refused its arguments: EAL: failed to parse device \"net_foo0\" "
			    "(no such driver or device)");
}

static void a_driver_that_is_misspelled_is_named(void **state)
{
	assert_non_null(strstr(explain("EAL: failed to parse device \"net_afpacket0\"\n", 1),
			       "\"net_afpacket0\" (no such driver or device) (did you mean "
			       "net_af_packet?)"));
	assert_null(
	    strstr(explain("EAL: failed to parse device \"net_null0\"\n", 1), "did you mean"));
}

static void an_unknown_failure_quotes_eals_last_line(void **state)
{
	assert_string_equal(explain(HEAD "EAL: Cannot frobnicate\nEAL: FATAL: Cannot frobnicate\n"
					 "  an indented line of usage\n",
				    1),
			    "EAL did not start: Permission denied: EAL: Cannot frobnicate");
	assert_string_equal(explain("", 1),
			    "EAL did not start: Permission denied: it gave no reason");
	assert_non_null(strstr(explain("", 0), "most devices need root, and mcring is not"));
	/* Its usage is no reason. */
	assert_string_equal(
	    explain("EAL: invalid parameters for --lcores\n\nUsage: mcring [options]\n\n"
		    "EAL common options:\n  -c COREMASK\n\nEAL Linux options:\n  -x\n",
		    1),
	    "EAL did not start: Permission denied: EAL: invalid parameters for "
	    "--lcores: each CPU that is named must be there: nproc says how many there "
	    "are");
	assert_non_null(strstr(explain("EAL: Cannot init memory\n", 0),
			       ": ask for less than is free: -m MEGABYTES"));
}

static void a_device_that_did_not_open_is_found_in_a_good_start(void **state)
{
	struct mcr_error err;

	assert_int_equal(mcr_eal_find_failed_vdev(&err, HEAD, 1), 0);
	assert_int_equal(
	    mcr_eal_find_failed_vdev(
		&err,
		HEAD "rte_pmd_init_internals(): net_af_packet0: ioctl failed (SIOCGIFINDEX):No "
		     "such device\n"
		     "vdev_probe(): failed to initialize net_af_packet0 device\n"
		     "EAL: Bus (vdev) probe failed.\n",
		1),
	    1);
	assert_string_equal(
	    err.text, "device net_af_packet0 cannot be opened: rte_pmd_init_internals(): "
		      "net_af_packet0: ioctl failed (SIOCGIFINDEX):No such device: the kernel has "
		      "no such interface: `ip link` lists those for iface=");
	assert_int_equal(
	    mcr_eal_find_failed_vdev(&err,
				     "open_packet_iface(): Could not open AF_PACKET socket\n"
				     "vdev_probe(): failed to initialize net_af_packet0 device\n",
				     0),
	    1);
	assert_non_null(strstr(err.text, "Could not open AF_PACKET socket: it needs CAP_NET_RAW "
					 "and CAP_NET_ADMIN: start mcring as root"));
	assert_int_equal(
	    mcr_eal_find_failed_vdev(&err,
				     "call to mmap failed on AF_PACKET socket for eth1\n"
				     "vdev_probe(): failed to initialize net_af_packet0 device\n",
				     0),
	    1);
	assert_non_null(strstr(err.text, "for eth1: its rings are locked memory: LimitMEMLOCK="));
	assert_int_equal(
	    mcr_eal_find_failed_vdev(&err, "vdev_probe(): failed to initialize x device\n", 1), 1);
	assert_string_equal(err.text, "device x cannot be opened: see --verbose");
	mcr_eal_find_failed_vdev(&err,
				 "EAL: Selected IOVA mode 'VA'\n"
				 "vdev_probe(): failed to initialize net_af_packet0 device\n",
				 1);
	assert_string_equal(err.text, "device net_af_packet0 cannot be opened: its arguments lack "
				      "iface=NAME, or one of them is misspelled");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_hugepages_it_says_how_to_run_without),
	    cmocka_unit_test(a_taken_file_prefix_is_named),
	    cmocka_unit_test(a_bad_argument_is_quoted),
	    cmocka_unit_test(a_driver_that_is_misspelled_is_named),
	    cmocka_unit_test(an_unknown_failure_quotes_eals_last_line),
	    cmocka_unit_test(a_device_that_did_not_open_is_found_in_a_good_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
