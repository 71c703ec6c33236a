/* SPDX-License-Identifier: BSD-3-Clause */
/* The time and memory that a configuration file can take: a file that exceeds a limit is refused
 * at its first line that does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

/* A text that grows. */
struct text {
	char *at;
	size_t len;
	FILE *out;
};

static FILE *begin(struct text *t)
{
	t->out = open_memstream(&t->at, &t->len);
	assert_non_null(t->out);
	return t->out;
}

static void repeat(FILE *out, const char *what, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fputs(what, out);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int parse(struct text *t, struct mcr_error *err)
{
	struct mcr_settings *s = mcr_settings_create();
	double before = cpu_seconds();
	int ret;

	fclose(t->out);
	err->text[0] = '\0';
	ret = mcr_config_parse(s, "m.yaml", t->at, t->len, err);
	/* Milliseconds, or a second under sanitizers; without the limits minutes. */
	assert_true(cpu_seconds() - before < 20);
	mcr_settings_destroy(s);
	free(t->at);
	return ret;
}

static void refused(struct text *t, const char *expected)
{
	struct mcr_error err;

	assert_true(parse(t, &err) < 0);
	assert_string_equal(err.text, expected);
}

static void fifty_thousand_brackets_are_refused_at_the_seventeenth(void **state)
{
	static const struct {
		const char *before, *each, *expected;
	} rows[] = {
	    {"joins: ", "[", "1: column 23"},     {"joins: ", "{a: ", "1: column 68"},
	    {"joins:\n", " [\n", "17: column 2"}, {"", "- ", "1: column 33"},
	    {"", "? ", "1: column 33"},
	};
	struct text t;
	char expected[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *out = begin(&t);

		fputs(rows[i].before, out);
		repeat(out, rows[i].each, 50000);
		snprintf(expected, sizeof(expected),
			 "m.yaml:%s: more than 16 lists and mappings in each other",
			 rows[i].expected);
		refused(&t, expected);
	}
}

static void a_block_list_as_deep_as_it_is_wide_is_refused(void **state)
{
	struct text t;
	FILE *out = begin(&t);

	for (int i = 0; i < 2000; i++)
		fprintf(out, "%*s-\n", i, "");
	refused(&t, "m.yaml:17: column 17: more than 16 lists and mappings in each other");
}

static void the_deepest_configuration_is_read(void **state)
{
	struct mcr_error err;
	struct text t;

	fputs("channels: [{name: a, readers: {users: [root]}}]\n", begin(&t));
	assert_int_equal(parse(&t, &err), 0);
}

/* 1 MB of these took 4.1 GB. */
static void aliases_of_a_long_value_cannot_fill_the_memory(void **state)
{
	struct mcr_error err;
	struct text t;
	FILE *out = begin(&t);

	fputs("eal:\n- &a ", out);
	repeat(out, "x", 8000);
	repeat(out, "\n- *a", 16000);
	assert_int_equal(parse(&t, &err), -EINVAL);
	assert_string_equal(err.text, "m.yaml:2: values of more than 16777216 octets after "
				      "expansion of aliases");
}

/* Few lines that stand for millions of values. */
static void aliases_cannot_expand_without_bound(void **state)
{
	struct mcr_error err;
	struct text t;
	FILE *out = begin(&t);

	fputs("joins:\n- &j\n  groups: &g [", out);
	repeat(out, "1,", 1500);
	fputs("]\n", out);
	repeat(out, "- *j\n", 1500);
	assert_true(parse(&t, &err) < 0);
	assert_non_null(strstr(err.text, "more than 1000000 values after expansion of aliases"));
}

static void the_number_of_anchors_aliases_and_values_is_bounded(void **state)
{
	struct text t;
	FILE *out = begin(&t);

	fputs("eal:\n", out);
	for (int i = 0; i < 60000; i++)
		fprintf(out, "- &a%d x\n", i);
	refused(&t, "m.yaml:258: column 3: more than 256 anchors (&name)");

	out = begin(&t);
	fputs("eal:\n- &a x\n", out);
	repeat(out, "- *a\n", 20000);
	refused(&t, "m.yaml:16387: column 3: more than 16384 aliases (*name)");

	out = begin(&t);
	fputs("eal:\n", out);
	repeat(out, "- a\n", 2000000);
	refused(&t, "m.yaml:999999: column 3: more than 2000000 marks and values");
}

static void a_value_is_no_longer_than_a_configuration_needs(void **state)
{
	struct text t;

	fputs("name: ", begin(&t));
	repeat(t.out, "x", 100000);
	refused(&t, "m.yaml:1: column 7: more than 8192 octets in one value");
	repeat(begin(&t), "x", 8000000);
	refused(&t, "m.yaml:1: column 1: more than 8192 octets in one value");
}

/* libyaml compares each with all before it, inside of one call. */
static void tag_directives_are_refused_at_the_first(void **state)
{
	struct text t;
	FILE *out = begin(&t);

	for (int i = 0; i < 100000; i++)
		fprintf(out, "%%TAG !a%d! tag:x,2000:\n", i);
	refused(&t, "m.yaml:1: column 1: %TAG is not understood here");
}

static void a_list_has_at_most_65536_entries_and_eal_1024_arguments(void **state)
{
	struct mcr_error err;
	struct text t;

	fputs("eal:\n", begin(&t));
	repeat(t.out, "- a\n", 1025);
	assert_true(parse(&t, &err) < 0);
	assert_string_equal(err.text, "m.yaml:1026: eal: more than 1024 EAL arguments");
	fputs("eal:\n", begin(&t));
	repeat(t.out, "- a\n", 65537);
	assert_true(parse(&t, &err) < 0);
	assert_string_equal(err.text, "m.yaml:2: eal: 65537 entries: expected at most 65536");
}

static void a_text_in_memory_is_bounded_like_a_file(void **state)
{
	struct text t;

	repeat(begin(&t), "# x\n", (8 << 20) / 4 + 1);
	refused(&t, "m.yaml: larger than 8388608 octets");
}

/* ---- what is no file ---- */

static void is_no_file(const char *path, const char *expected)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err;

	assert_true(mcr_config_load(s, path, &err) < 0);
	if (!strstr(err.text, expected))
		fail_msg("'%s' does not say '%s'", err.text, expected);
	mcr_settings_destroy(s);
}

static void what_is_no_regular_file_is_neither_read_nor_waited_for(void **state)
{
	char dir[] = "/tmp/mcring-limits-XXXXXX", path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	is_no_file(path, "not a regular file");
	unlink(path);
	is_no_file(dir, "not a regular file");
	rmdir(dir);
	is_no_file("/dev/zero", "not a regular file");
	is_no_file("/dev/null", "not a regular file");
}

static void files_that_are_too_large_alone_or_together_are_refused(void **state)
{
	char dir[] = "/tmp/mcring-limits-XXXXXX", path[64], main_path[64];
	FILE *out;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/large.yaml", dir);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(ftruncate(fileno(out), 9 << 20), 0);
	is_no_file(path, "larger than 8388608 octets");
	assert_int_equal(ftruncate(fileno(out), 0), 0);
	repeat(out, "################################################################\n", 120000);
	fclose(out);
	snprintf(main_path, sizeof(main_path), "%s/main.yaml", dir);
	out = fopen(main_path, "w");
	assert_non_null(out);
	fputs("include:\n", out);
	repeat(out, "- large.yaml\n", 100);
	fclose(out);
	is_no_file(main_path, "more than 33554432 octets in all files");
	unlink(main_path);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fifty_thousand_brackets_are_refused_at_the_seventeenth),
	    cmocka_unit_test(a_block_list_as_deep_as_it_is_wide_is_refused),
	    cmocka_unit_test(the_deepest_configuration_is_read),
	    cmocka_unit_test(aliases_of_a_long_value_cannot_fill_the_memory),
	    cmocka_unit_test(aliases_cannot_expand_without_bound),
	    cmocka_unit_test(the_number_of_anchors_aliases_and_values_is_bounded),
	    cmocka_unit_test(a_value_is_no_longer_than_a_configuration_needs),
	    cmocka_unit_test(tag_directives_are_refused_at_the_first),
	    cmocka_unit_test(a_list_has_at_most_65536_entries_and_eal_1024_arguments),
	    cmocka_unit_test(a_text_in_memory_is_bounded_like_a_file),
	    cmocka_unit_test(what_is_no_regular_file_is_neither_read_nor_waited_for),
	    cmocka_unit_test(files_that_are_too_large_alone_or_together_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
