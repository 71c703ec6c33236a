/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow rules. A rule brings a group's datagrams to one queue, so that they stay in order even
 * across ports and sources.
 *
 * On most NICs a rule only steers: the frame must have passed the MAC filter (filter_mac.h) before.
 * There a rule names VLAN and group, no more: datagrams to other ports and from other sources come
 * in anyway, and are dropped in the same place. On an isolated port (MCR_TRAIT_ISOLATE) nothing
 * comes in without a rule. There a rule names source and port as well, what the host itself listens
 * to (IGMP, MLD, neighbour discovery) has rules of its own, and when a group gets no rule, one for
 * the multicast of its family stands in for all-multicast.
 *
 * While a group is joined, a refused rule is not tried again: a group that is in order already
 * gains nothing by moving to another queue. On an isolated port it is tried again once there is
 * room. Thread: device. */
#ifndef MCR_ENGINE_FILTER_FLOW_H
#define MCR_ENGINE_FILTER_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include <rte_flow.h>

#include "core/address.h"

#include "engine/filter/filter_pattern.h"
#include "engine/filter/filter_traits.h"

#define MCR_FLOW_SOURCES 4  /* rules per group; with more sources it gets one rule without */
#define MCR_FLOW_REFUSED 8  /* after so many refusals in a row the port is not asked any more */
#define MCR_FLOW_WHY     80 /* octets of a refusal's text */

/* What is let in: a membership's data, or what the host itself listens to on a VLAN. */
enum mcr_filter_kind {
	MCR_FILTER_GROUP,
	MCR_FILTER_IGMP,
	MCR_FILTER_MLD,
	MCR_FILTER_ND,      /* neighbour discovery in a group: ff02::1, solicited-node groups */
	MCR_FILTER_ROUTERS, /* IGMP or MLD in a group of routers, such as 224.0.0.22: a MAC address,
			     * but no rule, as those of IGMP and MLD bring it */
	MCR_FILTER_ALL,     /* all multicast: a relay takes every group from a downstream
			     * interface. An isolated port lets in UDP alone */
	MCR_FILTER_LOOK,    /* the same for a while, to see what the filter hides */
};

struct mcr_filter_want {
	struct mcr_address group; /* none for IGMP, MLD, all and look */
	uint16_t vlan;            /* 0 = untagged */
	uint8_t kind;             /* enum mcr_filter_kind; up to sources for MCR_FILTER_GROUP */
	uint16_t queue;
	uint16_t udp_port;  /* 0 = any or several */
	uint16_t n_sources; /* that are listed, when only these are wanted; 0 = any */
	struct mcr_address sources[MCR_FLOW_SOURCES]; /* ascending */
	uint8_t is_querier; /* IGMP, MLD: 1 = reports to whatever group are heard, too */
};

/* What a want got. */
struct mcr_filter_rule {
	struct mcr_address group;
	uint16_t vlan, queue;
	uint8_t kind;                   /* enum mcr_filter_kind */
	uint16_t udp_port, wanted_port; /* what the flows have, what was wanted; 0 = any */
	uint8_t n_sources;              /* that were wanted; 0 = any */
	uint8_t n_flows;                /* 0 = refused */
	uint8_t is_new;                 /* since this change */
	uint8_t is_querier;
	struct mcr_address sources[MCR_FLOW_SOURCES];
	struct rte_flow *flows[MCR_FLOW_SOURCES];
	/* Why it was refused; "" = it was not. MLD with a reason and a flow: only what is sent to
	 * all nodes comes in or, with is_querier, to routers. */
	char why[MCR_FLOW_WHY];
};

/* An isolated port's groups of one family. */
struct mcr_flow_family {
	struct rte_flow *catch_all; /* for all of its multicast; NULL = none */
	uint8_t is_short;           /* something got no rule that catch_all would let in */
	char why[MCR_FLOW_WHY];     /* why so */
};

struct mcr_filter_flow {
	uint16_t port, n_queues;
	const struct mcr_filter_traits *traits;
	uint8_t isolated;
	uint8_t blocked; /* the port is not asked until a rule comes out */
	uint8_t refused_in_row;
	char why[MCR_FLOW_WHY];        /* the last refusal, or why none is tried; "" = none */
	struct mcr_filter_rule *rules; /* ascending by VLAN, kind, group */
	size_t n_rules;
	size_t n_groups, n_refused;         /* of the kind MCR_FILTER_GROUP; that got no rule */
	size_t n_flows;                     /* in the NIC */
	struct mcr_flow_family families[2]; /* IPv4, IPv6 */
	struct mcr_filter_rule *old;        /* between add and remove */
	size_t n_old;
};

/* mcr_filter_flow_init isolates the port where its driver wants that (MCR_TRAIT_ISOLATE). Call it
 * before the port is configured, so that nothing else ever comes in. */
void mcr_filter_flow_init(struct mcr_filter_flow *f, uint16_t port,
			  const struct mcr_filter_traits *traits);

/* mcr_filter_flow_queues: how many queues the port has. Call it before the first add. */
void mcr_filter_flow_queues(struct mcr_filter_flow *f, uint16_t n_queues);

/* mcr_filter_want_compare orders wants by VLAN, kind and group. */
int mcr_filter_want_compare(const struct mcr_filter_want *a, const struct mcr_filter_want *b);

/* mcr_filter_flow_add makes the rules for wants (ascending and distinct by VLAN, kind, group) that
 * are new or have changed; mcr_filter_flow_remove takes out the rules that are no longer wanted.
 * Between the two the MAC filter changes, so that new rules are there before their frames are let
 * in. add returns 0, or -ENOMEM (unchanged; no remove may follow). */
int mcr_filter_flow_add(struct mcr_filter_flow *f, const struct mcr_filter_want *wants, size_t n);
void mcr_filter_flow_remove(struct mcr_filter_flow *f);

/* mcr_filter_flow_lets_all_in: whether an isolated port lets in all multicast UDP. */
int mcr_filter_flow_lets_all_in(const struct mcr_filter_flow *f);

/* mcr_filter_flow_find: the rule of a group, or NULL. */
const struct mcr_filter_rule *mcr_filter_flow_find(const struct mcr_filter_flow *f, uint16_t vlan,
						   struct mcr_address group);

/* mcr_filter_flow_fini frees the memory. The rules in the NIC end when the device is closed. */
void mcr_filter_flow_fini(struct mcr_filter_flow *f);

#endif
