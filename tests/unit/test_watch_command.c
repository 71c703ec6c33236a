/* SPDX-License-Identifier: BSD-3-Clause */
/* tools/mcring-watch/command.h with real programs. */
#include "command_rig.h"

/* ---- what a command is told ---- */

static void a_command_is_told_in_its_words_its_environment_and_on_standard_input(void **state)
{
	char text[256];

	snprintf(text, sizeof(text), "%s {kind} '{time}: {feed}/{line} {text}' '$HOME; {engine}'",
		 script("say", "for word; do echo \"<$word>\"; done >out\n"
			       "env | grep '^MCRING' | LC_ALL=C sort >>out; cat >>out\n"));
	create(text, 1);
	raise_alarm(WATCH_GAP, "gap 7-9: \"3\" $(messages)\t`lost\xff`");
	wait_for(0);
	assert_string_equal(
	    contents("out"),
	    "<gap>\n"
	    "<2023-11-14T22:13:20.123456789Z: itch/ gap 7-9: \"3\" $(messages)?`lost?`>\n"
	    "<$HOME; md1>\n"
	    "MCRING_ALARM_CHANNEL=feed\n"
	    "MCRING_ALARM_ENGINE=md1\n"
	    "MCRING_ALARM_FEED=itch\n"
	    "MCRING_ALARM_KIND=gap\n"
	    "MCRING_ALARM_LINE=\n"
	    "MCRING_ALARM_MESSAGE=gap: itch: gap 7-9: \"3\" $(messages)?`lost?`\n"
	    "MCRING_ALARM_NS=1700000000123456789\n"
	    "MCRING_ALARM_STATE=once\n"
	    "MCRING_ALARM_SUPPRESSED=0\n"
	    "MCRING_ALARM_TEXT=gap 7-9: \"3\" $(messages)?`lost?`\n"
	    "MCRING_ALARM_TIME=2023-11-14T22:13:20.123456789Z\n"
	    "{\"kind\":\"gap\",\"state\":\"once\",\"ns\":1700000000123456789,"
	    "\"time\":\"2023-11-14T22:13:20.123456789Z\",\"engine\":\"md1\",\"channel\":\"feed\","
	    "\"feed\":\"itch\",\"line\":\"\",\"text\":\"gap 7-9: \\\"3\\\" $(messages)?`lost?`\","
	    "\"message\":\"gap: itch: gap 7-9: \\\"3\\\" $(messages)?`lost?`\","
	    "\"suppressed\":0}\n");
	assert_string_equal(contents("log"), "");
	assert_int_equal(stats().run, 1);
	assert_int_equal(stats().failed, 0);
}

/* Whatever the watch has open, blocks and ignores. */
static void a_command_gets_nothing_of_the_watch_else(void **state)
{
	int fds[2];
	const char *out;

	assert_int_equal(setenv("MCRING_TEST_SECRET", "x", 1), 0);
	assert_int_equal(setenv("TZ", "Europe/Vienna", 1), 0);
	assert_int_equal(pipe(fds), 0); /* not closed on exec */
	assert_true(fcntl(fds[1], F_DUPFD, 100) >= 100);
	create(script("look", "env >out; (ls /proc/$$/fd >fds); tr '\\n' ' ' <fds >>out\n"
			      "readlink /proc/$$/fd/1 | cat >>out\n"
			      "cut -d ' ' -f 5 /proc/$$/stat >pgid; echo $$ >>pgid\n"),
	       1);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	for (int fd = 100; fcntl(fd, F_GETFD) >= 0; fd++)
		close(fd);
	close(fds[0]);
	close(fds[1]);
	unsetenv("MCRING_TEST_SECRET");
	out = contents("out");
	assert_null(strstr(out, "SECRET"));
	assert_non_null(strstr(out, "TZ=Europe/Vienna\n"));
	assert_non_null(strstr(out, "PATH="));
	assert_non_null(strstr(out, "\n0 1 10 2 /dev/null\n")); /* 10: sh's own, its script */
	assert_int_equal(atoi(contents("pgid")), atoi(strchr(contents("pgid"), '\n') + 1));
}

/* Without sh, which has ideas of its own. glibc ignores two signals that it keeps for itself. */
static void a_command_blocks_and_ignores_no_signal(void **state)
{
	char text[128];
	sigset_t set, before;

	snprintf(text, sizeof(text), "/bin/cp /proc/self/status %s", in_dir("out"));
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	create(text, 1);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_non_null(strstr(contents("out"), "SigBlk:"));
	assert_int_equal(strtoull(strstr(contents("out"), "SigBlk:") + 7, NULL, 16), 0);
	assert_int_equal(strtoull(strstr(contents("out"), "SigIgn:") + 7, NULL, 16) & 0x7fffffff,
			 0);
}

/* ---- rate ---- */

static void what_comes_too_fast_waits_and_the_last_of_it_comes_at_last(void **state)
{
	char text[128];

	snprintf(text, sizeof(text), "%s {text} {suppressed}",
		 script("note", "echo $1 $2 >>out\n"));
	create(text, 2);
	for (unsigned i = 0; i < 50; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", i);
		raise_alarm(WATCH_GAP, number);
		wait_for(0);
	}
	assert_string_equal(contents("out"), "0 0\n1 0\n");
	assert_int_equal(stats().suppressed, 47);
	assert_int_equal(stats().waiting, 1);
	now += 10 * SECOND - 1;
	command_tick(c, now);
	assert_int_equal(stats().run, 2);
	now += 1;
	command_tick(c, now);
	wait_for(0);
	assert_string_equal(contents("out"), "0 0\n1 0\n49 47\n");
	now += 1000 * SECOND; /* no more than two are saved */
	command_tick(c, now);
	for (unsigned i = 0; i < 5; i++)
		raise_alarm(WATCH_GAP, "x");
	assert_int_equal(stats().run, 5);
	wait_for(0);
	assert_int_equal(stats().suppressed, 47 + 2);
}

static void a_flood_of_one_kind_does_not_hide_another(void **state)
{
	char text[128];

	snprintf(text, sizeof(text), "%s {kind} {suppressed} {text}",
		 script("note", "echo $1 $2 $3 >>out\n"));
	create(text, 1);
	for (unsigned i = 0; i < 100; i++) {
		raise_alarm(WATCH_GAP, "first");
		if (i == 50)
			raise_alarm(WATCH_SILENCE, "it");
	}
	for (unsigned i = 0; i < 2; i++) {
		wait_for(0);
		now += 10 * SECOND;
		raise_alarm(WATCH_GAP, "last");
		command_tick(c, now);
	}
	wait_for(0);
	assert_string_equal(contents("out"), "gap 0 first\ngap 99 last\nsilence 0 it\n");
}

static void a_kind_that_is_not_wanted_runs_nothing(void **state)
{
	const struct command_config config = {.text = "/bin/true",
					      .every_ns = 1,
					      .burst = 1,
					      .timeout_ns = SECOND,
					      .on = 1u << WATCH_GAP | 1u << WATCH_RESET,
					      .log = &logged};

	assert_int_equal(command_create(&c, &config, NULL), 0);
	raise_alarm(WATCH_SILENCE, "");
	assert_int_equal(stats().run + stats().waiting, 0);
	raise_alarm(WATCH_RESET, "");
	assert_int_equal(stats().run, 1);
}

static void only_a_few_run_at_once(void **state)
{
	create(script("slow", "while [ ! -e go ]; do sleep 0.01; done; echo x >>out\n"), 100);
	unlink(in_dir("go"));
	for (unsigned i = 0; i < 7; i++)
		raise_alarm(WATCH_GAP, "");
	assert_int_equal(stats().running, COMMANDS_AT_ONCE);
	assert_int_equal(stats().waiting, 1);
	fclose(fopen(in_dir("go"), "w"));
	wait_for(0);
	unlink(in_dir("go"));
	assert_int_equal(stats().run, COMMANDS_AT_ONCE + 1);
	assert_string_equal(contents("out"), "x\nx\nx\nx\nx\n");
}

/* ---- commands that do not end, or not well ---- */

static pid_t noted_pid(void)
{
	return (pid_t)atoi(contents("out"));
}

static int is_alive(pid_t pid)
{
	char path[64], text[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return text[0] != '\0' && !strstr(text, ") Z "); /* whoever reaps orphans takes a while */
}

static void is_gone(pid_t pid)
{
	assert_true(pid > 1);
	for (unsigned i = 0; is_alive(pid); i++) {
		if (i == 1000) {
			kill(pid, SIGKILL);
			fail_msg("%d is alive", (int)pid);
		}
		usleep(1000);
	}
}

static void one_that_takes_too_long_is_terminated(void **state)
{
	create(script("hang", "echo $$ >out; exec sleep 1000\n"), 1);
	raise_alarm(WATCH_GAP, "");
	wait_for_file("out", "\n");
	now += 3 * SECOND - 1;
	command_tick(c, now);
	usleep(20000);
	command_tick(c, now);
	assert_int_equal(stats().running, 1);
	now += 1;
	command_tick(c, now);
	wait_for(0);
	assert_non_null(strstr(contents("log"), "/hang: took longer than 3 s\n"));
	assert_int_equal(stats().failed, 1);
	is_gone(noted_pid());
}

static void one_that_does_not_care_is_killed_with_all_that_it_started(void **state)
{
	create(script("deaf", "trap '' TERM; sleep 1000 & echo $! >out; echo ready >ready\n"
			      "while :; do sleep 1000; done\n"),
	       1);
	unlink(in_dir("ready"));
	raise_alarm(WATCH_GAP, "");
	wait_for_file("ready", "ready");
	now += 3 * SECOND;
	command_tick(c, now);
	now += 2 * SECOND - 1;
	command_tick(c, now);
	usleep(20000);
	command_tick(c, now);
	assert_int_equal(stats().running, 1);
	now += 1;
	command_tick(c, now);
	wait_for(0);
	is_gone(noted_pid());
}

static void one_that_was_stopped_is_ended(void **state)
{
	create(script("stopped", "echo $$ >out; kill -STOP $$; sleep 1000\n"), 1);
	raise_alarm(WATCH_GAP, "");
	wait_for_file("out", "\n");
	now += 3 * SECOND;
	command_tick(c, now);
	wait_for(0);
	is_gone(noted_pid());
}

static void what_one_leaves_behind_is_killed(void **state)
{
	create(script("leave", "sleep 1000 & echo $! >out\n"), 1);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	is_gone(noted_pid());
	assert_int_equal(stats().failed, 0);
}

/* Its end is that of the program, though another has its standard error open. */
static void what_leaves_the_process_group_is_not_waited_for(void **state)
{
	const unsigned open = descriptors();

	unlink(in_dir("go"));
	unlink(in_dir("ready"));
	create(script("daemon",
		      "setsid sh -c 'echo >ready; while [ ! -e go ]; do sleep 0.01; done' &\n"
		      "while [ ! -e ready ]; do sleep 0.01; done; echo $! >out\n"),
	       1);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	assert_int_equal(descriptors(), open);
	assert_true(is_alive(noted_pid()));
	fclose(fopen(in_dir("go"), "w"));
	is_gone(noted_pid());
	unlink(in_dir("go"));
}

static void a_flood_of_output_holds_nobody_up(void **state)
{
	create(script("flood", "echo beginning >&2; echo ready >ready; yes\n"), 2);
	unlink(in_dir("ready"));
	raise_alarm(WATCH_GAP, "");
	wait_for_file("ready", "ready");
	command_tick(c, now);
	assert_int_equal(stats().running, 1); /* it is writing yet */
	now += 3 * SECOND;
	command_tick(c, now);
	wait_for(0);
	command_destroy(c);
	create(script("shout", "echo loud >&2; echo ready >ready; yes loud >&2\n"), 2);
	unlink(in_dir("ready"));
	raise_alarm(WATCH_GAP, "");
	wait_for_file("ready", "ready");
	for (unsigned i = 0; i < 50; i++) {
		usleep(1000);
		command_tick(c, now);
	}
	now += 3 * SECOND;
	command_tick(c, now);
	wait_for(0);
	assert_non_null(strstr(contents("log"), "/flood: took longer than 3 s: beginning\n"));
	assert_non_null(strstr(contents("log"), "/shout: took longer than 3 s: loud\n"));
}

static void how_one_failed_is_in_the_log(void **state)
{
	create(script("fail", "printf 'no\\033[2J way\\nmore\\n' >&2; exit 3\n"), 1);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	assert_non_null(strstr(contents("log"), "--alarm: "));
	assert_non_null(strstr(contents("log"), "/fail: exit status 3: no?[2J way\n"));
	assert_null(strstr(contents("log"), "more"));
	command_destroy(c);
	create(script("crash", "kill -SEGV $$\n"), 1);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	assert_non_null(strstr(contents("log"), "/crash: ended by signal 11\n"));
	assert_int_equal(stats().failed, 1);
}

static void one_that_cannot_be_run_any_more_is_a_failure_like_any_other(void **state)
{
	const unsigned open = descriptors();
	FILE *f;

	create(script("gone", ""), 10);
	unlink(in_dir("gone"));
	raise_alarm(WATCH_GAP, "");
	assert_int_equal(stats().running, 0);
	assert_non_null(strstr(contents("log"), "/gone: No such file or directory\n"));
	script("gone", "");
	chmod(in_dir("gone"), 0600);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	assert_non_null(strstr(contents("log"), "/gone: Permission denied\n"));
	f = fopen(in_dir("gone"), "w"); /* no program, and no script */
	fwrite("\x7f"
	       "ELF nonsense",
	       1, 13, f);
	fclose(f);
	chmod(in_dir("gone"), 0700);
	raise_alarm(WATCH_GAP, "");
	wait_for(0);
	assert_non_null(strstr(contents("log"), "/gone: Exec format error\n"));
	assert_int_equal(stats().failed, 3);
	assert_int_equal(descriptors(), open);
}

static void the_end_of_the_watch_ends_all_commands(void **state)
{
	const unsigned open = descriptors();

	create(script("hang", "trap '' TERM; echo $$ >out; while :; do sleep 1000; done\n"), 1);
	raise_alarm(WATCH_GAP, "");
	raise_alarm(WATCH_GAP, "");
	wait_for_file("out", "\n");
	command_destroy(c);
	c = NULL;
	is_gone(noted_pid());
	assert_int_equal(descriptors(), open);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_command_is_told_in_its_words_its_environment_and_on_standard_input, begin, end),
	    cmocka_unit_test_setup_teardown(a_command_gets_nothing_of_the_watch_else, begin, end),
	    cmocka_unit_test_setup_teardown(a_command_blocks_and_ignores_no_signal, begin, end),
	    cmocka_unit_test_setup_teardown(
		what_comes_too_fast_waits_and_the_last_of_it_comes_at_last, begin, end),
	    cmocka_unit_test_setup_teardown(a_flood_of_one_kind_does_not_hide_another, begin, end),
	    cmocka_unit_test_setup_teardown(a_kind_that_is_not_wanted_runs_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(only_a_few_run_at_once, begin, end),
	    cmocka_unit_test_setup_teardown(one_that_takes_too_long_is_terminated, begin, end),
	    cmocka_unit_test_setup_teardown(
		one_that_does_not_care_is_killed_with_all_that_it_started, begin, end),
	    cmocka_unit_test_setup_teardown(one_that_was_stopped_is_ended, begin, end),
	    cmocka_unit_test_setup_teardown(what_one_leaves_behind_is_killed, begin, end),
	    cmocka_unit_test_setup_teardown(what_leaves_the_process_group_is_not_waited_for, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_flood_of_output_holds_nobody_up, begin, end),
	    cmocka_unit_test_setup_teardown(how_one_failed_is_in_the_log, begin, end),
	    cmocka_unit_test_setup_teardown(
		one_that_cannot_be_run_any_more_is_a_failure_like_any_other, begin, end),
	    cmocka_unit_test_setup_teardown(the_end_of_the_watch_ends_all_commands, begin, end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
