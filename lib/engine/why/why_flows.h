/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows that rx lcores have seen, found by the MAC address of their group: so those of a group
 * stand with those of its aliases (RFC 1112 §6.4, RFC 2464 §7). */
#ifndef MCR_ENGINE_WHY_FLOWS_H
#define MCR_ENGINE_WHY_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/sighting.h>
#include <mcring/stats.h>

struct mcr_why_flow {
	struct mcr_address group, source;
	uint16_t port, source_port; /* 0 = could not be read */
	uint16_t vlan, dpdk_port;
	uint16_t interface; /* MCR_DROP_NO_INTERFACE = none */
	uint8_t ttl;        /* 0 = unknown */
	uint8_t dropped;    /* enum mcr_drop, or MCR_DROP_NONE */
	uint32_t len;
	uint8_t destination_mac[6], source_mac[6];
	uint64_t first_ns, last_ns, dropped_ns; /* CLOCK_REALTIME */
	uint64_t seen;
	uint32_t next; /* private: of the same MAC address */
};

/* Private: the flows of some MAC addresses. */
struct mcr_why_chain {
	uint32_t first, length;
};

struct mcr_why_flows {
	struct mcr_why_flow *items;
	size_t n, cap;
	struct mcr_why_chain *chains;
	size_t n_chains; /* a power of two, or 0 */
};

/* mcr_why_flows_length: how many flows a walk with mcr_why_flows_next looks at. */
size_t mcr_why_flows_length(const struct mcr_why_flows *flows, struct mcr_address group);

/* mcr_why_flows_add copies a sighting; one that is unused is passed over. Returns 0 or -ENOMEM. */
int mcr_why_flows_add(struct mcr_why_flows *flows, const struct mcr_sighting *sighting);

/* mcr_why_flows_add_sample adds the last packet that was dropped for a reason, unless its flow is
 * there with that drop. Returns 0 or -ENOMEM. */
int mcr_why_flows_add_sample(struct mcr_why_flows *flows, unsigned reason,
			     const struct mcr_drop_sample *sample);

/* mcr_why_flows_next: the flow after this one (NULL = the first) whose group has the MAC address of
 * `group`, or NULL. */
const struct mcr_why_flow *mcr_why_flows_next(const struct mcr_why_flows *flows,
					      struct mcr_address group,
					      const struct mcr_why_flow *flow);

void mcr_why_flows_clear(struct mcr_why_flows *flows);

/* mcr_why_group_mac: the Ethernet address of a group, as a number (core/address.h). */
uint64_t mcr_why_group_mac(struct mcr_address group);

/* mcr_why_flow_is_dropped: whether all that came of it last was dropped. */
int mcr_why_flow_is_dropped(const struct mcr_why_flow *flow);

#endif
