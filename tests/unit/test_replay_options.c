/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-replay's command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "mcring-replay/options.h"

#define WORDS_MAX 400

static struct replay_options options;

/* Splits a line at spaces. Returns the number of words, the program's name included. */
static int split(char *line, char **words)
{
	int n = 0;

	words[n++] = (char *)(uintptr_t) "mcring-replay";
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
		assert_true(n < WORDS_MAX - 1);
		words[n++] = word;
	}
	words[n] = NULL;
	return n;
}

static const struct replay_options *parse(const char *text)
{
	static char line[8192];
	static char *words[WORDS_MAX];

	snprintf(line, sizeof(line), "%s", text);
	optind = 0;
	replay_options_parse(&options, split(line, words), words);
	return &options;
}

/* What a line that cannot be taken prints on standard error; it ends the process with 2. */
static const char *fault_of(const char *text)
{
	static char out[512];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		parse(text);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), REPLAY_EXIT_ERROR);
	out[strcspn(out, "\n")] = '\0';
	return strchr(out, ':') ? strchr(out, ':') + 2 : out;
}

static void files_alone_are_sent_once_as_they_were_captured(void **state)
{
	const struct replay_options *o = parse("A.pcap B.pcap.zst");

	assert_int_equal(o->n_files, 2);
	assert_string_equal(o->files[0], "A.pcap");
	assert_string_equal(o->files[1], "B.pcap.zst");
	assert_true(o->speed == 1);
	assert_int_equal(o->loops, 1);
	assert_int_equal(o->linger_ns, 1000000000);
	assert_int_equal(o->times, PACE_TIMES_CAPTURE);
	assert_int_equal(o->max_gap_ns, 0);
	assert_int_equal(o->start_at_ns, 0);
	assert_int_equal(o->wait_readers, 0);
	assert_false(o->pace_readers);
	assert_null(o->name);
	assert_null(o->run_dir);
	assert_null(o->config);
	assert_int_equal(o->n_joins + o->n_channels + o->n_interfaces, 0);
}

static void each_option_is_taken(void **state)
{
	const struct replay_options *o =
	    parse("--speed 2.5 --pace readers --max-gap 0.5 --wait-readers 3 A");

	assert_true(o->speed == 2.5);
	assert_true(o->pace_readers);
	assert_int_equal(o->max_gap_ns, 500000000);
	assert_int_equal(o->wait_readers, 3);
	assert_int_equal(parse("--loop 7 A")->loops, 7);
	assert_int_equal(parse("--loop forever A")->loops, 0);
	assert_true(parse("--speed max A")->speed == 0);
	assert_int_equal(parse("--linger 0 A")->linger_ns, 0);
	assert_int_equal(parse("--linger forever A")->linger_ns, UINT64_MAX);
	assert_int_equal(parse("--times now A")->times, PACE_TIMES_NOW);
	assert_true(parse("--quiet A")->is_quiet);
	o = parse("--join 239.1.1.1 --join 239.1.1.2 --channel md,bytes=1M --config feeds.yaml "
		  "--interface feed-a=A.pcap --interface feed-b=eth2 --name lab --run-dir /tmp/x "
		  "--start-at +100 -");
	assert_int_equal(o->n_joins, 2);
	assert_string_equal(o->joins[1], "239.1.1.2");
	assert_int_equal(o->n_channels, 1);
	assert_string_equal(o->channels[0], "md,bytes=1M");
	assert_string_equal(o->config, "feeds.yaml");
	assert_int_equal(o->n_interfaces, 2);
	assert_string_equal(o->interfaces[0].name, "feed-a");
	assert_string_equal(o->interfaces[0].where, "A.pcap");
	assert_string_equal(o->interfaces[1].name, "feed-b");
	assert_string_equal(o->interfaces[1].where, "eth2");
	assert_string_equal(o->name, "lab");
	assert_string_equal(o->run_dir, "/tmp/x");
	assert_true(o->start_at_ns > 1700000000000000000);
	assert_string_equal(o->files[0], "-");
}

static void what_cannot_be_taken_is_named_with_what_was_expected(void **state)
{
	static const char *const faults[][2] = {
	    {"", "no FILE is given: see mcring-replay --help"},
	    {"--speed 0 A", "--speed 0: expected max, or a number from 0.000001 to 1000000"},
	    {"--speed -1 A", "--speed -1: expected max, or a number from 0.000001 to 1000000"},
	    {"--speed nan A", "--speed nan: expected max, or a number from 0.000001 to 1000000"},
	    {"--speed 2x A", "--speed 2x: expected max, or a number from 0.000001 to 1000000"},
	    {"--pace writers A", "--pace writers: expected readers"},
	    {"--loop 0 A", "--loop 0: expected forever or a number above 0"},
	    {"--loop 2 -", "--loop: standard input can be read only once"},
	    {"--times then A", "--times then: expected capture or now"},
	    {"--max-gap 0 A", "--max-gap 0: expected seconds above 0"},
	    {"--linger never A", "--linger never: expected forever or seconds"},
	    {"--wait-readers 0 A", "--wait-readers 0: expected a number from 1 to 65535"},
	    {"--interface feed-a A", "--interface feed-a: expected NAME=FILE, or NAME=INTERFACE as "
				     "a file names it: feed-a=A.pcap"},
	    {"--interface =A A", "--interface =A: expected NAME=FILE, or NAME=INTERFACE as a file "
				 "names it: feed-a=A.pcap"},
	    {"--interface a=A --interface a=B A",
	     "--interface a=B: expected a name that is not used yet"},
	    {"--start-at 1999-01-01T00:00 A",
	     "--start-at 1999-01-01T00:00: expected a time that is still to come"},
	    {"--start-at soon A", "--start-at soon: expected 09:30, 09:30:00.5, "
				  "2026-11-30T09:30:00, 2026-11-30T14:30:00Z or +SECONDS"},
	};

	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		assert_string_equal(fault_of(faults[i][0]), faults[i][1]);
}

static void more_files_than_can_be_read_are_refused(void **state)
{
	char line[2 * (CAPTURE_FILES_MAX + 1) + 1] = "";

	for (unsigned i = 0; i < CAPTURE_FILES_MAX; i++)
		strcat(line, "A ");
	assert_int_equal(parse(line)->n_files, CAPTURE_FILES_MAX);
	strcat(line, "B");
	assert_string_equal(fault_of(line), "B: expected at most 64 files");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_alone_are_sent_once_as_they_were_captured),
	    cmocka_unit_test(each_option_is_taken),
	    cmocka_unit_test(what_cannot_be_taken_is_named_with_what_was_expected),
	    cmocka_unit_test(more_files_than_can_be_read_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
