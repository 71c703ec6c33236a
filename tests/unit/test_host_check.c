/* SPDX-License-Identifier: BSD-3-Clause */
/* Hugepages and PCI devices of a made-up host, and what is said of those that will not do. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "made_up_root.h"

#include "config/config.h"
#include "eal/hugepages.h"
#include "eal/pci.h"

#define PCI     "/sys/bus/pci/devices/0000:01:00.0/"
#define NODE(n) "/sys/devices/system/node/node" #n "/hugepages/hugepages-2048kB/nr_hugepages"
#define PAGES   "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* 512 hugepages of 2 MiB, half of them on each of two nodes, 100 of them free; a NIC on node 1,
 * with vfio-pci, and an IOMMU. */
struct host {
	char root[64];
	struct mcr_error err;
};

static void put_link(const struct host *h, const char *path, const char *to)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", h->root, path);
	unlink(full);
	assert_int_equal(symlink(to, full), 0);
}

static void take_away(const struct host *h, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", h->root, path);
	assert_int_equal(remove(full), 0);
}

static int setup(void **state)
{
	struct host *h = calloc(1, sizeof(*h));

	strcpy(h->root, "/tmp/mcring-host-XXXXXX");
	if (!mkdtemp(h->root))
		return -1;
	put_file(h->root, PAGES "nr_hugepages", "512\n");
	put_file(h->root, PAGES "free_hugepages", "100\n");
	put_file(h->root, NODE(0), "256\n");
	put_file(h->root, NODE(1), "256\n");
	put_file(h->root, "/dev/hugepages/x", "");
	put_file(
	    h->root, "/proc/mounts",
	    "/dev/root / ext4 rw 0 0\nhugetlbfs /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n");
	put_file(h->root, "/proc/self/limits",
		 "Limit                     Soft Limit           Hard Limit           Units\n"
		 "Max locked memory         unlimited            unlimited            bytes\n");
	put_file(h->root, PCI "numa_node", "1\n");
	put_file(h->root, PCI "vendor", "0x8086\n");
	put_file(h->root, "/dev/vfio/vfio", "");
	put_file(h->root, "/dev/vfio/12", "");
	put_link(h, PCI "driver", "../../../bus/pci/drivers/vfio-pci");
	put_link(h, PCI "iommu_group", "../../../kernel/iommu_groups/12");
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

#define NIC "interfaces: [{name: feed, port: '0000:01:00.0'}]\n"

static struct mcr_settings *settings_of(struct host *h, const char *yaml)
{
	struct mcr_settings *s = mcr_settings_create();

	strcpy(h->err.text, "");
	if (mcr_config_parse(s, "m.yaml", yaml, strlen(yaml), &h->err) < 0 ||
	    mcr_settings_complete(s, &h->err) < 0)
		fail_msg("%s", h->err.text);
	return s;
}

/* eal: the list of EAL's arguments. */
static int check_pages(struct host *h, const char *eal, bool whole)
{
	struct mcr_settings *s;
	char yaml[256];
	int ret;

	snprintf(yaml, sizeof(yaml), "eal: [%s]\n" NIC, eal);
	s = settings_of(h, yaml);
	ret = mcr_eal_check_hugepages(s, whole, h->root, &h->err);
	mcr_settings_destroy(s);
	return ret;
}

static int check_nic(struct host *h, const char *eal, bool is_root)
{
	struct mcr_settings *s;
	char yaml[256];
	int ret;

	snprintf(yaml, sizeof(yaml), "eal: [%s]\n" NIC, eal);
	s = settings_of(h, yaml);
	ret = mcr_eal_check_pci(s, &s->interfaces[0], is_root, h->root, &h->err);
	mcr_settings_destroy(s);
	return ret;
}

static void says(const struct host *h, const char *part)
{
	if (!strstr(h->err.text, part))
		fail_msg("'%s' lacks '%s'", h->err.text, part);
	assert_null(strchr(h->err.text, '\n'));
}

static void what_is_there_passes(void **state)
{
	struct host *h = *state;

	assert_int_equal(check_pages(h, "'-l', '0'", false), 0);
	assert_int_equal(check_pages(h, "'-m', '1024'", false), 0);
	assert_int_equal(check_pages(h, "'-m200', '--in-memory'", false), 0);
	assert_int_equal(check_pages(h, "'--socket-mem=512,512'", false), 0);
	assert_int_equal(check_nic(h, "'-a', '0000:01:00.0'", false), 0);
}

static void hugepages_that_nobody_asks_for_are_not_missed(void **state)
{
	struct host *h = *state;

	put_file(h->root, PAGES "nr_hugepages", "0\n");
	assert_int_equal(check_pages(h, "'--no-huge', '-m', '99999'", false), 0);
	assert_int_equal(check_pages(h, "", false), 0); /* EAL's arguments are not known */
	assert_int_equal(check_pages(h, "'-l', '0'", false), -ENOMEM);
	says(h, "there are no hugepages: reserve some (echo 512 >/sys/kernel/mm/hugepages/");
	says(h, "--no-huge -m 1024");
	assert_int_equal(check_pages(h, "'-l', '0', '--in-memory'", false), -ENOMEM);
}

static void too_few_hugepages_are_counted_in_mebibytes(void **state)
{
	struct host *h = *state;

	assert_int_equal(check_pages(h, "'-m', '1025'", false), -ENOMEM);
	says(h, "EAL wants 1025 MiB of hugepages, and 1024 MiB are reserved: reserve more");
	assert_int_equal(check_pages(h, "'--socket-mem', '0,513'", false), -ENOMEM);
	says(h, "513 MiB of hugepages on NUMA node 1, and 512 MiB are reserved");
	assert_int_equal(check_pages(h, "'--socket-mem', '0,0,1'", false), -ENOMEM);
	says(h, "NUMA node 2, and 0 MiB");
}

static void pages_in_use_count_unless_a_file_may_give_them_back(void **state)
{
	struct host *h = *state;

	/* A killed daemon has left its files, which EAL takes. */
	assert_int_equal(check_pages(h, "'-m', '1024'", false), 0);
	assert_int_equal(check_pages(h, "'-m', '201', '--in-memory'", false), -ENOMEM);
	says(h, "EAL wants 201 MiB of hugepages, and 200 MiB are free");
	/* The engine that runs now gives them back. */
	assert_int_equal(check_pages(h, "'-m', '201', '--in-memory'", true), 0);
}

static void a_nic_on_a_node_without_hugepages_is_named(void **state)
{
	struct host *h = *state;

	put_file(h->root, NODE(1), "0\n");
	assert_int_equal(check_pages(h, "'-l', '0'", false), -ENOMEM);
	says(h, "m.yaml:2: interface 'feed': its NIC is on NUMA node 1, which has no hugepages");
	put_file(h->root, PCI "numa_node", "-1\n");
	assert_int_equal(check_pages(h, "'-l', '0'", false), 0);
}

static void hugetlbfs_must_be_mounted_unless_nobody_needs_it(void **state)
{
	struct host *h = *state;

	put_file(h->root, "/proc/mounts", "/dev/root / ext4 rw 0 0\n");
	assert_int_equal(check_pages(h, "'-l', '0'", false), -ENOMEM);
	says(h, "hugetlbfs is not mounted: systemctl start dev-hugepages.mount");
	assert_int_equal(check_pages(h, "'-l', '0', '--in-memory'", false), 0);
	assert_int_equal(check_pages(h, "'-l', '0', '--huge-dir', /dev/hugepages", false), 0);
}

/* root may write anywhere: a folder that is not there stands for one that a user may not write to.
 */
static void hugetlbfs_must_take_this_user(void **state)
{
	struct host *h = *state;

	assert_int_equal(check_pages(h, "'--huge-dir=/dev/hugepages/other'", false), -EACCES);
	says(h, "this user may not write to /dev/hugepages/other (No such file or directory): EAL "
		"argument --in-memory");
}

static void a_nic_that_is_not_there_is_named(void **state)
{
	struct host *h = *state;
	struct mcr_settings *s =
	    settings_of(h, "eal: ['-l', '0']\ninterfaces: [{name: feed, port: '0000:02:00.0'}]\n");

	assert_int_equal(mcr_eal_check_pci(s, &s->interfaces[0], true, h->root, &h->err), -ENODEV);
	says(h, "m.yaml:2: interface 'feed': 0000:02:00.0 is not there: `lspci -D`");
	mcr_settings_destroy(s);
	assert_int_equal(check_nic(h, "'--no-pci'", true), -ENODEV);
	says(h, "0000:01:00.0 is not opened: EAL's argument --no-pci");
}

static void a_nic_of_the_kernels_is_answered_with_what_takes_it(void **state)
{
	struct host *h = *state;

	put_link(h, PCI "driver", "../../../bus/pci/drivers/ixgbe");
	assert_int_equal(check_nic(h, "'-l', '0'", true), -EBUSY);
	says(h, "0000:01:00.0 is the kernel's (driver ixgbe): dpdk-devbind.py --bind=vfio-pci "
		"0000:01:00.0");
	put_link(h, PCI "driver", "../../../bus/pci/drivers/mlx5_core");
	assert_int_equal(check_nic(h, "'-l', '0'", true), 0);
}

static void a_nic_without_a_driver_needs_one(void **state)
{
	struct host *h = *state;

	take_away(h, PCI "driver");
	assert_int_equal(check_nic(h, "'-l', '0'", true), -ENODEV);
	says(h, "has no driver: modprobe vfio-pci, and dpdk-devbind.py --bind=vfio-pci");
	put_file(h->root, "/sys/bus/pci/drivers/vfio-pci/new_id", "");
	assert_int_equal(check_nic(h, "'-l', '0'", true), -ENODEV);
	says(h, "has no driver: dpdk-devbind.py --bind=vfio-pci");
	put_file(h->root, PCI "vendor", "0x1af4\n");
	assert_int_equal(check_nic(h, "'-l', '0'", true), 0);
}

static void uio_is_for_root_alone(void **state)
{
	struct host *h = *state;

	put_link(h, PCI "driver", "../../../bus/pci/drivers/uio_pci_generic");
	assert_int_equal(check_nic(h, "'-l', '0'", true), 0);
	assert_int_equal(check_nic(h, "'-l', '0'", false), -EACCES);
	says(h, "is with uio_pci_generic, for root alone");
}

static void without_an_iommu_the_ways_out_are_said(void **state)
{
	struct host *h = *state;

	take_away(h, PCI "iommu_group");
	assert_int_equal(check_nic(h, "'-l', '0'", true), -ENODEV);
	says(h, "has no IOMMU group: switch the IOMMU on");
	says(h, "enable_unsafe_noiommu_mode");
	put_link(h, PCI "iommu_group", "../../../kernel/iommu_groups/0");
	put_file(h->root, "/dev/vfio/noiommu-0", "");
	assert_int_equal(check_nic(h, "'-l', '0'", true), 0);
	assert_int_equal(check_nic(h, "'-l', '0'", false), -EACCES);
	says(h, "has no IOMMU, so only root may open /dev/vfio/noiommu-0");
}

static void vfios_devices_must_be_there(void **state)
{
	struct host *h = *state;

	take_away(h, "/dev/vfio/12");
	assert_int_equal(check_nic(h, "'-l', '0'", true), -ENODEV);
	says(h, "has no /dev/vfio/12: in a container, hand it in");
	take_away(h, "/dev/vfio/vfio");
	assert_int_equal(check_nic(h, "'-l', '0'", true), -ENODEV);
	says(h, "there is no /dev/vfio/vfio: modprobe vfio");
}

/* access(2) lets root do everything, so another user tries. */
static void vfios_devices_must_take_this_user(void **state)
{
	struct host *h = *state;
	char full[256];

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(h->root, 0755), 0);
	snprintf(full, sizeof(full), "%s/dev/vfio/12", h->root);
	assert_int_equal(chmod(full, 0600), 0);
	snprintf(full, sizeof(full), "%s/dev/vfio/vfio", h->root);
	assert_int_equal(chmod(full, 0666), 0);
	assert_int_equal(setreuid(65534, -1), 0);
	assert_int_equal(check_nic(h, "'-l', '0'", false), -EACCES);
	assert_int_equal(setreuid(0, -1), 0);
	says(h, "is /dev/vfio/12, which this user may not open: a rule of udev lets him");
	says(h, "DeviceAllow=char-vfio rw");
	assert_int_equal(chmod(full, 0600), 0);
	assert_int_equal(setreuid(65534, -1), 0);
	assert_int_equal(check_nic(h, "'-l', '0'", false), -EACCES);
	assert_int_equal(setreuid(0, -1), 0);
	says(h, "needs /dev/vfio/vfio, which this user may not open");
}

static void memory_must_be_locked_for_vfio(void **state)
{
	struct host *h = *state;

	put_file(h->root, "/proc/self/limits",
		 "Max locked memory         8388608              8388608              bytes\n");
	assert_int_equal(check_nic(h, "'-l', '0'", false), -EACCES);
	says(h, "the limit is 8192 KiB: LimitMEMLOCK=infinity of the unit, ulimit -l unlimited");
	assert_int_equal(check_nic(h, "'-l', '0'", true), 0);
}

/* The examples of NICs past the kernel, which no host of a test has. */
static void the_examples_start_on_a_host_that_has_what_they_need(void **state)
{
	static const char *const names[] = {"vfio", "mlx5"};
	struct host *h = *state;
	struct mcr_settings *s;
	char path[256], yaml[4096];

	put_file(h->root, PAGES "free_hugepages", "512\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		FILE *in;

		snprintf(path, sizeof(path), "%s/%s.yaml", MCR_EXAMPLES, names[i]);
		in = fopen(path, "r");
		assert_non_null(in);
		yaml[fread(yaml, 1, sizeof(yaml) - 1, in)] = '\0';
		fclose(in);
		s = settings_of(h, yaml);
		assert_int_equal(mcr_eal_check_hugepages(s, false, h->root, &h->err), 0);
		assert_int_equal(mcr_eal_check_pci(s, &s->interfaces[0], false, h->root, &h->err),
				 0);
		mcr_settings_destroy(s);
	}
}

#define ON_HOST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_HOST(what_is_there_passes),
	    ON_HOST(hugepages_that_nobody_asks_for_are_not_missed),
	    ON_HOST(too_few_hugepages_are_counted_in_mebibytes),
	    ON_HOST(pages_in_use_count_unless_a_file_may_give_them_back),
	    ON_HOST(a_nic_on_a_node_without_hugepages_is_named),
	    ON_HOST(hugetlbfs_must_be_mounted_unless_nobody_needs_it),
	    ON_HOST(hugetlbfs_must_take_this_user),
	    ON_HOST(a_nic_that_is_not_there_is_named),
	    ON_HOST(a_nic_of_the_kernels_is_answered_with_what_takes_it),
	    ON_HOST(a_nic_without_a_driver_needs_one),
	    ON_HOST(uio_is_for_root_alone),
	    ON_HOST(without_an_iommu_the_ways_out_are_said),
	    ON_HOST(vfios_devices_must_be_there),
	    ON_HOST(vfios_devices_must_take_this_user),
	    ON_HOST(memory_must_be_locked_for_vfio),
	    ON_HOST(the_examples_start_on_a_host_that_has_what_they_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
