/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "made_up_root.h"

#include "config/config.h"
#include "settings_print.h"
#include "start_check.h"

/* A made-up host: 1 GiB, of which 256 MiB are left. */
struct host {
	char root[64];
	struct mcr_error err;
};

static int setup(void **state)
{
	struct host *h = calloc(1, sizeof(*h));

	strcpy(h->root, "/tmp/mcring-start-XXXXXX");
	if (!mkdtemp(h->root))
		return -1;
	put_file(h->root, "/proc/meminfo",
		 "MemTotal: 1048576 kB\nMemAvailable: 262144 kB\nSwapFree: 0 kB\n");
	put_file(h->root, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "1\n");
	put_file(h->root, "/proc/mounts", "hugetlbfs / hugetlbfs rw,pagesize=1024M 0 0\n");
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct host *h = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", h->root);
	free(h);
	return system(command) == 0 ? 0 : -1;
}

#define EAL          "eal: ['-l', 0-2, '--vdev=net_null0', '--vdev', 'net_null1,size=9']\n"
#define FEED         "interfaces: [{name: feed, port: net_null0}]\n"
#define KERNEL(name) "interfaces:\n- {name: feed, port: '0', kernel: " name "}\n"

static int check(struct host *h, const char *yaml)
{
	struct mcr_settings *s = mcr_settings_create();
	int ret;

	strcpy(h->err.text, "");
	if (mcr_config_parse(s, "m.yaml", yaml, strlen(yaml), &h->err) < 0 ||
	    mcr_settings_complete(s, &h->err) < 0)
		fail_msg("%s", h->err.text);
	if (!strstr(yaml, "run_dir"))
		strcpy(s->engine.run_dir, "/nosuch");
	ret = mcr_start_check(s, h->root, &h->err);
	mcr_settings_destroy(s);
	return ret;
}

static void refused(struct host *h, const char *yaml, const char *expected)
{
	if (check(h, yaml) >= 0 || strncmp(h->err.text, expected, strlen(expected)) != 0)
		fail_msg("'%s' does not begin with '%s'", h->err.text, expected);
}

static void what_starts_passes(void **state)
{
	assert_int_equal(check(*state, FEED), 0);
	assert_int_equal(check(*state, EAL FEED "channels: [{name: a, lcore: 2}]\n"), 0);
	assert_int_equal(check(*state, "interfaces: [{name: feed, port: '0000:01:00.0'}]\n"), 0);
}

static void a_configuration_without_an_interface_is_refused(void **state)
{
	refused(*state, "name: a\n", "no interface: give one with --interface NAME=PORT, or in ");
}

static void a_virtual_device_that_no_argument_makes_is_refused(void **state)
{
	refused(
	    *state, EAL "interfaces:\n- {name: feed, port: net_null7}\n",
	    "m.yaml:3: interface 'feed': no --vdev of EAL's arguments makes port net_null7 (did "
	    "you mean net_null0?); there are: net_null0, net_null1: give it one, or another port");
}

/* Makes /sys/class/net/NAME/device a link to a PCI device with a driver. */
static void put_nic(struct host *h, const char *name, const char *pci, const char *driver)
{
	char path[256], to[256];

	snprintf(path, sizeof(path), "/sys/devices/%s/driver.d/x", pci);
	put_file(h->root, path, "");
	snprintf(path, sizeof(path), "%s/sys/devices/%s/driver", h->root, pci);
	snprintf(to, sizeof(to), "../../bus/pci/drivers/%s", driver);
	assert_int_equal(symlink(to, path), 0);
	snprintf(path, sizeof(path), "/sys/class/net/%s/x", name);
	put_file(h->root, path, "");
	snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", h->root, name);
	snprintf(to, sizeof(to), "../../../devices/%s", pci);
	assert_int_equal(symlink(to, path), 0);
}

#define KERNELS "m.yaml:3: interface 'feed': "
#define IS_ONE  " is a network interface of the kernel, and not a port of DPDK: "

static void a_name_of_the_kernels_is_answered_with_what_makes_a_port_of_it(void **state)
{
	static const struct {
		const char *port, *says;
	} rows[] = {
	    {"eth77",
	     KERNELS "eth77" IS_ONE "give EAL --vdev=net_af_packet0,iface=eth77, and write "
		     "port: net_af_packet0; there are: net_null0, net_null1"},
	    {"enp1s0f0.5",
	     KERNELS "enp1s0f0.5" IS_ONE "give EAL --vdev=net_af_packet0,iface=enp1s0f0,"
		     " and write port: net_af_packet0, vlan: 5; "},
	    {"lo", KERNELS "lo" IS_ONE "give EAL --vdev=net_af_packet0,iface=lo, and write port: "},
	    {"eno1", KERNELS
	     "eno1" IS_ONE
	     "give EAL --vdev=net_af_packet0,iface=eno1, and write port: net_af_packet0; or, "
	     "past the kernel, which loses it: dpdk-devbind.py --bind=vfio-pci 0000:01:00.0, "
	     "and port: 0000:01:00.0; there are: net_null0"},
	    {"ens7", KERNELS
	     "ens7" IS_ONE
	     "give EAL --vdev=net_af_packet0,iface=ens7, and write port: net_af_packet0; or, "
	     "past the kernel, port: 0000:02:00.0 alone (mlx5_core is shared with it); "},
	};
	struct host *h = *state;
	char yaml[256];

	put_nic(h, "eno1", "0000:01:00.0", "igb");
	put_nic(h, "ens7", "0000:02:00.0", "mlx5_core");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(yaml, sizeof(yaml), EAL "interfaces:\n- {name: feed, port: %s}\n",
			 rows[i].port);
		refused(h, yaml, rows[i].says);
	}
	refused(h,
		"eal: [--vdev, 'net_af_packet0,iface=eth8', '--vdev=net_af_packet1,iface=eth9']\n"
		"interfaces:\n- {name: feed, port: eth9}\n",
		KERNELS "eth9" IS_ONE
			"write port: net_af_packet1; there are: net_af_packet0, net_af_");
	/* The names that drivers had before net_. */
	assert_int_equal(check(h, "eal: [--vdev=eth_null0]\n"
				  "interfaces: [{name: feed, port: eth_null0}]\n"),
			 0);
}

static void ports_that_a_driver_makes_by_itself_need_no_argument(void **state)
{
	static const char *const ports[] = {"net_0000:01:00.0_representor_0",
					    "net_pf0_representor_1", "net_failsafe_vsc0"};
	char yaml[256];

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		snprintf(yaml, sizeof(yaml), EAL "interfaces: [{name: feed, port: '%s'}]\n",
			 ports[i]);
		assert_int_equal(check(*state, yaml), 0);
	}
}

static void lcores_that_do_not_receive_are_refused(void **state)
{
	refused(*state, EAL FEED "channels:\n- {name: a, lcore: 0}\n",
		"m.yaml:4: channel \"a\": lcore 0 does not receive here: the rx lcores are 1, 2");
	refused(*state, EAL "interfaces:\n- {name: feed, port: net_null0, lcores: [1, 3]}\n",
		"m.yaml:3: interface \"feed\": lcore 3 does not receive here");
	refused(*state, "eal: ['-l', 0]\ninterfaces: [{name: feed, port: '0'}]\n",
		"EAL has no worker lcore for receiving");
	/* Without EAL's arguments any may receive. */
	assert_int_equal(check(*state, FEED "channels: [{name: a, lcore: 7}]\n"), 0);
}

static void interfaces_of_one_port_that_disagree_are_refused(void **state)
{
	refused(*state,
		"interfaces:\n- {name: a, port: net_null0, lcores: [1]}\n"
		"- {name: c, port: net_null1, lcores: [2]}\n"
		"- {name: b, port: net_null0, vlan: 2, lcores: [2]}\n",
		"m.yaml:4: interfaces \"a\" and \"b\" share port net_null0 and name different "
		"queues, ");
}

static void a_kernel_device_that_is_there_already_is_refused_unless_it_may_be_ours(void **state)
{
	struct ifreq tap = {.ifr_name = "feed7", .ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = unshare(CLONE_NEWNET) < 0 ? -1 : open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	refused(*state, KERNEL("lo"),
		"m.yaml:2: interface 'feed': kernel=lo: there is a network device of this name "
		"already");
	assert_int_equal(check(*state, KERNEL("new0")), 0);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &tap) == 0)
		assert_int_equal(check(*state, KERNEL("feed7")), 0);
	if (fd >= 0)
		close(fd);
}

/* /sys shows another one: there lo is lo. */
static void kernel_devices_are_looked_for_in_the_network_namespace_of_the_process(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_newname = "feed8"};
	int fd, ret;

	if (unshare(CLONE_NEWNET) < 0)
		skip();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ret = ioctl(fd, SIOCSIFNAME, &lo);
	close(fd);
	assert_int_equal(ret, 0);
	refused(*state, KERNEL("feed8"), "m.yaml:2: interface 'feed': kernel=feed8: there is ");
	assert_int_equal(check(*state, KERNEL("lo")), 0);
}

#define LAN(keys)     "interfaces:\n- {name: lan, port: '0', " keys "}\n"
#define QUERIER(keys) LAN("address: 10.0.0.1/24, querier: on, " keys)

#define RELAY(keys)                                          \
	LAN("role: downstream, forward_when: always, " keys) \
	"- {name: up, port: '1', role: upstream}\n"

/* R-Q-5, R-Q-7 */
static void a_querier_that_cannot_be_is_refused(void **state)
{
	assert_int_equal(check(*state, QUERIER("query_response_interval: 124.9")), 0);
	assert_int_equal(check(*state, LAN("querier: off, tx: never, query_interval: 1")), 0);
	assert_int_equal(check(*state, LAN("mld_querier: auto")), 0);
	refused(*state, QUERIER("query_response_interval: 125"),
		"m.yaml:2: interface \"lan\": query_response_interval 125 s is not below "
		"query_interval 125 s");
	refused(*state, LAN("querier: auto"), "m.yaml:2: interface \"lan\": querier needs an addr");
	refused(*state, QUERIER("tx: never"),
		"m.yaml:2: interface \"lan\": querier cannot be with tx=never: ");
	refused(*state, QUERIER("igmp: off"),
		"m.yaml:2: interface \"lan\": querier cannot be with igmp=off: ");
	refused(*state, LAN("mld_querier: on, mld: off"),
		"m.yaml:2: interface \"lan\": mld_querier cannot be with mld=off: ");
	refused(*state, LAN("mld_querier: on, tx: never"),
		"m.yaml:2: interface \"lan\": mld_querier cannot be with tx=never: ");
	/* Each of the two is asked. */
	refused(*state,
		QUERIER("mld_querier: on, mld_querier_version: 1, query_response_interval: 70"),
		"m.yaml:2: interface \"lan\": query_response_interval 70 s is above 65.535 s");
}

static void a_relay_that_cannot_be_is_refused(void **state)
{
	assert_int_equal(check(*state, RELAY("scopes: [none]")), 0);
	refused(*state, LAN("ttl_threshold: 2"),
		"m.yaml:2: interface \"lan\": ttl_threshold is of ");
	refused(*state, RELAY("scopes: [239.1.1.1/8]"),
		"m.yaml:2: interface \"lan\": scopes: 239.1.1.1/8 has bits behind its length: give "
		"239.0.0.0/8");
	refused(*state, LAN("role: upstream"), "interface \"lan\" is role=upstream, and none is ");
}

/* Without root, what can attach could be any program of the same user. */
static void a_capture_needs_memory_that_only_others_of_root_can_map(void **state)
{
	static const char *const options[] = {"--no-huge", "--in-memory", "--no-shconf",
					      "--huge-unlink=always"};
	char yaml[256];

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(yaml, sizeof(yaml),
			 "pdump: on\neal: ['-l', 0-2, '%s', '--vdev=net_null0']\n" FEED,
			 options[i]);
		refused(*state, yaml, "pdump: no process can attach with EAL's ");
		assert_non_null(strstr(((struct host *)*state)->err.text, "mcring-watch --record"));
	}
	if (geteuid() != 0)
		refused(*state, "pdump: on\n" FEED, "pdump: mcring does not run as root");
	else
		assert_int_equal(check(*state, "pdump: on\n" FEED), 0);
	assert_int_equal(check(*state, "pdump: off\n" FEED), 0);
}

/* What --check prints of an interface with these keys, from "# querier" or "# relay" on. */
static void prints(const char *yaml, const char *expected)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err;
	char *text = NULL, *from;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (mcr_config_parse(s, "m.yaml", yaml, strlen(yaml), &err) < 0 ||
	    mcr_settings_complete(s, &err) < 0)
		fail_msg("%s", err.text);
	mcr_settings_print(out, s);
	fclose(out);
	from = strstr(text, "# querier");
	if (!from)
		from = strstr(text, "# relay");
	if (!from)
		from = strstr(text, "# channel");
	assert_non_null(from);
	if (strncmp(from, expected, strlen(expected)) != 0)
		fail_msg("'%s' does not begin with '%s'", from, expected);
	free(text);
	mcr_settings_destroy(s);
}

/* R-Q-7 */
static void what_a_querier_uses_is_printed_as_it_is_sent(void **state)
{
	prints(LAN("query_interval: 201"), "# channel default: ");
	prints(QUERIER("mld_querier: auto, query_interval: 201, startup_query_count: 4, "
		       "last_member_query_interval: 0.25"),
	       "# querier lan igmp on: version 3, robustness 2, query_interval 200 s, "
	       "query_response_interval 10 s, startup_query_interval 50 s, "
	       "last_member_query_interval 0.2 s, startup_query_count 4, "
	       "last_member_query_count 2, members end after 420 s, another querier after 405 s\n"
	       "# querier lan igmp: query_interval 201 s is sent as 200 s\n"
	       "# querier lan igmp: last_member_query_interval 0.25 s is sent as 0.2 s\n"
	       "# querier lan mld auto: version 2, robustness 2, query_interval 200 s, "
	       "query_response_interval 10 s, startup_query_interval 50 s, "
	       "last_member_query_interval 0.25 s, startup_query_count 4, "
	       "last_member_query_count 2, members end after 420 s, another querier after 405 s\n"
	       "# querier lan mld: query_interval 201 s is sent as 200 s\n# channel ");
}

static void what_the_relay_uses_is_printed(void **state)
{
	(void)state;
	prints(RELAY("address: 10.0.0.1/24, address6: '2001:db8::1/64', ttl_threshold: 8, "
		     "loop_guard: on, scopes: [none], rpf_sources: [10.7.0.0/16], "
		     "static_groups: [239.1.1.1, 232.1.1.1@10.0.0.7]"),
	       "# relay lan downstream: forward_when always, ttl_threshold 8, loop_guard on, "
	       "scopes none, sources 10.0.0.0/24 2001:db8::/64 10.7.0.0/16, static_groups 2\n"
	       "# interface up: port 1, igmp auto, tx auto, udp-checksum nic, role upstream\n"
	       "# relay up upstream: forward_when always, ttl_threshold 1, loop_guard off, "
	       "scopes 239.255.0.0/16, sources: all but those of downstream interfaces\n"
	       "# channel ");
	prints(LAN("role: downstream, mld_querier: on"), "# querier lan mld on: version 2, ");
	prints(LAN("role: upstream, tx: never"), "# relay lan upstream: forward_when never, ");
}

static void more_memberships_than_the_engine_has_places_are_refused(void **state)
{
	struct host *h = *state;
	char yaml[400] = FEED "joins: [{groups: [239.0.0.0/17, 239.1.0.0/17]}]\n";

	assert_int_equal(check(h, yaml), 0);
	strcpy(yaml, FEED "joins: [{groups: [239.0.0.0/17, 239.1.0.0/17, 239.2.0.0]}]\n");
	refused(h, yaml, "more than 65536 groups joined at a time");
}

static void rings_of_all_channels_on_all_lcores_must_fit_together(void **state)
{
	struct host *h = *state;

	assert_int_equal(check(h, EAL FEED "channels: [{name: a, bytes: 64M}]\n"), 0);
	assert_int_equal(
	    check(h, EAL FEED
		  "channels: [{name: a, bytes: 64M}, {name: p, bytes: 1G, per_program: on}]\n"),
	    0);
	refused(
	    h, EAL FEED "channels: [{name: a, bytes: 64M}, {name: b, bytes: 64M}]\n",
	    "2 channels, 2 receiving lcores: rings need 257 MiB, the host's MemAvailable leaves "
	    "237 MiB: make bytes smaller");
	refused(h, FEED "channels: [{name: a, bytes: 256M}]\n",
		"channel \"a\", 1 receiving lcore or more: rings need 257 MiB, ");
}

static void while_an_engine_runs_there_its_memory_counts_as_free(void **state)
{
	struct host *h = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char yaml[256];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", h->root);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(yaml, sizeof(yaml), "run_dir: %s\n" FEED "channels: [{name: a, bytes: 512M}]\n",
		 h->root);
	assert_int_equal(check(h, yaml), -ENOMEM); /* nobody listens */
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(check(h, yaml), 0);
	snprintf(yaml, sizeof(yaml), "run_dir: %s\n" FEED "channels: [{name: a, bytes: 1G}]\n",
		 h->root);
	refused(h, yaml,
		"channel \"a\", 1 receiving lcore or more: rings need 1025 MiB, the host has ");
	close(fd);
}

#define ON_HOST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_HOST(what_starts_passes),
	    ON_HOST(a_configuration_without_an_interface_is_refused),
	    ON_HOST(a_virtual_device_that_no_argument_makes_is_refused),
	    ON_HOST(a_name_of_the_kernels_is_answered_with_what_makes_a_port_of_it),
	    ON_HOST(ports_that_a_driver_makes_by_itself_need_no_argument),
	    ON_HOST(lcores_that_do_not_receive_are_refused),
	    ON_HOST(interfaces_of_one_port_that_disagree_are_refused),
	    ON_HOST(a_kernel_device_that_is_there_already_is_refused_unless_it_may_be_ours),
	    ON_HOST(kernel_devices_are_looked_for_in_the_network_namespace_of_the_process),
	    ON_HOST(a_capture_needs_memory_that_only_others_of_root_can_map),
	    ON_HOST(a_querier_that_cannot_be_is_refused),
	    ON_HOST(a_relay_that_cannot_be_is_refused),
	    ON_HOST(what_the_relay_uses_is_printed),
	    ON_HOST(what_a_querier_uses_is_printed_as_it_is_sent),
	    ON_HOST(more_memberships_than_the_engine_has_places_are_refused),
	    ON_HOST(rings_of_all_channels_on_all_lcores_must_fit_together),
	    ON_HOST(while_an_engine_runs_there_its_memory_counts_as_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
