/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal/devices.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "eal/given.h"
#include "eal/host_files.h"
#include "engine/plan/limits.h"
#include "settings/fail.h"

#define NAME_SHOWN 64

/* ---- virtual devices ---- */

/* The next --vdev from argument *i on: NAME,KEY=VALUE...; NULL: there is none. */
static const char *next_vdev(const struct mcr_settings *s, size_t *i)
{
	const char *devargs;

	while (*i < s->n_eal)
		if (mcr_eal_given(s, (*i)++, "--vdev", &devargs) && devargs)
			return devargs;
	return NULL;
}

static void name_of(char name[NAME_SHOWN], const char *devargs)
{
	snprintf(name, NAME_SHOWN, "%.*s", (int)strcspn(devargs, ","), devargs);
}

/* Writes "; there are: net_null0, net_null1", or nothing. */
static const char *there_are(const struct mcr_settings *s, char *buf, size_t cap)
{
	const char *devargs;
	size_t used = 0, i = 0;

	buf[0] = '\0';
	while (used < cap && (devargs = next_vdev(s, &i)))
		used += (size_t)snprintf(buf + used, cap - used, "%s%.*s",
					 used ? ", " : "; there are: ", (int)strcspn(devargs, ","),
					 devargs);
	return buf;
}

/* Some drivers name ports that no --vdev makes: those of hyperv, and representors such as
 * net_0000:01:00.0_representor_0. */
static bool is_of_a_driver(const char *port)
{
	return strstr(port, "_vsc") || strstr(port, "_representor") || strchr(port, ':');
}

static int check_virtual(const struct mcr_settings *s, const struct mcr_interface_config *c,
			 struct mcr_error *err)
{
	struct mcr_nearest search = mcr_nearest_to(c->port);
	char names[160], name[NAME_SHOWN], nearest[NAME_SHOWN], hint[MCR_NEAREST_HINT];
	const char *devargs;

	if (is_of_a_driver(c->port) || s->n_eal == 0)
		return 0;
	for (size_t i = 0; i < s->n_eal; i++)
		if (strstr(s->eal[i], c->port))
			return 0;
	for (size_t i = 0; (devargs = next_vdev(s, &i));) {
		const unsigned before = search.name ? search.distance : UINT_MAX;

		name_of(name, devargs);
		mcr_nearest_try(&search, name);
		if (search.name && search.distance < before)
			strcpy(nearest, name);
		search.name = search.name ? nearest : NULL;
	}
	return mcr_fail(err, -EINVAL,
			"interface '%s': no --vdev of EAL's arguments makes port %s%s%s: give it "
			"one, or another port",
			c->name, c->port, mcr_nearest_hint(hint, &search),
			there_are(s, names, sizeof(names)));
}

/* ---- interfaces of the kernel ---- */

/* A name as the kernel and udev give it: eth0, eno1, enp1s0f0, lo. */
static bool looks_like_the_kernels(const char *name)
{
	static const char *const starts[] = {"eth",  "eno", "enp",  "ens",  "enx", "ib",
					     "bond", "br",  "veth", "vlan", "wlp", "wlan"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0 &&
		    isxdigit((unsigned char)name[strlen(starts[i])]))
			return true;
	return strcmp(name, "lo") == 0;
}

/* eth0.5 is VLAN 5 of eth0. Cuts it off; returns 0 when there is none. */
static unsigned cut_vlan(char *name)
{
	char *dot = strrchr(name, '.'), *end;
	unsigned long vlan;

	if (!dot || !isdigit((unsigned char)dot[1]))
		return 0;
	vlan = strtoul(dot + 1, &end, 10);
	if (*end || vlan == 0 || vlan > MCR_VLAN_ID_MAX)
		return 0;
	*dot = '\0';
	return (unsigned)vlan;
}

/* Writes what a link of /sys/class/net/NAME points to, without its folders. */
static bool link_of(char *out, size_t cap, const char *root, const char *name, const char *link)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, link);
	return mcr_host_link(out, cap, root, path);
}

/* A NIC's own driver of DPDK needs its PCI address and, but for a few, the NIC for itself. */
static const char *past_the_kernel(char *buf, size_t cap, const char *root, const char *name,
				   const char *key)
{
	char pci[32], driver[32];

	buf[0] = '\0';
	if (!link_of(pci, sizeof(pci), root, name, "device") || !mcr_is_pci(pci))
		return buf;
	if (link_of(driver, sizeof(driver), root, name, "device/driver") &&
	    (strncmp(driver, "mlx", 3) == 0 || strcmp(driver, "mana") == 0))
		snprintf(buf, cap, "; or, past the kernel, %s%s alone (%s is shared with it)", key,
			 pci, driver);
	else
		snprintf(buf, cap,
			 "; or, past the kernel, which loses it: dpdk-devbind.py "
			 "--bind=vfio-pci %s, and %s%s",
			 pci, key, pci);
	return buf;
}

/* Writes the name of the net_af_packet device on an interface. Returns whether there is one. */
static bool find_packet_device(char name[NAME_SHOWN], const struct mcr_settings *s,
			       const char *netdev)
{
	char iface[NAME_SHOWN + 16];
	unsigned n = 0;
	const char *devargs;

	snprintf(iface, sizeof(iface), ",iface=%s", netdev);
	for (size_t i = 0; (devargs = next_vdev(s, &i));) {
		const char *at = strstr(devargs, iface);

		name_of(name, devargs);
		if (at && (at[strlen(iface)] == '\0' || at[strlen(iface)] == ','))
			return true;
		n += strncmp(devargs, "net_af_packet", strlen("net_af_packet")) == 0;
	}
	snprintf(name, NAME_SHOWN, "net_af_packet%u", n);
	return false;
}

static int refuse_kernels(const struct mcr_settings *s, const struct mcr_interface_setting *i,
			  const char *root, struct mcr_error *err)
{
	const bool is_file = i->origin.file != NULL;
	char netdev[sizeof(i->config.port)], device[NAME_SHOWN], key[MCR_NAME_MAX + 16], vlan[24],
	    vdev[3 * NAME_SHOWN], past[200], names[160];
	unsigned id;

	strcpy(netdev, i->config.port);
	id = cut_vlan(netdev);
	snprintf(key, sizeof(key), is_file ? "port: " : "--interface %s=", i->config.name);
	vlan[0] = vdev[0] = '\0';
	if (id > 0)
		snprintf(vlan, sizeof(vlan), is_file ? ", vlan: %u" : ",vlan=%u", id);
	if (!find_packet_device(device, s, netdev))
		snprintf(vdev, sizeof(vdev), "give EAL --vdev=%s,iface=%s, and ", device, netdev);
	return mcr_fail(
	    err, -EINVAL,
	    "interface '%s': %s is a network interface of the kernel, and not a port of "
	    "DPDK: %swrite %s%s%s%s%s",
	    i->config.name, i->config.port, vdev, key, device, vlan,
	    past_the_kernel(past, sizeof(past), root, netdev, key),
	    there_are(s, names, sizeof(names)));
}

int mcr_eal_check_port(const struct mcr_settings *s, const struct mcr_interface_setting *interface,
		       const char *root, struct mcr_error *err)
{
	const char *port = interface->config.port;
	char name[NAME_SHOWN];
	const char *devargs;
	int ret = 0;

	for (size_t i = 0; (devargs = next_vdev(s, &i));) {
		name_of(name, devargs);
		if (strcmp(name, port) == 0)
			return 0;
	}
	if (strncmp(port, "net_", 4) == 0)
		ret = check_virtual(s, &interface->config, err);
	else if (looks_like_the_kernels(port) || if_nametoindex(port) != 0)
		ret = refuse_kernels(s, interface, root, err);
	return ret < 0 ? mcr_settings_locate(interface->origin, err, ret) : 0;
}
