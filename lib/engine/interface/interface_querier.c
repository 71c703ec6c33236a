/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "core/gmp/gmp_wire.h"
#include "engine/interface/interface_querier.h"
#include "engine/interface/interface_send.h"
#include "engine/plan/querier_config.h"

#define IGMP_DESTINATION 16 /* octets into the IPv4 header */
#define IGMP_SOURCE      12
#define QUERY_MAX        9216 /* octets; the kernel does not hear longer ones, of jumbo frames */

static struct mcr_gmp *host_of(const struct mcr_interface *i, unsigned family)
{
	return family == MCR_GMP_MLD ? i->mld : i->igmp;
}

static unsigned family_of(const uint8_t *packet)
{
	return packet[0] >> 4 == 6 ? MCR_GMP_MLD : MCR_GMP_IGMP;
}

/* ---- the groups ---- */

size_t mcr_interface_querier_groups(const struct mcr_interface *i,
				    struct mcr_address groups[MCR_INTERFACE_QUERIER_GROUPS])
{
	size_t n = 0;

	if (i->queriers[MCR_GMP_IGMP]) {
		groups[n++] = mcr_address_from_ipv4(htobe32(MCR_IPV4_ALL_ROUTERS));
		groups[n++] = mcr_address_from_ipv4(htobe32(MCR_IPV4_IGMPV3_ROUTERS));
	}
	if (i->queriers[MCR_GMP_MLD]) {
		groups[n++] = MCR_ADDRESS_ALL_ROUTERS;
		groups[n++] = MCR_ADDRESS_MLDV2_ROUTERS;
	}
	return n;
}

int mcr_interface_querier_has_joined(const struct mcr_interface *i, struct mcr_address group)
{
	struct mcr_address groups[MCR_INTERFACE_QUERIER_GROUPS];
	size_t n = mcr_interface_querier_groups(i, groups);

	for (size_t k = 0; k < n; k++)
		if (mcr_address_is_equal(groups[k], group))
			return 1;
	return 0;
}

static int join_groups(struct mcr_interface *i, uint64_t now_ns)
{
	struct mcr_address groups[MCR_INTERFACE_QUERIER_GROUPS];
	size_t n = mcr_interface_querier_groups(i, groups);
	int ret = 0;

	for (size_t k = 0; ret == 0 && k < n; k++)
		ret = mcr_gmp_set_filter(host_of(i, mcr_address_is_ipv6(groups[k])), groups[k],
					 MCR_FILTER_EXCLUDE, NULL, 0, now_ns);
	return ret;
}

/* ---- life ---- */

/* Who listens may come and go. */
static void members_changed(void *interface, struct mcr_address group)
{
	const struct mcr_interface *i = interface;

	if (i->members_changed)
		i->members_changed(i->members_ctx, group);
}

static int make(struct mcr_interface *i, unsigned family, uint64_t seed, uint16_t mtu,
		uint64_t now_ns, struct mcr_error *err)
{
	struct mcr_querier_config cfg;
	struct mcr_querier_state state;
	int ret;

	if (!mcr_querier_config_of(&cfg, &i->config, family))
		return 0;
	cfg.seed = seed;
	cfg.mtu = mtu;
	cfg.changed = members_changed;
	cfg.changed_ctx = i;
	ret = mcr_querier_create(&i->queriers[family], &cfg, now_ns);
	if (ret < 0)
		return mcr_error_set(err, ret, "interface \"%s\": cannot start its querier: %s",
				     i->config.name, strerror(-ret));
	mcr_querier_get_state(i->queriers[family], &state);
	i->logged_queriers[family].version = state.version;
	return 0;
}

int mcr_interface_querier_init(struct mcr_interface *i, uint64_t seed, uint16_t mtu, uint16_t mtu6,
			       uint64_t now_ns, struct mcr_error *err)
{
	int ret = make(i, MCR_GMP_IGMP, seed, mtu, now_ns, err);

	if (ret == 0)
		ret = make(i, MCR_GMP_MLD, seed, mtu6, now_ns, err);
	if (ret < 0)
		return ret;
	i->asks_from = i->config.address;
	i->asks_prefix_len = i->config.prefix_len;
	ret = join_groups(i, now_ns);
	return ret < 0 ? mcr_error_set(err, ret,
				       "interface \"%s\": cannot join the groups of its "
				       "querier: %s",
				       i->config.name, strerror(-ret))
		       : 0;
}

void mcr_interface_querier_fini(struct mcr_interface *i)
{
	for (unsigned family = 0; family < RTE_DIM(i->queriers); family++) {
		mcr_querier_destroy(i->queriers[family]);
		i->queriers[family] = NULL;
	}
}

void mcr_interface_querier_restart(struct mcr_interface *i, enum mcr_gmp_family family,
				   uint64_t now_ns)
{
	if (!i->queriers[family])
		return;
	mcr_querier_restart(i->queriers[family], mcr_interface_source(i, family),
			    family == MCR_GMP_MLD ? 0 : i->config.prefix_len, now_ns);
	i->due_ns = 0;
}

void mcr_interface_querier_follow(struct mcr_interface *i, uint64_t now_ns)
{
	if (mcr_address_is_equal(i->asks_from, i->config.address) &&
	    i->asks_prefix_len == i->config.prefix_len)
		return;
	i->asks_from = i->config.address;
	i->asks_prefix_len = i->config.prefix_len;
	mcr_interface_querier_restart(i, MCR_GMP_IGMP, now_ns);
}

int mcr_interface_querier_set_mtu(struct mcr_interface *i, uint16_t mtu, uint16_t mtu6)
{
	int ret = 0;

	if (i->queriers[MCR_GMP_IGMP])
		ret = mcr_querier_set_mtu(i->queriers[MCR_GMP_IGMP], mtu);
	if (ret == 0 && i->queriers[MCR_GMP_MLD])
		ret = mcr_querier_set_mtu(i->queriers[MCR_GMP_MLD], mtu6);
	return ret;
}

/* ---- messages ---- */

/* A packet socket on the port's interface hears what we send there, as if it were the kernel's:
 * leave_watch.h. Reports that are heard twice say the same; a query of our own would look like that
 * of another host with our address. */
static int is_echo(const struct mcr_interface *i, const uint8_t *packet, size_t len)
{
	const struct mcr_gmp_wire *wire = mcr_gmp_wire_of(family_of(packet));
	struct mcr_gmp_message message;

	return wire->parse(&message, packet, len) < MCR_GMP_RX_MALFORMED &&
	       mcr_gmp_kind_of(wire, &message) == MCR_GMP_KIND_QUERY &&
	       mcr_address_is_equal(message.source, mcr_interface_source(i, family_of(packet)));
}

void mcr_interface_querier_input(struct mcr_interface *i, const uint8_t *packet, size_t len,
				 enum mcr_querier_from from, uint64_t now_ns)
{
	struct mcr_querier *q = i->queriers[family_of(packet)];

	if (!q || (from == MCR_QUERIER_FROM_HOST && is_echo(i, packet, len)))
		return;
	mcr_querier_input(q, packet, len, from, now_ns);
	i->due_ns = 0;
}

/* The kernel drops an IPv4 packet that comes from one of its own addresses, as ours may be, before
 * its IGMP sees it. From 0.0.0.0 it takes what is sent to all hosts; which group is asked about is
 * in the message. */
static void ask_kernel(struct mcr_interface *i, const uint8_t *packet, size_t len)
{
	const uint32_t all_hosts_be = htobe32(MCR_IPV4_ALL_HOSTS);
	const struct mcr_gmp_wire *wire = mcr_gmp_wire_of(MCR_GMP_IGMP);
	uint8_t copy[QUERY_MAX];

	if (!mcr_kernel_path_is_up(i->kernel) || len > sizeof(copy))
		return;
	memcpy(copy, packet, len);
	if (family_of(packet) == MCR_GMP_IGMP) {
		memset(copy + IGMP_SOURCE, 0, 4);
		memcpy(copy + IGMP_DESTINATION, &all_hosts_be, 4);
		wire->seal(copy, wire->ip_octets, len);
	}
	mcr_interface_give_kernel(i, copy, len);
}

/* For the callback of mcr_querier_poll. */
struct asking {
	struct mcr_interface *i;
	uint64_t now_ns;
};

static int send_query(void *asking, const uint8_t *packet, size_t len)
{
	const struct asking *a = asking;
	int ret = mcr_interface_send_packet(a->i, packet, len);

	if (ret < 0)
		return ret;
	mcr_gmp_input(host_of(a->i, family_of(packet)), packet, len, a->now_ns);
	ask_kernel(a->i, packet, len);
	return 0;
}

uint64_t mcr_interface_querier_poll(struct mcr_interface *i, uint64_t now_ns)
{
	struct asking asking = {.i = i, .now_ns = now_ns};
	uint64_t due_ns = MCR_QUERIER_NEVER;

	for (unsigned family = 0; !i->is_leaving && family < RTE_DIM(i->queriers); family++)
		if (i->queriers[family])
			due_ns = RTE_MIN(due_ns, mcr_querier_poll(i->queriers[family], now_ns,
								  send_query, &asking));
	return due_ns;
}
