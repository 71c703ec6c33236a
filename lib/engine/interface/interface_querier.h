/* SPDX-License-Identifier: BSD-3-Clause */
/* The queriers of an interface, of IGMP and of MLD, beside its host machines: what they are told,
 * their frames, and the groups of which a querier is a member (RFC 9776 §6, RFC 9777 §7).
 *
 * A query that goes out is heard by this host as by all others: by its own machine and, with
 * kernel=, by the kernel. What this host reports is heard by the querier, as it went out. Thread:
 * control. */
#ifndef MCR_ENGINE_INTERFACE_QUERIER_H
#define MCR_ENGINE_INTERFACE_QUERIER_H

#include "engine/interface/interface.h"

#define MCR_INTERFACE_QUERIER_GROUPS 4 /* of both families */

/* The address that a family's messages come from; none = it has none yet. */
static inline struct mcr_address mcr_interface_source(const struct mcr_interface *i,
						      unsigned family)
{
	return family == MCR_GMP_MLD ? i->mld_source : i->config.address;
}

/* mcr_interface_querier_init makes those that the configuration asks for, on an interface with its
 * host machines. mtu, mtu6: of mcr_querier_config. Returns 0, or with err filled -EINVAL or
 * -ENOMEM. */
int mcr_interface_querier_init(struct mcr_interface *i, uint64_t seed, uint16_t mtu, uint16_t mtu6,
			       uint64_t now_ns, struct mcr_error *err);
void mcr_interface_querier_fini(struct mcr_interface *i);

/* mcr_interface_querier_input: a message of IGMP or MLD, from the IP header on, for the family's
 * querier, if there is one. */
void mcr_interface_querier_input(struct mcr_interface *i, const uint8_t *packet, size_t len,
				 enum mcr_querier_from from, uint64_t now_ns);

/* mcr_interface_querier_poll sends the queries that are due. Returns the next deadline. Once the
 * interface leaves its groups it asks no more. */
uint64_t mcr_interface_querier_poll(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_querier_restart: the link came up, or the address that the family speaks from is
 * another. mcr_interface_querier_follow: the IPv4 address may be another. */
void mcr_interface_querier_restart(struct mcr_interface *i, enum mcr_gmp_family family,
				   uint64_t now_ns);
void mcr_interface_querier_follow(struct mcr_interface *i, uint64_t now_ns);

/* mcr_interface_querier_set_mtu: as of mcr_interface_querier_init. Returns 0 or -EINVAL. */
int mcr_interface_querier_set_mtu(struct mcr_interface *i, uint16_t mtu, uint16_t mtu6);

/* mcr_interface_querier_groups fills groups with those of which the queriers make the host a
 * member. Returns how many. */
size_t mcr_interface_querier_groups(const struct mcr_interface *i,
				    struct mcr_address groups[MCR_INTERFACE_QUERIER_GROUPS]);

/* mcr_interface_querier_has_joined: whether a group is among these. */
int mcr_interface_querier_has_joined(const struct mcr_interface *i, struct mcr_address group);

/* mcr_interface_querier_watch: as mcr_interface_watch, the lines about queriers. */
int mcr_interface_querier_watch(struct mcr_interface *i, uint64_t now_ns, enum mcr_log_level *level,
				char *line, size_t cap);

#endif
