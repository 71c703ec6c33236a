/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment's settings. They are read once in a process, so each test is a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "socket/log.h"
#include "socket/settings.h"

static char said[4096]; /* what the child wrote to standard error */

/* Runs check in a child with this environment. Returns its status. */
static int run(int (*check)(const struct mcr_settings *s), const char *const *environment)
{
	int pipes[2], status;
	size_t n = 0;
	ssize_t more;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		clearenv();
		for (; *environment; environment++)
			putenv((char *)(uintptr_t)*environment);
		dup2(pipes[1], STDERR_FILENO);
		_exit(check(mcr_settings_get()));
	}
	close(pipes[1]);
	while ((more = read(pipes[0], said + n, sizeof(said) - 1 - n)) > 0)
		n += (size_t)more;
	said[n] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int are_defaults(const struct mcr_settings *s)
{
	return s->run_dir || strcmp(s->channel, "sockets") != 0 || s->groups || s->spin_us != 0 ||
	       s->kernel_every != 16 || s->fallback != MCR_FALLBACK_AUTO || s->is_required ||
	       s->takes_loop || s->forks_to_kernel;
}

static void nothing_set_is_the_default_and_silent(void **state)
{
	assert_int_equal(run(are_defaults, (const char *const[]){"PATH=/bin", NULL}), 0);
	assert_string_equal(said, "");
}

static void empty_is_as_not_set(void **state)
{
	assert_int_equal(run(are_defaults, (const char *const[]){"MCRING_RUN_DIR=", "MCRING_SPIN=",
								 "MCRING_FALLBACK=", "MCRING_LOG=",
								 "MCRING_REQUIRE=", NULL}),
			 0);
	assert_string_equal(said, "");
}

static int are_all_set(const struct mcr_settings *s)
{
	return strcmp(s->run_dir, "/run/mcring/x") != 0 || strcmp(s->channel, "md") != 0 ||
	       strcmp(s->groups, "239.1.1.0/24") != 0 || s->spin_us != 50 || s->kernel_every != 1 ||
	       s->fallback != MCR_FALLBACK_NEVER || !s->is_required || !s->takes_loop ||
	       !s->forks_to_kernel;
}

static void all_can_be_set(void **state)
{
	assert_int_equal(run(are_all_set,
			     (const char *const[]){
				 "MCRING_RUN_DIR=/run/mcring/x", "MCRING_CHANNEL=md",
				 "MCRING_GROUPS=239.1.1.0/24", "MCRING_SPIN=50",
				 "MCRING_KERNEL_EVERY=1", "MCRING_FALLBACK=never",
				 "MCRING_REQUIRE=1", "MCRING_LOOP=1", "MCRING_FORK=kernel", NULL}),
			 0);
	assert_string_equal(said, "");
}

static void what_makes_no_sense_is_said_in_a_line_and_is_the_default(void **state)
{
	static const char *const wrong[] = {
	    "MCRING_SPIN=fast",      "MCRING_SPIN=-1",    "MCRING_SPIN=99999999999999999999",
	    "MCRING_KERNEL_EVERY=0", "MCRING_SPIN=5x",    "MCRING_FALLBACK=sometimes",
	    "MCRING_REQUIRE=yes",    "MCRING_FORK=vfork", "MCRING_LOOP= 1",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char name[32];

		assert_int_equal(run(are_defaults, (const char *const[]){wrong[i], NULL}), 0);
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(wrong[i], "="), wrong[i]);
		assert_non_null(strstr(said, name));
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	}
}

static int logs_a_line(const struct mcr_settings *s)
{
	mcr_log("joined %s", "239.1.1.1");
	return 0;
}

static int logs_where_a_file_of_its_own_is(const struct mcr_settings *s)
{
	int pipes[2];
	char c;

	if (pipe(pipes) < 0 || dup2(pipes[1], STDERR_FILENO) < 0)
		return 2;
	mcr_log("not in the program's file");
	close(pipes[1]);
	close(STDERR_FILENO);
	return read(pipes[0], &c, 1) != 0;
}

static void lines_go_to_standard_error_or_to_a_file_or_nowhere(void **state)
{
	char path[] = "/tmp/mcring-log-XXXXXX", variable[64], line[256];
	int fd = mkstemp(path);
	FILE *file;

	assert_true(fd >= 0);
	assert_int_equal(run(logs_a_line, (const char *const[]){NULL}), 0);
	assert_string_equal(said, "");
	assert_int_equal(run(logs_a_line, (const char *const[]){"MCRING_LOG=2", NULL}), 0);
	assert_non_null(strstr(said, "]: joined 239.1.1.1\n"));
	snprintf(variable, sizeof(variable), "MCRING_LOG=%s", path);
	for (int i = 0; i < 2; i++)
		assert_int_equal(run(logs_a_line, (const char *const[]){variable, NULL}), 0);
	assert_string_equal(said, "");
	file = fdopen(fd, "r");
	for (int i = 0; i < 2; i++) {
		assert_non_null(fgets(line, sizeof(line), file));
		assert_non_null(strstr(line, "]: joined 239.1.1.1\n"));
	}
	assert_null(fgets(line, sizeof(line), file));
	fclose(file);
	unlink(path);
}

static void a_file_that_took_the_number_of_standard_error_is_left_alone(void **state)
{
	assert_int_equal(
	    run(logs_where_a_file_of_its_own_is, (const char *const[]){"MCRING_LOG=2", NULL}), 0);
}

static int logs_too_much(const struct mcr_settings *s)
{
	char text[4000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mcr_log("%s", text);
	return 0;
}

static void a_line_has_an_end(void **state)
{
	assert_int_equal(run(logs_too_much, (const char *const[]){"MCRING_LOG=2", NULL}), 0);
	assert_true(strlen(said) <= 512);
	assert_int_equal(said[strlen(said) - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_set_is_the_default_and_silent),
	    cmocka_unit_test(empty_is_as_not_set),
	    cmocka_unit_test(all_can_be_set),
	    cmocka_unit_test(what_makes_no_sense_is_said_in_a_line_and_is_the_default),
	    cmocka_unit_test(lines_go_to_standard_error_or_to_a_file_or_nowhere),
	    cmocka_unit_test(a_file_that_took_the_number_of_standard_error_is_left_alone),
	    cmocka_unit_test(a_line_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
