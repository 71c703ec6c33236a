/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/feed/feed_config.h"

#define HEAD "feed itch\ndeclaration pitch\n"
#define LINES                                                         \
	"line A channel=a\n"                                          \
	"join 233.54.12.0/31:26400-26401@10.0.0.7,interface=feed-a\n" \
	"line B\n"                                                    \
	"join [ff3e::8000:1]:5000@[2001:db8::7]\n"

static int read_named(struct mcr_feed_config *c, const char *text, const char *name,
		      struct mcr_error *err)
{
	memset(err, 0, sizeof(*err));
	return mcr_feed_config_parse(c, text, strlen(text), name, err);
}

static void read_well(struct mcr_feed_config *c, const char *text)
{
	struct mcr_error err;

	if (read_named(c, text, NULL, &err) != 0)
		fail_msg("%s", err.text);
}

static char *format(const struct mcr_feed_config *c)
{
	char *text = mcr_feed_config_format(c);

	assert_non_null(text);
	return text;
}

static int has_address(struct mcr_address address, const char *text)
{
	char buf[MCR_ADDRESS_TEXT];

	return strcmp(mcr_address_format(buf, address), text) == 0;
}

static void a_text_becomes_a_feed(void **state)
{
	struct mcr_feed_config c;
	const struct mcr_feed_flow *flow;

	(void)state;
	read_well(&c, "# ours\n  feed itch \r\n\ndeclaration pitch\ngap_timeout 2500us\n"
		      "silence 3s\nreorder 2\nwindow 1024\njump_max 5000000\nreset_back 7\n"
		      "reset_run 4\nhours mon-fri 09:30-16:00\nzone America/New_York\n" LINES);
	assert_string_equal(c.name, "itch");
	assert_string_equal(c.declaration, "pitch");
	assert_int_equal(c.numbering.bits, 32);
	assert_int_equal(c.gap_timeout_ns, 2500000);
	assert_int_equal(c.silence_ns, UINT64_C(3000000000));
	assert_int_equal(c.reorder, 2);
	assert_int_equal(c.window, 1024);
	assert_int_equal(c.jump_max, 5000000);
	assert_int_equal(c.reset_back, 7);
	assert_int_equal(c.reset_run, 4);
	assert_string_equal(c.hours, "mon-fri 09:30-16:00");
	assert_string_equal(c.zone, "America/New_York");
	assert_int_equal(c.n_lines, 2);
	assert_string_equal(c.lines[0].name, "A");
	assert_string_equal(c.lines[0].channel, "a");
	assert_string_equal(mcr_feed_config_channel(&c.lines[1]), "default");
	assert_int_equal(c.lines[0].n_flows, 4); /* by group, then by port */
	flow = &c.lines[0].flows[1];
	assert_true(has_address(flow->group, "233.54.12.0") && flow->port == 26401);
	flow = &c.lines[0].flows[2];
	assert_true(has_address(flow->group, "233.54.12.1") && flow->port == 26400);
	assert_true(has_address(flow->source, "10.0.0.7"));
	assert_string_equal(flow->interface, "feed-a");
	assert_true(has_address(c.lines[1].flows[0].source, "2001:db8::7"));
	assert_string_equal(c.lines[1].flows[0].interface, "");
	mcr_feed_config_clear(&c);
}

static void what_is_not_given_has_the_documented_default(void **state)
{
	struct mcr_feed_config c;

	(void)state;
	read_well(&c, HEAD LINES);
	assert_int_equal(c.gap_timeout_ns, 1000000);
	assert_int_equal(c.silence_ns, 0);
	assert_int_equal(c.reorder, 0);
	assert_int_equal(c.window, 4096);
	assert_int_equal(c.jump_max, 1000000);
	assert_int_equal(c.reset_back, 1000);
	assert_int_equal(c.reset_run, 3);
	assert_string_equal(c.hours, "");
	mcr_feed_config_clear(&c);
}

static void equal_feeds_have_equal_texts(void **state)
{
	struct mcr_feed_config a, b, again;
	char *text_a, *text_b, *text_again;

	(void)state;
	read_well(&a, HEAD LINES);
	read_well(&b, "feed itch\nreset_run 3\nwindow 4096\n"
		      "line A channel=a\n"
		      "join 233.54.12.0:26400-26401@10.0.0.7,interface=feed-a\n"
		      "join 233.54.12.1:26400@10.0.0.7,interface=feed-a\n"
		      "join 233.54.12.1:26401@10.0.0.7,interface=feed-a\n"
		      "line B channel=default\n"
		      "join [ff3e::8000:1]:5000@[2001:db8::7]\n"
		      "gap_timeout 1000us\ndeclaration pitch\n");
	text_a = format(&a);
	text_b = format(&b);
	assert_string_equal(text_a, text_b);
	assert_int_equal(mcr_feed_config_digest(text_a), mcr_feed_config_digest(text_b));
	read_well(&again, text_a);
	text_again = format(&again);
	assert_string_equal(text_a, text_again);
	mcr_feed_config_clear(&a);
	mcr_feed_config_clear(&b);
	mcr_feed_config_clear(&again);
	free(text_a);
	free(text_b);
	free(text_again);
}

static void any_difference_changes_the_digest_and_is_named(void **state)
{
	static const struct {
		const char *text, *difference;
	} cases[] = {
	    {"feed itch2\ndeclaration pitch\n" LINES,
	     "the feed's name is itch on md1, itch2 on md2"},
	    {HEAD "gap_timeout 2ms\n" LINES, "gap_timeout is 1ms on md1, 2ms on md2"},
	    {HEAD "silence 3s\n" LINES, "silence is 0s on md1, 3s on md2"},
	    {HEAD "hours mon-fri 09:30-16:00\n" LINES,
	     "hours is not there on md1, mon-fri 09:30-16:00 on md2"},
	    {HEAD LINES "line C\njoin 239.1.1.1:5000\n",
	     "the number of lines is 2 on md1, 3 on md2"},
	    {HEAD "line A\njoin 239.1.1.1:5000\nline B\njoin 239.1.1.2:5000\n",
	     "the channel of line A is a on md1, default on md2"},
	    {HEAD "line A channel=a\njoin 239.1.1.1:5000\nline B\njoin 239.1.1.2:5000\n",
	     "the number of joins of line A is 4 on md1, 1 on md2"},
	    {HEAD "line A channel=a\njoin 233.54.12.0/31:26400-26401@10.0.0.8,interface=feed-a\n"
		  "line B\njoin [ff3e::8000:1]:5000@[2001:db8::7]\n",
	     "join 1 of line A is 233.54.12.0:26400@10.0.0.7,interface=feed-a on md1, "
	     "233.54.12.0:26400@10.0.0.8,interface=feed-a on md2"},
	    {HEAD "line A engine=m\njoin 239.1.1.1:5000\nline B engine=n\njoin 239.1.1.2:5000\n",
	     "the engine of line A is not there on md1, m on md2"},
	    {HEAD "line X\njoin 239.1.1.1:5000\nline B\njoin 239.1.1.2:5000\n",
	     "the name of line 1 is A on md1, X on md2"},
	};
	struct mcr_feed_config a, b;
	char out[512], *text_a, *text_b;

	(void)state;
	read_well(&a, HEAD LINES);
	text_a = format(&a);
	assert_int_equal(mcr_feed_config_difference(&a, "md1", &a, "md2", out, sizeof(out)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_well(&b, cases[i].text);
		assert_int_equal(mcr_feed_config_difference(&a, "md1", &b, "md2", out, sizeof(out)),
				 1);
		assert_string_equal(out, cases[i].difference);
		text_b = format(&b);
		assert_true(mcr_feed_config_digest(text_a) != mcr_feed_config_digest(text_b));
		free(text_b);
		mcr_feed_config_clear(&b);
	}
	free(text_a);
	mcr_feed_config_clear(&a);
}

static void the_engines_of_lines_are_a_part_of_the_feed(void **state)
{
	static const char form[] =
	    HEAD "line A engine=%s\njoin 239.1.1.1\nline B engine=n\njoin 239.1.1.2\n";
	struct mcr_feed_config a, b;
	char text[256], *text_a, *text_b;

	(void)state;
	snprintf(text, sizeof(text), form, "m");
	read_well(&a, text);
	snprintf(text, sizeof(text), form, "m2");
	read_well(&b, text);
	text_a = format(&a);
	text_b = format(&b);
	assert_true(mcr_feed_config_digest(text_a) != mcr_feed_config_digest(text_b));
	free(text_a);
	free(text_b);
	mcr_feed_config_clear(&a);
	mcr_feed_config_clear(&b);
}

static void a_bad_text_is_refused_with_its_line_and_what_was_expected(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"window 16\n", "line 1: 'window': expected feed NAME first"},
	    {"feed\n", "line 1: 'feed' has no value"},
	    {"feed a b\n", "line 1: 'a b' is not a feed's name"},
	    {"feed ..\n", "line 1: '..' is not a feed's name"},
	    {"feed -a\n", "line 1: '-a' is not a feed's name"},
	    {"feed a\ndeclaration nonsense\n", "line 2: "},
	    {"feed a\nwindw 16\n", "line 2: unknown key 'windw' (did you mean window?)"},
	    {"feed a\nwindow 15\n", "line 2: window '15': expected 16 to 1048576"},
	    {"feed a\nwindow 16 \nwindow 17\n", "line 3: window is there twice"},
	    {"feed a\ngap_timeout 5\n", "line 2: gap_timeout '5': expected 1us to 60s"},
	    {"feed a\ngap_timeout 0\n", "line 2: gap_timeout '0': expected 1us to 60s"},
	    {"feed a\ngap_timeout 99999999999999999s\n", "line 2: gap_timeout"},
	    {"feed a\nsilence 1us\n", "line 2: silence '1us': expected 0 or 1ms to 86400s"},
	    {"feed a\nreset_run 1\n", "line 2: reset_run '1': expected 2 to 1000"},
	    {"feed a\nzone \x01\n", "line 2: zone: expected printable ASCII"},
	    {"feed a\njoin 239.1.1.1\n", "line 2: a join without a line"},
	    {"feed a\nline A nonsense=b\n", "line 2: 'nonsense=b': expected engine=NAME or"},
	    {"feed a\nline A channel=a channel=b\n", "line 2: 'channel=b': expected engine"},
	    {"feed a\nline A engine=..\n", "line 2: '..' is not an engine's name"},
	    {"feed a\nline A\nline A\n", "line 3: line A is there already"},
	    {"feed a\nline A\njoin 10.0.0.1\n", "line 3: join \"10.0.0.1\""},
	    {"feed a\nline A\njoin 239.1.1.1,channel=b\n", "expected no channel and no id"},
	    {"feed a\nline A\njoin 239.1.1.1,id=7\n", "expected no channel and no id"},
	    {"feed a\nline A\njoin 239.1.1.1@!10.0.0.1\n", "not one to leave out"},
	    {"feed a\nline A\njoin 239.1.1.1@10.0.0.1@10.0.0.2\n", "expected one source"},
	    {"feed a\nline A\njoin 239.1.1.1:1-16385\n", "line 3: too many groups and ports"},
	    {"feed a\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\n",
	     "line 10: line 9 is one too many"},
	    {"feed a\nline A\njoin 239.1.1.1\n", "line 3: feed a has no declaration"},
	    {HEAD, "line 2: feed itch has no lines"},
	    {HEAD "line A\n", "line 3: line A has no join"},
	    {HEAD "zone Europe/Berlin\n" LINES, "feed itch has a zone: expected its hours"},
	    {HEAD "hours mon-fri 9:30-16:00\n" LINES, "is not a span of time: expected such as"},
	    {HEAD "window 16\nreorder 16\n" LINES, "reorder is 16: expected less than the window"},
	    {HEAD "line A engine=a\njoin 239.1.1.1\nline B\njoin 239.1.1.2\n",
	     "line B has no engine, and line A has one"},
	    {HEAD LINES HEAD LINES, "feed itch is there twice"},
	};
	struct mcr_feed_config c;
	struct mcr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_named(&c, cases[i].text, "itch", &err), -EBADMSG);
		if (!strstr(err.text, cases[i].error) || !strstr(err.text, "expected"))
			fail_msg("\"%s\" instead of \"%s\"", err.text, cases[i].error);
		assert_null(c.lines[0].flows);
	}
}

static void a_nul_or_an_endless_line_is_refused(void **state)
{
	static char long_text[10000];
	struct mcr_feed_config c;
	struct mcr_error err;

	(void)state;
	assert_int_equal(mcr_feed_config_parse(&c, "feed a\0b\n", 9, NULL, &err), -EBADMSG);
	memset(long_text, 'a', sizeof(long_text));
	assert_int_equal(mcr_feed_config_parse(&c, long_text, sizeof(long_text), NULL, &err),
			 -EBADMSG);
	assert_non_null(strstr(err.text, "line 1: the line is too long"));
}

/* Of which line a packet is must not be a matter of luck. */
static void flows_that_overlap_are_refused(void **state)
{
	static const struct {
		const char *a, *b;
		int overlap;
	} cases[] = {
	    {"239.1.1.1:5000", "239.1.1.1:5000", 1},
	    {"239.1.1.1:5000", "239.1.1.1:5001", 0},
	    {"239.1.1.1:5000", "239.1.1.2:5000", 0},
	    {"239.1.1.1", "239.1.1.1:5001", 1},
	    {"239.1.1.1:5001@10.0.0.1", "239.1.1.1", 1},
	    {"239.1.1.1:5000@10.0.0.1", "239.1.1.1:5000", 1},
	    {"239.1.1.1:5000@10.0.0.1", "239.1.1.1:5000@10.0.0.2", 0},
	    {"239.1.1.1@10.0.0.1", "239.1.1.1:5000@10.0.0.2", 0},
	    {"239.1.1.1@10.0.0.1", "239.1.1.1:5000", 1},
	    {"239.1.1.1:5000,interface=a", "239.1.1.1:5000,interface=b", 0},
	    {"239.1.1.1:5000,interface=a", "239.1.1.1:5000", 1},
	    {"239.1.1.0/24:5000-5010", "239.1.1.77:5007@10.0.0.1,interface=x", 1},
	};
	char text[512];
	struct mcr_feed_config c;
	struct mcr_error err;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char *a = i % 2 ? cases[i / 2].b : cases[i / 2].a;
		const char *b = i % 2 ? cases[i / 2].a : cases[i / 2].b;
		int ret;

		snprintf(text, sizeof(text), HEAD "line A\njoin %s\nline B\njoin %s\n", a, b);
		ret = read_named(&c, text, NULL, &err);
		if (ret != (cases[i / 2].overlap ? -EBADMSG : 0))
			fail_msg("%s and %s: %d", a, b, ret);
		mcr_feed_config_clear(&c);
		if (cases[i / 2].overlap)
			assert_non_null(strstr(err.text, "the lines"));
		/* Lines of different engines receive different packets. */
		snprintf(text, sizeof(text),
			 HEAD "line A engine=m\njoin %s\nline B engine=n\njoin %s\n", a, b);
		read_well(&c, text);
		mcr_feed_config_clear(&c);
	}
	assert_int_equal(
	    read_named(&c, HEAD "line A\njoin 239.1.1.1\njoin 239.1.1.1:1\n", NULL, &err),
	    -EBADMSG);
	assert_non_null(strstr(err.text, "may be of two joins of line A"));
}

static void one_of_several_feeds_is_found_by_name(void **state)
{
	const char *two = "feed a\ndeclaration pitch\nline A\njoin 239.1.1.1\n"
			  "feed b\ndeclaration pitch\nline A\njoin 239.1.1.2\n";
	struct mcr_feed_config c;
	struct mcr_error err;

	(void)state;
	assert_int_equal(read_named(&c, two, "b", &err), 0);
	assert_string_equal(c.name, "b");
	assert_int_equal(c.n_lines, 1);
	mcr_feed_config_clear(&c);
	assert_int_equal(read_named(&c, two, "c", &err), -ENOENT);
	assert_string_equal(err.text, "no feed 'c': expected one of: a, b");
	assert_int_equal(read_named(&c, two, NULL, &err), -ENOENT);
	assert_string_equal(err.text, "there are several feeds: expected the name of one: a, b");
	assert_int_equal(read_named(&c, "# nothing\n", NULL, &err), -ENOENT);
}

static void streams_by_group_need_as_many_groups_on_each_line(void **state)
{
	struct mcr_feed_config c;
	struct mcr_error err;

	(void)state;
	assert_int_equal(read_named(&c,
				    "feed a\ndeclaration cme\nline A\njoin 239.1.1.0/30:1\n"
				    "line B\njoin 239.1.2.0/31:1\n",
				    NULL, &err),
			 -EBADMSG);
	assert_non_null(strstr(err.text, "line B has 2 groups and ports, and line A 4"));
	read_well(&c, "feed a\ndeclaration cme\nline A\njoin 239.1.1.0/30:1\n"
		      "line B\njoin 239.1.2.0/30:1\n");
	mcr_feed_config_clear(&c);
}

static void an_engine_is_called_as_its_run_directory(void **state)
{
	static const char *const cases[][2] = {
	    {"/run/mcring/md", "md"},
	    {"/run/mcring/md//", "md"},
	    {"md", "md"},
	    {"", ""},
	    {"/", ""},
	    {"/run/..", ""},
	    {"/run/a b", ""},
	    {"/run/abcdefghijklmnopqrstuvwxyz123456", ""},
	};
	char name[MCR_NAME_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mcr_feed_engine_name(name, cases[i][0]);
		assert_string_equal(name, cases[i][1]);
	}
}

static void a_feed_of_the_largest_size_has_a_text_and_is_read_again(void **state)
{
	struct mcr_feed_config a, b;
	char *text;

	(void)state;
	read_well(&a, "feed abcdefghijklmnopqrstuvwxyz12345\ndeclaration pitch\nline A\n"
		      "join [ff3e:1111:2222:3333:4444:5555:8666:0]/116:60000-60003@"
		      "[2001:1db8:2222:3333:4444:5555:6666:7777],"
		      "interface=abcdefghijklmnopqrstuvwxyz12345\n");
	assert_int_equal(a.lines[0].n_flows, MCR_FEED_FLOWS_MAX);
	text = format(&a);
	assert_in_range(strlen(text), 2000000, MCR_FEED_TEXT_MAX);
	read_well(&b, text);
	assert_int_equal(b.lines[0].n_flows, MCR_FEED_FLOWS_MAX);
	mcr_feed_config_clear(&a);
	mcr_feed_config_clear(&b);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_becomes_a_feed),
	    cmocka_unit_test(what_is_not_given_has_the_documented_default),
	    cmocka_unit_test(equal_feeds_have_equal_texts),
	    cmocka_unit_test(any_difference_changes_the_digest_and_is_named),
	    cmocka_unit_test(the_engines_of_lines_are_a_part_of_the_feed),
	    cmocka_unit_test(a_bad_text_is_refused_with_its_line_and_what_was_expected),
	    cmocka_unit_test(a_nul_or_an_endless_line_is_refused),
	    cmocka_unit_test(flows_that_overlap_are_refused),
	    cmocka_unit_test(one_of_several_feeds_is_found_by_name),
	    cmocka_unit_test(streams_by_group_need_as_many_groups_on_each_line),
	    cmocka_unit_test(an_engine_is_called_as_its_run_directory),
	    cmocka_unit_test(a_feed_of_the_largest_size_has_a_text_and_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
