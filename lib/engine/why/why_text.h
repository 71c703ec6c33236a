/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as the answer writes them. */
#ifndef MCR_ENGINE_WHY_TEXT_H
#define MCR_ENGINE_WHY_TEXT_H

#include <stdint.h>

#include <mcring/address.h>

#include "engine/why/why_flows.h"

/* Room for one. */
struct mcr_why_text {
	char text[128];
};

/* mcr_why_age: how long ago something was: "3.2 s", "5 min", "2 h", "3 d". */
struct mcr_why_text mcr_why_age(uint64_t at_ns, uint64_t now_ns);

/* mcr_why_duration: "3.2 s" of a length of time. */
struct mcr_why_text mcr_why_duration(uint64_t ns);

/* mcr_why_time: "12:00:01.234 (3.2 s ago)", in UTC; with its date if it is more than half a day
 * away. */
struct mcr_why_text mcr_why_time(uint64_t at_ns, uint64_t now_ns);

/* mcr_why_address: as mcr_address_format. */
struct mcr_why_text mcr_why_address(struct mcr_address address);

/* mcr_why_group: a group with its port, as in joins; port 0 = none. */
struct mcr_why_text mcr_why_group(struct mcr_address group, uint16_t port);

struct mcr_why_text mcr_why_mac(const uint8_t mac[6]);

/* mcr_why_vlan: "VLAN 5", or "untagged". */
struct mcr_why_text mcr_why_vlan(uint16_t vlan);

/* mcr_why_last: "last 0.2 s ago from 10.0.0.7" of a flow. */
struct mcr_why_text mcr_why_last(const struct mcr_why_flow *flow, uint64_t now_ns);

#endif
