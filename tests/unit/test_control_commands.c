/* SPDX-License-Identifier: BSD-3-Clause */
/* What each command answers. */
#include <time.h>

#include "control_rig.h"
#include "engine/control/control_reply.h"

static void stats_have_the_account_first_and_every_table(void **state)
{
	static const char *const order[] = {
	    "ok",       "schema",    "name",         "version",    "started_ns",  "now_ns",
	    "received", "delivered", "relayed_only", "punted",     "drops",       "relayed",
	    "ports",    "lcores",    "control",      "interfaces", "channels",    "groups_total",
	    "groups",   "queriers",  "relay",        "consumers",  "drop_samples"};
	struct fixture *f = *state;
	json_t *reply, *sample, *port, *consumer;
	void *iter;

	f->engine.n_groups = 3;
	reply = ask(f, "{\"command\":\"stats\"}");
	assert_true(ok(reply));
	iter = json_object_iter(reply);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_non_null(iter);
		assert_string_equal(json_object_iter_key(iter), order[i]);
		iter = json_object_iter_next(reply, iter);
	}
	assert_null(iter);
	assert_int_equal(integer(reply, "groups_total"), 3);
	assert_int_equal(integer(reply, "received"), 15);
	assert_int_equal(integer(reply, "relayed_only"), 5);
	assert_int_equal(integer(reply, "relayed"), 7);
	assert_int_equal(integer(json_object_get(reply, "drops"), "unknown_group"), 3);
	assert_int_equal(json_object_size(json_object_get(reply, "drops")), MCR_DROP_COUNT);
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), 3);
	assert_int_equal(json_array_size(json_object_get(reply, "lcores")), 1);
	assert_int_equal(
	    integer(json_array_get(json_object_get(reply, "lcores"), 0), "relayed_only"), 5);
	assert_int_equal(integer(json_object_get(reply, "control"), "longest_round_ns"), 2500000);
	assert_int_equal(integer(json_object_get(reply, "control"), "views"), 7);
	port = json_array_get(json_object_get(reply, "ports"), 0);
	assert_int_equal(integer(port, "rx_packets"), INT64_MAX);
	assert_int_equal(integer(port, "rx_last_ns"), 1700000000000000000);
	assert_int_equal(integer(port, "link_since_ns"), 1600000000000000000);
	assert_int_equal(integer(port, "rx_frame_max"), 1982);
	assert_string_equal(json_string_value(json_object_get(port, "hw_time")), "metamako");
	assert_int_equal(integer(port, "hw_time_ok"), 70);
	assert_int_equal(integer(port, "hw_time_none"), 8);
	assert_int_equal(integer(port, "hw_time_bad"), 9);
	assert_true(json_is_null(json_object_get(port, "missed_last_ns")));
	consumer = json_array_get(json_object_get(reply, "consumers"), 0);
	assert_int_equal(integer(consumer, "received_last_ns"), 1650000000000000000);
	assert_true(json_is_null(json_object_get(consumer, "lost_last_ns")));
	assert_int_equal(integer(consumer, "pid"), 4711);
	sample = json_object_get(json_object_get(reply, "drop_samples"), "unknown_group");
	assert_string_equal(json_string_value(json_object_get(sample, "group")), "239.9.9.9");
	assert_int_equal(integer(sample, "len"), 142);
	assert_string_equal(json_string_value(json_object_get(sample, "interface")), "lan");
	assert_string_equal(json_string_value(json_object_get(sample, "destination_mac")),
			    "01:00:5e:09:09:09");
	assert_string_equal(json_string_value(json_object_get(sample, "source_mac")),
			    "02:00:00:00:00:07");
	json_decref(reply);
}

static uint64_t realtime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void stats_and_status_say_who_speaks_and_when(void **state)
{
	static const char *const requests[] = {"{\"command\":\"stats\"}",
					       "{\"command\":\"status\"}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		const uint64_t before_ns = realtime();
		json_t *reply = ask(f, requests[i]);

		assert_string_equal(json_string_value(json_object_get(reply, "name")), "md");
		assert_string_equal(json_string_value(json_object_get(reply, "version")), "1.2.3");
		assert_int_equal(integer(reply, "started_ns"), 7);
		assert_in_range(integer(reply, "now_ns"), before_ns, realtime());
		json_decref(reply);
	}
}

static void status_has_this_hosts_share_of_the_joins(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"status\"}");
	const json_t *shard = json_object_get(reply, "shard");

	assert_true(json_is_null(shard));
	json_decref(reply);
	f->engine.shard = (struct mcr_shard_info){.size = sizeof(f->engine.shard),
						  .me = "b.example.com",
						  .hosts = 3,
						  .copies = 2,
						  .digest = 0xabc,
						  .joins = 5,
						  .joins_of_all = 7};
	reply = ask(f, "{\"command\":\"status\"}");
	shard = json_object_get(reply, "shard");
	assert_string_equal(text_of(shard, "me"), "b.example.com");
	assert_int_equal(integer(shard, "hosts"), 3);
	assert_int_equal(integer(shard, "copies"), 2);
	assert_string_equal(text_of(shard, "digest"), "0000000000000abc");
	assert_int_equal(integer(shard, "joins"), 5);
	assert_int_equal(integer(shard, "joins_of_all"), 7);
	assert_int_equal(integer(shard, "leaving"), 0);
	assert_true(json_is_null(json_object_get(shard, "leave_ns")));
	json_decref(reply);
	f->engine.shard.leaving = 4;
	f->engine.shard.leave_ns = 9;
	reply = ask(f, "{\"command\":\"status\"}");
	shard = json_object_get(reply, "shard");
	assert_int_equal(integer(shard, "leaving"), 4);
	assert_int_equal(integer(shard, "leave_ns"), 9);
	json_decref(reply);
}

static void every_answer_begins_with_ok_and_schema(void **state)
{
	static const char *const requests[] = {"{\"command\":\"status\"}",
					       "{\"command\":\"groups\"}",
					       "{\"command\":\"stats\"}",
					       "{\"command\":\"sockets\"}",
					       "{\"command\":\"feeds\"}",
					       "{\"command\":\"members\"}",
					       "{\"command\":\"routes\"}",
					       "{\"command\":\"reload\"}",
					       "{\"command\":\"join\",\"joins\":[\"239.1.1.1\"]}",
					       "{\"command\":\"nothing\"}",
					       "not JSON"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		json_t *reply = ask(f, requests[i]);
		void *iter = json_object_iter(reply);

		assert_string_equal(json_object_iter_key(iter), "ok");
		assert_int_equal(ok(reply), i < 9);
		assert_string_equal(json_object_iter_key(json_object_iter_next(reply, iter)),
				    "schema");
		assert_int_equal(integer(reply, "schema"), 1);
		json_decref(reply);
	}
}

static json_int_t group_at(const json_t *reply, size_t i)
{
	const json_t *group = json_array_get(json_object_get(reply, "groups"), i);
	unsigned a, b;

	assert_int_equal(
	    sscanf(json_string_value(json_object_get(group, "group")), "239.0.%u.%u", &a, &b), 2);
	return a * 256 + b;
}

static void stats_show_no_more_groups_than_were_asked_for(void **state)
{
	struct fixture *f = *state;
	json_t *reply;

	f->engine.n_groups = 1000;
	reply = ask(f, "{\"command\":\"stats\",\"groups\":100}");
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), 100);
	assert_int_equal(integer(reply, "groups_total"), 1000);
	assert_int_equal(group_at(reply, 0), 1); /* those that the engine chooses */
	assert_int_equal(group_at(reply, 99), 298);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"stats\",\"groups\":0}");
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), 0);
	assert_non_null(json_object_get(reply, "drop_samples"));
	json_decref(reply);
	reply = ask(f, "{\"command\":\"stats\",\"groups\":65536}");
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), 333);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"stats\"}");
	assert_int_equal(json_array_size(json_object_get(reply, "groups")), 1000);
	json_decref(reply);
}

static void what_is_unknown_is_null(void **state)
{
	struct fixture *f = *state;
	json_t *reply, *lan, *group, *igmp;

	f->engine.n_groups = 1;
	reply = ask(f, "{\"command\":\"stats\"}");
	lan = json_array_get(json_object_get(reply, "interfaces"), 0);
	assert_true(json_is_null(json_object_get(lan, "igmp_querier_age_ns")));
	assert_true(json_is_null(json_object_get(lan, "igmp_querier")));
	igmp = json_object_get(lan, "igmp");
	assert_true(json_is_null(json_object_get(igmp, "v1_left_ns")));
	assert_int_equal(json_object_size(json_object_get(igmp, "rx")), MCR_IGMP_RX_KINDS);
	assert_string_equal(json_string_value(json_object_get(lan, "address")), "10.0.0.2");
	group = json_array_get(json_object_get(reply, "groups"), 0);
	assert_true(json_is_null(json_object_get(group, "first_ns")));
	assert_int_equal(integer(group, "joined_ns"), 1700000000000000000);
	json_decref(reply);
}

static void an_interface_says_of_mld_what_it_says_of_igmp(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"stats\"}");
	json_t *lan = json_array_get(json_object_get(reply, "interfaces"), 0);
	json_t *igmp = json_object_get(lan, "igmp"), *mld = json_object_get(lan, "mld"), *value;
	const char *key;

	assert_int_equal(integer(lan, "igmp_version"), 3);
	assert_int_equal(integer(lan, "mld_version"), 2);
	assert_int_equal(integer(lan, "mld_querier_age_ns"), 5);
	assert_string_equal(json_string_value(json_object_get(lan, "mld_querier")), "fe80::1");
	assert_string_equal(json_string_value(json_object_get(lan, "link_local")), "fe80::2");
	assert_string_equal(json_string_value(json_object_get(lan, "link_local_state")), "valid");
	assert_true(json_is_null(json_object_get(lan, "address6")));
	json_object_foreach(igmp, key, value)
	{
		assert_non_null(json_object_get(mld, key));
	}
	assert_int_equal(json_object_size(mld), json_object_size(igmp));
	assert_string_equal(json_string_value(json_object_get(mld, "protocol")), "mld");
	assert_int_equal(integer(json_object_get(mld, "rx"), "query"), 7);
	json_decref(reply);
}

static void an_interface_beside_the_kernel_says_what_went_where(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"stats\"}");
	json_t *lan = json_array_get(json_object_get(reply, "interfaces"), 0);
	json_t *kernel = json_object_get(lan, "kernel");

	assert_string_equal(json_string_value(json_object_get(kernel, "device")), "md0");
	assert_true(json_is_true(json_object_get(kernel, "up")));
	assert_int_equal(integer(kernel, "rx"), 3);
	assert_int_equal(integer(kernel, "rx_dropped"), 0);
	assert_int_equal(integer(kernel, "tx"), 0);
	assert_int_equal(integer(kernel, "tx_dropped"), 4);
	json_decref(reply);
}

static void groups_name_those_of_the_interface_itself(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"groups\"}");
	json_t *own = json_object_get(reply, "own"), *groups;

	assert_int_equal(json_array_size(own), 1);
	assert_string_equal(text_of(json_array_get(own, 0), "interface"), "lan");
	groups = json_object_get(json_array_get(own, 0), "groups");
	assert_int_equal(json_array_size(groups), 2);
	assert_string_equal(json_string_value(json_array_get(groups, 0)), "224.0.0.1");
	assert_string_equal(json_string_value(json_array_get(groups, 1)), "ff02::1");
	json_decref(reply);
}

static void a_join_takes_all_its_texts_as_one_change(void **state)
{
	struct fixture *f = *state;
	json_t *reply =
	    ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.0/30:5000\",\"239.2.1.1,id=4\"]}");

	assert_true(ok(reply));
	assert_int_equal(integer(reply, "joins"), 5);
	assert_int_equal(f->engine.updates, 1);
	assert_int_equal(f->engine.joins.n, 5);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"groups\"}");
	const json_t *last = json_array_get(json_object_get(reply, "joins"), 4);

	assert_string_equal(json_string_value(json_object_get(last, "join")), "239.2.1.1,id=4");
	assert_string_equal(json_string_value(json_object_get(last, "owner")), "operator");
	assert_true(json_is_null(json_object_get(last, "consumer")));
	json_decref(reply);
}

static void a_bad_join_changes_nothing(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.1\",\"10.1.1.1\"]}");

	assert_non_null(strstr(error_of(reply), "10.1.1.1"));
	assert_int_equal(f->engine.joins.n, 0);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.1,channel=no\"]}");
	assert_string_equal(error_of(reply), "no such channel");
	json_decref(reply);
	reply = ask(f, "{\"command\":\"join\",\"joins\":[7]}");
	assert_non_null(strstr(error_of(reply), "a list of join texts"));
	json_decref(reply);
	reply = ask(f, "{\"command\":\"join\",\"joins\":[]}");
	assert_non_null(strstr(error_of(reply), "a list of join texts"));
	json_decref(reply);
	assert_int_equal(f->engine.updates, 0);
}

static void a_leave_removes_what_was_joined(void **state)
{
	struct fixture *f = *state;

	json_decref(ask(f, "{\"command\":\"join\",\"joins\":[\"239.1.1.0/31:5000\"]}"));
	json_decref(ask(f, "{\"command\":\"leave\",\"joins\":[\"239.1.1.1:5000\"]}"));
	assert_int_equal(f->engine.joins.n, 1);
	assert_int_equal(fake_engine_count(&f->engine, "239.1.1.0:5000"), 1);
}

static void reload_reports_and_a_dry_run_says_so(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"reload\"}");

	assert_string_equal(json_string_value(json_object_get(reply, "report")), "joins: +1 -0");
	assert_int_equal(f->dry_runs, 0);
	json_decref(reply);
	json_decref(ask(f, "{\"command\":\"reload\",\"dry_run\":true}"));
	assert_int_equal(f->dry_runs, 1);
	/* its text was cut in the middle of a character */
	reply = ask(f, "{\"command\":\"reload\"}");
	assert_string_equal(error_of(reply), "m.yaml:3: id: 'x?");
	json_decref(reply);
}

static void a_request_that_is_not_understood_whole_is_not_carried_out(void **state)
{
	static const struct {
		const char *request, *why;
	} bad[] = {
	    {"{\"command\":\"reload\",\"dry_run\":\"true\"}",
	     "\"dry_run\": expected true or false, got a string"},
	    {"{\"command\":\"reload\",\"dry_run\":1}", "expected true or false, got a number"},
	    {"{\"command\":\"reload\",\"dry_run\":null}", "expected true or false, got null"},
	    {"{\"command\":\"reload\",\"dryrun\":true}",
	     "unknown member \"dryrun\": reload takes \"dry_run\""},
	    {"{\"command\":\"reload\",\"joins\":[]}", "unknown member \"joins\""},
	    {"{\"command\":[\"reload\"]}", "\"command\": expected a string, got a list"},
	    {"{\"command\":\"join\",\"joins\":\"239.1.1.1\"}", "a list of join texts"},
	    {"{\"command\":\"join\",\"joins\":[\"239.1.1.1\",7]}", "got a number"},
	    {"{\"command\":\"join\",\"joins\":[\"239.1.1.1\"],\"dry_run\":true}",
	     "only a reload can be tried, join is carried out at once"},
	    {"{\"command\":\"join\",\"joins\":[\"239.1.1.1\"],\"channel\":\"md\"}",
	     "unknown member \"channel\": join takes \"joins\""},
	    {"{\"command\":\"status\",\"verbose\":true}", "status takes nothing but"},
	    {"{\"command\":\"stats\",\"groups\":-1}", "\"groups\": expected 0 to 65536"},
	    {"{\"command\":\"stats\",\"groups\":65537}", "\"groups\": expected 0 to 65536"},
	    {"{\"command\":\"stats\",\"groups\":\"9\"}", "expected a whole number, got a string"},
	    {"{\"command\":\"stats\",\"groups\":1.5}", "expected a whole number, got a number"},
	    {"{\"command\":\"stats\",\"group\":1}", "stats takes \"groups\""},
	    {"{\"command\":\"groups\",\"groups\":1}", "groups takes nothing but"},
	    {"{\"command\":\"members\",\"group\":\"239.1.1.1\"}", "members takes nothing but"},
	    {"{\"command\":\"routes\",\"group\":\"239.1.1.1\"}", "routes takes nothing but"},
	};
	struct fixture *f = *state;
	json_t *reply;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reply = ask(f, bad[i].request);
		assert_false(ok(reply));
		assert_non_null(strstr(error_of(reply), bad[i].why));
		json_decref(reply);
	}
	assert_int_equal(f->reloads, 0);
	assert_int_equal(f->engine.joins.n, 0);
	/* mcring-ctl of before says so with every command */
	reply = ask(f, "{\"command\":\"status\",\"dry_run\":false}");
	assert_true(ok(reply));
	json_decref(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(stats_have_the_account_first_and_every_table),
	    CONTROL_TEST(what_is_unknown_is_null),
	    CONTROL_TEST(an_interface_says_of_mld_what_it_says_of_igmp),
	    CONTROL_TEST(an_interface_beside_the_kernel_says_what_went_where),
	    CONTROL_TEST(groups_name_those_of_the_interface_itself),
	    CONTROL_TEST(stats_and_status_say_who_speaks_and_when),
	    CONTROL_TEST(status_has_this_hosts_share_of_the_joins),
	    CONTROL_TEST(every_answer_begins_with_ok_and_schema),
	    CONTROL_TEST(stats_show_no_more_groups_than_were_asked_for),
	    CONTROL_TEST(a_join_takes_all_its_texts_as_one_change),
	    CONTROL_TEST(a_bad_join_changes_nothing),
	    CONTROL_TEST(a_leave_removes_what_was_joined),
	    CONTROL_TEST(reload_reports_and_a_dry_run_says_so),
	    CONTROL_TEST(a_request_that_is_not_understood_whole_is_not_carried_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
