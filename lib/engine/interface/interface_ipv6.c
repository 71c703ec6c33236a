/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/address.h"
#include "engine/interface/interface_ipv6.h"
#include "engine/interface/interface_querier.h"
#include "engine/interface/interface_send.h"

/* ---- what core/nd is told ---- */

/* The kernel's addresses on this interface. */
static const struct mcr_netdev_addresses *kernels(const struct mcr_interface *i)
{
	static const struct mcr_netdev_addresses none;

	if (mcr_kernel_path_is_up(i->kernel))
		return &i->kernel->addresses;
	/* Its VLAN devices are other interfaces. */
	return i->config.vlan == 0 && i->port->has_netdev_mac ? &i->port->seen.addresses : &none;
}

/* ---- what follows ---- */

static void join(struct mcr_interface *i, struct mcr_address group, enum mcr_filter_mode mode,
		 uint64_t now_ns)
{
	/* Without memory neighbours may not find us, as with a report that is lost. */
	if (i->mld)
		mcr_gmp_set_filter(i->mld, group, mode, NULL, 0, now_ns);
}

static int is_among(struct mcr_address address, const struct mcr_address *list, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (mcr_address_is_equal(address, list[k]))
			return 1;
	return 0;
}

static void follow_joined(struct mcr_interface *i, uint64_t now_ns)
{
	struct mcr_address groups[MCR_ND_ADDRESSES];
	size_t n = mcr_nd_groups(&i->nd, groups, 0);

	for (size_t k = 0; k < i->n_joined; k++)
		if (!is_among(i->joined[k], groups, n)) {
			join(i, i->joined[k], MCR_FILTER_INCLUDE, now_ns);
			i->are_groups_new = 1; /* others may have joined it, too */
		}
	for (size_t k = 0; k < n; k++)
		if (!is_among(groups[k], i->joined, i->n_joined))
			join(i, groups[k], MCR_FILTER_EXCLUDE, now_ns);
	memcpy(i->joined, groups, n * sizeof(groups[0]));
	i->n_joined = (uint8_t)n;
}

/* What the port has to let in, earlier than it is joined: RFC 4862 §5.4.2. */
static void follow_own(struct mcr_interface *i)
{
	struct mcr_address own[MCR_INTERFACE_OWN_GROUPS] = {MCR_ADDRESS_ALL_NODES};
	size_t n = i->nd.is_on ? 1 + mcr_nd_groups(&i->nd, own + 1, 1) : 0;

	if (n == i->n_own && memcmp(own, i->own, n * sizeof(own[0])) == 0)
		return;
	memcpy(i->own, own, n * sizeof(own[0]));
	i->n_own = (uint8_t)n;
	i->are_groups_new = 1;
}

static struct mcr_address usable(const struct mcr_nd_address *a)
{
	return a->state == MCR_ND_VALID || a->state == MCR_ND_KERNEL ? a->address
								     : (struct mcr_address){{0}};
}

/* MLD speaks from the link-local address, and reports everything again when that is another: a
 * router ignores what came from :: (RFC 3590 §4). */
static void follow_source(struct mcr_interface *i, uint64_t now_ns)
{
	struct mcr_address source = mcr_nd_source(&i->nd);

	if (!i->mld)
		return;
	mcr_gmp_set_other_address(i->mld, usable(&i->nd.addresses[MCR_ND_ADDRESS6]));
	if (mcr_address_is_equal(source, i->mld_source))
		return;
	i->mld_source = source;
	mcr_gmp_announce(i->mld, source, now_ns);
	mcr_interface_querier_restart(i, MCR_GMP_MLD, now_ns);
}

static void follow(struct mcr_interface *i, uint64_t now_ns)
{
	i->due_ns = 0;
	if (i->is_leaving) /* the leaves go out from where the reports came from */
		return;
	follow_joined(i, now_ns);
	follow_own(i);
	follow_source(i, now_ns);
}

/* ---- what happens ---- */

void mcr_interface_ipv6_init(struct mcr_interface *i, uint64_t seed, uint16_t mtu, uint64_t now_ns)
{
	mcr_nd_init(&i->nd, seed, i->config.dad_off);
	mcr_interface_ipv6_tell(i, 0, mtu, now_ns);
}

void mcr_interface_ipv6_tell(struct mcr_interface *i, int is_wanted, uint16_t mtu, uint64_t now_ns)
{
	const struct mcr_netdev_addresses *k = kernels(i);
	struct mcr_nd_host host = {
	    .mtu = mtu,
	    .address6 = i->config.address6,
	    .kernel = k->list,
	    .n_kernel = k->n,
	};

	memcpy(host.mac, i->port->mac.addr_bytes, sizeof(host.mac));
	host.is_on = !i->config.tx_never && (is_wanted || i->nd.is_on || i->queriers[MCR_GMP_MLD] ||
					     !mcr_address_is_none(host.address6));
	mcr_nd_set_host(&i->nd, &host, now_ns);
	follow(i, now_ns);
}

void mcr_interface_ipv6_restart(struct mcr_interface *i, uint64_t now_ns)
{
	mcr_nd_restart(&i->nd, now_ns);
	follow(i, now_ns);
}

uint64_t mcr_interface_ipv6_poll(struct mcr_interface *i, uint64_t now_ns)
{
	uint64_t due_ns;

	if (i->is_leaving)
		return MCR_ND_NEVER;
	due_ns = mcr_nd_poll(&i->nd, now_ns, mcr_interface_send_probe, i);
	follow(i, now_ns);
	return due_ns;
}

void mcr_interface_ipv6_input(struct mcr_interface *i, const struct mcr_nd_frame *frame,
			      uint64_t now_ns)
{
	mcr_nd_input(&i->nd, frame, mcr_interface_send_answer, i);
	follow(i, now_ns);
}

int mcr_interface_ipv6_has_joined(const struct mcr_interface *i, struct mcr_address group)
{
	return is_among(group, i->joined, i->n_joined);
}
