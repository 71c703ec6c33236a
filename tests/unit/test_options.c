/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "engine/plan/port_wish.h"
#include "options.h"
#include "settings/values.h"

#define ARGS(...) ((const char *[]){"mcring", __VA_ARGS__, NULL})

struct parsed {
	struct mcr_options o;
	struct mcr_settings *s;
	struct mcr_error err;
	int ret;
};

static void parse(struct parsed *p, const char **argv)
{
	int argc = 0;

	memset(p, 0, sizeof(*p));
	while (argv[argc])
		argc++;
	p->s = mcr_settings_create();
	assert_non_null(p->s);
	p->ret = mcr_options_parse(&p->o, p->s, argc, (char *const *)argv, &p->err);
}

static void done(struct parsed *p)
{
	mcr_settings_destroy(p->s);
}

static void arguments_before_the_dashes_are_eals(void **state)
{
	struct parsed p;

	parse(&p, ARGS("-l", "0-1", "--vdev=net_null0", "--", "--name", "md"));
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.s->n_eal, 3);
	assert_string_equal(p.s->eal[1], "0-1");
	assert_string_equal(p.s->engine.name, "md");
	done(&p);
}

static void without_dashes_every_argument_is_our_own(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--check", "--config", "a.yaml"));
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.s->n_eal, 0);
	assert_int_equal(p.o.action, MCR_ACTION_CHECK);
	assert_string_equal(p.o.config, "a.yaml");
	done(&p);
	parse(&p, ARGS("--standby"));
	assert_int_equal(p.o.action, MCR_ACTION_STANDBY);
	done(&p);
}

static void help_and_version_win_over_what_follows(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--help"));
	assert_int_equal(p.o.action, MCR_ACTION_HELP);
	done(&p);
	parse(&p, ARGS("-l", "0", "--", "--version", "--bogus"));
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.o.action, MCR_ACTION_VERSION);
	done(&p);
}

static void an_interface_takes_all_its_keys(void **state)
{
	struct parsed p;
	const struct mcr_interface_config *cfg;

	parse(&p, ARGS("--", "--interface",
		       "lan=net_af_packet0,address=10.1.2.3/24,vlan=7,igmp=2,"
		       "tx=never,kernel=md0,udp-checksum=verify,igmp-strict=yes,igmp-robustness=3,"
		       "igmp-robustness-floor=2,igmp-compat-timeout=30,igmp-repeat=never,"
		       "queues=4,lcores=3/4,hw-time=synced,pieces=on"));
	assert_string_equal(p.err.text, "");
	assert_int_equal(p.ret, 0);
	cfg = &p.s->interfaces[0].config;
	assert_string_equal(cfg->name, "lan");
	assert_string_equal(cfg->port, "net_af_packet0");
	assert_int_equal(mcr_address_ipv4_be(cfg->address), inet_addr("10.1.2.3"));
	assert_int_equal(cfg->prefix_len, 24);
	assert_int_equal(cfg->vlan, 7);
	assert_int_equal(cfg->igmp, MCR_IGMP_V2);
	assert_int_equal(cfg->igmp_strict, 1);
	assert_int_equal(cfg->igmp_robustness, 3);
	assert_int_equal(cfg->igmp_robustness_floor, 2);
	assert_int_equal(cfg->igmp_compat_timeout_s, 30);
	assert_int_equal(cfg->igmp_repeat_s, UINT32_MAX);
	assert_int_equal(cfg->n_queues, 4);
	assert_int_equal(cfg->n_lcores, 2);
	assert_int_equal(cfg->lcores[0], 3);
	assert_int_equal(cfg->lcores[1], 4);
	assert_int_equal(cfg->hw_time, MCR_HW_TIME_SYNCED);
	assert_int_equal(cfg->pieces, MCR_PIECES_ON);
	assert_int_equal(cfg->tx_never, 1);
	assert_string_equal(cfg->kernel, "md0");
	assert_int_equal(cfg->udp_checksum, MCR_UDP_CHECKSUM_VERIFY);
	done(&p);
}

static void hw_time_is_spelled_as_the_engine_says_it(void **state)
{
	struct parsed p;
	unsigned n = 0;

	for (const char *name; (name = mcr_hw_time_name(n)); n++) {
		char text[64];

		snprintf(text, sizeof(text), "lan=net_null0,hw-time=%s", name);
		parse(&p, ARGS("--", "--interface", text));
		assert_string_equal(p.err.text, "");
		assert_int_equal(p.s->interfaces[0].config.hw_time, n);
		done(&p);
	}
	assert_int_equal(n, MCR_HW_TIME_EXABLAZE_HPT + 1);
}

static void the_intervals_of_a_querier_are_seconds(void **state)
{
	const struct mcr_interface_config *cfg;
	struct parsed p;

	parse(&p, ARGS("--interface",
		       "lan=0,querier=auto,mld-querier=on,querier-version=2,query-interval=60,"
		       "query-response-interval=2.5,startup-query-interval=15,"
		       "last-member-query-interval=0.25,fast-leave=yes"));
	assert_int_equal(p.ret, 0);
	cfg = &p.s->interfaces[0].config;
	assert_int_equal(cfg->querier, MCR_QUERIER_AUTO);
	assert_int_equal(cfg->mld_querier, MCR_QUERIER_ON);
	assert_int_equal(cfg->querier_version, 2);
	assert_int_equal(cfg->query_interval_s, 60);
	assert_int_equal(cfg->query_response_interval_ms, 2500);
	assert_int_equal(cfg->startup_query_interval_ms, 15000);
	assert_int_equal(cfg->last_member_query_interval_ms, 250);
	assert_int_equal(cfg->fast_leave, 1);
	done(&p);
}

static void a_channel_takes_sizes_with_suffixes(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--channel", "md,bytes=4M,lcore=2,consumers=3,user=1,user=root,group=5",
		       "--channel", "x"));
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.s->n_channels, 2);
	assert_int_equal(p.s->channels[0].config.bytes, 4 << 20);
	assert_int_equal(p.s->channels[0].config.consumers_max, 3);
	assert_int_equal(p.s->channels[0].config.has_lcore, 1);
	assert_int_equal(p.s->channels[0].config.lcore, 2);
	assert_int_equal(p.s->channels[1].config.has_lcore, 0);
	assert_int_equal(p.s->channels[0].config.readers.n_uids, 2);
	assert_int_equal(p.s->channels[0].config.readers.uids[0], 1);
	assert_int_equal(p.s->channels[0].config.readers.uids[1], 0);
	assert_int_equal(p.s->channels[0].config.readers.gids[0], 5);
	assert_int_equal(p.s->channels[1].config.bytes, 0);
	assert_int_equal(p.s->channels[1].config.readers.n_uids, 0);
	done(&p);
}

static void scalars_and_joins_are_kept(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--join", "239.1.1.1:5000", "--join", "239.1.1.2,id=3", "--idle", "adaptive",
		       "--keep-memberships", "--run-dir", "/tmp/x", "--attach",
		       "mode=0600,consumers-per-user=2", "--attach", "group=7", "--log-level",
		       "warning"));
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.s->joins.n, 2);
	assert_int_equal(p.s->joins.items[1].id, 3);
	assert_int_equal(p.s->engine.idle.value, MCR_IDLE_ADAPTIVE);
	assert_int_equal(p.s->engine.keep_memberships.value, 1);
	assert_string_equal(p.s->engine.run_dir, "/tmp/x");
	assert_int_equal(mcr_settings_attach(p.s).mode, 0600);
	assert_int_equal(mcr_settings_attach(p.s).gid, 7);
	assert_int_equal(mcr_settings_attach(p.s).consumers_max, 0);
	assert_int_equal(mcr_settings_attach(p.s).consumers_per_uid, 2);
	assert_int_equal(p.s->engine.log_level.value, MCR_LOG_WARNING);
	done(&p);
}

struct bad {
	const char *args[4];
	const char *expected; /* a part of the message */
};

static void a_mistake_says_what_stood_there_and_what_was_expected(void **state)
{
	struct bad bad[] = {
	    {{"mcring", "-l", "0", NULL},
	     "'-l' is an option of EAL: these stand before a '--', and mcring's own behind it"},
	    {{"mcring", "--", "--vdev=net_null0", NULL}, "'--vdev=net_null0' is an option of EAL"},
	    {{"mcring", "--config=m.yaml", "--", NULL},
	     "'--config=m.yaml' is an option of mcring: these stand behind a '--', and EAL's "
	     "before it"},
	    {{"mcring", "-name", "lab", NULL}, "unknown option '-name' (did you mean --name?)"},
	    {{"mcring", "--interfaec", "lan=0", NULL},
	     "unknown option '--interfaec' (did you mean --interface?): see mcring --help"},
	    {{"mcring", "--", "--bogus", NULL}, "unknown option '--bogus': see mcring --help"},
	    {{"mcring", "--", "239.1.1.1", NULL},
	     "'239.1.1.1' has no option in front of it, such as --join"},
	    {{"mcring", "--config", NULL}, "--config needs a value"},
	    {{"mcring", "--name", "a/b", NULL}, "--name: 'a/b' is not a name"},
	    {{"mcring", "--name", "..", NULL}, "--name: '..' is not a name"},
	    {{"mcring", "--interface", "lan", NULL}, "--interface: 'lan': expected NAME=PORT"},
	    {{"mcring", "--interface", "lan=", NULL}, "--interface: '': expected a DPDK device"},
	    {{"mcring", "--interface", "lan=0,vlan=4095", NULL},
	     "--interface: vlan '4095': expected a number from 0 to 4094"},
	    {{"mcring", "--interface", "lan=0,address=239.1.1.1/8", NULL},
	     "--interface: address '239.1.1.1/8' is a group: expected the address of this host; "
	     "groups "
	     "are joined (--join)"},
	    {{"mcring", "--interface", "lan=0,tx", NULL}, "'tx': expected KEY=VALUE"},
	    {{"mcring", "--interface", "lan=0,mtu=9", NULL}, "unknown key 'mtu': expected address"},
	    {{"mcring", "--interface", "lan=0,scope=none", NULL},
	     "unknown key 'scope': did you mean scopes?"},
	    {{"mcring", "--interface", "lan=0,rpf_sources=10.0.0.0/8", NULL},
	     "unknown key 'rpf_sources': did you mean rpf-sources?"},
	    {{"mcring", "--interface", "lan=0,rolls=upstream", NULL},
	     "unknown key 'rolls': did you mean role?"},
	    {{"mcring", "--interface", "lan=0,colour=red", NULL}, "'colour': expected address"},
	    {{"mcring", "--interface", "lan=0,queues=65", NULL},
	     "--interface: queues '65': expected a number from 1 to 64"},
	    {{"mcring", "--interface", "lan=0,hw-time=yes", NULL},
	     "--interface: hw-time 'yes': expected off, on, synced, metamako or exablaze-hpt"},
	    {{"mcring", "--interface", "lan=0,lcores=3/", NULL},
	     "--interface: lcores '': expected a number from 0 to 1023"},
	    {{"mcring", "--interface", "lan=0,lcores=3/4/3", NULL}, "lcore 3 stands here twice"},
	    {{"mcring", "--interface",
	      "lan=0,lcores=00000000000000000000000000000000000000000000000000000000000000000001"
	      "000000000000000000000000000000000000000000000000000000000000000000",
	      NULL},
	     "...': too long"},
	    {{"mcring", "--interface", "lan=0,role=router", NULL},
	     "role 'router': expected upstream or downstream"},
	    {{"mcring", "--interface", "lan=0,forward-when=on", NULL},
	     "forward-when 'on': expected querier, always or never"},
	    {{"mcring", "--interface", "lan=0,ttl-threshold=0", NULL},
	     "ttl-threshold '0': expected a number from 1 to 255"},
	    {{"mcring", "--interface", "lan=0,scopes=239.0.0.0/8+none", NULL},
	     "scopes 'none': 'none' stands alone"},
	    {{"mcring", "--interface", "lan=0,scopes=none+239.0.0.0/8", NULL},
	     "scopes '239.0.0.0/8': 'none' stands alone"},
	    {{"mcring", "--interface", "lan=0,scopes=none+none", NULL}, "'none' stands alone"},
	    {{"mcring", "--interface", "lan=0,scopes=off", NULL},
	     "scopes 'off': expected none, or a prefix of groups, such as 239.255.0.0/16"},
	    {{"mcring", "--interface", "lan=0,rpf-sources=none", NULL},
	     "rpf-sources 'none': expected a prefix, such as 10.1.0.0/16 or 2001:db8::/48"},
	    {{"mcring", "--interface", "lan=0,rpf-sources=10.0.0.0", NULL}, "expected a prefix"},
	    {{"mcring", "--interface", "lan=0,rpf-sources=10.0.0.0/33", NULL},
	     "'10.0.0.0/33': expected a prefix"},
	    {{"mcring", "--interface",
	      "lan=0,scopes=239.1.0.0/16+239.2.0.0/16+239.3.0.0/16+239.4.0.0/16+239.5.0.0/16+"
	      "239.6.0.0/16+239.7.0.0/16+239.8.0.0/16+239.9.0.0/16",
	      NULL},
	     "scopes '239.9.0.0/16': more than 8 of them"},
	    {{"mcring", "--interface", "lan=0,static-groups=239.1.1.1@", NULL},
	     "static-groups '239.1.1.1@': expected GROUP or GROUP@SOURCE"},
	    {{"mcring", "--interface", "lan=0,static-groups=239.1.1.1@::", NULL},
	     "expected GROUP or GROUP@SOURCE"},
	    {{"mcring", "--interface", "lan=0,static-groups=@10.0.0.1", NULL},
	     "expected GROUP or GROUP@SOURCE"},
	    {{"mcring", "--interface", "lan=0,lcores=3-4", NULL},
	     "lcores '3-4': expected a number"},
	    {{"mcring", "--channel", "md,lcore=x", NULL},
	     "--channel: lcore 'x': expected a number"},
	    {{"mcring", "--interface", "lan=0,igmp=4", NULL}, "'4': expected auto, 1, 2, 3 or off"},
	    {{"mcring", "--interface", "lan=0,igmp-robustness=8", NULL},
	     "igmp-robustness '8': expected a number from 1 to 7"},
	    {{"mcring", "--interface", "lan=0,igmp-repeat=0", NULL},
	     "igmp-repeat '0': expected never, or seconds from 1 to 86400"},
	    {{"mcring", "--interface", "lan=0,igmp-compat-timeout=x", NULL},
	     "igmp-compat-timeout 'x': expected auto, or seconds from 1 to 86400"},
	    {{"mcring", "--interface", "lan=0,querier=yes", NULL},
	     "--interface: querier 'yes': expected off, auto or on"},
	    {{"mcring", "--interface", "lan=0,mld-querier-version=3", NULL},
	     "mld-querier-version '3': expected a number from 1 to 2"},
	    {{"mcring", "--interface", "lan=0,query-interval=0.5", NULL},
	     "query-interval '0.5': expected a number from 1 to 31744"},
	    {{"mcring", "--interface", "lan=0,query-response-interval=0", NULL},
	     "query-response-interval '0': expected seconds from 0.001 to 8387.584, with at most "
	     "3"},
	    {{"mcring", "--channel", "md,bytes=100000", NULL},
	     "--channel: bytes '100000': expected a power of two from 65536 to 68719476736"},
	    {{"mcring", "--channel", "md,depth=4096", NULL},
	     "--channel: channel 'md': depth is gone: write bytes=1M (4096 messages of up to "},
	    {{"mcring", "--channel", "md,lcore=2,depth=64K,consumers=3,bytes=16M", NULL},
	     "--channel: channel 'md': depth is gone: write only bytes=32M (65536 messages "},
	    {{"mcring", "--channel", "md,depth=", NULL}, "depth is gone: write bytes=16M, or "},
	    {{"mcring", "--channel", "md,in-depth=64", NULL}, "unknown key 'in-depth': expected "},
	    {{"mcring", "--channel", "md,bytes=1T", NULL},
	     "bytes '1T': expected a number, or one "},
	    {{"mcring", "--run-dir", "here", NULL}, "--run-dir: 'here': expected an absolute path"},
	    {{"mcring", "--idle", "lazy", NULL}, "--idle: 'lazy': expected busy or adaptive"},
	    {{"mcring", "--attach", "mode=0888", NULL},
	     "--attach: mode '0888': expected permission"},
	    {{"mcring", "--attach", "0660", NULL}, "--attach: '0660': expected KEY=VALUE"},
	    {{"mcring", "--attach", "owner=0", NULL}, "unknown key 'owner': expected mode, group"},
	    {{"mcring", "--channel", "md,user=no-such-user", NULL},
	     "--channel: user 'no-such-user': the system knows no such name"},
	    {{"mcring", "--channel", "md,consumers=0", NULL},
	     "consumers '0': expected a number from 1 to 1024"},
	    {{"mcring", "--join", "10.1.1.1", NULL}, "--join: "},
	};
	struct parsed p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		parse(&p, bad[i].args);
		assert_true(p.ret < 0);
		if (!strstr(p.err.text, bad[i].expected))
			fail_msg("'%s' lacks '%s'", p.err.text, bad[i].expected);
		assert_null(strchr(p.err.text, '\n'));
		done(&p);
	}
}

static void only_programs_join_into_a_channel_for_each_program(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--interface", "a=0", "--channel", "p,per-program=yes", "--join",
		       "239.1.1.1,channel=p"));
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.s->channels[0].config.per_program, 1);
	assert_int_equal(mcr_settings_complete(p.s, &p.err), -EINVAL);
	assert_string_equal(p.err.text, "join '239.1.1.1,interface=a,channel=p': only the programs "
					"themselves join into channel p");
	done(&p);
}

static void a_name_or_a_port_is_used_once(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--interface", "lan=0", "--interface", "lan=1"));
	assert_string_equal(p.err.text,
			    "--interface: interface 'lan' is defined already, on the command line");
	done(&p);
	parse(&p, ARGS("--interface", "a=0", "--interface", "b=0"));
	assert_non_null(strstr(p.err.text, "port 0 with VLAN 0 is interface 'a' already"));
	done(&p);
	parse(&p, ARGS("--interface", "a=0", "--interface", "b=0,vlan=5"));
	assert_int_equal(p.ret, 0);
	done(&p);
}

static void a_join_finds_the_only_interface_and_the_default_channel(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--interface", "lan=0", "--join", "239.1.1.1:5000"));
	assert_int_equal(mcr_settings_complete(p.s, &p.err), 0);
	assert_string_equal(p.s->joins.items[0].interface, "lan");
	assert_string_equal(p.s->joins.items[0].channel, "default");
	assert_string_equal(p.s->engine.run_dir, "/run/mcring/mcring");
	assert_int_equal(p.s->n_channels, 1);
	assert_string_equal(p.s->channels[0].config.name, "default");
	done(&p);
}

static void a_join_without_an_interface_is_refused_when_there_are_several(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--interface", "a=0", "--interface", "b=1", "--join", "239.1.1.1:5000"));
	assert_true(mcr_settings_complete(p.s, &p.err) < 0);
	assert_string_equal(p.err.text, "join '239.1.1.1:5000': name the interface, one of: a, b");
	done(&p);
	parse(&p, ARGS("--interface", "a=0", "--join", "239.1.1.1,interface=b"));
	assert_true(mcr_settings_complete(p.s, &p.err) < 0);
	assert_non_null(strstr(p.err.text, "no such interface; there are: a"));
	done(&p);
	parse(&p, ARGS("--join", "239.1.1.1"));
	assert_true(mcr_settings_complete(p.s, &p.err) < 0);
	assert_non_null(strstr(p.err.text, "there is no interface"));
	done(&p);
}

static void joins_make_their_channels_unless_channels_are_declared(void **state)
{
	struct parsed p;

	parse(&p, ARGS("--interface", "a=0", "--join", "239.1.1.1,channel=md", "--join",
		       "239.1.1.2,channel=md"));
	assert_int_equal(mcr_settings_complete(p.s, &p.err), 0);
	assert_int_equal(p.s->n_channels, 1);
	assert_string_equal(p.s->channels[0].config.name, "md");
	done(&p);
	parse(&p, ARGS("--interface", "a=0", "--channel", "md", "--join", "239.1.1.1,channel=mx"));
	assert_true(mcr_settings_complete(p.s, &p.err) < 0);
	assert_non_null(strstr(p.err.text, "no such channel (did you mean md?); there are: md"));
	done(&p);
}

static void sizes_do_not_overflow(void **state)
{
	uint64_t value;

	assert_int_equal(mcr_value_size(&value, "17179869183G", NULL), 0);
	assert_true(value == 17179869183ull << 30);
	assert_true(mcr_value_size(&value, "17179869184G", NULL) < 0);
	assert_true(mcr_value_size(&value, "18446744073709551616", NULL) < 0);
	assert_true(mcr_value_size(&value, "-1", NULL) < 0);
	assert_true(mcr_value_size(&value, "1KK", NULL) < 0);
	assert_true(mcr_value_size(&value, "", NULL) < 0);
}

static void seconds_have_up_to_three_decimals(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
		const char *again;
	} good[] = {
	    {"0.001", 1, "0.001"},  {"0.5", 500, "0.5"},     {"0.50", 500, "0.5"},
	    {"10", 10000, "10"},    {"10.000", 10000, "10"}, {"31.25", 31250, "31.25"},
	    {"100", 100000, "100"}, {"007.1", 7100, "7.1"},
	};
	static const char *const bad[] = {"",
					  "0",
					  "0.0005",
					  "0.0010",
					  "1.",
					  ".5",
					  "1.2.3",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "1s",
					  "1e3",
					  "0x1",
					  "1,5",
					  "100.001",
					  "18446744073709551616",
					  "18446744073709552",
					  "18446744073709551.616"};
	uint64_t ms = 0;
	char again[32];
	struct mcr_error err;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(mcr_value_seconds(&ms, good[i].text, 1, 100000, &err), 0);
		assert_int_equal(ms, good[i].ms);
		mcr_value_print_seconds(again, sizeof(again), ms);
		assert_string_equal(again, good[i].again);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (mcr_value_seconds(&ms, bad[i], 1, 100000, &err) == 0)
			fail_msg("'%s' is %llu ms", bad[i], (unsigned long long)ms);
	assert_int_equal(mcr_value_seconds(&ms, "100.001", 1, 100000, &err), -EINVAL);
	assert_string_equal(err.text, "'100.001': expected seconds from 0.001 to 100, with at most "
				      "3 decimals");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arguments_before_the_dashes_are_eals),
	    cmocka_unit_test(without_dashes_every_argument_is_our_own),
	    cmocka_unit_test(help_and_version_win_over_what_follows),
	    cmocka_unit_test(an_interface_takes_all_its_keys),
	    cmocka_unit_test(hw_time_is_spelled_as_the_engine_says_it),
	    cmocka_unit_test(the_intervals_of_a_querier_are_seconds),
	    cmocka_unit_test(a_channel_takes_sizes_with_suffixes),
	    cmocka_unit_test(scalars_and_joins_are_kept),
	    cmocka_unit_test(a_mistake_says_what_stood_there_and_what_was_expected),
	    cmocka_unit_test(only_programs_join_into_a_channel_for_each_program),
	    cmocka_unit_test(a_name_or_a_port_is_used_once),
	    cmocka_unit_test(a_join_finds_the_only_interface_and_the_default_channel),
	    cmocka_unit_test(a_join_without_an_interface_is_refused_when_there_are_several),
	    cmocka_unit_test(joins_make_their_channels_unless_channels_are_declared),
	    cmocka_unit_test(sizes_do_not_overflow),
	    cmocka_unit_test(seconds_have_up_to_three_decimals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
