/* SPDX-License-Identifier: BSD-3-Clause */
/* What the relay's keys come to, and what is refused (RFC 4605 §2, §4): as files, which have the
 * keys by the names that users write. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "core/prefix.h"
#include "core/route/route_rpf.h"
#include "core/route/route_scopes.h"
#include "engine/plan/relay_config.h"

#define UP "- {name: up, port: '1', role: upstream}\n"

/* interfaces: what follows the key. Returns the first error of an interface, then of all. */
static int check(const char *interfaces, struct mcr_error *err)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_interface_config all[4];
	char yaml[16384];
	int ret = 0;

	snprintf(yaml, sizeof(yaml), "interfaces:\n%s", interfaces);
	if (mcr_config_parse(s, "m.yaml", yaml, strlen(yaml), err) < 0)
		fail_msg("%s: %s", yaml, err->text);
	for (size_t i = 0; i < s->n_interfaces; i++)
		all[i] = s->interfaces[i].config;
	for (size_t i = 0; ret == 0 && i < s->n_interfaces; i++)
		ret = mcr_relay_config_check(&all[i], err);
	if (ret == 0)
		ret = mcr_relay_config_check_all(all, s->n_interfaces, err);
	mcr_settings_destroy(s);
	return ret;
}

static void takes(const char *interfaces)
{
	struct mcr_error err = {""};

	if (check(interfaces, &err) != 0)
		fail_msg("%s: %s", interfaces, err.text);
	assert_string_equal(err.text, "");
}

static void refuses(const char *interfaces, const char *expected)
{
	struct mcr_error err = {""};

	assert_int_equal(check(interfaces, &err), -EINVAL);
	if (strcmp(err.text, expected) != 0)
		fail_msg("'%s' instead of '%s'", err.text, expected);
}

/* An interface with these keys, a downstream one unless they say another role, and an upstream one
 * beside it. */
#define LAN(keys)  "- {name: lan, port: '0', " keys "}\n"
#define DOWN(keys) LAN("role: downstream, forward_when: always, " keys) UP
#define ERR        "interface \"lan\": "

/* ---- what is in use ---- */

static void has_the_defaults_of_its_role(void **state)
{
	const struct mcr_interface_config none = {.vlan = 0}, up = {.role = MCR_RELAY_UPSTREAM},
					  down = {.role = MCR_RELAY_DOWNSTREAM},
					  silent = {.role = MCR_RELAY_UPSTREAM, .tx_never = 1};
	struct mcr_prefix scopes[MCR_PREFIXES_MAX];
	char text[MCR_PREFIX_TEXT];

	(void)state;
	assert_int_equal(mcr_relay_forward_when(&none), MCR_FORWARD_NEVER);
	assert_int_equal(mcr_relay_forward_when(&up), MCR_FORWARD_ALWAYS);
	assert_int_equal(mcr_relay_forward_when(&down), MCR_FORWARD_QUERIER);
	assert_int_equal(mcr_relay_forward_when(&silent), MCR_FORWARD_NEVER);
	assert_int_equal(mcr_relay_ttl_threshold(&up), 1);
	assert_int_equal(mcr_route_scopes_of(&up, scopes), 1);
	assert_string_equal(mcr_prefix_format(text, scopes[0]), "239.255.0.0/16");
}

static void uses_what_is_given(void **state)
{
	struct mcr_interface_config c = {.role = MCR_RELAY_DOWNSTREAM,
					 .forward_when = MCR_FORWARD_NEVER,
					 .ttl_threshold = 32,
					 .has_scopes = 1};
	struct mcr_prefix scopes[MCR_PREFIXES_MAX];

	(void)state;
	assert_int_equal(mcr_relay_forward_when(&c), MCR_FORWARD_NEVER);
	assert_int_equal(mcr_relay_ttl_threshold(&c), 32);
	assert_int_equal(mcr_route_scopes_of(&c, scopes), 0);
	assert_int_equal(mcr_prefix_parse(&c.scopes[0], "239.0.0.0/8"), 0);
	assert_int_equal(mcr_prefix_parse(&c.scopes[1], "ff15::/16"), 0);
	c.n_scopes = 2;
	assert_int_equal(mcr_route_scopes_of(&c, scopes), 2);
	assert_memory_equal(scopes, c.scopes, 2 * sizeof(scopes[0]));
}

static void sources_are_its_subnets_and_those_behind_them(void **state)
{
	struct mcr_interface_config c = {
	    .role = MCR_RELAY_DOWNSTREAM, .prefix_len = 24, .prefix6_len = 64, .n_rpf_sources = 1};
	struct mcr_prefix sources[MCR_ROUTE_SOURCES_MAX];
	char text[MCR_PREFIX_TEXT];

	(void)state;
	assert_int_equal(mcr_address_parse(&c.address, "10.0.7.9", 8), 0);
	assert_int_equal(mcr_address_parse(&c.address6, "2001:db8::9", 11), 0);
	assert_int_equal(mcr_prefix_parse(&c.rpf_sources[0], "10.8.0.0/16"), 0);
	assert_int_equal(mcr_route_sources_of(&c, sources), 3);
	assert_string_equal(mcr_prefix_format(text, sources[0]), "10.0.7.0/24");
	assert_string_equal(mcr_prefix_format(text, sources[1]), "2001:db8::/64");
	assert_string_equal(mcr_prefix_format(text, sources[2]), "10.8.0.0/16");
}

/* ---- roles ---- */

/* P-1 */
static void has_one_upstream_interface_and_a_downstream_one(void **state)
{
	(void)state;
	takes(LAN("vlan: 1"));
	takes(DOWN("vlan: 1"));
	takes(DOWN("vlan: 1") "- {name: other, port: '2'}\n");
	refuses(UP, "interface \"up\" is role=upstream, and none is downstream: give "
		    "role=downstream to the interfaces towards the members");
	refuses(LAN("role: downstream, forward_when: always"),
		"interface \"lan\" is role=downstream, and none is upstream: give role=upstream to "
		"the interface towards the sources");
	refuses(DOWN("vlan: 1") "- {name: other, port: '2', role: upstream}\n",
		"interface \"other\": role=upstream is of interface \"up\" already, and a proxy "
		"has one upstream interface (RFC 4605 §2)");
}

/* P-2 */
static void is_a_host_upstream(void **state)
{
	(void)state;
	refuses(LAN("role: upstream, querier: on, address: 10.0.0.1/24"),
		ERR "role=upstream cannot be with querier: there the relay is a host, whom a "
		    "router asks (RFC 4605 §3): leave querier out");
	refuses(LAN("role: upstream, mld_querier: auto"),
		ERR "role=upstream cannot be with mld_querier: there the relay is a host, whom a "
		    "router asks (RFC 4605 §3): leave mld_querier out");
	refuses(LAN("role: upstream, forward_when: querier"),
		ERR "forward_when=querier is of role=downstream: give always or never");
	refuses(LAN("role: upstream, forward_when: always, tx: never"),
		ERR "forward_when=always cannot be with tx=never: leave one of them out");
	refuses(LAN("role: upstream, rpf_sources: [10.0.0.0/8]"),
		ERR "rpf_sources is of role=downstream: by the upstream interface come all sources "
		    "that are of no downstream one");
	refuses(LAN("role: upstream, static_groups: [239.1.1.1]"),
		ERR "static_groups is of role=downstream: what is wanted there is joined upstream "
		    "by itself");
	takes("- {name: up, port: '1', role: upstream, tx: never}\n"
	      "- {name: lan, port: '0', role: downstream, forward_when: never}\n");
}

static void is_a_querier_downstream_or_says_when_it_forwards(void **state)
{
	const char *none = ERR "role=downstream forwards while mcring is the querier, and there is "
			       "none: give querier=on or auto (mld_querier for IPv6), or "
			       "forward_when=always";

	(void)state;
	takes(LAN("role: downstream, querier: auto, address: 10.0.0.1/24") UP);
	takes(LAN("role: downstream, mld_querier: on, forward_when: querier") UP);
	takes(LAN("role: downstream, forward_when: never") UP);
	refuses(LAN("role: downstream") UP, none);
	refuses(LAN("role: downstream, forward_when: querier") UP, none);
	refuses(DOWN("tx: never"), ERR "role=downstream cannot be with tx=never: packets are sent "
				       "there");
}

static void keys_of_the_relay_need_a_role(void **state)
{
	static const char *const keys[] = {
	    "forward_when: never", "ttl_threshold: 1",          "loop_guard: on",
	    "scopes: [none]",      "rpf_sources: [10.0.0.0/8]", "static_groups: [239.1.1.1]"};
	char yaml[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(yaml, sizeof(yaml), "- {name: lan, port: '0', %s}\n", keys[i]);
		snprintf(expected, sizeof(expected),
			 ERR "%.*s is of the relay: give role=upstream or role=downstream with it",
			 (int)strcspn(keys[i], ":"), keys[i]);
		refuses(yaml, expected);
	}
}

/* ---- prefixes ---- */

static void prefixes_have_no_bits_behind_their_length(void **state)
{
	(void)state;
	refuses(DOWN("scopes: [239.1.2.0/16]"),
		ERR "scopes: 239.1.2.0/16 has bits behind its length: give 239.1.0.0/16");
	refuses(DOWN("rpf_sources: [10.0.0.0/8, '2001:db8::1/64']"),
		ERR "rpf_sources: 2001:db8::1/64 has bits behind its length: give 2001:db8::/64");
}

static void prefixes_stand_there_once(void **state)
{
	(void)state;
	takes(DOWN("scopes: [239.0.0.0/8, 239.0.0.0/9]"));
	refuses(DOWN("scopes: [239.0.0.0/8, 'ff15::/16', 239.0.0.0/8]"),
		ERR "scopes: 239.0.0.0/8 stands there twice: leave one out");
}

static void scopes_are_ranges_of_groups(void **state)
{
	(void)state;
	takes(DOWN("scopes: [none]"));
	takes(DOWN("scopes: [224.0.0.0/4, 'ff00::/8', 'ff05::/16', 239.1.1.1/32]"));
	refuses(DOWN("scopes: [10.0.0.0/8]"),
		ERR "scopes: 10.0.0.0/8 is no range of groups: give a part of 224.0.0.0/4 or "
		    "ff00::/8");
	refuses(DOWN("scopes: [224.0.0.0/3]"), ERR "scopes: 224.0.0.0/3 is no range of groups: "
						   "give a part of 224.0.0.0/4 or ff00::/8");
}

static void sources_behind_a_lan_are_hosts(void **state)
{
	static const char *const none[] = {
	    "0.0.0.0/8",    "127.0.0.0/16", "169.254.1.0/24", "224.0.0.0/4", "240.0.0.0/4",
	    "239.1.1.1/32", "fe80::/64",    "ff15::/16",      "::1/128",     "::/16"};
	char yaml[256], expected[256];

	(void)state;
	takes(DOWN("rpf_sources: [0.0.0.0/0, '2000::/3', 'fc00::/7', '64:ff9b::/96']"));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(yaml, sizeof(yaml),
			 "- {name: lan, port: '0', role: downstream, forward_when: always, "
			 "rpf_sources: ['%s']}\n" UP,
			 none[i]);
		snprintf(expected, sizeof(expected),
			 ERR "rpf_sources: nothing is relayed from %s: give the addresses of hosts",
			 none[i]);
		refuses(yaml, expected);
	}
	refuses(
	    DOWN("rpf_sources: ['::/0']"), ERR
	    "rpf_sources: ::/0 is more than the hosts' addresses: for all of IPv6 give 2000::/3 "
	    "and fc00::/7");
}

/* ---- static groups ---- */

static void static_groups_can_be_relayed(void **state)
{
	static const char *const bad[][2] = {
	    {"10.0.0.1", "is no group"},
	    {"224.0.0.251", "is never relayed: it belongs to one link"},
	    {"ff02::fb", "is never relayed: it belongs to one link"},
	    {"ff12::fb", "is never relayed: it belongs to one link"},
	    {"ff01::1", "never leaves a host, or has a reserved scope"},
	    {"232.0.0.0@10.0.0.1", "is reserved: nobody sends to it"},
	    {"232.1.1.1", "is source-specific (RFC 4607): give GROUP@SOURCE"},
	    {"ff35::1", "is source-specific (RFC 4607): give GROUP@SOURCE"},
	    {"239.1.1.1@224.0.0.1", "has a source that is no host's address"},
	    {"239.1.1.1@127.0.0.1", "has a source that is no host's address"},
	    {"ff35::1@fe80::1", "has a link-local source: nothing is relayed from it"},
	    {"ff35::1@10.0.0.1", "has a source of the other family"},
	};
	char yaml[256], expected[256];

	(void)state;
	takes(DOWN("static_groups: [239.1.1.1, 224.0.1.1, 239.1.1.1@10.0.0.1, 232.1.1.1@10.0.0.1, "
		   "'ff15::1', 'ff35::1@2001:db8::1', 239.1.1.1@10.0.0.2]"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(yaml, sizeof(yaml),
			 "- {name: lan, port: '0', role: downstream, forward_when: always, "
			 "static_groups: ['%s']}\n" UP,
			 bad[i][0]);
		snprintf(expected, sizeof(expected), ERR "static_groups: %s %s", bad[i][0],
			 bad[i][1]);
		refuses(yaml, expected);
	}
}

static void static_groups_stand_there_once_and_in_no_scope(void **state)
{
	(void)state;
	refuses(DOWN("static_groups: [239.1.1.1, 239.1.1.2, 239.1.1.1]"),
		ERR "static_groups: 239.1.1.1 stands there twice: leave one out");
	refuses(DOWN("static_groups: [239.255.1.1]"), ERR
		"static_groups: 239.255.1.1 is in its scopes (default 239.255.0.0/16), so it is "
		"not relayed there: leave it out, or give other scopes");
	refuses(DOWN("scopes: ['ff35::/16'], static_groups: ['ff35::1@2001:db8::1']"),
		ERR "static_groups: ff35::1@2001:db8::1 is in its scopes (ff35::/16), so it is not "
		    "relayed there: leave it out, or give other scopes");
	takes(DOWN("scopes: [none], static_groups: [239.255.1.1]"));
}

/* ---- the reverse path ---- */

static void a_source_belongs_to_one_interface(void **state)
{
	(void)state;
	takes(DOWN(
	    "address: 10.0.0.1/24, rpf_sources: [10.0.0.0/16]") "- {name: more, port: '2', role: "
								"downstream, forward_when: always, "
								"address: 10.1.0.1/24}\n- {name: "
								"aside, port: '3', address: "
								"10.0.0.9/24}\n");
	refuses(DOWN("address: 10.0.0.1/24") "- {name: more, port: '2', role: downstream, "
					     "forward_when: always, "
					     "rpf_sources: [192.168.0.0/16, 10.0.0.0/8]}\n",
		"interface \"more\": 10.0.0.0/8 has sources in common with 10.0.0.0/24 of "
		"interface \"lan\", and a source belongs to one interface: change address or "
		"rpf_sources of one of them");
	refuses("- {name: up, port: '1', role: upstream, address6: '2001:db8::1/64'}\n"
		"- {name: lan, port: '0', role: downstream, forward_when: always, "
		"rpf_sources: ['2001:db8::/32']}\n",
		"interface \"lan\": 2001:db8::/32 has sources in common with 2001:db8::/64 of "
		"interface \"up\", and a source belongs to one interface: change address or "
		"rpf_sources of one of them");
}

/* ---- what no file can say ---- */

static void refuses_what_an_application_may_not_give(void **state)
{
	struct mcr_interface_config c[] = {
	    {.name = "lan", .role = 3},
	    {.name = "lan", .role = 1, .forward_when = 4},
	    {.name = "lan", .role = 1, .n_scopes = 1},
	    {.name = "lan", .role = 1, .has_scopes = 1, .n_scopes = 9},
	    {.name = "lan", .role = 2, .forward_when = 2, .n_rpf_sources = 9},
	    {.name = "lan", .role = 2, .forward_when = 2, .n_static_groups = 257},
	    {.name = "lan",
	     .role = 2,
	     .forward_when = 2,
	     .address = {{[10] = 0xff, 0xff, 10, 0, 0, 1}}},
	    {.name = "lan",
	     .role = 1,
	     .has_scopes = 1,
	     .n_scopes = 1,
	     .scopes = {{{{[10] = 0xff, 0xff, 224}}, 33}}}};
	static const char *const expected[] = {
	    "unknown role or forward_when",
	    "unknown role or forward_when",
	    "scopes without has_scopes",
	    "scopes: more than 8 prefixes",
	    "rpf_sources: more than 8 prefixes",
	    "more than 256 static_groups",
	    "role=downstream takes sources of its subnet: give the address with its prefix length",
	    "scopes: 224.0.0.0/33: its length is more than 32"};
	struct mcr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		assert_int_equal(mcr_relay_config_check(&c[i], &err), -EINVAL);
		assert_memory_equal(err.text, ERR, strlen(ERR));
		assert_string_equal(err.text + strlen(ERR), expected[i]);
		assert_int_equal(mcr_relay_config_check(&c[i], NULL), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_the_defaults_of_its_role),
	    cmocka_unit_test(uses_what_is_given),
	    cmocka_unit_test(sources_are_its_subnets_and_those_behind_them),
	    cmocka_unit_test(has_one_upstream_interface_and_a_downstream_one),
	    cmocka_unit_test(is_a_host_upstream),
	    cmocka_unit_test(is_a_querier_downstream_or_says_when_it_forwards),
	    cmocka_unit_test(keys_of_the_relay_need_a_role),
	    cmocka_unit_test(prefixes_have_no_bits_behind_their_length),
	    cmocka_unit_test(prefixes_stand_there_once),
	    cmocka_unit_test(scopes_are_ranges_of_groups),
	    cmocka_unit_test(sources_behind_a_lan_are_hosts),
	    cmocka_unit_test(static_groups_can_be_relayed),
	    cmocka_unit_test(static_groups_stand_there_once_and_in_no_scope),
	    cmocka_unit_test(a_source_belongs_to_one_interface),
	    cmocka_unit_test(refuses_what_an_application_may_not_give),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
