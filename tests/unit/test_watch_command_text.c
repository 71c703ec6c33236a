/* SPDX-License-Identifier: BSD-3-Clause */
/* tools/mcring-watch/command_text.h: the words of --alarm. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mcring-watch/command_text.h"

static int is_refused(const char *text, const char *why)
{
	struct command_words words;
	struct mcr_error err = {""};
	const int ret = command_parse(&words, text, &err);

	if (ret < 0 && !strstr(err.text, why))
		fail_msg("%s: %s", text, err.text);
	return ret;
}

/* ---- words ---- */

static void words_are_parted_by_blanks_and_quotes_hold_them(void **state)
{
	static const char *const expected[] = {"/bin/true", "a", "b c", "d\"e", "",
					       "it's",      "{", "{}",  "{Ab}", "$(x)`y`;|&*\\"};
	struct command_words words;

	assert_int_equal(command_parse(&words,
				       " /bin/true\ta  'b c' \"\"'d\"e' '' \"it's\" { {} {Ab} "
				       "$(x)`y`;|&*\\\n",
				       NULL),
			 0);
	assert_int_equal(words.n, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_string_equal(words.words[i], expected[i]);
}

static void what_is_wrong_with_a_command_is_said_at_the_start(void **state)
{
	static char text[COMMAND_TEXT_MAX + 1];

	assert_int_equal(is_refused("", "path of a program"), -EINVAL);
	assert_int_equal(is_refused("logger x", "path of a program"), -EINVAL);
	assert_int_equal(is_refused("/bin/true 'x", "' that ends"), -EINVAL);
	assert_int_equal(is_refused("/bin/true x{kinds}", "{kinds}: expected {kind}"), -EINVAL);
	assert_int_equal(is_refused("/nowhere/true", "No such file"), -ENOENT);
	assert_int_equal(is_refused("/etc/passwd", "Permission denied"), -EACCES);
	assert_int_equal(is_refused("/tmp/", "expected a program"), -EACCES);
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(is_refused(text, "4095 octets"), -EINVAL);
	strcpy(text, "/bin/true");
	for (unsigned i = 0; i < COMMAND_WORDS_MAX - 1; i++)
		strcat(text, " x");
	assert_int_equal(is_refused(text, ""), 0);
	strcat(text, " x");
	assert_int_equal(is_refused(text, "64 words"), -EINVAL);
	strcpy(text, "/bin/true ");
	for (unsigned i = 0; i < COMMAND_PLACES_MAX; i++)
		strcat(text, "{kind}");
	assert_int_equal(is_refused(text, ""), 0);
	strcat(text, "{kind}");
	assert_int_equal(is_refused(text, "32 at most"), -EINVAL);
}

/* With the longest facts in all places. */
static void the_longest_words_have_room(void **state)
{
	static struct command_words words;
	static struct command_facts facts;
	static struct command_args args;
	char text[COMMAND_TEXT_MAX] = "/bin/true ";
	char *no_environment[] = {NULL};

	for (unsigned i = 0; i < COMMAND_PLACES_MAX; i++)
		strcat(text, "{message}");
	memset(text + strlen(text), 'y', sizeof(text) - 1 - strlen(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(command_parse(&words, text, NULL), 0);
	for (unsigned i = 0; i < COMMAND_FACTS; i++)
		memset(facts.values[i], 'x', COMMAND_FACT_MAX - 1);
	command_args_of(&args, &words, &facts, no_environment);
	assert_int_equal(strlen(args.argv[1]), COMMAND_PLACES_MAX * (COMMAND_FACT_MAX - 1) +
						   COMMAND_TEXT_MAX - 1 - 10 -
						   COMMAND_PLACES_MAX * strlen("{message}"));
	assert_non_null(args.envp[COMMAND_FACTS - 1]);
	assert_null(args.envp[COMMAND_FACTS]);
}

static void a_kind_that_lasts_has_a_beginning_and_an_end(void **state)
{
	struct watch_alarm a = {.kind = WATCH_SILENCE};
	struct command_facts facts;

	command_facts_of(&facts, &a, 12);
	assert_string_equal(facts.values[1], "begun");
	assert_string_equal(facts.values[10], "12");
	a.is_over = 1;
	command_facts_of(&facts, &a, 0);
	assert_string_equal(facts.values[1], "over");
	a = (struct watch_alarm){.kind = WATCH_BLIND, .is_brief = 1};
	command_facts_of(&facts, &a, 0);
	assert_string_equal(facts.values[1], "once");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_parted_by_blanks_and_quotes_hold_them),
	    cmocka_unit_test(what_is_wrong_with_a_command_is_said_at_the_start),
	    cmocka_unit_test(the_longest_words_have_room),
	    cmocka_unit_test(a_kind_that_lasts_has_a_beginning_and_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
