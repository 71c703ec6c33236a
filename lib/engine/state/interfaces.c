/* SPDX-License-Identifier: BSD-3-Clause */
/* The interfaces as a whole: made, given a new address, asked how their groups stand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/attach_wire.h"
#include "core/error.h"
#include "engine/plan/relay_config.h"
#include "engine/state/interfaces.h"
#include "engine/state/log.h"
#include "engine/state/ports.h"
#include "engine/state/publish.h"
#include "engine/state/relay_ports.h"
#include "engine/state/state.h"

/* Bifurcated drivers (mlx5) and those on top of the kernel's own interface. */
static void warn_shared(const struct mcr_engine *e, const struct mcr_interface_config *config,
			const struct mcr_port *port)
{
	if (config->kernel[0] != '\0' && port->netdev_index != 0)
		mcr_engine_log(
		    e, MCR_LOG_WARNING,
		    "interface %s: the kernel keeps its own interface on port %s (%s), so "
		    "it gets what is sent to it anyway, and with kernel=%s twice: kernel= "
		    "is for ports that are taken from the kernel",
		    config->name, port->name, port->driver, config->kernel);
}

static int check_configs(const struct mcr_engine_config *cfg, struct mcr_error *err)
{
	if (cfg->n_interfaces == 0)
		return mcr_error_set(err, -EINVAL,
				     "no interface: name one with --interface NAME=PORT");
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const char *name = cfg->interfaces[i].name;
		int ret = mcr_interface_check(&cfg->interfaces[i], err);

		if (ret < 0)
			return ret;
		for (unsigned k = 0; k < i; k++)
			if (strcmp(cfg->interfaces[k].name, name) == 0)
				return mcr_error_set(err, -EINVAL,
						     "two interfaces are named \"%s\"", name);
	}
	return mcr_relay_config_check_all(cfg->interfaces, cfg->n_interfaces, err);
}

int mcr_engine_create_interfaces(struct mcr_engine *e, const struct mcr_engine_config *cfg,
				 struct mcr_error *err)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	int ret = check_configs(cfg, err);

	if (ret == 0)
		mcr_engine_foresee_relay(e, cfg);
	for (unsigned i = 0; ret == 0 && i < cfg->n_interfaces; i++) {
		const struct mcr_interface_config *config = &cfg->interfaces[i];
		struct mcr_port *port;

		ret = mcr_engine_port_of(e, cfg, config, &port, err);
		if (ret == 0)
			ret = mcr_interface_init(&e->interfaces[i], config, port, (uint8_t)i,
						 now_ns, err);
		if (ret < 0)
			break;
		warn_shared(e, config, port);
		e->n_interfaces++;
	}
	return ret;
}

int mcr_engine_follow_mtus(struct mcr_engine *e)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < e->n_interfaces; i++)
		ret = mcr_interface_set_mtu(&e->interfaces[i], mcr_clock_now_monotonic());
	return ret;
}

/* The subnets of the relay's interfaces may not come to overlap. */
static int check_address(const struct mcr_engine *e, size_t at,
			 const struct mcr_interface_config *changed, struct mcr_error *err)
{
	int ret = mcr_interface_check(changed, err);

	for (size_t i = 0; ret == 0 && i < e->n_interfaces; i++)
		if (i != at)
			ret = mcr_relay_config_check_pair(&e->interfaces[i].config, changed, err);
	return ret;
}

int mcr_engine_interface_address(struct mcr_engine *e, const char *interface,
				 struct mcr_address address, uint8_t prefix_len,
				 struct mcr_error *err)
{
	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_interface *it = &e->interfaces[i];
		struct mcr_interface_config changed = it->config, config;
		int ret;

		if (strcmp(changed.name, interface) != 0)
			continue;
		if (mcr_address_is_ipv6(address)) {
			changed.address6 = address;
			changed.prefix6_len = prefix_len;
		} else {
			changed.address = address;
			changed.prefix_len = prefix_len;
		}
		ret = check_address(e, i, &changed, err);
		if (ret < 0)
			return ret;
		config = it->config;
		it->config = changed;
		ret = mcr_engine_publish(e, e->table, NULL);
		if (ret < 0) {
			it->config = config;
			return mcr_error_set(err, ret, "interface \"%s\": no memory", interface);
		}
		mcr_interface_announce(it, 0, mcr_clock_now_monotonic());
		if (e->state == MCR_ENGINE_RUNNING)
			mcr_engine_renew_interfaces(e);
		return 0;
	}
	return mcr_error_set(err, -ENOENT, "no interface \"%s\"", interface);
}

void mcr_engine_group_filter(const struct mcr_engine *e, const struct mcr_group *g,
			     struct mcr_filter_state *out)
{
	const struct mcr_interface *i = &e->interfaces[g->interface];

	mcr_filter_port_state(i->port->filtered, i->config.vlan, g->group, out);
}

_Static_assert(sizeof(((struct mcr_wire_interface *)0)->netdev) == MCR_DEVICE_NAME_MAX &&
		   sizeof(((struct mcr_wire_interface *)0)->kernel) == MCR_DEVICE_NAME_MAX,
	       "a device's name fits");

int mcr_engine_wire_interface(void *engine, uint32_t index, struct mcr_wire_interface *out)
{
	const struct mcr_engine *e = engine;
	const struct mcr_interface *it;
	const struct mcr_port *port;

	if (index >= e->n_interfaces)
		return -ENOENT;
	it = &e->interfaces[index];
	port = it->port;
	*out = (struct mcr_wire_interface){
	    .dpdk_port = port->id,
	    .vlan = it->config.vlan,
	    .prefix_len = it->config.prefix_len,
	    .address = it->config.address,
	};
	snprintf(out->name, sizeof(out->name), "%s", it->config.name);
	snprintf(out->port, sizeof(out->port), "%s", port->name);
	memcpy(out->netdev, port->seen.netdev.name, sizeof(out->netdev));
	memcpy(out->kernel, it->config.kernel, sizeof(out->kernel));
	return 0;
}
