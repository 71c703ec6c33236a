/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine answers of others: programs and their sockets, queriers and the members they
 * know. */
#include "control_rig.h"

#include <inttypes.h>

#include "engine/attach/declared_feeds.h"
#include "engine/control/control_reply.h"

/* The sockets of the one consumer that there is, as it has reported them. */
static json_t *sockets_of(struct fixture *f, const char *report, json_t **reply)
{
	json_t *program;

	f->engine.sockets = report;
	*reply = ask(f, "{\"command\":\"sockets\"}");
	assert_true(ok(*reply));
	assert_int_equal(json_array_size(json_object_get(*reply, "programs")), 1);
	program = json_array_get(json_object_get(*reply, "programs"), 0);
	assert_int_equal(integer(program, "pid"), 4711);
	assert_int_equal(integer(program, "consumer"), 1);
	if (!report)
		assert_true(json_is_null(json_object_get(program, "reported_age_ns")));
	else
		assert_int_equal(integer(program, "reported_age_ns"), 7);
	return json_object_get(program, "sockets");
}

static void a_program_has_the_sockets_that_it_reports(void **state)
{
	struct fixture *f = *state;
	json_t *reply, *sockets, *first, *second;

	sockets = sockets_of(f, NULL, &reply);
	assert_int_equal(json_array_size(sockets), 0);
	json_decref(reply);
	sockets =
	    sockets_of(f,
		       "fd=5 bound=0.0.0.0:5000 received=10 lost=2 engine=239.1.1.1,239.1.1.2 "
		       "kernel=239.2.2.2 why=refused\nfd=6 bound=[::]:7\n",
		       &reply);
	assert_int_equal(json_array_size(sockets), 2);
	first = json_array_get(sockets, 0);
	second = json_array_get(sockets, 1);
	assert_int_equal(integer(first, "fd"), 5);
	assert_int_equal(integer(first, "received"), 10);
	assert_int_equal(integer(first, "lost"), 2);
	assert_string_equal(json_string_value(json_object_get(first, "engine")),
			    "239.1.1.1,239.1.1.2");
	assert_string_equal(json_string_value(json_object_get(first, "kernel")), "239.2.2.2");
	assert_string_equal(json_string_value(json_object_get(first, "why")), "refused");
	assert_string_equal(json_string_value(json_object_get(second, "bound")), "[::]:7");
	assert_true(json_is_null(json_object_get(second, "received")));
	json_decref(reply);
}

static void feeds_are_shown_with_their_lines_and_readers(void **state)
{
	const char *const texts[] = {"feed itch\ndeclaration moldudp64\nline A engine=md "
				     "channel=x\njoin 239.1.1.0/30\nline B engine=md2\n"
				     "join 239.1.2.0/30\n"};
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"feeds\"}"), *feed, *line;
	struct mcr_feeds *feeds;
	char digest[20];

	assert_int_equal(json_array_size(json_object_get(reply, "feeds")), 0);
	assert_true(json_is_array(json_object_get(reply, "feeds")));
	json_decref(reply);
	assert_int_equal(mcr_feeds_create(&feeds, texts, 1, NULL), 0);
	snprintf(digest, sizeof(digest), "%016" PRIx64, feeds->feeds[0].digest);
	mcr_engine_feeds_put(&f->engine, feeds);
	reply = ask(f, "{\"command\":\"feeds\"}");
	feed = json_array_get(json_object_get(reply, "feeds"), 0);
	assert_string_equal(json_string_value(json_object_get(feed, "name")), "itch");
	assert_string_equal(json_string_value(json_object_get(feed, "declaration")), "moldudp64");
	assert_string_equal(json_string_value(json_object_get(feed, "digest")), digest);
	assert_int_equal(integer(feed, "readers"), 2);
	assert_int_equal(integer(feed, "old_readers"), 1);
	assert_int_equal(json_array_size(json_object_get(feed, "lines")), 2);
	line = json_array_get(json_object_get(feed, "lines"), 1);
	assert_string_equal(json_string_value(json_object_get(line, "name")), "B");
	assert_string_equal(json_string_value(json_object_get(line, "engine")), "md2");
	assert_string_equal(json_string_value(json_object_get(line, "channel")), "default");
	assert_int_equal(integer(line, "joins"), 4);
	assert_true(json_is_false(json_object_get(line, "own")));
	json_decref(reply);
}

static void what_a_program_makes_up_is_left_out(void **state)
{
	static const char *const reports[] = {
	    "",
	    "\n\n",
	    "fd",
	    "fd= =5 =",
	    "fd=x received=-1 lost=1234567890123456789012",
	    "fd=5x uid=0 pid=1 \"fd\":5",
	    "fdx=5 fd =5",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		json_t *reply, *sockets = sockets_of(f, reports[i], &reply), *value;
		const char *key;

		assert_int_equal(json_array_size(sockets), i < 2 ? 0 : 1);
		assert_int_equal(json_object_size(json_array_get(sockets, 0)), i < 2 ? 0 : 7);
		json_object_foreach(json_array_get(sockets, 0), key, value)
		    assert_true(json_is_null(value));
		json_decref(reply);
	}
}

static void a_querier_says_who_asks_and_what_it_heard(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"members\"}");
	json_t *queriers = json_object_get(reply, "queriers"), *igmp, *mld;

	assert_true(ok(reply));
	assert_int_equal(json_array_size(queriers), 2);
	igmp = json_array_get(queriers, 0);
	mld = json_array_get(queriers, 1);
	assert_string_equal(text_of(igmp, "interface"), "lan");
	assert_string_equal(text_of(igmp, "protocol"), "igmp");
	assert_string_equal(text_of(igmp, "mode"), "on");
	assert_string_equal(text_of(igmp, "role"), "us");
	assert_string_equal(text_of(igmp, "querier"), "10.0.0.2");
	assert_true(json_is_null(json_object_get(igmp, "other_left_ns")));
	assert_int_equal(integer(igmp, "next_query_left_ns"), 12345000000);
	assert_int_equal(integer(igmp, "query_interval_ns"), 125000000000);
	assert_int_equal(integer(igmp, "refused_groups"), 7);
	assert_string_equal(text_of(igmp, "last_off_subnet"), "10.9.9.9");
	assert_int_equal(json_object_size(json_object_get(igmp, "rx")), MCR_QUERIER_RX_KINDS);
	assert_int_equal(integer(json_object_get(igmp, "rx"), "off_subnet"), 3);
	assert_string_equal(text_of(mld, "protocol"), "mld");
	assert_string_equal(text_of(mld, "mode"), "auto");
	assert_string_equal(text_of(mld, "querier"), "fe80::1");
	assert_true(json_is_null(json_object_get(mld, "next_query_left_ns")));
	assert_int_equal(json_object_size(igmp), json_object_size(mld));
	json_decref(reply);
	reply = ask(f, "{\"command\":\"stats\"}");
	assert_int_equal(json_array_size(json_object_get(reply, "queriers")), 2);
	json_decref(reply);
}

static void an_interface_says_whether_it_asks_itself(void **state)
{
	struct fixture *f = *state;
	json_t *reply = ask(f, "{\"command\":\"status\"}");
	json_t *lan = json_array_get(json_object_get(reply, "interfaces"), 0);

	assert_string_equal(text_of(lan, "igmp_role"), "us");
	assert_string_equal(text_of(lan, "mld_role"), "other");
	json_decref(reply);
}

static void each_group_of_members_has_its_sources(void **state)
{
	struct fixture *f = *state;
	json_t *reply, *members, *first, *second, *source;

	f->engine.n_sources = 2;
	f->engine.n_members = 100; /* more than one call of mcr_control_reply_more writes */
	reply = ask(f, "{\"command\":\"members\"}");
	members = json_object_get(reply, "members");
	assert_int_equal(json_array_size(members), 100);
	first = json_array_get(members, 0);
	second = json_array_get(members, 1);
	assert_string_equal(text_of(first, "group"), "239.1.0.0");
	assert_string_equal(text_of(first, "mode"), "exclude");
	assert_int_equal(integer(first, "left_ns"), 260040000000);
	assert_int_equal(integer(first, "since_ns"), 1700000000000000000);
	assert_string_equal(text_of(first, "last_reporter"), "10.0.0.7");
	assert_int_equal(json_array_size(json_object_get(first, "sources")), 0);
	assert_string_equal(text_of(second, "mode"), "include");
	assert_true(json_is_null(json_object_get(second, "left_ns")));
	assert_int_equal(integer(second, "n_sources"), 2);
	assert_int_equal(json_array_size(json_object_get(second, "sources")), 2);
	source = json_array_get(json_object_get(second, "sources"), 1);
	assert_string_equal(text_of(source, "source"), "10.0.0.101");
	assert_int_equal(integer(source, "left_ns"), 0);
	assert_true(json_is_false(json_object_get(source, "forwarded")));
	assert_string_equal(text_of(json_array_get(members, 99), "group"), "239.1.0.99");
	json_decref(reply);
}

/* The control thread makes all of a piece at once. */
static void many_sources_make_a_piece_end_sooner(void **state)
{
	struct fixture *f = *state;
	const struct mcr_control_source src = {.engine = &f->engine, .name = "md"};
	struct mcr_control_reply r = {.len = 0};
	size_t most = 0, before;
	json_t *reply, *member;

	f->engine.n_members = 100;
	f->engine.n_sources = 2000;
	assert_int_equal(mcr_control_reply_begin(&r, &src, mcr_control_members), 0);
	while (r.section) {
		before = r.len;
		assert_int_equal(mcr_control_reply_more(&r, &src), 0);
		most = r.len - before > most ? r.len - before : most;
	}
	assert_in_range(most, 65536, 2 * 65536);
	reply = json_loadb(r.text, r.len, 0, NULL);
	member = json_array_get(json_object_get(reply, "members"), 99);
	assert_int_equal(integer(member, "n_sources"), 2000);
	assert_int_equal(json_array_size(json_object_get(member, "sources")), 1024);
	json_decref(reply);
	mcr_control_reply_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(a_program_has_the_sockets_that_it_reports),
	    CONTROL_TEST(feeds_are_shown_with_their_lines_and_readers),
	    CONTROL_TEST(what_a_program_makes_up_is_left_out),
	    CONTROL_TEST(a_querier_says_who_asks_and_what_it_heard),
	    CONTROL_TEST(an_interface_says_whether_it_asks_itself),
	    CONTROL_TEST(each_group_of_members_has_its_sources),
	    CONTROL_TEST(many_sources_make_a_piece_end_sooner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
