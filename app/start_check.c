/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/ring.h"
#include "eal/devices.h"
#include "eal/given.h"
#include "eal/hugepages.h"
#include "eal/lcores.h"
#include "eal/pci.h"
#include "engine/os/memory_limit.h"
#include "engine/plan/channel_config.h"
#include "engine/plan/port_wish.h"
#include "engine/plan/querier_config.h"
#include "engine/plan/relay_config.h"
#include "settings/fail.h"
#include "start_check.h"

/* ---- devices ---- */

/* This does not look in /sys, which may belong to another network namespace (nsenter --net). */
static int is_taken(const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (void *)&info};
	int fd, ret;

	if (if_nametoindex(name) == 0)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	ret = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	/* A device without a driver, such as lo, is not a tap device either. */
	return ret == 0 ? strcmp(info.driver, "tun") != 0 : errno == EOPNOTSUPP;
}

/* A tap device of this name may belong to the engine that runs now. */
static int check_kernel_name(const struct mcr_interface_setting *i, struct mcr_error *err)
{
	const char *name = i->config.kernel;

	if (!name[0] || !is_taken(name))
		return 0;
	mcr_fail(err, -EEXIST,
		 "interface '%s': kernel=%s: there is a network device of this name already: "
		 "choose another name, or remove it (ip link del %s)",
		 i->config.name, name, name);
	return mcr_settings_locate(i->origin, err, -EEXIST);
}

static int check_router(const struct mcr_interface_setting *i, struct mcr_error *err)
{
	int ret = mcr_querier_config_check(&i->config, err);

	if (ret == 0)
		ret = mcr_relay_config_check(&i->config, err);
	return ret < 0 ? mcr_settings_locate(i->origin, err, ret) : 0;
}

static int check_relay(const struct mcr_settings *s, struct mcr_error *err)
{
	struct mcr_interface_config *all = calloc(s->n_interfaces + 1, sizeof(*all));
	int ret;

	if (!all)
		return mcr_fail_memory(err);
	for (size_t i = 0; i < s->n_interfaces; i++)
		all[i] = s->interfaces[i].config;
	ret = mcr_relay_config_check_all(all, s->n_interfaces, err);
	free(all);
	return ret;
}

int mcr_router_check(const struct mcr_settings *s, struct mcr_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < s->n_interfaces; i++)
		ret = check_router(&s->interfaces[i], err);
	return ret < 0 ? ret : check_relay(s, err);
}

static int check_interfaces(const struct mcr_settings *s, const char *root, struct mcr_error *err)
{
	int ret = 0;

	if (s->n_interfaces == 0)
		return mcr_fail(err, -EINVAL,
				"no interface: give one with --interface NAME=PORT, or in the file "
				"that --config names");
	for (size_t i = 0; ret == 0 && i < s->n_interfaces; i++) {
		ret = mcr_eal_check_port(s, &s->interfaces[i], root, err);
		if (ret == 0)
			ret = mcr_eal_check_pci(s, &s->interfaces[i], geteuid() == 0, root, err);
		if (ret == 0)
			ret = check_kernel_name(&s->interfaces[i], err);
	}
	return ret < 0 ? ret : mcr_router_check(s, err);
}

/* ---- lcores ---- */

/* Without EAL's arguments, the lcores that the settings name stand for all. */
static void add_named(struct mcr_placement *p, unsigned lcore)
{
	if (mcr_placement_find(p, lcore) < 0 && p->n < MCR_LCORES_MAX)
		p->lcores[p->n++] = lcore;
}

static struct mcr_placement all_named(const struct mcr_settings *s)
{
	struct mcr_placement p = {.n = 0};

	for (size_t i = 0; i < s->n_interfaces; i++)
		for (unsigned k = 0; k < s->interfaces[i].config.n_lcores; k++)
			add_named(&p, s->interfaces[i].config.lcores[k]);
	for (size_t i = 0; i < s->n_channels; i++)
		if (s->channels[i].config.has_lcore)
			add_named(&p, s->channels[i].config.lcore);
	return p;
}

/* Checks the wishes of all interfaces of a port together, once: for its first interface. */
static int check_port(const struct mcr_settings *s, size_t first, const struct mcr_placement *p,
		      struct mcr_error *err)
{
	const char *port = s->interfaces[first].config.port;
	struct mcr_port_wish wish = {0};
	int ret = 0;

	for (size_t i = 0; i < first; i++)
		if (strcmp(s->interfaces[i].config.port, port) == 0)
			return 0;
	for (size_t i = first; ret == 0 && i < s->n_interfaces; i++) {
		if (strcmp(s->interfaces[i].config.port, port) != 0)
			continue;
		ret = mcr_port_wish_add(&wish, p, &s->interfaces[i].config, err);
		if (ret < 0)
			mcr_settings_locate(s->interfaces[i].origin, err, ret);
	}
	return ret;
}

static int check_lcores(const struct mcr_settings *s, const struct mcr_placement *rx,
			struct mcr_error *err)
{
	struct mcr_placement p = rx->n ? *rx : all_named(s);
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < s->n_interfaces; i++)
		ret = check_port(s, i, &p, err);
	for (size_t i = 0; ret == 0 && i < s->n_channels; i++) {
		ret = mcr_placement_check_pin(&p, &s->channels[i].config, err);
		if (ret < 0)
			mcr_settings_locate(s->channels[i].origin, err, ret);
	}
	return ret;
}

/* ---- memory ---- */

/* Returns whether an engine answers, or may: one of another user. */
static bool is_running(const struct mcr_settings *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ret;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", s->engine.run_dir);
	ret = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&address, sizeof(address));
	ret = ret == 0 || errno == EACCES || errno == EAGAIN;
	if (fd >= 0)
		close(fd);
	return ret;
}

int mcr_ring_memory_check(const struct mcr_channel_config *const *channels, size_t n,
			  unsigned n_lcores, int whole, const char *root, struct mcr_error *err)
{
	struct mcr_ring_need rings[MCR_CHANNELS_MAX];
	struct mcr_memory_need need = {.rings = rings, .n_rings = (unsigned)n, .whole = whole};
	unsigned at_least = n_lcores ? n_lcores : 1;
	char who[96];

	for (size_t i = 0; i < n; i++) /* rings of programs are compared when they attach */
		rings[i] = (struct mcr_ring_need){mcr_ring_footprint(channels[i]->bytes),
						  channels[i]->per_program ? 0 : at_least};
	if (n == 1)
		snprintf(who, sizeof(who), "channel \"%s\"", channels[0]->name);
	else
		snprintf(who, sizeof(who), "%zu channels", n);
	snprintf(who + strlen(who), sizeof(who) - strlen(who), ", %u receiving lcore%s%s", at_least,
		 at_least > 1 ? "s" : "", n_lcores ? "" : " or more");
	need.who = who;
	return mcr_memory_check(&need, root, err);
}

/* A second process maps EAL's memory by the files that it is in, and may write to all of it. The
 * files' mode lets in whoever runs mcring: that must not be a user who runs other programs, too. */
static int check_pdump(const struct mcr_settings *s, struct mcr_error *err)
{
	static const char *const options[] = {"--no-huge", "--in-memory", "--no-shconf",
					      "--huge-unlink"};
	const char *value;

	for (size_t i = 0; s->engine.pdump.value && i < s->n_eal; i++)
		for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++)
			if (mcr_eal_given(s, i, options[k], &value))
				return mcr_fail(
				    err, -EINVAL,
				    "pdump: no process can attach with EAL's %s: take it out, or "
				    "capture with mcring-watch --record or mcring-cat --format "
				    "pcapng, which need neither hugepages nor root",
				    options[k]);
	if (s->engine.pdump.value && geteuid() != 0)
		return mcr_fail(err, -EPERM,
				"pdump: mcring does not run as root, and other programs of its "
				"user could write to its memory: run it as root, or capture with "
				"mcring-watch --record or mcring-cat --format pcapng");
	return 0;
}

int mcr_start_check(const struct mcr_settings *s, const char *root, struct mcr_error *err)
{
	const struct mcr_channel_config *channels[MCR_CHANNELS_MAX];
	struct mcr_placement rx;
	int ret = check_interfaces(s, root, err);

	if (ret == 0)
		ret = check_pdump(s, err);
	if (ret < 0)
		return ret;
	if (mcr_settings_memberships(s) > MCR_MEMBERSHIPS_MAX)
		return mcr_fail(err, -EINVAL, "more than %d groups joined at a time",
				MCR_MEMBERSHIPS_MAX);
	ret = mcr_eal_lcores(&rx, s, root, err);
	if (ret >= 0)
		ret = check_lcores(s, &rx, err);
	if (ret >= 0)
		ret = mcr_eal_check_hugepages(s, is_running(s), root, err);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < s->n_channels; i++)
		channels[i] = &s->channels[i].config;
	return mcr_ring_memory_check(channels, s->n_channels, rx.n, is_running(s), root, err);
}
