/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal/pci.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eal/given.h"
#include "eal/host_files.h"
#include "settings/fail.h"

#define ADDRESS_MAX 32
#define MIB         (1l << 20)
#define VIRTIO      0x1af4 /* its vendor: DPDK opens the legacy ones without any driver */

struct device {
	const struct mcr_interface_setting *interface;
	const char *root;
	char address[ADDRESS_MAX], driver[32]; /* "" = none */
	bool is_root;
};

__attribute__((format(printf, 4, 5))) static int refuse(const struct device *d, int code,
							struct mcr_error *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mcr_fail(err, code, "interface '%s': %s %s", d->interface->config.name, d->address, text);
	return mcr_settings_locate(d->interface->origin, err, code);
}

static const char *path_of(char path[128], const struct device *d, const char *file)
{
	snprintf(path, 128, "/sys/bus/pci/devices/%s/%s", d->address, file);
	return path;
}

/* Drivers of the kernel that share the device with DPDK's. */
static bool is_shared(const char *driver)
{
	return strncmp(driver, "mlx4_", 5) == 0 || strncmp(driver, "mlx5_", 5) == 0;
}

static bool is_uio(const char *driver)
{
	return strcmp(driver, "uio_pci_generic") == 0 || strcmp(driver, "igb_uio") == 0;
}

/* ---- vfio ---- */

static int check_memlock(const struct device *d, struct mcr_error *err)
{
	char path[PATH_MAX], line[128];
	long bytes = -1;
	FILE *in;

	if (d->is_root)
		return 0;
	snprintf(path, sizeof(path), "%s/proc/self/limits", d->root);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "Max locked memory %ld", &bytes) == 1)
			break;
	if (in)
		fclose(in);
	if (bytes < 0 || bytes >= 64 * MIB) /* "unlimited", or perhaps enough: the kernel knows */
		return 0;
	return refuse(d, -EACCES, err,
		      "needs its memory locked, and the limit is %ld KiB: LimitMEMLOCK=infinity of "
		      "the unit, ulimit -l unlimited",
		      bytes / 1024);
}

static bool may_open(const struct device *d, const char *file)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", d->root, file);
	return access(full, R_OK | W_OK) == 0;
}

/* The node of its group: /dev/vfio/N with an IOMMU, /dev/vfio/noiommu-N without. */
static int check_group(const struct device *d, const char *group, struct mcr_error *err)
{
	char node[64];

	snprintf(node, sizeof(node), "/dev/vfio/%s", group);
	if (!mcr_host_has(d->root, node)) {
		snprintf(node, sizeof(node), "/dev/vfio/noiommu-%s", group);
		if (!mcr_host_has(d->root, node))
			return refuse(d, -ENODEV, err,
				      "has no /dev/vfio/%s: in a container, hand it in", group);
		if (!d->is_root)
			return refuse(d, -EACCES, err,
				      "has no IOMMU, so only root may open %s (CAP_SYS_RAWIO): "
				      "switch the IOMMU on (BIOS; kernel: intel_iommu=on)",
				      node);
	}
	if (may_open(d, node))
		return 0;
	return refuse(d, -EACCES, err,
		      "is %s, which this user may not open: a rule of udev lets him, "
		      "SUBSYSTEM==\"vfio\", GROUP=\"mcring\", MODE=\"0660\"; in a unit also "
		      "DeviceAllow=char-vfio rw",
		      node);
}

static int check_vfio(const struct device *d, struct mcr_error *err)
{
	char group[32], path[128];
	int ret;

	if (!mcr_host_has(d->root, "/dev/vfio/vfio"))
		return refuse(d, -ENODEV, err,
			      "is with vfio-pci, and there is no /dev/vfio/vfio: modprobe vfio; in "
			      "a container, hand it in");
	if (!may_open(d, "/dev/vfio/vfio"))
		return refuse(d, -EACCES, err,
			      "needs /dev/vfio/vfio, which this user may not open; in a unit "
			      "DeviceAllow=/dev/vfio/vfio rw");
	if (!mcr_host_link(group, sizeof(group), d->root, path_of(path, d, "iommu_group")))
		return refuse(
		    d, -ENODEV, err,
		    "has no IOMMU group: switch the IOMMU on (BIOS; kernel: "
		    "intel_iommu=on) or, where any DMA is to be trusted, echo 1 "
		    ">/sys/module/vfio/parameters/enable_unsafe_noiommu_mode, and bind it "
		    "again");
	ret = check_group(d, group, err);
	return ret < 0 ? ret : check_memlock(d, err);
}

/* ---- any device ---- */

static bool is_virtio(const struct device *d)
{
	char path[128], full[PATH_MAX];
	unsigned vendor = 0;
	FILE *in;

	snprintf(full, sizeof(full), "%s%s", d->root, path_of(path, d, "vendor"));
	in = fopen(full, "re");
	if (in && fscanf(in, "%x", &vendor) != 1)
		vendor = 0;
	if (in)
		fclose(in);
	return vendor == VIRTIO;
}

static int check_without_driver(const struct device *d, struct mcr_error *err)
{
	const bool has_vfio = mcr_host_has(d->root, "/sys/bus/pci/drivers/vfio-pci");

	if (is_virtio(d))
		return 0;
	return refuse(d, -ENODEV, err, "has no driver: %sdpdk-devbind.py --bind=vfio-pci %s",
		      has_vfio ? "" : "modprobe vfio-pci, and ", d->address);
}

static int check_device(const struct device *d, struct mcr_error *err)
{
	if (!d->driver[0])
		return check_without_driver(d, err);
	if (strcmp(d->driver, "vfio-pci") == 0)
		return check_vfio(d, err);
	if (is_shared(d->driver))
		return 0;
	if (is_uio(d->driver))
		return d->is_root ? 0
				  : refuse(d, -EACCES, err,
					   "is with %s, for root alone: with vfio-pci other users "
					   "can have it, too",
					   d->driver);
	return refuse(d, -EBUSY, err,
		      "is the kernel's (driver %s): dpdk-devbind.py --bind=vfio-pci %s, and the "
		      "kernel loses its interface",
		      d->driver, d->address);
}

int mcr_eal_check_pci(const struct mcr_settings *s, const struct mcr_interface_setting *interface,
		      bool is_root, const char *root, struct mcr_error *err)
{
	struct device d = {.interface = interface, .root = root, .is_root = is_root};
	const char *ignored;
	char path[128];

	if (s->n_eal == 0 || !mcr_is_pci(interface->config.port))
		return 0;
	snprintf(d.address, sizeof(d.address), "%.31s", interface->config.port);
	for (size_t i = 0; i < s->n_eal; i++)
		if (mcr_eal_given(s, i, "--no-pci", &ignored))
			return refuse(&d, -ENODEV, err, "is not opened: EAL's argument --no-pci");
	if (!mcr_host_has(root, path_of(path, &d, "")))
		return refuse(&d, -ENODEV, err,
			      "is not there: `lspci -D` and `dpdk-devbind.py --status` list them");
	mcr_host_link(d.driver, sizeof(d.driver), root, path_of(path, &d, "driver"));
	return check_device(&d, err);
}
