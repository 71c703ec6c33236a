/* SPDX-License-Identifier: BSD-3-Clause */
/* The MAC filter of one port against a driver that mock_nic.h plays: groups are letters. */
#ifndef FILTER_RIG_H
#define FILTER_RIG_H

#include "family_rig.h"
#include "mock_nic.h"

#include "engine/filter/filter.h"

static struct mcr_filter_port f;

static inline struct mcr_address group_of(char letter)
{
	return twin_of(0xef000000u | (uint8_t)letter);
}

/* Another group with the MAC address of that of the letter. */
static inline struct mcr_address alias_of(char letter)
{
	struct mcr_address alias = group_of(letter);

	if (!is_ipv6)
		return ip_of(0xee000000u | (uint8_t)letter);
	alias.octets[11] = 7;
	return alias;
}

/* Wants one group for each letter; "B" is another group with the MAC address of "b". "?" is a
 * querier, "*" a look at what the filter hides. */
static inline void set(const char *letters)
{
	struct mcr_filter_want wants[64] = {0};
	size_t n = strlen(letters);

	for (size_t i = 0; i < n; i++)
		if (letters[i] == '?')
			wants[i] =
			    (struct mcr_filter_want){.kind = MCR_FILTER_IGMP, .is_querier = 1};
		else if (letters[i] == '*')
			wants[i] = (struct mcr_filter_want){.kind = MCR_FILTER_LOOK};
		else
			wants[i].group = letters[i] >= 'a'
					     ? group_of(letters[i])
					     : alias_of((char)(letters[i] - 'A' + 'a'));
	nic.log[0] = '\0';
	assert_int_equal(mcr_filter_port_set(&f, wants, n), 0);
}

static inline struct mcr_filter_state state_of(char letter)
{
	struct mcr_filter_state state;

	mcr_filter_port_state(&f, 0, group_of(letter), &state);
	return state;
}

static inline void start(const char *driver)
{
	mcr_filter_port_fini(&f);
	mcr_filter_port_init(&f, 3, driver);
	mcr_filter_port_queues(&f, 1);
}

static inline int set_up(void **state)
{
	nic_reset();
	nic.list_max = 9;
	nic.slots_max = 5;
	start("net_some");
	return 0;
}

SET_UP_BOTH(set_up)

static inline int tear_down(void **state)
{
	mcr_filter_port_fini(&f);
	nic_reset();
	return 0;
}

#define TEST(name) TEST_BOTH(name, set_up, tear_down)

#define assert_rung(letter, expected, text)                                          \
	do {                                                                         \
		const struct mcr_filter_state s = state_of(letter);                  \
		assert_string_equal(mcr_rung_name(s.rung), mcr_rung_name(expected)); \
		if ((text)[0] == '\0')                                               \
			assert_string_equal(s.reason, "");                           \
		else if (!strstr(s.reason, text))                                    \
			fail_msg("\"%s\" does not say \"%s\"", s.reason, text);      \
	} while (0)

#endif
