/* SPDX-License-Identifier: BSD-3-Clause */
/* Feeds in the configuration file: what they become, the joins that they make, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "settings/feeds.h"
#include "settings/twice.h"

#define PORTS                              \
	"interfaces:\n"                    \
	"  - {name: a, port: net_null0}\n" \
	"  - {name: b, port: net_null1}\n" \
	"channels: [{name: md}, {name: x}]\n"
#define ITCH                                                                                  \
	"  - name: itch\n"                                                                    \
	"    declaration: moldudp64\n"                                                        \
	"    gap_timeout: 2ms\n"                                                              \
	"    hours: mon-fri 09:30-16:00\n"                                                    \
	"    lines:\n"                                                                        \
	"      - channel: md\n"                                                               \
	"        joins: [{groups: [239.1.1.0/31], ports: [5000-5001], sources: [10.0.0.7],\n" \
	"                 interface: a, id: 7}]\n"                                            \
	"      - name: second\n"                                                              \
	"        channel: x\n"                                                                \
	"        joins:\n"                                                                    \
	"          - {groups: [239.1.2.0/31], ports: [5000], interface: b}\n"                 \
	"          - {groups: ['239.1.2.0:5001', '239.1.2.1:5001'], interface: b}\n"

static char path[] = "/tmp/mcring-test-XXXXXX";

/* What a file and a name of the engine make, with "FILE" for its path in the error. */
static int assemble(struct mcr_settings **s, const char *engine, const char *text,
		    struct mcr_error *err)
{
	struct mcr_settings *line = mcr_settings_create();
	FILE *file = fopen(path, "w");
	int ret;

	assert_non_null(line);
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	snprintf(line->engine.run_dir, sizeof(line->engine.run_dir), "/run/mcring/%s", engine);
	err->text[0] = '\0';
	ret = mcr_config_assemble(s, line, path, err);
	mcr_settings_destroy(line);
	return ret;
}

static struct mcr_settings *assemble_well(const char *engine, const char *text)
{
	struct mcr_settings *s;
	struct mcr_error err;

	if (assemble(&s, engine, text, &err) != 0)
		fail_msg("%s", err.text);
	return s;
}

static void join_is(const struct mcr_settings *s, size_t i, const char *expected)
{
	char text[512];

	assert_true(i < s->joins.n);
	mcr_join_format(text, sizeof(text), &s->joins.items[i]);
	assert_string_equal(text, expected);
}

static void a_feed_is_read_and_makes_the_joins_of_its_lines(void **state)
{
	struct mcr_settings *s = assemble_well("md", PORTS "feeds:\n" ITCH);
	const struct mcr_feed_config *c = &s->feeds[0].config;

	assert_int_equal(s->n_feeds, 1);
	assert_string_equal(c->name, "itch");
	assert_string_equal(c->declaration, "moldudp64");
	assert_int_equal(c->gap_timeout_ns, 2000000);
	assert_string_equal(c->hours, "mon-fri 09:30-16:00");
	assert_int_equal(c->n_lines, 2);
	assert_string_equal(c->lines[0].name, "A");
	assert_string_equal(c->lines[1].name, "second");
	assert_int_equal(c->lines[1].n_flows, 4);
	assert_int_equal(s->feeds[0].origin.line, 6);
	assert_int_equal(s->joins.n, 8);
	join_is(s, 0, "239.1.1.0:5000@10.0.0.7,interface=a,channel=md,id=7");
	join_is(s, 3, "239.1.1.1:5001@10.0.0.7,interface=a,channel=md,id=7");
	join_is(s, 4, "239.1.2.0:5000,interface=b,channel=x");
	join_is(s, 7, "239.1.2.1:5001,interface=b,channel=x");
	mcr_settings_destroy(s);
}

/* Equal to the text that a handler would bring. */
static void the_file_and_a_text_mean_the_same(void **state)
{
	const char text[] = "feed itch\ndeclaration moldudp64\ngap_timeout 2ms\n"
			    "hours mon-fri 09:30-16:00\nline A channel=md\n"
			    "join 239.1.1.0/31:5000-5001@10.0.0.7,interface=a\n"
			    "line second channel=x\n"
			    "join 239.1.2.0/31:5000,interface=b\n"
			    "join 239.1.2.0:5001,interface=b\njoin 239.1.2.1:5001,interface=b\n";
	struct mcr_settings *s = assemble_well("md", PORTS "feeds:\n" ITCH);
	struct mcr_feed_config c;
	char out[256] = "";

	assert_int_equal(mcr_feed_config_parse(&c, text, strlen(text), NULL, NULL), 0);
	mcr_feed_config_difference(&s->feeds[0].config, "file", &c, "text", out, sizeof(out));
	assert_string_equal(out, "");
	mcr_feed_config_clear(&c);
	mcr_settings_destroy(s);
}

static void a_declaration_may_be_a_mapping(void **state)
{
	static const char *const same[][2] = {
	    {"pitch heartbeat_interval=2s", "{heartbeat_interval: 2s, preset: pitch}"},
	    {"seq=0:4:le counts=packets scope=group",
	     "{seq: 0:4:le, counts: packets, scope: group}"},
	    {"seq=4:4:le key=unit:3:1 skip=0:1=1 skip=0:1=2",
	     "{seq: 4:4:le, key: unit:3:1, skip: ['0:1=1', '0:1=2']}"},
	};
	char text[512], out[256];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct mcr_settings *s[2];

		for (size_t k = 0; k < 2; k++) {
			snprintf(text, sizeof(text),
				 PORTS "feeds:\n  - name: f\n    declaration: %s\n    lines:\n"
				       "      - joins: [{groups: [239.1.1.1], interface: a}]\n",
				 same[i][k]);
			s[k] = assemble_well("md", text);
		}
		out[0] = '\0';
		mcr_feed_config_difference(&s[0]->feeds[0].config, "text", &s[1]->feeds[0].config,
					   "mapping", out, sizeof(out));
		assert_string_equal(out, "");
		mcr_settings_destroy(s[0]);
		mcr_settings_destroy(s[1]);
	}
}

static void an_engine_makes_the_joins_of_its_own_lines(void **state)
{
	const char text[] =
	    PORTS "feeds:\n"
		  "  - name: f\n"
		  "    declaration: pitch\n"
		  "    lines:\n"
		  "      - {engine: md1, joins: [{groups: [239.1.1.1], interface: a}]}\n"
		  "      - {engine: md2, joins: [{groups: [239.1.1.2], interface: other}]}\n";
	struct mcr_settings *s = assemble_well("md1", text);

	assert_int_equal(s->joins.n, 1);
	join_is(s, 0, "239.1.1.1,interface=a,channel=default");
	mcr_settings_destroy(s);
	s = assemble_well("md3", text);
	assert_int_equal(s->joins.n, 0);
	assert_int_equal(s->n_feeds, 1);
	mcr_settings_destroy(s);
}

static void lines_that_feeds_share_are_joined_once(void **state)
{
	struct mcr_settings *s = assemble_well(
	    "md", PORTS "feeds:\n" ITCH "  - name: half\n"
			"    declaration: moldudp64\n"
			"    lines:\n"
			"      - channel: x\n"
			"        joins: [{groups: [239.1.2.0/31], ports: [5000-5001],\n"
			"                 interface: b}]\n");
	struct mcr_error warning;

	assert_int_equal(s->n_feeds, 2);
	assert_int_equal(s->joins.n, 8);
	assert_int_equal(mcr_settings_twice(s, &warning), 0);
	mcr_settings_destroy(s);
}

static void a_preset_that_was_not_verified_is_warned_of(void **state)
{
	const char text[] = PORTS "feeds:\n"
				  "  - name: f\n"
				  "    declaration: cme\n"
				  "    lines: [{joins: [{groups: [239.1.1.1], interface: a}]}]\n"
				  "  - name: g\n"
				  "    declaration: pitch\n"
				  "    lines: [{joins: [{groups: [239.1.1.2], interface: a}]}]\n";
	struct mcr_settings *s = assemble_well("md", text);
	struct mcr_error warning;
	char expected[256];

	assert_int_equal(mcr_settings_feed_doubt(s, 0, &warning), 1);
	snprintf(expected, sizeof(expected), "%s:6: feed f: declaration 'cme': ", path);
	assert_memory_equal(warning.text, expected, strlen(expected));
	assert_int_equal(mcr_settings_feed_doubt(s, 1, &warning), 0);
	mcr_settings_destroy(s);
}

static void what_is_wrong_is_reported_with_its_line(void **state)
{
#define FEED(values, line)                                           \
	PORTS "feeds:\n  - name: f\n    declaration: pitch\n" values \
	      "    lines:\n      - channel: md\n        joins:\n          - " line "\n"
#define JOIN "{groups: [239.1.1.1], interface: a}"
	static const struct {
		unsigned line;
		const char *text, *error;
	} cases[] = {
	    {6, PORTS "feeds:\n  - {name: f, declaration: pitch}\n", "needs the key 'lines'"},
	    {6, PORTS "feeds:\n  - {name: f, lines: [{joins: [" JOIN "]}]}\n",
	     "needs the key 'declaration'"},
	    {6, PORTS "feeds:\n  - {name: a b, declaration: pitch, lines: [{joins: [" JOIN "]}]}\n",
	     "'a b' is not a feed's name"},
	    {8, FEED("    windw: 7\n", JOIN), "did you mean window?"},
	    {8, FEED("    window: 7\n", JOIN), "window '7': expected 16 to 1048576"},
	    {6, FEED("    zone: Europe/Berlin\n", JOIN), "expected its hours"},
	    {8, FEED("    hours: mon-sat 25:00-26:00\n", JOIN), "25:00"},
	    {9, FEED("    hours: mon-fri 09:00-10:00\n    zone: Mars/Phobos\n", JOIN),
	     "Mars/Phobos"},
	    {9, FEED("    hours: mon-fri 09:00-10:00\n    zone: ../../etc/passwd\n", JOIN),
	     "passwd"},
	    {11, FEED("", "{groups: [239.1.1.1], interface: a, exclude: [10.0.0.1]}"),
	     "unknown key 'exclude'"},
	    {11, FEED("", "{groups: [239.1.1.1], interface: a, sources: [10.0.0.1, 10.0.0.2]}"),
	     "expected one source"},
	    {11, FEED("", "{groups: [10.1.1.1], interface: a}"), "is not multicast"},
	    {9, FEED("", "{groups: [239.1.1.1], interface: c}"), "no such interface"},
	    {9, FEED("", "{groups: [239.1.1.1]}"), "name the interface"},
	    {6, FEED("", JOIN "\n          - " JOIN), "may be of two joins of line A"},
	    {9,
	     PORTS "feeds:\n  - name: f\n    declaration: pitch\n    lines:\n"
		   "      - {channel: y, joins: [" JOIN "]}\n",
	     "no such channel"},
	    {7,
	     PORTS "feeds:\n  - name: f\n    declaration: nonsense\n    lines: [{joins: [" JOIN
		   "]}]\n",
	     "nonsense"},
	    {7,
	     PORTS "feeds:\n  - name: f\n    declaration: {preset: pitch, seq: {}}\n"
		   "    lines: [{joins: [" JOIN "]}]\n",
	     "expected a value"},
	    {7,
	     PORTS "feeds:\n  - name: f\n    declaration: [pitch]\n"
		   "    lines: [{joins: [" JOIN "]}]\n",
	     "expected a value"},
	    {19, PORTS "feeds:\n" ITCH ITCH, "feed 'itch' is defined already, at "},
	};
	char expected[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcr_settings *s;
		struct mcr_error err;

		assert_true(assemble(&s, "md", cases[i].text, &err) < 0);
		snprintf(expected, sizeof(expected), "%s:%u: ", path, cases[i].line);
		if (strncmp(err.text, expected, strlen(expected)) != 0 ||
		    !strstr(err.text, cases[i].error))
			fail_msg("\"%s\" instead of line %u, \"%s\"", err.text, cases[i].line,
				 cases[i].error);
	}
}

static void a_declaration_that_is_too_long_is_refused(void **state)
{
	char text[4096];
	struct mcr_settings *s;
	struct mcr_error err;

	for (int is_mapping = 0; is_mapping < 2; is_mapping++) {
		snprintf(text, sizeof(text),
			 PORTS "feeds:\n  - name: f\n    declaration: %s%01500d%s\n"
			       "    lines: [{joins: [{groups: [239.1.1.1], interface: a}]}]\n",
			 is_mapping ? "{preset: pitch, seq: '" : "", 7, is_mapping ? "'}" : "");
		assert_int_equal(assemble(&s, "md", text, &err), -E2BIG);
		assert_non_null(strstr(err.text, ":7: "));
		assert_non_null(strstr(err.text, "longer than 1023 octets"));
	}
}

static void the_settings_become_what_the_engine_declares(void **state)
{
	struct mcr_settings *s = assemble_well("md", PORTS "feeds:\n" ITCH);
	struct mcr_feeds *feeds;

	assert_int_equal(mcr_settings_feeds(s, &feeds, NULL), 0);
	mcr_feeds_destroy(feeds);
	mcr_settings_destroy(s);
}

static int make_file(void **state)
{
	return mkstemp(path) < 0;
}

static void a_feed_of_the_command_line_stands_beside_those_of_the_file(void **state)
{
	static const char text[] = "feed f; declaration cme;line A channel=md;"
				   "join 239.9.1.1:5000,interface=a\nline B channel=x; "
				   "join 239.9.1.2:5000,interface=b";
	struct mcr_settings *s, *line = mcr_settings_create();
	struct mcr_error err;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(PORTS "feeds:\n" ITCH, file);
	fclose(file);
	assert_int_equal(mcr_settings_add_feed_text(line, text, &err), 0);
	assert_int_equal(mcr_settings_add_feed_text(line, text, &err), -EEXIST);
	assert_string_equal(err.text, "feed 'f' is defined already, on the command line");
	assert_int_equal(mcr_settings_add_feed_text(line, "feed g; line", &err), -EBADMSG);
	assert_non_null(strstr(err.text, "line 2: 'line' has no value"));
	assert_int_equal(mcr_config_assemble(&s, line, path, &err), 0);
	mcr_settings_destroy(line);
	assert_int_equal(s->n_feeds, 2);
	assert_string_equal(s->feeds[0].config.name, "f");
	assert_int_equal(mcr_settings_feed_doubt(s, 0, &err), 1);
	assert_memory_equal(err.text, "feed f: declaration 'cme': ", 27);
	join_is(s, s->joins.n - 1, "239.1.2.1:5001,interface=b,channel=x");
	join_is(s, 0, "239.9.1.1:5000,interface=a,channel=md");
	join_is(s, 1, "239.9.1.2:5000,interface=b,channel=x");
	mcr_settings_destroy(s);
}

static int remove_file(void **state)
{
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_is_read_and_makes_the_joins_of_its_lines),
	    cmocka_unit_test(the_file_and_a_text_mean_the_same),
	    cmocka_unit_test(a_declaration_may_be_a_mapping),
	    cmocka_unit_test(an_engine_makes_the_joins_of_its_own_lines),
	    cmocka_unit_test(lines_that_feeds_share_are_joined_once),
	    cmocka_unit_test(a_preset_that_was_not_verified_is_warned_of),
	    cmocka_unit_test(what_is_wrong_is_reported_with_its_line),
	    cmocka_unit_test(a_declaration_that_is_too_long_is_refused),
	    cmocka_unit_test(a_feed_of_the_command_line_stands_beside_those_of_the_file),
	    cmocka_unit_test(the_settings_become_what_the_engine_declares),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
