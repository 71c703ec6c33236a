/* SPDX-License-Identifier: BSD-3-Clause */
/* A port whose flow rules are asked for in tests, on a driver that mock_nic.h plays. */
#ifndef FLOW_RIG_H
#define FLOW_RIG_H

#include "family_rig.h"
#include "mock_nic.h"

#include "engine/filter/filter.h"

#define QUEUES           4
#define assert_log(text) assert_string_equal(nic.log, twin_text(text))

static struct mcr_filter_port f;
static struct mcr_filter_want wants[16];
static size_t n_wants;

static inline struct mcr_filter_want *want(const char *group, uint16_t queue)
{
	struct mcr_filter_want *w = &wants[n_wants++];

	*w = (struct mcr_filter_want){.group = twin(group), .queue = queue};
	return w;
}

/* IGMP or MLD, as the family has it. */
static inline void want_membership_protocol(uint16_t vlan)
{
	wants[n_wants++] = (struct mcr_filter_want){
	    .vlan = vlan, .kind = is_ipv6 ? MCR_FILTER_MLD : MCR_FILTER_IGMP};
}

/* Tells the wants, and forgets them. */
static inline void set(void)
{
	nic.log[0] = '\0';
	assert_int_equal(mcr_filter_port_set(&f, wants, n_wants), 0);
	n_wants = 0;
}

static inline struct mcr_filter_state state_of(uint16_t vlan, const char *group)
{
	struct mcr_filter_state state;

	mcr_filter_port_state(&f, vlan, twin(group), &state);
	return state;
}

static inline void assert_state(const char *group, enum mcr_rung rung, int queue,
				const char *reason)
{
	const struct mcr_filter_state s = state_of(0, group);

	assert_string_equal(mcr_rung_name(s.rung), mcr_rung_name(rung));
	assert_int_equal(s.queue, queue);
	assert_string_equal(s.reason, reason);
}

static inline void start(const char *driver, uint16_t n_queues)
{
	mcr_filter_port_fini(&f);
	n_wants = 0;
	nic.log[0] = '\0';
	mcr_filter_port_init(&f, 3, driver);
	mcr_filter_port_queues(&f, n_queues);
}

static inline int tear_down(void **state)
{
	mcr_filter_port_fini(&f);
	nic_reset();
	return 0;
}

#endif
