/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl against the real control socket of an engine that receives nothing. */
#include "ctl_engine.h"

static void status_and_stats_show_the_account_and_tables(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "status");
	assert_int_equal(f->status, 0);
	has(f, "md, started ");
	has(f, "received 15 = delivered 6 (2 of them relayed) + only relayed 5 + punted 1 + "
	       "dropped 3\n"
	       "dropped: unknown_group 3\n");
	has(f, "\nlan1   downstream  querier        yes   no      2  (1)\n"
	       "(1) IPv6: fe80::1 is the querier\n");
	has(f, "02:00:00:00:00:01");
	ctl(f, f->dir, "stats");
	has(f, "239.0.0.1  lan");
	has(f, "\nlan1             21   6        5       4       3             2        1\n");
	has(f, "\nlan igmp refused: groups 7 (of 16384 at most)\n");
	has(f, "\nlast unknown_group: 239.9.9.9:5000 from -, interface lan, vlan 0, MAC "
	       "01:00:5e:09:09:09 from\n  02:00:00:00:00:07, EtherType ");
	has(f, "\nlast wrong_source: [ff15::9]:5000 from [2001:db8::7]:4000, interface lan, ");
	has(f, "\nnet_null0  net_null  02:00:00:00:00:01  down  "); /* and since when */
}

static void sockets_has_a_row_for_each_socket(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "sockets");
	assert_int_equal(f->status, 0);
	has(f, "4711  root   5  239.1.1.1:5000  239.1.1.1        -                -");
	has(f, "4711  root   6  -               -                239.2.2.2        no-route");
	ctl(f, f->dir, "sockets --json");
	has(f, "\"bound\": \"239.1.1.1:5000\"");
}

static void feeds_has_a_row_for_each_line(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "feeds");
	assert_int_equal(f->status, 0);
	has(f, "\nfeed  digest            readers  of an older one\nitch  ");
	has(f, "\nfeed  line  engine  own  channel  joins\n"
	       "itch  A     -       yes  x            4\n"
	       "itch  B     -       no   default      4\n");
	ctl(f, f->dir, "feeds --json");
	has(f, "\"old_readers\": 1");
}

static void members_shows_queriers_groups_and_sources(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "members");
	assert_int_equal(f->status, 0);
	has(f, "\nlan         igmp      on    us            -       12.3        3       2 ");
	has(f, "\nlan igmp ignored: off_subnet 3, records_ssm 2, last off the subnet: 10.9.9.9\n");
	has(f, "\nlan        239.1.0.0  *             3  exclude     260.0  10.0.0.7  ");
	has(f, "\nlan        239.1.0.1  10.0.0.100    -  forwarded   100.0  -  ");
	ctl(f, f->dir, "members --json");
	has(f, "\"last_reporter\": \"10.0.0.7\"");
}

static void routes_shows_those_of_all_groups_or_of_one(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "routes");
	assert_int_equal(f->status, 0);
	has(f, "lan1: counts of 9 flows that came in had to make room for others\n\n");
	has(f, "\n239.2.0.0  *         up  lan1        0  yes      0 ");
	has(f, "\n239.2.0.2  10.0.0.2  up  lan1      200  yes      2 ");
	ctl(f, f->dir, "routes 239.2.0.2");
	has(f, "\n239.2.0.2  10.0.0.2  up  lan1      200  yes      2 ");
	assert_null(strstr(f->out, "239.2.0.0"));
	ctl(f, f->dir, "routes --json 239.2.0.2");
	has(f, "\"bytes\": 20000,");
	assert_null(strstr(f->out, "239.2.0.0"));
	ctl(f, f->dir, "routes 239.2.0.2 --kernel");
	assert_int_equal(strncmp(f->out,
				 "(10.0.0.2,239.2.0.2)             Iif: up         Oifs: lan1  "
				 "State: resolved\n"
				 "  200 packets, 20000 bytes, 2 arrived on wrong iif., Age ",
				 132),
			 0);
}

static void groups_has_the_form_of_netstat_on_demand(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "groups --netstat");
	assert_int_equal(f->status, 0);
	assert_string_equal(f->out, "IPv6/IPv4 Group Memberships\n"
				    "Interface       RefCnt Group\n"
				    "--------------- ------ ---------------------\n"
				    "lan             1      224.0.0.1\n"
				    "lan             3      239.0.0.0\n"
				    "lan             3      239.0.0.1\n"
				    "lan             1      ff02::1\n");
}

static void the_environment_names_the_run_directory_unless_an_option_does(void **state)
{
	struct fixture *f = *state;

	setenv("MCRING_RUN_DIR", f->dir, 1);
	ctl_without_dir(f, "status");
	assert_int_equal(f->status, 0);
	setenv("MCRING_RUN_DIR", "/nowhere", 1);
	ctl(f, f->dir, "status");
	assert_int_equal(f->status, 0);
	ctl_without_dir(f, "status");
	assert_int_not_equal(f->status, 0);
	has(f, "no mcring is running at /nowhere/control (from MCRING_RUN_DIR)");
	ctl_without_dir(f, "--name no-such-engine status");
	has(f, "at /run/mcring/no-such-engine/control:");
	unsetenv("MCRING_RUN_DIR");
}

static void json_is_the_answer_itself(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "--json stats");
	assert_int_equal(f->status, 0);
	assert_int_equal(strncmp(f->out, "{\n  \"schema\": 1,", 16), 0);
	ctl(f, f->dir, "stats --json");
	assert_int_equal(strncmp(f->out, "{\n  \"schema\": 1,", 16), 0);
}

static void joins_and_leaves_go_through(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "join 239.1.1.0/31:5000 239.2.1.1");
	assert_string_equal(f->out, "3 joins added\n");
	ctl(f, f->dir, "groups");
	has(f, "\njoins\n239.1.1.0:5000  operator\n");
	ctl(f, f->dir, "leave 239.2.1.1");
	assert_string_equal(f->out, "1 join removed\n");
	ctl(f, f->dir, "leave 239.2.1.1");
	assert_string_equal(f->out, "mcring-ctl: no such join\n");
	assert_int_equal(WEXITSTATUS(f->status), 1);
}

static void a_dry_run_reaches_the_engine(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "reload --dry-run");
	assert_string_equal(f->out, "would add 1 join\n");
	ctl(f, f->dir, "reload");
	assert_string_equal(f->out, "added 1 join\n");
	ctl(f, f->dir, "--dry-run join 239.2.1.1");
	assert_string_equal(f->out, "mcring-ctl: join: --dry-run is for reload\n");
	assert_int_equal(WEXITSTATUS(f->status), 1);
}

static void consumers_show_where_they_are(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "stats");
	has(f, "\nconsumer   pid  cursor  headroom  lowest  polled ago  received ago  reads\n");
	has(f, "    90        54      32  ");
	ctl(f, f->dir, "--json stats");
	has(f, "\"cursor\": 90");
	has(f, "\"headroom_min\": 32");
	has(f, "\"attach_oldest\": 2,\n");
	has(f, "\"attach_newest\": 3");
}

static void the_longest_round_of_control_shows(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "stats");
	has(f, "\ncontrol rounds  longest round  ago\n"
	       "          1000  2500.0 us      ");
	ctl(f, f->dir, "top --once --interval 0.01");
	has(f, "\ncontrol's longest round\n2500.0 us\n");
}

static void mistakes_are_one_line_and_exit_status_1(void **state)
{
	static const char *const args[] = {"frob",
					   "chekc",
					   "join",
					   "status x",
					   "join 10.1.1.1",
					   "top x",
					   "--count 0 top",
					   "--netstat members",
					   "--netstat top",
					   "--netstat --json groups",
					   "routes 239.1.1.1 239.1.1.2",
					   "routes 10.1.1.1",
					   "groups --kernel",
					   "routes --kernel --json"};
	static const char *const lines[] = {
	    "mcring-ctl: unknown command 'frob': see mcring-ctl --help\n",
	    "mcring-ctl: unknown command 'chekc' (did you mean check?): see mcring-ctl --help\n",
	    "mcring-ctl: join: expected at least one group\n",
	    "mcring-ctl: status: unexpected 'x'\n",
	    "mcring-ctl: ",
	    "mcring-ctl: top: unexpected 'x'\n",
	    "mcring-ctl: --count 0: expected a number above 0\n",
	    "mcring-ctl: members: --netstat is for groups\n",
	    "mcring-ctl: top: --netstat is for groups\n",
	    "mcring-ctl: --netstat and --json: expected one of them\n",
	    "mcring-ctl: routes: unexpected '239.1.1.2'\n",
	    "mcring-ctl: routes: '10.1.1.1': expected a group, such as 239.1.1.1 or ff15::1\n",
	    "mcring-ctl: groups: --kernel is for routes\n",
	    "mcring-ctl: --kernel and --json: expected one of them\n"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		ctl(f, f->dir, args[i]);
		assert_int_equal(WEXITSTATUS(f->status), 1);
		assert_int_equal(strncmp(f->out, lines[i], strlen(lines[i])), 0);
		assert_ptr_equal(strchr(f->out, '\n'), f->out + strlen(f->out) - 1);
	}
}

static void why_prints_the_verdict_and_exits_with_it(void **state)
{
	struct fixture *f = *state;
	json_t *reply;
	int status;

	ctl(f, f->dir, "why --json");
	status = WEXITSTATUS(f->status);
	assert_in_range(status, 0, 2);
	reply = json_loads(f->out, 0, NULL);
	assert_non_null(reply);
	assert_int_equal(json_integer_value(json_object_get(reply, "exit")), status);
	ctl(f, f->dir, "why");
	assert_int_equal(WEXITSTATUS(f->status), status);
	assert_int_equal(strncmp(f->out, json_string_value(json_object_get(reply, "first")), 40),
			 0);
	json_decref(reply);
	ctl(f, f->dir, "why 239.9.9.9:5000@10.0.0.7");
	assert_int_equal(strncmp(f->out, "239.9.9.9:5000", 14), 0);
	ctl(f, f->dir, "why --channel nowhere");
	assert_int_equal(WEXITSTATUS(f->status), 3);
	has(f, "nowhere");
}

static void why_looks_behind_the_filter_and_says_what_it_opened(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "why --open-filter 1");
	assert_in_range(WEXITSTATUS(f->status), 0, 2);
	assert_int_equal(
	    strncmp(f->out, "mcring-ctl: the filter of net_null0 lets everything in for 1 s\n", 63),
	    0);
}

/* 0 to 2 are verdicts. */
static void why_fails_with_exit_status_3(void **state)
{
	static const char *const args[] = {"why --frob", "why a b", "why --netstat",
					   "why --open-filter 0", "--run-dir /nowhere why"};
	static const char *const lines[] = {
	    "mcring-ctl: unknown option '--frob': see mcring-ctl --help\n",
	    "mcring-ctl: why: unexpected 'b': expected one group, as 239.1.1.1:5000@10.0.0.7\n",
	    "mcring-ctl: why: --netstat is for groups\n",
	    "mcring-ctl: --open-filter 0: expected seconds from 1 to 60\n",
	    "mcring-ctl: no mcring is running at /nowhere/control: "};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		ctl(f, f->dir, args[i]);
		assert_int_equal(WEXITSTATUS(f->status), 3);
		if (!strstr(f->out, lines[i]))
			fail_msg("%s", f->out);
		assert_ptr_equal(strchr(f->out, '\n'), f->out + strlen(f->out) - 1);
	}
}

/* What a monitor reads, and its exit status, also when nothing works. */
static void check_prints_a_line_for_a_monitor_in_any_case(void **state)
{
	struct fixture *f = *state;

	ctl(f, "/tmp/mcring-nobody", "check");
	assert_int_equal(WEXITSTATUS(f->status), 2);
	assert_int_equal(
	    strncmp(f->out, "MCRING CRITICAL - no mcring is running at /tmp/mcring-nobody/", 61),
	    0);
	ctl(f, f->dir, "check --json");
	assert_int_equal(WEXITSTATUS(f->status), 3);
	has(f, "MCRING UNKNOWN - a mistake in the command line of mcring-ctl check\n");
	has(f, "mcring-ctl: check prints one line: without --json");
	ctl(f, f->dir, "check a b");
	assert_int_equal(WEXITSTATUS(f->status), 3);
	has(f, "MCRING UNKNOWN - a mistake");
}

static void without_an_engine_it_names_the_path(void **state)
{
	struct fixture *f = *state;

	ctl(f, "/tmp/mcring-nobody", "status");
	assert_int_equal(WEXITSTATUS(f->status), 1);
	assert_non_null(strstr(f->out,
			       "mcring-ctl: no mcring is running at "
			       "/tmp/mcring-nobody/control: start it, or give its --name or "
			       "--run-dir ("));
	assert_ptr_equal(strchr(f->out, '\n'), f->out + strlen(f->out) - 1);
}

/* As mcring-watch, which answers there that it is no engine. */
static void what_has_no_socket_control_is_asked_over_stats(void **state)
{
	struct fixture *f = *state;
	char stats[80];

	snprintf(stats, sizeof(stats), "%s/stats", f->dir);
	assert_int_equal(rename(f->path, stats), 0);
	ctl(f, f->dir, "status");
	assert_int_equal(rename(stats, f->path), 0);
	assert_int_equal(f->status, 0);
	has(f, "received 15");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ENGINE(status_and_stats_show_the_account_and_tables),
	    WITH_ENGINE(sockets_has_a_row_for_each_socket),
	    WITH_ENGINE(feeds_has_a_row_for_each_line),
	    WITH_ENGINE(members_shows_queriers_groups_and_sources),
	    WITH_ENGINE(routes_shows_those_of_all_groups_or_of_one),
	    WITH_ENGINE(groups_has_the_form_of_netstat_on_demand),
	    WITH_ENGINE(the_environment_names_the_run_directory_unless_an_option_does),
	    WITH_ENGINE(json_is_the_answer_itself),
	    WITH_ENGINE(joins_and_leaves_go_through),
	    WITH_ENGINE(a_dry_run_reaches_the_engine),
	    WITH_ENGINE(consumers_show_where_they_are),
	    WITH_ENGINE(the_longest_round_of_control_shows),
	    WITH_ENGINE(mistakes_are_one_line_and_exit_status_1),
	    WITH_ENGINE(why_prints_the_verdict_and_exits_with_it),
	    WITH_ENGINE(why_looks_behind_the_filter_and_says_what_it_opened),
	    WITH_ENGINE(why_fails_with_exit_status_3),
	    WITH_ENGINE(check_prints_a_line_for_a_monitor_in_any_case),
	    WITH_ENGINE(without_an_engine_it_names_the_path),
	    WITH_ENGINE(what_has_no_socket_control_is_asked_over_stats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
