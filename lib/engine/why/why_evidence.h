/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine says of itself, as far as a question needs it: plain copies, from which the rules
 * make a verdict. What is missing in it is unknown, and nothing is concluded from that. */
#ifndef MCR_ENGINE_WHY_EVIDENCE_H
#define MCR_ENGINE_WHY_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/config.h>
#include <mcring/info.h>

#include "engine/why/why_flows.h"
#include "engine/why/why_query.h"
#include "engine/why/why_set.h"

#define MCR_WHY_JOINS_MAX 4096 /* of one group that are looked at */

/* How the groups of an interface are, of one family. */
struct mcr_why_tally {
	size_t groups, flow, stopped, never, fresh;
	size_t with_sources;        /* that name sources */
	uint64_t since_ns;          /* when the first of them was joined */
	struct mcr_address example; /* one that flows; none = no group does */
};

struct mcr_why_interface {
	struct mcr_interface_info info;
	/* Of its configuration. */
	char port_name[64];
	struct mcr_address address, address6;
	uint8_t prefix_len, prefix6_len, igmp, mld, tx_never, udp_checksum, querier, mld_querier;
	uint8_t role;
	uint16_t vlan;
	int port;                      /* index of its port; -1 = unknown */
	struct mcr_why_tally tally[2]; /* IPv4, IPv6 */
};

/* Of the relay: an output of a route of the group that was asked about. */
struct mcr_why_output {
	struct mcr_address source; /* none = any */
	char from[MCR_NAME_MAX], to[MCR_NAME_MAX];
	uint64_t packets, last_ns;
};

#define MCR_WHY_OUTPUTS_MAX 16

struct mcr_why_evidence {
	uint64_t now_ns; /* CLOCK_REALTIME, of the last step */
	struct mcr_why_query query;
	size_t n_ports, n_interfaces, n_channels, n_consumers, n_groups, n_outputs;
	struct mcr_port_info ports[MCR_INTERFACES_MAX];
	uint64_t heard_ns[MCR_INTERFACES_MAX]; /* when an rx lcore last saw a flow at that port, or
						* control a query; 0 = never */
	struct mcr_why_interface interfaces[MCR_INTERFACES_MAX];
	struct mcr_channel_info channels[MCR_CHANNELS_MAX];
	struct mcr_consumer_info *consumers; /* n_consumers */
	struct mcr_account account;
	struct mcr_shard_info shard; /* hosts 0: this host shares its joins with no other */
	struct mcr_drop_sample samples[MCR_DROP_COUNT];
	struct mcr_why_flows flows;

	/* Of the group that was asked about. */
	struct mcr_group_info groups[MCR_INTERFACES_MAX]; /* its memberships */
	struct mcr_join_list joins; /* the first MCR_WHY_JOINS_MAX of its joins ... */
	size_t n_joins;             /* ... of so many */
	int own_on; /* the interface that is a member of it by itself; -1 = none is */
	struct mcr_why_output outputs[MCR_WHY_OUTPUTS_MAX];

	/* Of the channel that was asked about, without a group. */
	struct mcr_why_set wanted;
	size_t n_channel_joins;
};

/* mcr_why_evidence_create: empty. Returns NULL without memory. */
struct mcr_why_evidence *mcr_why_evidence_create(const struct mcr_why_query *query);

void mcr_why_evidence_destroy(struct mcr_why_evidence *evidence);

/* mcr_why_hear notes that something came in by a DPDK port then. */
void mcr_why_hear(struct mcr_why_evidence *evidence, uint16_t dpdk_port, uint64_t at_ns);

/* mcr_why_interface_named: its index, or -1. */
int mcr_why_interface_named(const struct mcr_why_evidence *evidence, const char *name);

/* mcr_why_port_of: the port of an interface, or NULL. */
const struct mcr_port_info *mcr_why_port_of(const struct mcr_why_evidence *evidence, int interface);

/* mcr_why_channel_is: whether a channel is this one, or of one of its programs (per_program). Any
 * is
 * "". */
int mcr_why_channel_is(const char *channel, const char *name);

/* mcr_why_port_name: the name of a DPDK port, or "an unknown port". */
const char *mcr_why_port_name(const struct mcr_why_evidence *evidence, uint16_t dpdk_port);

#endif
